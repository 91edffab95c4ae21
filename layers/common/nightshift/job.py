"""A job: what is its own about a run. Everything else is in run.py."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from nightshift.aws.session import Aws
from nightshift.outcome import Decision, Plan, Result
from nightshift.policy import Policy
from nightshift.request import Request


@dataclass(frozen=True, slots=True)
class Job[R: Request, I]:
    """The steps of a run, in the order in which they are taken.

    request: the fields that its events may have.
    read: describes what there is; the only step that reads. AwsError: nothing will be planned.
    plan: pure; one decision for each resource in scope. RequestError: the request does not fit the policy.
    guard: pure; why the plan as a whole is too dangerous, and what to do; None lets it pass.
    apply: the only step that changes anything; what it does not return is remaining.
    stepwise: its decisions build on each other, so people read them in the order of the plan.
    """

    name: str
    request: type[R]
    read: Callable[[Aws, R, Policy, datetime], I]
    plan: Callable[[I, R, Policy, datetime], Plan]
    guard: Callable[[I, Plan, R, Policy], str | None]
    apply: Callable[[Aws, Sequence[Decision]], Sequence[Result]]
    stepwise: bool = False


def no_guard(_inventory: object, _plan: Plan, _request: Request, _policy: Policy) -> str | None:
    """For jobs whose changes take nothing away."""
    return None
