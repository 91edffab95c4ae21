"""Carrying out changes: rounds, what waits, what fails, and a clean stop before the time is up."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from nightshift.aws.changes import MOST_UNKNOWN, PATIENCE, carry_out
from nightshift.aws.session import Aws
from nightshift.errors import AwsError, Fault
from nightshift.outcome import Action, Change, Decision, Result, Status
from nightshift.settings import Settings
from tests.support import ACCOUNT, NOW, FakeClock


@dataclass(frozen=True, slots=True)
class AChange(Change):
    of: str


def wanted(*resources: str, change: str = "") -> list[Decision]:
    """A decision for each; with a name of a change they share it."""
    return [Decision(resource, Action.DELETE, "too old", AChange(change or resource)) for resource in resources]


def an_aws(clock: FakeClock, seconds: float = 600, workers: int = 1) -> Aws:
    return Aws(ACCOUNT, Settings(workers=workers), clock, NOW + timedelta(seconds=seconds))


@dataclass
class Script:
    """An AWS that answers each change by its script, and then with yes."""

    answers: dict[str, list[Fault | None]] = field(default_factory=dict)
    calls: list[tuple[str, int]] = field(default_factory=list)
    after_each: Callable[[], None] = lambda: None

    def __call__(self, aws: Aws, decisions: Sequence[Decision], attempt: int) -> list[Result]:
        change = decisions[0].change
        assert isinstance(change, AChange)
        self.calls.append((change.of, attempt))
        self.after_each()
        left = self.answers.get(change.of)
        if left and (fault := left.pop(0)):
            raise AwsError(f"Code.{fault.name}", "said AWS", fault)
        return [Result.of(decision, Status.DONE) for decision in decisions]


def run(script: Script, *resources: str, seconds: float = 600) -> tuple[dict[str, Result], FakeClock]:
    clock = FakeClock()
    results = carry_out(an_aws(clock, seconds), wanted(*resources), script)
    assert sorted(result.resource for result in results) == sorted(resources), "each is settled once"
    return {result.resource: result for result in results}, clock


def statuses(results: dict[str, Result]) -> dict[str, str]:
    return {resource: result.outcome.value for resource, result in results.items()}


def test_what_goes_well_is_done_in_one_round_without_waiting() -> None:
    script = Script()
    results, clock = run(script, "a", "b", "c")
    assert statuses(results) == {"a": "done", "b": "done", "c": "done"}
    assert script.calls == [("a", 1), ("b", 1), ("c", 1)]
    assert clock.slept == []


@pytest.mark.parametrize("fault", [Fault.PERMANENT, Fault.GONE, Fault.IN_USE, Fault.TAGS])
def test_one_failure_never_stops_the_rest_and_is_not_sent_again(fault: Fault) -> None:
    script = Script({"a": [fault]})
    results, _ = run(script, "a", "b")
    assert statuses(results) == {"a": "failed", "b": "done"}
    assert results["a"].error == f"Code.{fault.name}"
    assert results["a"].reason == "too old; AWS: said AWS"
    assert script.calls == [("a", 1), ("b", 1)]


def test_a_busy_resource_is_asked_again_later_and_holds_up_no_other() -> None:
    script = Script({"a": [Fault.WAIT, Fault.WAIT]})
    results, clock = run(script, "a", "b")
    assert statuses(results) == {"a": "done", "b": "done"}
    assert script.calls == [("a", 1), ("b", 1), ("a", 2), ("a", 3)]
    assert len(clock.slept) == 2
    assert all(0.8 * PATIENCE <= pause <= 1.2 * PATIENCE for pause in clock.slept)


def test_at_an_account_wide_limit_all_wait_for_the_next_round() -> None:
    script = Script({"b": [Fault.WAIT_ALL]})
    results, clock = run(script, "a", "b", "c", "d")
    assert set(statuses(results).values()) == {"done"}
    assert script.calls == [("a", 1), ("b", 1), ("c", 2), ("d", 2), ("b", 2)]
    assert len(clock.slept) == 1


def test_what_never_fits_an_account_wide_limit_holds_up_no_other() -> None:
    """An instance with more volumes than may be pending at once."""
    script = Script({"a": [Fault.WAIT_ALL] * 99})
    results, _ = run(script, "a", "b", "c")
    assert statuses(results) == {"a": "remaining", "b": "done", "c": "done"}


def test_what_was_not_asked_remains_with_the_limit_that_all_wait_for() -> None:
    script = Script({"a": [Fault.WAIT_ALL]})
    results, _ = run(script, "a", "b", "c", seconds=10)
    assert script.calls == [("a", 1)]
    assert {(each.outcome.value, each.error) for each in results.values()} == {("remaining", "Code.WAIT_ALL")}


def test_small_changes_ask_before_large_ones() -> None:
    """Where twenty are free, an instance of ninety volumes would be refused, and all the others with it."""
    script = Script({"a": [Fault.WAIT_ALL]})
    decisions = [*wanted("a"), *wanted("b1", "b2", "b3", change="large"), *wanted("c")]
    carry_out(an_aws(FakeClock()), decisions, script)
    assert [call for call in script.calls if call[1] == 2] == [("c", 2), ("large", 2), ("a", 2)]


def test_whether_an_account_wide_limit_is_still_full_is_asked_by_one_call_a_round() -> None:
    changes = [f"change-{number}" for number in range(8)]
    script = Script({each: [Fault.WAIT_ALL] * 99 for each in changes}, after_each=lambda: time.sleep(0.02))
    carry_out(an_aws(FakeClock(), workers=4), wanted(*changes), script)
    in_round = Counter(attempt for _, attempt in script.calls)
    assert in_round.pop(1) == 4, "one for each worker, as nobody knew"
    assert len(in_round) > 10
    assert set(in_round.values()) == {1}


def test_an_unknown_answer_is_tried_again_as_a_later_attempt() -> None:
    """From the second attempt on the job looks first whether the change has taken effect."""
    script = Script({"a": [Fault.UNKNOWN]})
    results, _ = run(script, "a", "b")
    assert statuses(results) == {"a": "done", "b": "done"}
    assert script.calls == [("a", 1), ("b", 1), ("a", 2)]


def test_after_three_unknown_answers_a_change_has_failed() -> None:
    assert MOST_UNKNOWN == 3
    script = Script({"a": [Fault.UNKNOWN] * 9})
    results, _ = run(script, "a")
    assert statuses(results) == {"a": "failed"}
    assert results["a"].error == "Code.UNKNOWN"
    assert script.calls == [("a", 1), ("a", 2), ("a", 3)]


def test_only_unknown_answers_are_counted_not_the_rounds_before() -> None:
    script = Script({"a": [Fault.WAIT, Fault.WAIT, Fault.WAIT, Fault.UNKNOWN, Fault.UNKNOWN]})
    results, _ = run(script, "a")
    assert statuses(results) == {"a": "done"}
    assert script.calls[-1] == ("a", 6)


def test_the_unknown_answers_of_one_change_are_not_those_of_another() -> None:
    script = Script({"a": [Fault.UNKNOWN] * 2, "b": [Fault.UNKNOWN] * 2})
    results, _ = run(script, "a", "b")
    assert statuses(results) == {"a": "done", "b": "done"}


def test_a_stop_ends_the_run_and_all_that_is_left_remains() -> None:
    script = Script({"b": [Fault.STOP], "a": [Fault.WAIT]})
    results, clock = run(script, "a", "b", "c")
    assert statuses(results) == {"a": "remaining", "b": "remaining", "c": "remaining"}
    assert (results["a"].error, results["b"].error, results["c"].error) == ("Code.WAIT", "Code.STOP", None)
    assert script.calls == [("a", 1), ("b", 1)]
    assert clock.slept == []


def test_what_was_done_before_a_stop_stays_done() -> None:
    results, _ = run(Script({"b": [Fault.STOP]}), "a", "b")
    assert statuses(results) == {"a": "done", "b": "remaining"}


def test_when_the_time_is_up_nothing_more_is_sent_and_the_rest_remains() -> None:
    clock = FakeClock()
    script = Script(after_each=lambda: clock.sleep(4))
    results = carry_out(an_aws(clock, seconds=10), wanted("a", "b", "c", "d"), script)
    assert [(result.resource, result.outcome) for result in results] == [
        ("a", Status.DONE),
        ("b", Status.DONE),
        ("c", Status.DONE),
        ("d", Status.REMAINING),
    ]
    assert results[-1].error is None
    assert results[-1].reason == "too old; the time of this run was up"


@pytest.mark.parametrize("fault", [Fault.WAIT, Fault.WAIT_ALL])
def test_what_waits_is_tried_as_long_as_another_try_fits_and_then_remains_with_its_code(fault: Fault) -> None:
    script = Script({"a": [fault] * 99})
    results, clock = run(script, "a", seconds=300)
    assert statuses(results) == {"a": "remaining"}
    assert results["a"].error == f"Code.{fault.name}"
    assert results["a"].reason == "too old; AWS: said AWS"
    assert 8 <= len(script.calls) <= 13, "about every 30 seconds"
    assert clock.now() < NOW + timedelta(seconds=300), "it never sleeps past the end"
    assert clock.now() > NOW + timedelta(seconds=300 - 1.2 * PATIENCE), "nor gives up early"


def test_without_any_time_nothing_is_sent() -> None:
    script = Script()
    results, _ = run(script, "a", "b", seconds=0)
    assert statuses(results) == {"a": "remaining", "b": "remaining"}
    assert script.calls == []


def test_decisions_that_share_a_change_share_its_call_and_its_fate() -> None:
    script = Script({"set-1": [Fault.WAIT], "set-2": [Fault.PERMANENT]})
    clock = FakeClock()
    decisions = wanted("a", "b", change="set-1") + wanted("c", "d", change="set-2")
    results = {one.resource: one for one in carry_out(an_aws(clock), decisions, script)}
    assert statuses(results) == {"a": "done", "b": "done", "c": "failed", "d": "failed"}
    assert script.calls == [("set-1", 1), ("set-2", 1), ("set-1", 2)]


def test_a_decision_without_a_change_calls_nothing() -> None:
    script = Script()
    kept = Decision("a", Action.KEEP, "daily")
    assert carry_out(an_aws(FakeClock()), [kept], script) == []
    assert script.calls == []


def test_a_long_message_of_aws_is_cut() -> None:
    def refuse(aws: Aws, decisions: Sequence[Decision], attempt: int) -> list[Result]:
        raise AwsError("UnauthorizedOperation", "encoded " * 1000, Fault.PERMANENT)

    (result,) = carry_out(an_aws(FakeClock()), wanted("a"), refuse)
    assert len(result.reason) < 350


def test_changes_go_side_by_side() -> None:
    together = threading.Barrier(4, timeout=10)

    def meet(aws: Aws, decisions: Sequence[Decision], attempt: int) -> list[Result]:
        together.wait()  # breaks unless four are under way at once
        return [Result.of(decision, Status.DONE) for decision in decisions]

    results = carry_out(an_aws(FakeClock(), workers=4), wanted("a", "b", "c", "d"), meet)
    assert [result.outcome for result in results] == [Status.DONE] * 4
