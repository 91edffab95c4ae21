"""What a run wanted (Decision), what happened (Result), and what it answers (Outcome)."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from nightshift.text import visible

# Lambda answers at most 6 MB (6,291,556 bytes); the rest of the outcome needs far less than the margin.
MAX_ANSWER_BYTES = 5_500_000


class Action(StrEnum):
    SNAPSHOT = "snapshot"
    DELETE = "delete"
    KEEP = "keep"
    SKIP = "skip"
    ANNOUNCE = "announce"
    REMEDY = "remedy"
    TAG = "tag"
    CREATE = "create"
    ADOPT = "adopt"
    ATTACH = "attach"
    DETACH = "detach"
    REPLACE = "replace"
    STOP = "stop"
    START = "start"


class Status(StrEnum):
    FAILED = "failed"
    REMAINING = "remaining"
    DONE = "done"
    PLANNED = "planned"
    SKIPPED = "skipped"


# Failures first, so that a person reads them first and a cut answer still has them.
_ORDER = {
    Status.FAILED: 0,
    Status.REMAINING: 1,
    Status.DONE: 2,
    Status.PLANNED: 2,
    Status.SKIPPED: 3,
}


class Change:
    """What is to be changed at AWS: each job's own frozen dataclass. Decisions that share one share its call."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What is wanted for one resource, and why. Without a change nothing will be called for it."""

    resource: str
    action: Action
    reason: str
    change: Change | None = None
    # Known to be wrong when planned (two rules that contradict each other): reported as failed.
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one decision; error is AWS's own code, or an exception's class name."""

    resource: str
    action: Action
    reason: str
    outcome: Status
    error: str | None = None

    @classmethod
    def of(cls, decision: Decision, outcome: Status, error: str | None = None, note: str = "") -> "Result":
        reason = f"{decision.reason}; {note}" if note else decision.reason
        return cls(decision.resource, decision.action, reason, outcome, error)

    def to_dict(self) -> dict[str, Any]:
        """As it stands in the answer and in the log."""
        return {
            "resource": self.resource,
            "action": self.action,
            "reason": self.reason,
            "outcome": self.outcome,
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """The decisions of one run; notes say what no single resource can, gauges are measured beside the counts.

    tables: what a job that informs adds to its answer, by name. plan_gauges: gauges of each plan of the policy.
    """

    decisions: Sequence[Decision]
    notes: Sequence[str] = ()
    gauges: Mapping[str, int] = field(default_factory=dict)
    tables: Mapping[str, Any] = field(default_factory=dict)
    plan_gauges: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def changes(self) -> list[Decision]:
        return [decision for decision in self.decisions if decision.change is not None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a handler returns; the log, the metrics and the messages are made from it."""

    job: str
    run_id: str
    account: str
    region: str
    dry_run: bool
    started: datetime
    seconds: float
    refused: str | None
    calls: Mapping[str, int]
    results: Sequence[Result]
    notes: Sequence[str] = ()
    gauges: Mapping[str, int] = field(default_factory=dict)
    tables: Mapping[str, Any] = field(default_factory=dict)
    plan_gauges: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def counts(self) -> Counter[Status]:
        return Counter(result.outcome for result in self.results)

    @property
    def summary(self) -> str:
        """One line for the log, the alarm and the error."""
        counts = self.counts
        ended = ", ".join(f"{counts[status]} {status}" for status in (Status.DONE, Status.FAILED, Status.REMAINING))
        refused = f"; refused: {self.refused}" if self.refused else ""
        mode = "dry run, " if self.dry_run else ""
        left = f"{counts[Status.SKIPPED]} left alone"
        return f"{self.job}: {mode}{_planned(counts)} planned, {ended}, {left}{refused}"

    def to_dict(self) -> dict[str, Any]:
        """The public contract: the same shape for every job, within what Lambda can answer."""
        decisions = _as_many_as_fit(self.results, MAX_ANSWER_BYTES - len(json.dumps(self.tables)))
        counts = self.counts
        return {
            "version": 1,
            "job": self.job,
            "run_id": self.run_id,
            "account": self.account,
            "region": self.region,
            "dry_run": self.dry_run,
            "started": self.started.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "seconds": round(self.seconds, 1),
            "planned": _planned(counts),
            "done": counts[Status.DONE],
            "skipped": counts[Status.SKIPPED],
            "failed": counts[Status.FAILED],
            "remaining": counts[Status.REMAINING],
            "refused": self.refused,
            "notes": list(self.notes),
            "calls": dict(sorted(self.calls.items())),
            **self.tables,
            "decisions": decisions,
            "omitted": len(self.results) - len(decisions),
        }


def dry(plan: Plan) -> list[Result]:
    """What a dry run shows: wanted changes as planned, whether or not the guard would refuse them."""
    return [_untouched(decision, Status.PLANNED) for decision in plan.decisions]


def remaining(plan: Plan) -> list[Result]:
    """What is left of a plan that was refused."""
    return [_untouched(decision, Status.REMAINING) for decision in plan.decisions]


def completed(plan: Plan, results: Iterable[Result]) -> list[Result]:
    """What became of each decision: what was never tried is remaining, what was planned as an error has failed."""
    steps = Counter(decision.resource for decision in plan.decisions)

    def key(of: Decision | Result) -> tuple[str, Action | None]:
        """Several steps of one resource are told apart by action; a single one may have ended as another action."""
        return of.resource, of.action if steps[of.resource] > 1 else None

    happened = {key(result): result for result in results}
    return [_settled(decision, happened.get(key(decision))) for decision in plan.decisions]


def in_order(results: Iterable[Result], *, stepwise: bool = False) -> list[Result]:
    """Failed, remaining, done or planned, skipped; by id within, so that two runs can be compared, or step by step.

    A reason may hold tags' values: from here on it is one line of visible characters.
    """
    return sorted(
        map(_readable, results), key=lambda result: (_ORDER[result.outcome], "" if stepwise else result.resource)
    )


def _readable(result: Result) -> Result:
    reason = visible(result.reason)
    return result if reason == result.reason else replace(result, reason=reason)


def _settled(decision: Decision, result: Result | None) -> Result:
    if decision.error and (result is None or result.outcome is Status.DONE):
        return Result.of(decision, Status.FAILED, decision.error)
    return result or _untouched(decision, Status.REMAINING)


def _untouched(decision: Decision, wanted: Status) -> Result:
    return Result.of(decision, wanted if decision.change or decision.error else Status.SKIPPED)


def _planned(counts: Mapping[Status, int]) -> int:
    """All that a run wants to change; of a real run it is done + failed + remaining."""
    return sum(counts.values()) - counts[Status.SKIPPED]


def _as_many_as_fit(results: Sequence[Result], room: int) -> list[dict[str, Any]]:
    """The first of them, in so many bytes of JSON."""
    fitting = []
    for result in results:
        decision = result.to_dict()
        room -= len(json.dumps(decision)) + 2
        if room < 0:
            break
        fitting.append(decision)
    return fitting
