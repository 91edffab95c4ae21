"""Protection: what is never deleted, whatever the policy says, and who holds it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nightshift.fleet import Snapshot
from nightshift.plan.tags import HOLD_UNTIL, INSTANCE, VOLUME, slots_of, time_limit
from nightshift.policy import Policy

# A failed snapshot is no backup. It is left for a person to see for an hour, then it must go: st1 and sc1 volumes
# get no other snapshot while it is there.
ERROR_STAYS = timedelta(hours=1)

# Two runs that did not see each other's snapshots were so close. What came later for the same slot (the first one had
# been in the Recycle Bin, say) has newer data, and stays the last copy.
SAME_INSTANT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Holders:
    """What beside a snapshot itself decides whether it may go.

    holds: the hold-until tag of living volumes and instances, by id. living: the ids of the volumes there are.
    owners: the instances that each of them is attached to.
    outside: what AWS or someone else does with a snapshot ("it backs ami-0a1"), by snapshot id.
    """

    holds: Mapping[str, str] = field(default_factory=dict)
    living: frozenset[str] = frozenset()
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outside: Mapping[str, str] = field(default_factory=dict)


def source_volume(snapshot: Snapshot) -> str | None:
    """The id of the volume that a snapshot is of; None for a copy that does not say so.

    CopySnapshot gives a copy "an arbitrary volume ID that you should not use for any purpose" (EC2 API reference):
    vol-ffff or vol-ffffffff. Only there a tag names the volume; on any other snapshot it is a mistake, or a forgery.
    """
    return snapshot.tags.get(VOLUME) if _is_copy(snapshot) else snapshot.volume_id


def lineage(snapshot: Snapshot) -> str | None:
    """The history that a snapshot belongs to: its volume's, where copies have one of their own. None: nobody knows."""
    volume_id = source_volume(snapshot)
    return f"copies of {volume_id}" if volume_id and _is_copy(snapshot) else volume_id


def _is_copy(snapshot: Snapshot) -> bool:
    return not snapshot.volume_id.removeprefix("vol-").strip("f")


def last_completed(snapshots: Iterable[Snapshot]) -> dict[str, Snapshot]:
    """The newest completed snapshot of each lineage; of several of the same slots the earliest, as in retention."""
    newest: dict[str, Snapshot] = {}
    for snapshot in sorted(snapshots, key=lambda snapshot: (snapshot.started, snapshot.id)):
        history = lineage(snapshot)
        if history and snapshot.state == "completed" and not _is_duplicate(snapshot, newest.get(history)):
            newest[history] = snapshot
    return newest


def _is_duplicate(later: Snapshot, earlier: Snapshot | None) -> bool:
    if earlier is None or later.started - earlier.started > SAME_INSTANT:
        return False
    return slots_of(later).items() <= slots_of(earlier).items()


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
            or _unknown(snapshot)
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

    def expired(self, snapshot: Snapshot) -> str | None:
        """Why the whole history of a volume that is gone has had its time; None while it has not, or for ever."""
        expiry = self.expiry(snapshot)
        if expiry is None or self.now <= expiry:
            return None
        allowed = self.policy.cleanup.keep_last_of_deleted_volume
        return f"{source_volume(snapshot)} is gone, and its last snapshot is older than {allowed}"

    def expiry(self, snapshot: Snapshot) -> datetime | None:
        """Until when the history of a volume that is gone stays, whatever the rules keep of it; None: for ever."""
        age, last = self.policy.cleanup.last_of_deleted_volume_age, self._last_of(snapshot)
        if age is None or last is None or not self.is_gone(snapshot) or self._keeps_all(snapshot):
            return None
        return last.started + age

    def _last_of(self, snapshot: Snapshot) -> Snapshot | None:
        history = lineage(snapshot)
        return self.last.get(history) if history else None

    def is_gone(self, snapshot: Snapshot) -> bool:
        """Of a copy nobody knows: its volume may live in another region."""
        return not _is_copy(snapshot) and snapshot.volume_id not in self.holders.living

    def _keeps_all(self, snapshot: Snapshot) -> bool:
        plans = self.policy.backup.plans
        return any(plans[name].keep.empty for name in slots_of(snapshot) if name in plans)

    def hold(self, snapshot: Snapshot) -> str | None:
        """The hold-until tag that is in force, of the snapshot, its volume or its instance."""
        holds = {snapshot.id: snapshot.tags[HOLD_UNTIL]} if HOLD_UNTIL in snapshot.tags else {}
        volume_id = source_volume(snapshot) or ""
        owners = self.holders.owners.get(volume_id, ())
        holds |= {
            id_: self.holders.holds[id_]
            for id_ in (volume_id, snapshot.tags.get(INSTANCE, ""), *owners)
            if id_ in self.holders.holds
        }
        return next((held for id_, value in holds.items() if (held := self._held(id_, value))), None)

    def _held(self, id_: str, value: str) -> str | None:
        until = time_limit(value, self.policy.zone)
        if until is None:
            return f"it is held: {HOLD_UNTIL}={value} of {id_} is no ISO date or time, so it counts as held"
        return f"it is held until {value} by the tag of {id_}" if self.now < until else None

    def _as_last(self, snapshot: Snapshot) -> str | None:
        last = self._last_of(snapshot)
        if last is None or last.id != snapshot.id or self.expired(snapshot):
            return None
        return f"it is the last completed snapshot of {lineage(snapshot)}"


def _unknown(snapshot: Snapshot) -> str | None:
    if source_volume(snapshot) or snapshot.state == "error":
        return None
    return "it is a copy that does not say of which volume"
