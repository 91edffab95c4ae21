"""Our tags: their keys, how they are read and written, and AWS's limits on tags."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from nightshift.durations import FIRST_YEAR, FOR_EVER, LAST_YEAR, THE_BEGINNING
from nightshift.fleet import Instance, Snapshot, Tags, Volume
from nightshift.plan.origin import Origin, SavedDisk, packed, unpacked
from nightshift.plan.slots import slot_text, slot_time

PREFIX = "nightshift:"
STACK = "nightshift:stack"
SLOT = "nightshift:slot/"
INSTANCE = "nightshift:instance"
VOLUME = "nightshift:volume"
DEVICES = "nightshift:devices/"
ORIGIN = "nightshift:origin"
RESTORED_FROM = "nightshift:restored-from"
RESTORE = "nightshift:restore"
RESTORED = "nightshift:restored"
REPLACED_BY = "nightshift:replaced-by"
FORMER = "nightshift:former"
STATUS = "nightshift:status"
REMEDIED = "nightshift:remedied"
REMEDIED_BY = "nightshift:remedied-by"
REMEDY = "nightshift:remedy"
MUTE_UNTIL = "nightshift:mute-until"
FINDINGS = "nightshift:findings"
HOLD_UNTIL = "nightshift:hold-until"
# On the parts of a network: which network, which part of it, by which installation, and since when it was taken in.
NETWORK = "nightshift:network"
RESOURCE = "nightshift:resource"
NETWORK_STACK = "nightshift:network-stack"
ADOPTED = "nightshift:adopted"

# "Tag your Amazon EC2 resources": 50 a resource, tags that AWS made (aws:) not counted; values up to 256 characters.
MOST_TAGS = 50
MOST_VALUE = 256
MOST_OURS = 12
_HARMLESS = frozenset({HOLD_UNTIL, RESTORED_FROM, RESTORE, RESTORED, REPLACED_BY})

# Whoever carries one of these tags was made by another backup service, whatever else it carries.
FOREIGN_PREFIXES = ("aws:backup:", "aws:dlm:")


def is_ours(tags: Tags, stack_tag: str) -> bool:
    """Made by this application: its stack tag, a slot, and no mark of AWS Backup or DLM."""
    return (
        tags.get(STACK) == stack_tag
        and any(key.startswith(SLOT) for key in tags)
        and not any(key.startswith(FOREIGN_PREFIXES) for key in tags)
    )


def slots_of(snapshot: Snapshot) -> dict[str, datetime]:
    """The slot of each plan that a snapshot serves, in UTC; StartTime where the tag's value is no time."""
    return {
        key.removeprefix(SLOT): slot_time(value) or snapshot.started
        for key, value in snapshot.tags.items()
        if key.startswith(SLOT)
    }


def people_s(tags: Tags) -> dict[str, str]:
    """The tags that come along to a snapshot: people's, and a hold. Our other keys would speak of the snapshot."""
    return {key: value for key, value in tags.items() if not key.startswith(("aws:", PREFIX)) or key == HOLD_UNTIL}


def fit_together(ours: Tags, theirs: Iterable[Tags]) -> bool:
    """Whether AWS may copy each of these tag sets beside ours.

    It copies all of a volume's tags: one that carries a key of ours, or of another backup service, would make its
    snapshots look like what they are not. What a restore has written on it says nothing of a snapshot.
    """
    return all(_harmless(tags) and len(ours) + len(_copied(tags)) <= MOST_TAGS for tags in theirs)


def _harmless(tags: Tags) -> bool:
    return not any(key.startswith((PREFIX, *FOREIGN_PREFIXES)) and key not in _HARMLESS for key in tags)


def _copied(tags: Tags) -> list[str]:
    return [key for key in tags if not key.startswith("aws:")]


def snapshot_tags(
    stack_tag: str, slots: Mapping[str, datetime], instance: Instance | None, disks: Mapping[str, Volume]
) -> dict[str, str]:
    """The tags that a snapshot is made with.

    slots: the slot of each plan it serves. disks: the volumes of the instance by id; all of its EBS disks are
    written down, as far as there is room, so that a restore works when the instance is gone. Ours are at most 12; of
    more than ten plans that are due together theirs, and which instance it is.
    """
    tags = {STACK: stack_tag} | {f"{SLOT}{plan}": slot_text(slot) for plan, slot in sorted(slots.items())}
    if instance is None:
        return tags
    of_instance = [(INSTANCE, instance.id), (ORIGIN, Origin.of(instance).text), *_devices(instance, disks)]
    return tags | dict(of_instance[: max(1, MOST_OURS - len(tags))])


def time_limit(value: str, zone: ZoneInfo) -> datetime | None:
    """When a nightshift:...-until tag ends, in UTC: a time, or the end of a date in the zone. None: it is neither.

    An ISO week is none: Python reads it as its Monday, and whoever writes it means its Sunday.
    """
    text = value.strip()
    if "W" in text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not FIRST_YEAR < moment.year < LAST_YEAR:
        return FOR_EVER if moment.year == LAST_YEAR else THE_BEGINNING
    local = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    is_a_date = len(text) <= len("2026-11-24")
    return (local + timedelta(days=1) if is_a_date else local).astimezone(UTC)


def _devices(instance: Instance, disks: Mapping[str, Volume]) -> list[tuple[str, str]]:
    saved = [SavedDisk.of(disk, disks.get(disk.volume_id)) for disk in instance.disks]
    return [(f"{DEVICES}{number}", line) for number, line in enumerate(packed(saved, MOST_VALUE), start=1)]


def disks_of(snapshot: Snapshot) -> list[SavedDisk]:
    """All EBS disks of the instance at the time of the snapshot, as its tags say."""
    lines = [value for key, value in sorted(snapshot.tags.items()) if key.startswith(DEVICES)]
    return [disk for line in lines for disk in unpacked(line)]


def plans_named(value: str, plans: Collection[str]) -> tuple[list[str], list[str]]:
    """The plans that a Backup tag's value names, in its order, and the words in it that name none."""
    words = [word.strip() for word in value.split(",") if word.strip()]
    meant = [next(iter(plans)) if word.lower() in ("true", "yes") else word for word in words]
    named = list(dict.fromkeys(word for word in meant if word in plans))
    return named, [word for word in meant if word not in plans]
