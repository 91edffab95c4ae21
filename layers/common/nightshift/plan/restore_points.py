"""Restore points: which snapshots belong together, and which of them a request means."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from nightshift.durations import THE_BEGINNING
from nightshift.fleet import Snapshot
from nightshift.plan.origin import SavedDisk
from nightshift.plan.protection import source_volume
from nightshift.plan.slots import slot_text
from nightshift.plan.tags import disks_of, slots_of

# All snapshots of one CreateSnapshots call have the same StartTime, to the second; so many are no second call.
ONE_INSTANT = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Part:
    """One volume of a restore point. disk: how it was attached then; None: to nothing, or nobody wrote it down."""

    volume_id: str
    snapshot: Snapshot
    disk: SavedDisk | None


@dataclass(frozen=True, slots=True)
class RestorePoint:
    """The volumes of one instance, or a volume alone, as they were when they were saved.

    missing: volumes that were attached then and have other snapshots of ours, but none of this slot.
    never_saved: volumes that were attached then and of which no snapshot of ours is to be seen.
    """

    parts: tuple[Part, ...]
    missing: tuple[SavedDisk, ...] = ()
    never_saved: tuple[SavedDisk, ...] = ()

    @property
    def snapshots(self) -> list[Snapshot]:
        return [part.snapshot for part in self.parts]

    @property
    def slots(self) -> dict[str, datetime]:
        """The slot of each plan that all of its snapshots serve."""
        shared = set.intersection(*(set(slots_of(snapshot).items()) for snapshot in self.snapshots))
        return dict(sorted(shared))

    @property
    def started(self) -> datetime:
        """When the last of its snapshots started: nothing in it is newer."""
        return max(snapshot.started for snapshot in self.snapshots)

    @property
    def one_instant(self) -> bool:
        return self.started - min(snapshot.started for snapshot in self.snapshots) <= ONE_INSTANT

    @property
    def pending(self) -> bool:
        return any(snapshot.state == "pending" for snapshot in self.snapshots)

    @property
    def words(self) -> str:
        slots = ", ".join(f"{plan} {slot_text(slot)}" for plan, slot in self.slots.items())
        return f"{slots or 'no slot'}, started {slot_text(self.started)}"


def points_of_instance(snapshots: Iterable[Snapshot]) -> list[RestorePoint]:
    """The restore points of an instance, newest first; snapshots: all that are of it, in every state.

    What serves the same slot of a plan belongs together. A failed snapshot is no backup, so its volume is missing.
    """
    all_states = list(snapshots)
    saved_ever = {source_volume(snapshot) for snapshot in all_states}
    together: dict[tuple[str, datetime, frozenset[str]], list[Snapshot]] = defaultdict(list)
    for snapshot in sorted(all_states, key=lambda snapshot: (snapshot.started, snapshot.id)):
        # A restore gives an instance other volumes in the midst of a slot: what was saved then is another set.
        disks = frozenset(disk.volume_id for disk in disks_of(snapshot))
        for plan, slot in slots_of(snapshot).items() if snapshot.live else ():
            together[plan, slot, disks].append(snapshot)
    sets = {members for snapshots in together.values() for members in _sets(snapshots)}
    return _newest_first(_of_set(members, saved_ever) for members in _largest(sets))


def _sets(snapshots: Sequence[Snapshot]) -> list[frozenset[Snapshot]]:
    """Those of one instant that have all volumes; where there is none, the earliest of each. In: ordered by start."""
    volumes = {_source(snapshot) for snapshot in snapshots}
    instants = [list(group) for _, group in groupby(snapshots, key=_instant(snapshots))]
    whole = [members for members in instants if {_source(snapshot) for snapshot in members} == volumes]
    return [_earliest(members) for members in whole] or [_earliest(snapshots)]


def _earliest(snapshots: Sequence[Snapshot]) -> frozenset[Snapshot]:
    """One of each volume."""
    return frozenset({_source(snapshot): snapshot for snapshot in reversed(snapshots)}.values())


def _instant(snapshots: Sequence[Snapshot]) -> Callable[[Snapshot], datetime]:
    """The start of the call that each snapshot is of."""
    first: dict[str, datetime] = {}
    since = THE_BEGINNING
    for snapshot in snapshots:
        since = since if snapshot.started - since <= ONE_INSTANT else snapshot.started
        first[snapshot.id] = since
    return lambda snapshot: first[snapshot.id]


def _source(snapshot: Snapshot) -> str:
    return source_volume(snapshot) or snapshot.id


def points_of_volume(snapshots: Iterable[Snapshot]) -> list[RestorePoint]:
    """The restore points of a single volume, newest first."""
    return _newest_first(point_of(snapshot) for snapshot in snapshots if snapshot.live)


def point_of(snapshot: Snapshot) -> RestorePoint:
    """One snapshot, whoever made it."""
    return RestorePoint((_part(snapshot),))


@dataclass(frozen=True, slots=True)
class Choice:
    """point: None where there is none. notes: what was passed over, and why."""

    point: RestorePoint | None
    notes: tuple[str, ...] = ()


def choose(points: Sequence[RestorePoint], at: datetime | None) -> Choice:
    """The newest point that has completed and did not start after `at`; points: newest first."""
    # A person copies a time from the list, which has whole seconds; AWS has fractions of them.
    in_time = [point for point in points if at is None or point.started.replace(microsecond=0) <= at]
    completed = next((point for point in in_time if not point.pending), None)
    newer = in_time[: in_time.index(completed)] if completed else in_time
    return Choice(completed, tuple(f"passed over, still pending: {point.words}" for point in newer))


def _of_set(members: frozenset[Snapshot], saved_ever: set[str | None]) -> RestorePoint:
    parts = sorted((_part(snapshot) for snapshot in members), key=_by_device)
    listed = {disk.volume_id: disk for snapshot in members for disk in disks_of(snapshot)}
    there = {part.volume_id for part in parts}
    lacking = [disk for _, disk in sorted(listed.items()) if disk.volume_id not in there]
    return RestorePoint(
        tuple(parts),
        missing=tuple(disk for disk in lacking if disk.volume_id in saved_ever),
        never_saved=tuple(disk for disk in lacking if disk.volume_id not in saved_ever),
    )


def _part(snapshot: Snapshot) -> Part:
    volume_id = source_volume(snapshot) or snapshot.volume_id
    disks: Mapping[str, SavedDisk] = {disk.volume_id: disk for disk in disks_of(snapshot)}
    return Part(volume_id, snapshot, disks.get(volume_id))


def _by_device(part: Part) -> tuple[str, str]:
    return part.disk.device if part.disk else "", part.snapshot.id


def _largest(sets: set[frozenset[Snapshot]]) -> list[frozenset[Snapshot]]:
    """A plan of some of the volumes makes a smaller set of the same snapshots: it is no point of its own."""
    return [each for each in sets if not any(each < other for other in sets)]


def _newest_first(points: Iterable[RestorePoint]) -> list[RestorePoint]:
    return sorted(points, key=lambda point: (point.started, point.snapshots[0].id), reverse=True)
