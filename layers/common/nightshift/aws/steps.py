"""Carry out steps that build on each other: in order, up to the first that is not done."""

from collections.abc import Sequence

from nightshift.aws.changes import Do, carry_out
from nightshift.aws.describe import LOOK_SECONDS
from nightshift.aws.session import Aws
from nightshift.errors import AwsError, Fault
from nightshift.outcome import Decision, Result, Status


def in_order(aws: Aws, decisions: Sequence[Decision], do: Do) -> list[Result]:
    """What became of each step that was tried; those behind the first that is not done stay remaining."""
    results: list[Result] = []
    for decision in decisions:
        results += carry_out(aws, [decision], do)
        if any(result.outcome is not Status.DONE for result in results[-1:]):
            break
    return results


def pause(aws: Aws, what: str) -> None:
    """Until the next look. AwsError with Fault.WAIT where the run's time is up: the same event goes on from there."""
    if not aws.time_for(LOOK_SECONDS):
        raise AwsError("NotYet", f"{what}; the same event goes on from there", Fault.WAIT)
    aws.clock.sleep(LOOK_SECONDS)
