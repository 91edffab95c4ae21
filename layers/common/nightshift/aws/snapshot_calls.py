"""Make the snapshots that were planned, without ever making one twice."""

from collections.abc import Callable, Collection, Mapping, Sequence

from nightshift.aws import snapshots
from nightshift.aws.session import Aws
from nightshift.errors import AwsError, Fault
from nightshift.outcome import Decision, Result, Status
from nightshift.plan.slots import slot_text
from nightshift.plan.snapshot_calls import SnapshotInstance, SnapshotVolume, description
from nightshift.plan.tags import SLOT

# How many snapshots of one volume AWS makes at a time; failed ones count until they are deleted (EBS quotas).
AT_ONCE, AT_ONCE_SLOW = 5, 1


def save_instance(aws: Aws, change: SnapshotInstance, decisions: Sequence[Decision], attempt: int) -> list[Result]:
    """Snapshot volumes of one instance in one call. AwsError: none of those that were not found is saved."""
    found = _found(aws, change, change.volume_ids, attempt)
    missing = set(change.volume_ids) - found.keys()
    made, blocked = _create_set(aws, change, missing) if missing else ({}, {})
    return [_result(decision, made, found, blocked) for decision in decisions]


def save_volume(aws: Aws, change: SnapshotVolume, decisions: Sequence[Decision], attempt: int) -> list[Result]:
    """Snapshot one volume. AwsError: it is not saved, or nobody knows."""
    found = _found(aws, change, [change.volume_id], attempt)
    made = {} if found else {change.volume_id: _create_one(aws, change)}
    return [_result(decision, made, found, {}) for decision in decisions]


def _found(
    aws: Aws, change: SnapshotInstance | SnapshotVolume, volume_ids: Sequence[str], attempt: int
) -> Mapping[str, str]:
    """What an earlier attempt may have made although its answer did not say so; the snapshot's id by volume id."""
    if attempt == 1:
        return {}
    plan, slot = change.slots[0]
    narrowed = {f"tag:{SLOT}{plan}": [slot_text(slot)], "volume-id": list(volume_ids)}
    return {snapshot.volume_id: snapshot.id for snapshot in snapshots.ours(aws, narrowed) if snapshot.live}


def _create_set(
    aws: Aws, change: SnapshotInstance, wanted: Collection[str]
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The new snapshots by volume id, and what blocks the volumes that AWS would not take now."""
    try:
        return _send_set(aws, change, wanted), {}
    except AwsError as error:
        if error.code != "ConcurrentSnapshotLimitExceeded":
            raise
        blocked = _blocked(aws, change, wanted)
        free = set(wanted) - blocked.keys()
        if not blocked or not free:
            raise
        return _send_set(aws, change, free), blocked


def _send_set(aws: Aws, change: SnapshotInstance, wanted: Collection[str]) -> Mapping[str, str]:
    def send(copy_tags: bool) -> Mapping[str, str]:
        return snapshots.create_of_instance(
            aws,
            change.instance_id,
            excluded=snapshots.Excluded(
                boot=change.root_volume_id not in wanted,
                data=[volume_id for volume_id in change.data_volume_ids if volume_id not in wanted],
            ),
            tags=dict(change.tags),
            description=description(change.slots),
            copy_tags=copy_tags,
        )

    return _without_people_s_tags_if_need_be(send, change.copy_tags)


def _create_one(aws: Aws, change: SnapshotVolume) -> str:
    def send(copy_tags: bool) -> str:
        tags = dict(change.people_tags if copy_tags else ()) | dict(change.tags)
        return snapshots.create_of_volume(aws, change.volume_id, tags, description(change.slots))

    return _without_people_s_tags_if_need_be(send, bool(change.people_tags))


def _without_people_s_tags_if_need_be[T](send: Callable[[bool], T], copy_tags: bool) -> T:
    """A backup without people's tags is better than none. A refusal of tags is a definite no: sending again is safe."""
    try:
        return send(copy_tags)
    except AwsError as error:
        if error.fault is not Fault.TAGS or not copy_tags:
            raise
        return send(False)


def _blocked(aws: Aws, change: SnapshotInstance, wanted: Collection[str]) -> Mapping[str, str]:
    """What blocks each volume that has as many pending and failed snapshots as AWS allows."""
    holders: dict[str, list[str]] = {}
    for snapshot in snapshots.blocking(aws, sorted(wanted)):
        holders.setdefault(snapshot.volume_id, []).append(f"{snapshot.id} ({snapshot.state})")
    return {
        volume_id: ", ".join(sorted(named))
        for volume_id, named in holders.items()
        if len(named) >= (AT_ONCE_SLOW if volume_id in change.slow_volume_ids else AT_ONCE)
    }


def _result(
    decision: Decision, made: Mapping[str, str], found: Mapping[str, str], blocked: Mapping[str, str]
) -> Result:
    volume_id = decision.resource
    if volume_id in made:
        return Result.of(decision, Status.DONE, note=f"made {made[volume_id]}")
    if volume_id in found:
        return Result.of(
            decision, Status.DONE, note=f"{found[volume_id]} of this slot was found after an unclear answer"
        )
    if volume_id in blocked:
        note = f"blocked by {blocked[volume_id]}"
        return Result.of(decision, Status.REMAINING, "ConcurrentSnapshotLimitExceeded", note)
    return Result.of(decision, Status.FAILED, "MissingInAnswer", "AWS answered yes, but named no snapshot of it")
