"""Reboot, stop and start instances as planned; what an earlier attempt or run has done is looked at, never assumed."""

from collections.abc import Sequence
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
from nightshift.plan.tags import REMEDIED


class Power:
    """Carries out the remedies of one run, in as many attempts as carry_out makes."""

    def __init__(self) -> None:
        # By instance: the value of nightshift:remedied that this run wrote; whether AWS said yes to its stop.
        self._written: dict[str, str] = {}
        self._stops: dict[str, bool] = {}

    def remedy(self, aws: Aws, decisions: Sequence[Decision], _attempt: int) -> Sequence[Result]:
        """One remedy. AwsError: it did not work; or, with Fault.WAIT, the instance is still stopping."""
        [decision] = decisions
        care = decision.change
        if not isinstance(care, Care) or care.remedy is None:
            raise TypeError(f"no remedy: {care}")
        match care.remedy:
            case Remedy.REBOOT:
                return [self._reboot(aws, decision, care)]
            case Remedy.STOP_START | Remedy.START:
                return [self._stop_start(aws, decision, care)]
        assert_never(care.remedy)

    def _reboot(self, aws: Aws, decision: Decision, care: Care) -> Result:
        now = look(aws, care.instance_id)
        if now.state != "running":
            return _left_alone(decision, f"meanwhile it is {now.state}")
        if self._another_was_first(care, now):
            return _left_alone(decision, f"another run was first: {REMEDIED} is {now.tags.get(REMEDIED)} now")
        self._write_down(aws, care)
        try:
            with aws_errors():
                aws.ec2.reboot_instances(InstanceIds=[care.instance_id])
        except AwsError as error:
            if error.fault is not Fault.UNKNOWN:
                raise
            return Result.of(decision, Status.FAILED, error.code, "nobody knows whether AWS took it; not sent again")
        return Result.of(decision, Status.DONE, note="rebooted")

    def _stop_start(self, aws: Aws, decision: Decision, care: Care) -> Result:
        now = look(aws, care.instance_id)
        resumed = care.remedy is Remedy.START
        if not resumed and self._another_was_first(care, now):
            return _left_alone(decision, f"another run was first: {REMEDIED} is {now.tags.get(REMEDIED)} now")
        match now.state:
            case "running" | "pending" if resumed or self._stops.get(care.instance_id):
                return Result.of(decision, Status.DONE, note=f"it is {now.state} again")
            case "running":
                self._stop(aws, care)
                raise AwsError(NOT_YET, f"{care.instance_id} is stopping", Fault.WAIT)
            case "stopping" if resumed or care.instance_id in self._stops:
                raise AwsError(NOT_YET, f"{care.instance_id} is still stopping", Fault.WAIT)
            case "stopped" if resumed or care.instance_id in self._stops:
                return Result.of(decision, Status.DONE, note=self._start(aws, care))
        return _left_alone(decision, f"meanwhile it is {now.state}")

    def _stop(self, aws: Aws, care: Care) -> None:
        self._write_down(aws, care)
        self._stops[care.instance_id] = False
        stop(aws, care.instance_id)
        self._stops[care.instance_id] = True

    def _start(self, aws: Aws, care: Care) -> str:
        """Start it, and what is seen of it then: AWS answers yes also where the instance cannot run."""
        self._write_down(aws, care)
        running = start(aws, care.instance_id)
        return "started, it is running" if running else "started, but AWS does not say yet that it is running"

    def _another_was_first(self, care: Care, now: Instance) -> bool:
        return now.tags.get(REMEDIED) not in (care.remedied, self._written.get(care.instance_id))

    def _write_down(self, aws: Aws, care: Care) -> None:
        """Before the remedy, so that no crash lets it be done twice; once a run."""
        if care.instance_id not in self._written:
            value = slot_text(aws.clock.now())
            create_tags(aws, [care.instance_id], {REMEDIED: value})
            self._written[care.instance_id] = value


def _left_alone(decision: Decision, why: str) -> Result:
    return Result(decision.resource, Action.KEEP, f"{decision.reason}; left alone: {why}", Status.SKIPPED)
