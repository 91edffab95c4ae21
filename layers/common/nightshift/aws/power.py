"""Reboot, stop and start instances as planned; what an earlier attempt or run has done is looked at, never assumed."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from nightshift.aws.faults import aws_errors
from nightshift.aws.instances import NOT_YET, look, start, stop
from nightshift.aws.session import Aws
from nightshift.aws.tagging import create_tags
from nightshift.errors import AwsError, Fault
from nightshift.fleet import Instance
from nightshift.outcome import Action, Decision, Result, Status
from nightshift.plan.remedies import Care, Remedy
from nightshift.plan.slots import slot_text
from nightshift.plan.tags import REMEDIED, REMEDIED_BY

# AWS has no tag that only the first may write. So a remedy is written down within so long after a look at the
# instance, and done when twice as long has passed since: whoever had looked before has written it down by then too,
# or leaves it. Only the last one that wrote it down finds its own name there, and goes on.
WRITTEN_WITHIN = timedelta(seconds=5)
SETTLED_SECONDS = 2 * WRITTEN_WITHIN.total_seconds()

# The instance was terminated, stopped or started since it was looked at.
NOT_FIT = ("IncorrectInstanceState", "IncorrectState")


class Power:
    """Carries out the remedies of one run, in as many attempts as carry_out makes."""

    def __init__(self) -> None:
        # Tells apart the remedies that two runs write down in one second.
        self._name = secrets.token_hex(8)
        # By instance: the value of nightshift:remedied that this run wrote; whether AWS said yes to its stop.
        self._written: dict[str, str] = {}
        self._stops: dict[str, bool] = {}

    def remedy(self, aws: Aws, decisions: Sequence[Decision], _attempt: int) -> Sequence[Result]:
        """One remedy. AwsError: it did not work; or, with Fault.WAIT, the instance is still stopping."""
        [decision] = decisions
        care = decision.change
        if not isinstance(care, Care):
            raise TypeError(f"no care: {care}")
        try:
            return [self._do(aws, decision, care)]
        except AwsError as error:
            # NOT_YET with Fault.WAIT is our own word for an instance that is still stopping.
            if error.fault is Fault.GONE or (error.fault is Fault.PERMANENT and error.code in NOT_FIT):
                left_alone = _left_alone(decision, f"AWS says since it was read: {error.message[:300]}")
                return [replace(left_alone, error=error.code)]
            raise

    def _do(self, aws: Aws, decision: Decision, care: Care) -> Result:
        match care.remedy:
            case Remedy.REBOOT:
                return self._reboot(aws, decision, care)
            case Remedy.STOP_START | Remedy.START:
                return self._stop_start(aws, decision, care)
            case None:
                raise TypeError(f"no remedy: {care}")
        assert_never(care.remedy)

    def _reboot(self, aws: Aws, decision: Decision, care: Care) -> Result:
        if others := self._taken(aws, care):
            return _left_alone(decision, others)
        try:
            with aws_errors():
                aws.ec2.reboot_instances(InstanceIds=[care.instance_id])
        except AwsError as error:
            if error.fault is not Fault.UNKNOWN:
                raise
            return Result.of(decision, Status.FAILED, error.code, "nobody knows whether AWS took it; not sent again")
        return Result.of(decision, Status.DONE, note="rebooted")

    def _stop_start(self, aws: Aws, decision: Decision, care: Care) -> Result:
        if care.remedy is Remedy.STOP_START and care.instance_id not in self._stops:
            if others := self._taken(aws, care):
                return _left_alone(decision, others)
            self._stop(aws, care)
            raise AwsError(NOT_YET, f"{care.instance_id} is stopping", Fault.WAIT)
        resumed = care.remedy is Remedy.START
        now = look(aws, care.instance_id)
        match now.state:
            case "running" | "pending" if resumed or self._stops[care.instance_id]:
                return Result.of(decision, Status.DONE, note=f"it is {now.state} again")
            case "running":
                self._stop(aws, care)
                raise AwsError(NOT_YET, f"{care.instance_id} is stopping", Fault.WAIT)
            case "stopping":
                raise AwsError(NOT_YET, f"{care.instance_id} is still stopping", Fault.WAIT)
            case "stopped":
                return Result.of(decision, Status.DONE, note=self._start(aws, care))
        return _left_alone(decision, f"meanwhile it is {now.state}")

    def _stop(self, aws: Aws, care: Care) -> None:
        self._stops[care.instance_id] = False
        stop(aws, care.instance_id)
        self._stops[care.instance_id] = True

    def _start(self, aws: Aws, care: Care) -> str:
        """Start it, and what is seen of it then: AWS answers yes also where the instance cannot run."""
        self._write_down(aws, care)
        running = start(aws, care.instance_id)
        return "started, it is running" if running else "started, but AWS does not say yet that it is running"

    def _taken(self, aws: Aws, care: Care) -> str:
        """Write a remedy down that is to be begun; why it is left alone, empty: this run does it, and no other."""
        began = aws.clock.now()
        now = look(aws, care.instance_id)
        if now.state != "running":
            return f"meanwhile it is {now.state}"
        if now.tags.get(REMEDIED) not in (care.remedied, self._written.get(care.instance_id)):
            return _first(now)
        if not aws.time_for(WRITTEN_WITHIN.total_seconds() + SETTLED_SECONDS):
            raise AwsError("OutOfTime", "too little time is left to begin it", Fault.WAIT)
        self._write_down(aws, care)
        if aws.clock.now() - began > WRITTEN_WITHIN:
            return f"it took too long to write {REMEDIED}, so that another run may have done it"
        aws.clock.sleep(SETTLED_SECONDS)
        now = look(aws, care.instance_id)
        if now.tags.get(REMEDIED_BY) != self._name:
            return _first(now)
        return "" if now.state == "running" else f"meanwhile it is {now.state}"

    def _write_down(self, aws: Aws, care: Care) -> None:
        """Before the remedy, so that no crash lets it be done twice; once a run."""
        if care.instance_id not in self._written:
            value = slot_text(aws.clock.now())
            create_tags(aws, [care.instance_id], {REMEDIED: value, REMEDIED_BY: self._name})
            self._written[care.instance_id] = value


def _first(now: Instance) -> str:
    return f"another run was first: {REMEDIED} is {now.tags.get(REMEDIED)} now"


def _left_alone(decision: Decision, why: str) -> Result:
    return Result(decision.resource, Action.KEEP, f"{decision.reason}; left alone: {why}", Status.SKIPPED)
