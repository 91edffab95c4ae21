"""Make the snapshots that were planned, without ever making one twice."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from nightshift.aws import instances, snapshots, volumes
from nightshift.aws.describe import SEEN_AFTER
from nightshift.aws.faults import TAG_POLICY
from nightshift.aws.session import Aws
from nightshift.errors import AwsError, Fault
from nightshift.outcome import Action, Change, Decision, Result, Status
from nightshift.plan.slots import slot_text
from nightshift.plan.snapshot_calls import MOST_EXCLUDED, SnapshotInstance, SnapshotVolume, description
from nightshift.plan.tags import SLOT, slots_of

# How many snapshots of one volume AWS makes at a time; failed ones count until they are deleted (EBS quotas).
AT_ONCE, AT_ONCE_SLOW = 5, 1
BUSY = "ConcurrentSnapshotLimitExceeded"

# What AWS may answer where the fleet has changed since it was read; the code for a volume that is to be left out and
# is not attached any more is as common as that.
CHANGED = ("IncorrectState", "IncorrectInstanceState", "InvalidParameterValue")

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
        unclear = change in self._unclear
        return [
            _found_result(decision, found[decision.resource], unclear=unclear)
            if decision.resource in found
            else _result(decision, made, refused)
            for decision in decisions
        ]

    def _made(self, aws: Aws, change: SnapshotChange, missing: Collection[str]) -> tuple[ByVolume, Refused]:
        """The new snapshots by volume id, and why AWS would not take the others now."""
        since = self._unclear.get(change)
        if since is not None and aws.clock.now() - since < SEEN_AFTER:
            raise AwsError("NotYetSeen", "an earlier answer was unclear, and its snapshot may still appear", Fault.WAIT)
        try:
            return _create_what_is_there(aws, change, missing)
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


def _create_what_is_there(aws: Aws, change: SnapshotChange, wanted: Collection[str]) -> tuple[ByVolume, Refused]:
    """What is terminated, detached or deleted between the read and the call costs the others nothing."""
    try:
        made, refused = _create(aws, change, wanted)
    except AwsError as error:
        if not _says_changed(error):
            raise
        if isinstance(change, SnapshotVolume):
            if _is_there(aws, change.volume_id, error):
                raise
            return {}, {change.volume_id: AwsError(error.code, error.message, Fault.GONE)}
        return _as_it_is_now(aws, change, wanted, error)
    unnamed = set(wanted) - made.keys() - refused.keys()
    if not unnamed or isinstance(change, SnapshotVolume):
        return made, refused
    more_made, more_refused = _as_it_is_now(aws, change, unnamed, None)
    return {**made, **more_made}, {**refused, **more_refused}


def _says_changed(error: AwsError) -> bool:
    return error.fault is Fault.GONE or (error.fault is Fault.PERMANENT and error.code in CHANGED)


def _is_there(aws: Aws, volume_id: str, refusal: AwsError) -> bool:
    """A code of the state of a volume may also mean that it is being modified, say."""
    if refusal.fault is Fault.GONE:
        return False
    return any(volume.state not in ("deleting", "deleted") for volume in volumes.with_ids(aws, [volume_id]))


def _as_it_is_now(
    aws: Aws, change: SnapshotInstance, wanted: Collection[str], refusal: AwsError | None
) -> tuple[ByVolume, Refused]:
    """What is detached now is saved alone, what is gone has that as its refusal, the rest is sent again.

    refusal: why AWS took none of them. None: it took the call, and these were not in its answer.
    """
    there = {volume.id: volume for volume in volumes.with_ids(aws, sorted({*wanted, *change.data_volume_ids}))}
    attached = {id_ for id_, volume in there.items() if change.instance_id in volume.instance_ids}
    gone = "it is gone since it was read"
    refused = {id_: AwsError("InvalidVolume.NotFound", gone, Fault.GONE) for id_ in wanted if id_ not in there}
    made: ByVolume = {}
    rest = attached & set(wanted)
    if rest and refusal:
        made, more = _sent_again(aws, change, rest, attached, refusal)
        refused |= more
    loose = sorted(there.keys() & set(wanted) - attached)
    made_alone, more = _send_each(aws, [SnapshotVolume(id_, change.slots, change.tags, ()) for id_ in loose])
    return {**made, **made_alone}, {**refused, **more}


def _sent_again(
    aws: Aws, change: SnapshotInstance, rest: Collection[str], attached: Collection[str], refusal: AwsError
) -> tuple[ByVolume, Refused]:
    """That refusal was a definite no. Of an instance that is gone nothing more can be saved than what outlives it."""
    if refusal.fault is Fault.GONE or all(one.ending for one in instances.with_ids(aws, [change.instance_id])):
        return {}, {id_: AwsError(refusal.code, refusal.message, Fault.GONE) for id_ in rest}
    still = tuple(id_ for id_ in change.data_volume_ids if id_ in attached)
    if still == change.data_volume_ids and set(rest) == set(change.volume_ids):
        raise refusal
    try:
        return _create(aws, replace(change, data_volume_ids=still), rest)
    except AwsError as error:
        if error.fault is not Fault.PERMANENT:
            raise
        return {}, dict.fromkeys(rest, error)


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
                # Where the root is an instance store, there is nothing to leave out.
                boot=change.root_volume_id is not None and change.root_volume_id not in wanted,
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
        if not copy_tags or not (error.fault is Fault.TAGS or error.code == TAG_POLICY):
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


def _result(decision: Decision, made: ByVolume, refused: Refused) -> Result:
    volume_id = decision.resource
    if volume_id in made:
        return Result.of(decision, Status.DONE, note=f"made {made[volume_id]}")
    error = refused.get(volume_id)
    if error is None:
        return Result.of(decision, Status.FAILED, "MissingInAnswer", "AWS answered yes, but named no snapshot of it")
    if error.fault is Fault.GONE:
        left = replace(decision, action=Action.SKIP)
        return Result.of(left, Status.SKIPPED, error.code, f"gone since it was read: {error.message[:300]}")
    status = Status.FAILED if error.fault is Fault.PERMANENT else Status.REMAINING
    return Result.of(decision, status, error.code, error.message[:300])


def _found_result(decision: Decision, snapshot_id: str, *, unclear: bool) -> Result:
    """Only after an unclear answer can a snapshot that is found be this run's own."""
    if unclear:
        note = f"{snapshot_id} of this slot was found after an unclear answer"
        return Result.of(decision, Status.DONE, note=note)
    left = replace(decision, action=Action.SKIP)
    return Result.of(left, Status.SKIPPED, note=f"another run was first: {snapshot_id} is of this slot")
