"""Carry out the steps of a restore: each is looked at before it is sent, and confirmed by a look before the next."""

from collections.abc import Sequence
from datetime import datetime

from nightshift.aws import instances, volumes
from nightshift.aws.describe import LOOK_SECONDS, SEEN_AFTER
from nightshift.aws.restoring_root import replace_root
from nightshift.aws.session import Aws
from nightshift.aws.status import health_of
from nightshift.aws.steps import pause
from nightshift.aws.tagging import create_tags, delete_tags
from nightshift.errors import AwsError, Fault
from nightshift.fleet import Attachment, Volume
from nightshift.outcome import Decision, Result, Status
from nightshift.plan.restore_changes import (
    MOST_TOKENS,
    Attach,
    Detach,
    GiveUp,
    MarkFormer,
    NewVolume,
    ReplaceRoot,
    Start,
    Stop,
    Swap,
)
from nightshift.plan.restore_marks import UNDONE, formers_of, replaced_by
from nightshift.plan.slots import slot_text
from nightshift.plan.tags import REPLACED_BY, RESTORE, RESTORED

# The checks of a started instance take some minutes.
CHECKED_SECONDS = 600

# Why an instance fell back to stopped that AWS could not launch.
FELL_BACK = "Client.InternalError"


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
            case Detach(swap):
                said = self._take_out(aws, swap)
            case Attach(swap, at_rest):
                said = self._put_in(aws, swap, at_rest)
            case GiveUp(volume_id):
                create_tags(aws, [volume_id], {RESTORE: UNDONE})
                said = "given up"
            case Start():
                said = self._start(aws, step)
            case ReplaceRoot():
                said = replace_root(aws, step)
            case _:
                raise TypeError(f"no step of a restore: {step}")
        return said

    def _make(self, aws: Aws, new: NewVolume) -> str:
        for attempt in range(MOST_TOKENS):
            try:
                volume_id, made = volumes.create(aws, new, new.token(attempt))
            except AwsError as error:
                # The token's volume was asked for with other tags, and is gone: else it would have been found.
                if error.code != "IdempotentParameterMismatch":
                    raise
                continue
            if _usable(aws, new, volume_id, made):
                self._made[new.snapshot_id] = volume_id
                return f"made {volume_id}"
            if aws.clock.now() - made <= SEEN_AFTER:
                break
        cause = f"; the usual cause is its key {new.key}" if new.key else ""
        raise AwsError("VolumeNotMade", f"AWS took the call, but made no volume{cause}", Fault.PERMANENT)

    def _incoming(self, swap: Swap) -> str:
        return swap.incoming.volume_id or self._made[swap.incoming.snapshot_id]

    def _mark(self, aws: Aws, swap: Swap) -> str:
        value = replaced_by(self._incoming(swap), swap.instance_id, swap.device, swap.delete_on_termination)
        create_tags(aws, [swap.outgoing or ""], {REPLACED_BY: value})
        return "tagged"

    def _take_out(self, aws: Aws, swap: Swap) -> str:
        """Not before it is known that the other one can follow."""
        _at_rest(aws, swap.instance_id)
        _is_attached(_volume(aws, self._incoming(swap)), swap.instance_id, swap.device)
        return _detach(aws, swap.outgoing or "", swap.instance_id)

    def _put_in(self, aws: Aws, swap: Swap, at_rest: bool) -> str:
        if at_rest:
            _at_rest(aws, swap.instance_id)
        said = _attach(aws, self._incoming(swap), swap.instance_id, swap.device, swap.delete_on_termination)
        if not at_rest:
            create_tags(aws, [self._incoming(swap)], {RESTORED: slot_text(aws.clock.now())})
        return said

    def _start(self, aws: Aws, step: Start) -> str:
        try:
            running = instances.start(aws, step.instance_id)
        except AwsError as error:
            if error.fault is Fault.GONE:
                raise
            if error.fault is not Fault.PERMANENT:
                goes_on = f"the same event starts it as it stands{'' if step.undoes else ', undo goes back'}"
                raise AwsError(error.code, f"{error.message}; {goes_on}", error.fault) from error
            taken_out = ", ".join(swap.outgoing for swap in step.swaps if swap.outgoing)
            became = f"taken out were {taken_out}" if step.undoes else self._back(aws, step)
            words = f"{error.message}; {became}{self._keys(aws, step, error)}"
            raise AwsError(error.code, words, Fault.PERMANENT) from error
        if running is None:
            raise AwsError("NotYetRunning", f"{step.instance_id} was started, but does not run yet", Fault.WAIT)
        self._end(aws, step)
        return _checked(aws, step.instance_id)

    def _keys(self, aws: Aws, step: Start, error: AwsError) -> str:
        """ "Troubleshoot instance launch issues": a volume whose key cannot be used lets an instance fall back."""
        if error.code != FELL_BACK:
            return ""
        cause = "; the usual cause is a key that cannot be used"
        try:
            incoming = volumes.with_ids(aws, [self._incoming(swap) for swap in step.swaps])
        except AwsError:  # what became of the restore is told all the same
            return cause
        keys = ", ".join(sorted({volume.key for volume in incoming if volume.key}))
        return f"{cause}: {keys}" if keys else ""

    def _end(self, aws: Aws, step: Start) -> None:
        """Nothing is under way any more: it runs, and is written on from now on, whatever its checks will say."""
        ended = {RESTORED: slot_text(aws.clock.now())}
        if not step.undoes:
            create_tags(aws, [self._incoming(swap) for swap in step.swaps], ended)
            return
        taken_out = [*(swap.outgoing for swap in step.swaps if swap.outgoing), *step.given_up]
        if taken_out:
            create_tags(aws, taken_out, {RESTORE: UNDONE})
        delete_tags(aws, [self._incoming(swap) for swap in step.swaps], [REPLACED_BY])

    def _back(self, aws: Aws, step: Start) -> str:
        """The former volumes in their places again; what is said of it.

        Their tags change last: a run that is cut here is begun anew by the same event, and comes back here.
        """
        new = [self._incoming(swap) for swap in step.swaps]
        formers = [
            former
            for former in formers_of(volumes.with_tags(aws, [REPLACED_BY]), step.instance_id)
            if former.replaced_by in new
        ]
        for volume_id in new:
            _detach(aws, volume_id, step.instance_id)
        for former in formers:
            _attach(aws, former.volume.id, former.instance_id, former.device, former.delete_on_termination)
        became = _started(aws, step.instance_id)
        create_tags(aws, new, {RESTORE: UNDONE})
        if formers:
            delete_tags(aws, [former.volume.id for former in formers], [REPLACED_BY])
        return f"the former volumes were put back, and the instance {became}"


def _started(aws: Aws, instance_id: str) -> str:
    """What became of a start, in words: the error that led here is the one to be raised."""
    try:
        return "runs again" if instances.start(aws, instance_id) else "was started again"
    except AwsError as error:
        return f"is stopped: it could not be started with them either: {error}"


def _usable(aws: Aws, new: NewVolume, volume_id: str, made: datetime) -> bool:
    """Whether the volume that AWS answered is there for this restore; waits until that is known."""
    while True:
        found = volumes.with_ids(aws, [volume_id])
        state = found[0].state if found else "not to be seen yet"
        if state in ("available", "in-use"):
            return _is_for(new, found[0])
        if state in ("error", "deleting", "deleted") or (not found and aws.clock.now() - made > SEEN_AFTER):
            return False
        pause(aws, f"{volume_id} is {state}")


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
        pause(aws, f"{instance_id} is {now.state}")
    return "stopped"


def _at_rest(aws: Aws, instance_id: str) -> None:
    now = instances.look(aws, instance_id)
    if now.state != "stopped":
        words = f"{instance_id} is {now.state}: somebody started it meanwhile; the same event stops it and goes on"
        raise AwsError("IncorrectInstanceState", words, Fault.PERMANENT)


def _detach(aws: Aws, volume_id: str, instance_id: str) -> str:
    if instance_id in _volume(aws, volume_id).instance_ids:
        volumes.detach(aws, volume_id, instance_id)
    while (now := _volume(aws, volume_id)).state != "available":
        pause(aws, f"{volume_id} is {now.state}")
    return "detached"


def _attach(aws: Aws, volume_id: str, instance_id: str, device: str, delete_on_termination: bool) -> str:
    if not _is_attached(_volume(aws, volume_id), instance_id, device):
        volumes.attach(aws, volume_id, instance_id, device)
    while Attachment(instance_id, device, "attached") not in _volume(aws, volume_id).attachments:
        pause(aws, f"{volume_id} is not attached yet")
    if delete_on_termination:
        instances.keep_delete_on_termination(aws, instance_id, device, delete_on_termination)
    return f"attached {volume_id}"


def _is_attached(volume: Volume, instance_id: str, device: str) -> bool:
    """Whether it is at its place already. AwsError: it is elsewhere, so that it cannot come there."""
    places = {(each.instance_id, each.device) for each in volume.attachments if each.state != "detached"}
    if elsewhere := sorted(places - {(instance_id, device)}):
        at = ", ".join(f"{its_device} of {its_instance}" for its_instance, its_device in elsewhere)
        words = f"{volume.id} is at {at} meanwhile, not at {device} of {instance_id}: detach it, and send this again"
        raise AwsError("VolumeInUse", words, Fault.PERMANENT)
    return bool(places)


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
