"""Carry out planned changes: side by side, until all are settled or the time is up."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from nightshift.aws.session import Aws
from nightshift.errors import AwsError, Fault
from nightshift.outcome import Change, Decision, Result, Status

# How long a busy resource or a full account-wide limit is left alone before it is asked again, in seconds.
PATIENCE = 30.0

# After so many answers that left the effect unknown, a change has failed.
MOST_UNKNOWN = 3

# Carries out the change that these decisions share. The attempt counts from 1; from 2 on an earlier one may have
# taken effect. Returns what became of each decision, or raises the AwsError that met them all.
type Do = Callable[[Aws, Sequence[Decision], int], Sequence[Result]]


def carry_out(aws: Aws, decisions: Sequence[Decision], do: Do) -> list[Result]:
    """What became of the decisions; one that the time did not suffice for is remaining.

    One failure never stops the rest. What must wait is tried again in rounds, as long as another try fits.
    """
    rounds = _Rounds(aws, do)
    waiting = _by_change(decisions)
    attempt = 1
    while waiting:
        waiting = rounds.go(waiting, attempt)
        pause = PATIENCE * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, no secret
        if rounds.stopped or not waiting or not aws.time_for(pause):
            break
        aws.clock.sleep(pause)
        attempt += 1
    return rounds.results + [result for group in waiting for result in rounds.left(group)]


class _Rounds:
    """Rounds over the changes that wait, and what has become of all so far."""

    def __init__(self, aws: Aws, do: Do) -> None:
        self._aws, self._do = aws, do
        self.results: list[Result] = []
        self.stopped = False
        self._limit: AwsError | None = None
        self._refused: set[str] = set()
        self._last_error: dict[str, AwsError] = {}
        self._unknown: Counter[str] = Counter()

    def go(self, groups: Sequence[Sequence[Decision]], attempt: int) -> list[Sequence[Decision]]:
        """Try each group once; those that must wait come back, what AWS refused behind the others, small before large:
        what needs more room than there is must not keep the others from it."""
        # Whether a limit is still full is asked by one call, not by one of each worker.
        first = groups[: int(self._limit is not None)]
        self._limit, self._refused = None, set()
        settled = [self._try(group, attempt) for group in first]
        with ThreadPoolExecutor(self._aws.settings.workers) as pool:
            settled += pool.map(lambda group: self._try(group, attempt), groups[len(first) :])
        self.results += [result for results in settled for result in results or ()]
        waiting = [group for group, results in zip(groups, settled, strict=True) if results is None]
        return sorted(waiting, key=lambda group: (group[0].resource in self._refused, len(group)))

    def left(self, group: Sequence[Decision]) -> list[Result]:
        """The results of a group that still waits when the run ends: for an answer of its own, or for all's limit."""
        errors = (self._last_error.get(decision.resource, self._limit) for decision in group)
        return [self._ended(each, Status.REMAINING, error) for each, error in zip(group, errors, strict=True)]

    def _try(self, group: Sequence[Decision], attempt: int) -> Sequence[Result] | None:
        if self.stopped or self._limit or not self._aws.time_for(0):
            return None
        try:
            return self._do(self._aws, group, attempt)
        except AwsError as error:
            self._last_error |= {decision.resource: error for decision in group}
            if self._waits(error, group[0].resource):
                self._refused.add(group[0].resource)
                return None
            return [self._ended(decision, Status.FAILED, error) for decision in group]

    def _waits(self, error: AwsError, resource: str) -> bool:
        # Set, never computed from themselves: other threads set them too.
        fault = error.fault
        if fault is Fault.STOP:
            self.stopped = True
        if fault is Fault.WAIT_ALL:
            self._limit = error
        self._unknown[resource] += fault is Fault.UNKNOWN
        unclear = fault is Fault.UNKNOWN and self._unknown[resource] < MOST_UNKNOWN
        return unclear or fault in (Fault.WAIT, Fault.WAIT_ALL, Fault.STOP)

    @staticmethod
    def _ended(decision: Decision, status: Status, error: AwsError | None) -> Result:
        if error is None:
            return Result.of(decision, status, note="the time of this run was up")
        return Result.of(decision, status, error.code, f"AWS: {error.message[:300] or error.code}")


def _by_change(decisions: Sequence[Decision]) -> list[Sequence[Decision]]:
    """The decisions that share a change together, in the order of the plan."""
    groups: dict[Change, list[Decision]] = {}
    for decision in decisions:
        if decision.change is not None:
            groups.setdefault(decision.change, []).append(decision)
    return list(groups.values())
