"""Protection: what is never deleted, whatever the policy says, and who holds it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nightshift.fleet import Snapshot
from nightshift.plan.tags import HOLD_UNTIL, INSTANCE, VOLUME, time_limit
from nightshift.policy import Policy

# A failed snapshot is no backup. It is left for a person to see for an hour, then it must go: st1 and sc1 volumes
# get no other snapshot while it is there.
ERROR_STAYS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Holders:
    """What beside a snapshot itself decides whether it may go.

    holds: the hold-until tag of living volumes and instances, by id. living: the ids of the volumes there are.
    outside: what AWS or someone else does with a snapshot ("it backs ami-0a1"), by snapshot id.
    """

    holds: Mapping[str, str] = field(default_factory=dict)
    living: frozenset[str] = frozenset()
    outside: Mapping[str, str] = field(default_factory=dict)


def lineage(snapshot: Snapshot) -> str:
    """The volume whose history a snapshot belongs to. A copy's VolumeId means nothing; copies are one of their own."""
    source = snapshot.tags.get(VOLUME)
    return f"copies of {source}" if source else snapshot.volume_id


def last_completed(snapshots: Iterable[Snapshot]) -> dict[str, Snapshot]:
    """The newest completed snapshot of each lineage."""
    newest: dict[str, Snapshot] = {}
    for snapshot in sorted(snapshots, key=lambda snapshot: (snapshot.started, snapshot.id)):
        if snapshot.state == "completed":
            newest[lineage(snapshot)] = snapshot
    return newest


@dataclass(frozen=True, slots=True)
class Protection:
    """Who protects a snapshot that no rule keeps."""

    last: Mapping[str, Snapshot]
    holders: Holders
    policy: Policy
    now: datetime

    @classmethod
    def of(cls, snapshots: Sequence[Snapshot], holders: Holders, policy: Policy, now: datetime) -> "Protection":
        return cls(last_completed(snapshots), holders, policy, now)

    def protector(self, snapshot: Snapshot) -> str | None:
        """Why a snapshot must not be deleted; None: nothing protects it."""
        return (
            self._by_state(snapshot)
            or self.hold(snapshot)
            or self.holders.outside.get(snapshot.id)
            or self._as_last(snapshot)
        )

    def _by_state(self, snapshot: Snapshot) -> str | None:
        if snapshot.tier != "standard":
            return f"it is in the {snapshot.tier} tier"
        if snapshot.state == "error":
            young = self.now - snapshot.started < ERROR_STAYS
            return "it is in error: it goes an hour after its start" if young else None
        return None if snapshot.state == "completed" else f"it is {snapshot.state}"

    def hold(self, snapshot: Snapshot) -> str | None:
        """The hold-until tag that is in force, of the snapshot, its volume or its instance."""
        tags = {
            snapshot.id: snapshot.tags.get(HOLD_UNTIL),
            **{id_: self.holders.holds.get(id_) for id_ in (snapshot.volume_id, snapshot.tags.get(INSTANCE, ""))},
        }
        return next(
            (held for id_, value in tags.items() if value is not None and (held := self._held(id_, value))), None
        )

    def _held(self, id_: str, value: str) -> str | None:
        until = time_limit(value, self.policy.zone)
        if until is None:
            return f"it is held: {HOLD_UNTIL}={value} of {id_} is no ISO date or time, so it counts as held"
        return f"it is held until {value} by the tag of {id_}" if self.now < until else None

    def _as_last(self, snapshot: Snapshot) -> str | None:
        if self.last.get(lineage(snapshot)) is not snapshot:
            return None
        volume_id = lineage(snapshot)
        age = self.policy.cleanup.last_of_deleted_volume_age
        gone = volume_id not in self.holders.living
        if age is not None and gone and self.now - snapshot.started > age:
            return None
        return f"it is the last completed snapshot of {volume_id}"
