"""Which calls make the snapshots that are wanted: as few as can be, all volumes of an instance at one instant."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from nightshift.fleet import Instance, Volume
from nightshift.outcome import Action, Change, Decision
from nightshift.plan.slots import slot_text
from nightshift.plan.tags import DEVICES, ORIGIN, fit_together, people_s, snapshot_tags

# CreateSnapshots takes at most 40 ExcludeDataVolumeIds (EC2 API reference, InstanceSpecification).
MOST_EXCLUDED = 40

# "It exceeds 255 characters" (InvalidParameterValue of CreateSnapshot).
MOST_DESCRIPTION = 255

# AWS lets an account have no more snapshots pending, and refuses a call for more whole (Service Quotas L-94D7AB7D,
# not adjustable): docs/aws.md, Snapshot limits.
MOST_PENDING = 100

# Volume types of which AWS makes one snapshot at a time; of others five (EBS quotas).
SLOW_TYPES = ("st1", "sc1")

type Slots = tuple[tuple[str, datetime], ...]
type TagPairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A volume that is due, and the slot of each plan that its snapshot will serve.

    owner: the instance that it is attached to; of a Multi-Attach volume the first.
    """

    volume: Volume
    owner: Instance | None
    slots: Slots
    reason: str
    by_own_tag: bool


@dataclass(frozen=True, slots=True)
class SnapshotInstance(Change):
    """One CreateSnapshots call. data_volume_ids: all that may have to be excluded by id, wanted or not."""

    instance_id: str
    slots: Slots
    volume_ids: tuple[str, ...]
    slow_volume_ids: frozenset[str]
    root_volume_id: str | None
    data_volume_ids: tuple[str, ...]
    tags: TagPairs
    copy_tags: bool

    def excluded_data(self, wanted: Collection[str]) -> list[str]:
        """The data volumes that a call for these volumes has to leave out by id."""
        return [volume_id for volume_id in self.data_volume_ids if volume_id not in wanted]


@dataclass(frozen=True, slots=True)
class SnapshotVolume(Change):
    """One CreateSnapshot call. people_tags are the volume's own, that come along if AWS takes them."""

    volume_id: str
    slots: Slots
    tags: TagPairs
    people_tags: TagPairs

    @property
    def volume_ids(self) -> tuple[str, ...]:
        return (self.volume_id,)


def snapshot_decisions(wanted: Sequence[Wanted], disks: Mapping[str, Volume], stack_tag: str) -> list[Decision]:
    """One decision for each wanted volume; those that one call can save share its change."""
    groups: dict[tuple[str, Slots], list[Wanted]] = defaultdict(list)
    for want in wanted:
        groups[want.owner.id if want.owner else want.volume.id, want.slots].append(want)
    calls_of = Counter(owner for owner, _ in groups)
    return [
        decision
        for (owner, _), group in groups.items()
        for decision in _of_group(group, disks, stack_tag, split=calls_of[owner] > 1)
    ]


def _of_group(group: Sequence[Wanted], disks: Mapping[str, Volume], stack_tag: str, split: bool) -> list[Decision]:
    owner, slots = group[0].owner, group[0].slots
    tags = snapshot_tags(stack_tag, dict(slots), owner, disks)
    whole = None if owner is None or _alone(group) else _of_instance(group, owner, tags)
    note = ""
    if split:
        note = "; not one instant: the instance's volumes have different slots due"
    elif owner and whole is None and len(group) > 1:
        note = f"; not one instant: {_why_not_whole(group, owner)}"
    note += _of_instance_left_out(owner, tags)
    return [_decision(want, whole or _of_volume(want, tags), note) for want in group]


def _of_instance_left_out(owner: Instance | None, tags: Mapping[str, str]) -> str:
    """What a restore will have to be told when the instance is gone."""
    if owner is None:
        return ""
    written = sum(len(value.split()) for key, value in tags.items() if key.startswith(DEVICES))
    origin = "" if ORIGIN in tags else f"; its tags have no room for zone, type, subnet and address of {owner.id}"
    if written == len(owner.disks):
        return origin
    return f"{origin}; its tags have room for {written} of the {len(owner.disks)} disks of {owner.id}"


def _tags_left_out(want: Wanted, change: SnapshotInstance | SnapshotVolume) -> str:
    copied = change.copy_tags if isinstance(change, SnapshotInstance) else change.people_tags
    return "" if copied or not people_s(want.volume.tags) else "; people's tags stay behind: they do not go with ours"


def _alone(group: Sequence[Wanted]) -> bool:
    """A single volume that opted in by itself, whatever its instance does."""
    return len(group) == 1 and group[0].by_own_tag


def _why_not_whole(group: Sequence[Wanted], owner: Instance) -> str:
    """Why one call cannot save the group; empty where it can."""
    if len(group) > MOST_PENDING:
        return f"more than the {MOST_PENDING} snapshots that AWS lets be pending"
    listed = {disk.volume_id for disk in owner.disks}
    wanted = {want.volume.id for want in group}
    if not wanted <= listed:
        return f"{owner.id} does not list all of them yet"
    if owner.operator:
        return f"{owner.operator} runs {owner.id}, so that only its volumes are asked for"
    if len(listed - wanted - {owner.root_volume_id}) > MOST_EXCLUDED:
        return f"more than {MOST_EXCLUDED} other volumes of {owner.id}"
    return ""


def _of_instance(group: Sequence[Wanted], owner: Instance, tags: dict[str, str]) -> SnapshotInstance | None:
    """None where one call cannot save the group."""
    if _why_not_whole(group, owner):
        return None
    ids = tuple(sorted(want.volume.id for want in group))
    data = tuple(sorted({disk.volume_id for disk in owner.disks} - {owner.root_volume_id}))
    return SnapshotInstance(
        instance_id=owner.id,
        slots=group[0].slots,
        volume_ids=ids,
        slow_volume_ids=frozenset(want.volume.id for want in group if want.volume.type in SLOW_TYPES),
        root_volume_id=owner.root_volume_id,
        data_volume_ids=data,
        tags=tuple(tags.items()),
        copy_tags=fit_together(tags, [want.volume.tags for want in group]),
    )


def _of_volume(want: Wanted, tags: dict[str, str]) -> SnapshotVolume:
    theirs = people_s(want.volume.tags) if fit_together(tags, [want.volume.tags]) else {}
    return SnapshotVolume(want.volume.id, want.slots, tuple(tags.items()), tuple(theirs.items()))


def _decision(want: Wanted, change: SnapshotInstance | SnapshotVolume, note: str) -> Decision:
    return Decision(want.volume.id, Action.SNAPSHOT, want.reason + note + _tags_left_out(want, change), change)


def description(slots: Slots) -> str:
    """What the console shows beside the snapshot: as many plans as AWS has room for; its tags name them all."""
    named = [f"{plan} {slot_text(slot)}" for plan, slot in slots]
    texts = (
        f"nightshift {', '.join(named[:shown])}{f' and {left} more' if (left := len(named) - shown) else ''}"
        for shown in range(len(named), -1, -1)
    )
    return next(text for text in texts if len(text) <= MOST_DESCRIPTION)
