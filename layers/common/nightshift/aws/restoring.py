"""Carry out the steps of a restore: each is looked at before it is sent, and confirmed by a look before the next."""

from collections.abc import Sequence
from datetime import datetime

from nightshift.aws import instances, root_volume, volumes
from nightshift.aws.describe import LOOK_SECONDS, SEEN_AFTER
from nightshift.aws.session import Aws
from nightshift.aws.status import health_of
from nightshift.aws.tagging import create_tags, delete_tags
from nightshift.errors import AwsError, Fault
from nightshift.fleet import Attachment, Volume
from nightshift.outcome import Decision, Result, Status
from nightshift.plan.restore_changes import (
    Attach,
    Detach,
    MarkFormer,
    NewVolume,
    ReplaceRoot,
    Start,
    Stop,
    Swap,
)
from nightshift.plan.restore_marks import UNDONE, Mode, Purpose, formers_of, replaced_by
from nightshift.plan.restore_root import FAILED_DETACHED, OPEN, SUCCEEDED, RootTask
from nightshift.plan.slots import slot_text
from nightshift.plan.tags import FORMER, REPLACED_BY, RESTORE, RESTORED, RESTORED_FROM

MOST_TOKENS = 5

# The checks of a started instance take some minutes.
CHECKED_SECONDS = 600


class Restoring:
    """The steps of one run; the ids of the volumes that it makes become known on the way."""

    def __init__(self) -> None:
        # The volume that was made of each snapshot.
        self._made: dict[str, str] = {}

    def step(self, aws: Aws, decisions: Sequence[Decision], _attempt: int) -> Sequence[Result]:
        """One step. AwsError: it did not work; with Fault.WAIT it may, later."""
        [decision] = decisions
        return [Result.of(decision, Status.DONE, note=self._carried_out(aws, decision.change))]

    def _carried_out(self, aws: Aws, step: object) -> str:
        """What happened, for the reason."""
        match step:
            case NewVolume():
                said = self._make(aws, step)
            case MarkFormer():
                said = self._mark(aws, step.swap)
            case Stop():
                said = _stop(aws, step.instance_id)
            case Detach():
                said = _detach(aws, step.volume_id, step.instance_id)
            case Attach(swap):
                said = _attach(aws, self._incoming(swap), swap.instance_id, swap.device, swap.delete_on_termination)
            case Start():
                said = self._start(aws, step)
            case ReplaceRoot():
                said = _replace_root(aws, step)
            case _:
                raise TypeError(f"no step of a restore: {step}")
        return said

    def _make(self, aws: Aws, new: NewVolume) -> str:
        for attempt in range(MOST_TOKENS):
            volume_id, made = volumes.create(aws, new, new.token(attempt))
            if _usable(aws, new, volume_id, made):
                self._made[new.snapshot_id] = volume_id
                return f"made {volume_id}"
            if aws.clock.now() - made <= SEEN_AFTER:
                break
        cause = f"; the usual cause is its key {new.key}" if new.key else ""
        raise AwsError("VolumeNotMade", f"AWS took the call, but made no {volume_id}{cause}", Fault.PERMANENT)

    def _incoming(self, swap: Swap) -> str:
        return swap.incoming.volume_id or self._made[swap.incoming.snapshot_id]

    def _mark(self, aws: Aws, swap: Swap) -> str:
        value = replaced_by(self._incoming(swap), swap.instance_id, swap.device, swap.delete_on_termination)
        create_tags(aws, [swap.outgoing or ""], {REPLACED_BY: value})
        return "tagged"

    def _start(self, aws: Aws, step: Start) -> str:
        try:
            running = instances.start(aws, step.instance_id)
        except AwsError as error:
            if error.fault is not Fault.PERMANENT or step.undoes:
                raise
            words = f"{error.message}; {self._back(aws, step)}"
            raise AwsError(error.code, words, Fault.PERMANENT) from error
        if running is None:
            raise AwsError("NotYetRunning", f"{step.instance_id} was started, but does not run yet", Fault.WAIT)
        words = _checked(aws, step.instance_id)
        self._end(aws, step)
        return words

    def _end(self, aws: Aws, step: Start) -> None:
        """Nothing is under way any more."""
        ended = {RESTORED: slot_text(aws.clock.now())}
        if not step.undoes:
            create_tags(aws, [self._incoming(swap) for swap in step.swaps], ended)
            return
        taken_out = [swap.outgoing for swap in step.swaps if swap.outgoing]
        if taken_out:
            create_tags(aws, taken_out, {RESTORE: UNDONE})
        delete_tags(aws, [self._incoming(swap) for swap in step.swaps], [REPLACED_BY])

    def _back(self, aws: Aws, step: Start) -> str:
        """The former volumes in their places again; what is said of it."""
        new = [self._incoming(swap) for swap in step.swaps]
        create_tags(aws, new, {RESTORE: UNDONE})
        formers = [
            former
            for former in formers_of(volumes.with_tags(aws, [REPLACED_BY]), step.instance_id)
            if former.replaced_by in new
        ]
        for swap in step.swaps:
            _detach(aws, self._incoming(swap), step.instance_id)
        for former in formers:
            _attach(aws, former.volume.id, former.instance_id, former.device, former.delete_on_termination)
        running = instances.start(aws, step.instance_id)
        delete_tags(aws, [former.volume.id for former in formers], [REPLACED_BY])
        state = "runs again" if running else "was started again"
        return f"the former volumes were put back, and the instance {state}"


def _usable(aws: Aws, new: NewVolume, volume_id: str, made: datetime) -> bool:
    """Whether the volume that AWS answered is there for this restore; waits until that is known."""
    while True:
        found = volumes.with_ids(aws, [volume_id])
        state = found[0].state if found else "not to be seen yet"
        if state in ("available", "in-use"):
            return _is_for(new, found[0])
        if state in ("error", "deleting", "deleted") or (not found and aws.clock.now() - made > SEEN_AFTER):
            return False
        _pause(aws, f"{volume_id} is {state}")


def _is_for(new: NewVolume, volume: Volume) -> bool:
    """Not one that an earlier restore has used, and that was taken away since."""
    tags = volume.tags
    return tags.get(RESTORE) == new.purpose.text and RESTORED not in tags and REPLACED_BY not in tags


def _stop(aws: Aws, instance_id: str) -> str:
    now = instances.look(aws, instance_id)
    if now.state in ("running", "pending"):
        instances.stop(aws, instance_id)
    while (now := instances.look(aws, instance_id)).state != "stopped":
        if now.ending:
            raise AwsError("IncorrectInstanceState", f"{instance_id} is {now.state}", Fault.PERMANENT)
        _pause(aws, f"{instance_id} is {now.state}")
    return "stopped"


def _detach(aws: Aws, volume_id: str, instance_id: str) -> str:
    if instance_id in _volume(aws, volume_id).instance_ids:
        volumes.detach(aws, volume_id, instance_id)
    while (now := _volume(aws, volume_id)).state != "available":
        _pause(aws, f"{volume_id} is {now.state}")
    return "detached"


def _attach(aws: Aws, volume_id: str, instance_id: str, device: str, delete_on_termination: bool) -> str:
    if instance_id not in _volume(aws, volume_id).instance_ids:
        volumes.attach(aws, volume_id, instance_id, device)
    while Attachment(instance_id, device, "attached") not in _volume(aws, volume_id).attachments:
        _pause(aws, f"{volume_id} is not attached yet")
    if delete_on_termination:
        instances.keep_delete_on_termination(aws, instance_id, device, delete_on_termination)
    return f"attached {volume_id}"


def _volume(aws: Aws, volume_id: str) -> Volume:
    found = volumes.with_ids(aws, [volume_id])
    if not found:
        raise AwsError("InvalidVolume.NotFound", f"{volume_id} is not there any more", Fault.GONE)
    return found[0]


def _checked(aws: Aws, instance_id: str) -> str:
    """Wait for the checks of a started instance, as long as that takes and there is time."""
    for _ in range(CHECKED_SECONDS // LOOK_SECONDS):
        states = {name: check.status for name, check in health_of(aws, instance_id).checks.items()}
        if states and set(states.values()) <= {"ok", "not-applicable"}:
            return "it runs, and its checks are ok"
        if failing := [name for name, state in states.items() if state == "impaired"]:
            words = f"{instance_id} runs, but its {' and '.join(failing)} check fails; undo goes back"
            raise AwsError("InstanceImpaired", words, Fault.PERMANENT)
        if not aws.time_for(LOOK_SECONDS):
            break
        aws.clock.sleep(LOOK_SECONDS)
    return "it runs; AWS has not finished its checks yet"


def _replace_root(aws: Aws, change: ReplaceRoot) -> str:
    marks = {RESTORE: Purpose(Mode.ROOT, change.instance_id, change.device).text, FORMER: change.former_id}
    for attempt in range(MOST_TOKENS + len(change.spent)):
        task = root_volume.replace(aws, change, change.token(attempt), marks)
        if _is_spent(task, change, aws.clock.now()):
            continue
        while task.state in OPEN:
            _pause(aws, f"{task.id} is {task.state}")
            task = next(each for each in root_volume.tasks_of(aws, change.instance_id) if each.id == task.id)
        if task.state != SUCCEEDED:
            raise AwsError(task.state, _not_replaced(task, change), Fault.PERMANENT)
        return _mark_roots(aws, change)
    raise AwsError("NoNewTask", "AWS answers with the tasks of earlier restores alone: use replace", Fault.PERMANENT)


def _is_spent(task: RootTask, change: ReplaceRoot, now: datetime) -> bool:
    """AWS answers a token that was used with the task of then, which it may not list any more."""
    return task.id != change.going_on and (task.id in change.spent or now - task.started > SEEN_AFTER)


def _not_replaced(task: RootTask, change: ReplaceRoot) -> str:
    if task.state == FAILED_DETACHED:
        words = f"{change.instance_id} has no root volume now, and {change.former_id} is kept: put one back by replace"
        return f"{task.id}: AWS did not replace the root volume; {words}"
    return f"{task.id}: AWS did not replace the root volume, which is as it was; the same event tries once more"


def _mark_roots(aws: Aws, change: ReplaceRoot) -> str:
    while (new_id := instances.look(aws, change.instance_id).root_volume_id) in (change.former_id, None):
        _pause(aws, f"{change.instance_id} still shows {new_id or 'no volume'} as its root")
    value = replaced_by(new_id, change.instance_id, change.device, change.delete_on_termination)
    create_tags(aws, [change.former_id], {REPLACED_BY: value})
    made_for_it = Purpose(Mode.ROOT, change.instance_id, change.device).text
    ended = slot_text(aws.clock.now())
    create_tags(aws, [new_id], {RESTORED_FROM: change.snapshot_id, RESTORE: made_for_it, RESTORED: ended})
    return f"{new_id} is its root volume now"


def _pause(aws: Aws, what: str) -> None:
    """AwsError with Fault.WAIT where the time of the run is up: the same event goes on from there."""
    if not aws.time_for(LOOK_SECONDS):
        raise AwsError("NotYet", f"{what}; the same event goes on from there", Fault.WAIT)
    aws.clock.sleep(LOOK_SECONDS)
