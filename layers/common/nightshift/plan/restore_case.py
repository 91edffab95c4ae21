"""What a restore is about to touch, as far as something of it may speak against it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nightshift.fleet import Instance, Snapshot, Volume
from nightshift.plan.restore_marks import Former, Mode
from nightshift.plan.restore_points import RestorePoint


@dataclass(frozen=True, slots=True)
class Case:
    """What a restore is about to touch.

    zone: where the new volumes go. zones: those that AWS offers now. bad_keys: the state of each key that cannot be
    used, by its ARN. marketplace: snapshots with Marketplace product codes. unplaced: volumes for which no
    device is to be had. places: the devices of the others. standing: the volumes that stand there. alone: a single
    volume is meant, not all of the instance. cut_off: volumes of a replacement of this instance that has not ended;
    what_ends_it: the events for that. named: a person said which volumes go back. lost: those of them that are no
    former volumes. accepted: a person takes what there is.
    """

    mode: Mode
    instance_id: str | None
    instance: Instance | None
    point: RestorePoint | None
    account: str
    zone: str | None = None
    zones: Sequence[str] = ()
    volumes: Sequence[Volume] = ()
    formers: Sequence[Former] = ()
    bad_keys: Mapping[str, str] = field(default_factory=dict)
    marketplace: frozenset[str] = frozenset()
    instance_storage: bool | None = False
    unplaced: Sequence[str] = ()
    places: Sequence[str] = ()
    standing: Sequence[str] = ()
    alone: bool = False
    cut_off: Sequence[Volume] = ()
    what_ends_it: str = ""
    named: bool = False
    lost: Sequence[str] = ()
    accepted: bool = False

    @property
    def snapshots(self) -> list[Snapshot]:
        return self.point.snapshots if self.point else []

    @property
    def standing_volumes(self) -> list[Volume]:
        """What a swap would take out."""
        return [volume for volume in self.volumes if volume.id in self.standing]
