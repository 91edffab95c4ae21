"""Make the snapshots that were planned, without ever making one twice."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from nightshift.aws import snapshots
from nightshift.aws.describe import SEEN_AFTER
from nightshift.aws.session import Aws
from nightshift.errors import AwsError, Fault
from nightshift.outcome import Change, Decision, Result, Status
from nightshift.plan.slots import slot_text
from nightshift.plan.snapshot_calls import MOST_EXCLUDED, SnapshotInstance, SnapshotVolume, description
from nightshift.plan.tags import SLOT, slots_of

# How many snapshots of one volume AWS makes at a time; failed ones count until they are deleted (EBS quotas).
AT_ONCE, AT_ONCE_SLOW = 5, 1
BUSY = "ConcurrentSnapshotLimitExceeded"

type SnapshotChange = SnapshotInstance | SnapshotVolume
type ByVolume = Mapping[str, str]
type Refused = Mapping[str, AwsError]


class Saving:
    """Makes the snapshots of one run, in as many attempts as carry_out makes."""

    def __init__(self) -> None:
        # When each change met an answer after which a snapshot may be there, although none is to be seen.
        self._unclear: dict[Change, datetime] = {}

    def save(self, aws: Aws, decisions: Sequence[Decision], attempt: int) -> list[Result]:
        """Carry out the change that these decisions share. AwsError: what was not found is not saved, or unclear."""
        change = decisions[0].change
        if not isinstance(change, SnapshotInstance | SnapshotVolume):
            raise TypeError(f"no backup: {change}")
        found = _found(aws, change) if attempt > 1 else {}
        missing = set(change.volume_ids) - found.keys()
        made, refused = self._made(aws, change, missing) if missing else ({}, {})
        return [_result(decision, made, found, refused) for decision in decisions]

    def _made(self, aws: Aws, change: SnapshotChange, missing: Collection[str]) -> tuple[ByVolume, Refused]:
        """The new snapshots by volume id, and why AWS would not take the others now."""
        since = self._unclear.get(change)
        if since is not None and aws.clock.now() - since < SEEN_AFTER:
            raise AwsError("NotYetSeen", "an earlier answer was unclear, and its snapshot may still appear", Fault.WAIT)
        try:
            return _create(aws, change, missing)
        except AwsError as error:
            if error.fault is Fault.UNKNOWN:
                self._unclear[change] = aws.clock.now()
            raise


def _found(aws: Aws, change: SnapshotChange) -> ByVolume:
    """What an earlier attempt may have made although its answer did not say so; the snapshot's id by volume id."""
    plan, slot = change.slots[0]
    narrowed = {f"tag:{SLOT}{plan}": [slot_text(slot)], "volume-id": list(change.volume_ids)}
    return {
        snapshot.volume_id: snapshot.id
        for snapshot in snapshots.ours(aws, narrowed)
        if snapshot.live and dict(change.slots).items() <= slots_of(snapshot).items()
    }


def _create(aws: Aws, change: SnapshotChange, wanted: Collection[str]) -> tuple[ByVolume, Refused]:
    try:
        return _send(aws, change, wanted)
    except AwsError as error:
        if error.code != BUSY:
            raise
        blocked = _blocked(aws, change, wanted)
    # That answer was a definite no, so what is free can be sent again at once.
    free = set(wanted) - blocked.keys()
    if not blocked:
        raise AwsError(BUSY, "AWS has as many snapshots of it under way as it allows", Fault.WAIT)
    made, refused = _send(aws, change, free) if free else ({}, {})
    return made, {**blocked, **refused}


def _send(aws: Aws, change: SnapshotChange, wanted: Collection[str]) -> tuple[ByVolume, Refused]:
    if isinstance(change, SnapshotVolume):
        return {change.volume_id: _send_one(aws, change)}, {}
    if len(change.excluded_data(wanted)) <= MOST_EXCLUDED:
        return _send_set(aws, change, wanted), {}
    return _send_each(aws, [SnapshotVolume(id_, change.slots, change.tags, ()) for id_ in sorted(wanted)])


def _send_each(aws: Aws, changes: Sequence[SnapshotVolume]) -> tuple[ByVolume, Refused]:
    made: dict[str, str] = {}
    refused: dict[str, AwsError] = {}
    for each in changes:
        try:
            made[each.volume_id] = _send_one(aws, each)
        except AwsError as error:
            refused[each.volume_id] = error
    return made, refused


def _send_set(aws: Aws, change: SnapshotInstance, wanted: Collection[str]) -> ByVolume:
    def send(copy_tags: bool) -> ByVolume:
        return snapshots.create_of_instance(
            aws,
            change.instance_id,
            excluded=snapshots.Excluded(
                boot=change.root_volume_id not in wanted,
                data=change.excluded_data(wanted),
            ),
            tags=dict(change.tags),
            description=description(change.slots),
            copy_tags=copy_tags,
        )

    return _without_people_s_tags_if_need_be(send, change.copy_tags)


def _send_one(aws: Aws, change: SnapshotVolume) -> str:
    def send(copy_tags: bool) -> str:
        tags = dict(change.people_tags if copy_tags else ()) | dict(change.tags)
        return snapshots.create_of_volume(aws, change.volume_id, tags, description(change.slots))

    return _without_people_s_tags_if_need_be(send, bool(change.people_tags))


def _without_people_s_tags_if_need_be[T](send: Callable[[bool], T], copy_tags: bool) -> T:
    """A backup without people's tags is better than none. A refusal of tags is a definite no: sending again is safe."""
    try:
        return send(copy_tags)
    except AwsError as error:
        if not copy_tags or not (error.fault is Fault.TAGS or error.code == "TagPolicyViolation"):
            raise
        return send(False)


def _blocked(aws: Aws, change: SnapshotChange, wanted: Collection[str]) -> Refused:
    """What blocks each volume that has as many pending and failed snapshots as AWS allows, by volume id."""
    holders: dict[str, list[str]] = defaultdict(list)
    for snapshot in snapshots.blocking(aws, sorted(wanted)):
        holders[snapshot.volume_id].append(f"{snapshot.id} ({snapshot.state})")
    # AWS refused a single volume: whatever stands in its way is enough.
    slow = change.slow_volume_ids if isinstance(change, SnapshotInstance) else {change.volume_id}
    return {
        volume_id: AwsError(BUSY, f"blocked by {', '.join(sorted(named))}; the next run tries again", Fault.WAIT)
        for volume_id, named in holders.items()
        if len(named) >= (AT_ONCE_SLOW if volume_id in slow else AT_ONCE)
    }


def _result(decision: Decision, made: ByVolume, found: ByVolume, refused: Refused) -> Result:
    volume_id = decision.resource
    if volume_id in made:
        return Result.of(decision, Status.DONE, note=f"made {made[volume_id]}")
    if volume_id in found:
        note = f"{found[volume_id]} of this slot was found after an unclear answer"
        return Result.of(decision, Status.DONE, note=note)
    if error := refused.get(volume_id):
        status = Status.FAILED if error.fault is Fault.PERMANENT else Status.REMAINING
        return Result.of(decision, status, error.code, error.message[:300])
    return Result.of(decision, Status.FAILED, "MissingInAnswer", "AWS answered yes, but named no snapshot of it")
