"""The outcome: counts that add up, one order, and a size that Lambda can answer."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.outcome import (
    MAX_ANSWER_BYTES,
    Action,
    Change,
    Decision,
    Plan,
    Result,
    Status,
    completed,
    dry,
    in_order,
    remaining,
)
from tests.builders import an_outcome

LAMBDA_LIMIT = 6_291_556


@dataclass(frozen=True, slots=True)
class AChange(Change):
    of: str


def wanted(resource: str, error: str | None = None) -> Decision:
    return Decision(resource, Action.DELETE, "too old", AChange(resource), error)


def left_alone(resource: str) -> Decision:
    return Decision(resource, Action.KEEP, "daily")


def counts(outcome: dict[str, Any]) -> dict[str, int]:
    return {name: outcome[name] for name in ("planned", "done", "skipped", "failed", "remaining", "omitted")}


decisions = st.lists(st.integers(0, 99), max_size=20, unique=True).flatmap(
    lambda numbers: st.tuples(
        *(
            st.sampled_from([wanted(f"snap-{n}"), left_alone(f"snap-{n}"), wanted(f"snap-{n}", "RuleConflict")])
            for n in numbers
        )
    )
)


@given(decisions, st.data())
def test_planned_is_done_and_failed_and_remaining(plan: tuple[Decision, ...], data: st.DataObject) -> None:
    ends = st.sampled_from([None, Status.DONE, Status.FAILED, Status.REMAINING, Status.SKIPPED])
    happened = [Result.of(one, end) for one in plan if one.change and (end := data.draw(ends))]
    outcome = an_outcome(completed(Plan(plan), happened)).to_dict()
    assert outcome["planned"] == outcome["done"] + outcome["failed"] + outcome["remaining"]
    assert outcome["planned"] + outcome["skipped"] == len(plan)
    assert sorted(decision["resource"] for decision in outcome["decisions"]) == sorted(one.resource for one in plan)


@given(decisions)
def test_a_dry_run_shows_all_wanted_changes_as_planned(plan: tuple[Decision, ...]) -> None:
    outcome = an_outcome(dry(Plan(plan)), dry_run=True).to_dict()
    assert outcome["done"] == outcome["failed"] == outcome["remaining"] == 0
    assert outcome["planned"] == sum(one.change is not None for one in plan)
    for decision in outcome["decisions"]:
        assert decision["outcome"] in ("planned", "skipped")


@given(decisions)
def test_of_a_refused_plan_all_changes_remain(plan: tuple[Decision, ...]) -> None:
    outcome = an_outcome(remaining(Plan(plan)), "too many").to_dict()
    assert outcome["done"] == outcome["failed"] == 0
    assert outcome["remaining"] == outcome["planned"] == sum(one.change is not None for one in plan)
    assert outcome["refused"] == "too many"


@pytest.mark.parametrize(
    ("decision", "happened", "outcome", "error"),
    [
        (wanted("snap-1"), None, Status.REMAINING, None),
        (wanted("snap-1"), (Status.DONE, None), Status.DONE, None),
        (wanted("snap-1"), (Status.FAILED, "Oops"), Status.FAILED, "Oops"),
        (wanted("snap-1"), (Status.SKIPPED, "InvalidSnapshot.InUse"), Status.SKIPPED, "InvalidSnapshot.InUse"),
        (left_alone("snap-1"), None, Status.SKIPPED, None),
        # Two rules want one key: the other keys are written, and the decision has failed all the same.
        (wanted("snap-1", "RuleConflict"), (Status.DONE, None), Status.FAILED, "RuleConflict"),
        (wanted("snap-1", "RuleConflict"), (Status.FAILED, "Oops"), Status.FAILED, "Oops"),
        (Decision("snap-1", Action.TAG, "two rules", None, "RuleConflict"), None, Status.FAILED, "RuleConflict"),
    ],
)
def test_what_became_of_a_decision(
    decision: Decision, happened: tuple[Status, str | None] | None, outcome: Status, error: str | None
) -> None:
    results = [Result.of(decision, *happened)] if happened else []
    (settled,) = completed(Plan([decision]), results)
    assert (settled.outcome, settled.error) == (outcome, error)


def test_the_order_is_by_what_a_person_must_read_first() -> None:
    ends = [
        ("snap-5", Status.SKIPPED),
        ("snap-3", Status.DONE),
        ("snap-9", Status.FAILED),
        ("snap-1", Status.SKIPPED),
        ("snap-2", Status.PLANNED),
        ("snap-4", Status.REMAINING),
        ("snap-0", Status.FAILED),
        ("snap-8", Status.DONE),
    ]
    results = in_order(Result.of(wanted(resource), end) for resource, end in ends)
    assert [result.resource[-1] for result in results] == ["0", "9", "4", "2", "3", "8", "1", "5"]


@given(st.permutations([Result.of(wanted(f"snap-{n}"), list(Status)[n % 5]) for n in range(10)]))
def test_two_runs_can_be_compared_whatever_the_order_of_their_threads(results: list[Result]) -> None:
    assert in_order(results) == in_order(sorted(results, key=lambda result: result.resource))


def test_the_answer_has_the_contract_s_shape() -> None:
    answer = an_outcome([Result.of(wanted("snap-0a1"), Status.DONE)]).to_dict()
    assert json.loads(json.dumps(answer)) == {
        "version": 1,
        "job": "cleanup",
        "run_id": "run-1",
        "account": "123456789012",
        "region": "eu-central-1",
        "dry_run": False,
        "started": "2026-11-24T03:00:00Z",
        "seconds": 12.3,
        "planned": 1,
        "done": 1,
        "skipped": 0,
        "failed": 0,
        "remaining": 0,
        "refused": None,
        "notes": [],
        "calls": {"DeleteSnapshot": 11, "DescribeSnapshots": 3},
        "decisions": [
            {"resource": "snap-0a1", "action": "delete", "reason": "too old", "outcome": "done", "error": None}
        ],
        "omitted": 0,
    }


@pytest.mark.parametrize("character", ["x", "ä", "\N{GRINNING FACE}", "\x00"])
def test_an_answer_of_a_huge_fleet_fits_and_leaves_out_what_matters_least(character: str) -> None:
    number = 30_000
    ends = [Status.FAILED, Status.REMAINING, Status.DONE, *[Status.SKIPPED] * 7]
    results = [Result(f"snap-{n:017x}", Action.KEEP, character * 150, ends[n % 10]) for n in range(number)]
    answer = an_outcome(results).to_dict()
    shown = [decision["resource"] for decision in answer["decisions"]]
    assert len(json.dumps(answer)) < LAMBDA_LIMIT
    assert answer["omitted"] == number - len(shown) > 0
    assert shown == [result.resource for result in in_order(results)][: len(shown)]
    assert counts(answer)["planned"] == 9_000, "what is omitted is counted all the same"
    assert counts(answer)["skipped"] == 21_000


def test_what_fits_is_not_cut() -> None:
    small = [Result(f"snap-{n}", Action.KEEP, "x", Status.SKIPPED) for n in range(100)]
    assert an_outcome(small).to_dict()["omitted"] == 0
    assert MAX_ANSWER_BYTES < LAMBDA_LIMIT


@pytest.mark.parametrize(
    ("results", "refused", "dry_run", "summary"),
    [
        ([], None, False, "cleanup: 0 planned, 0 done, 0 failed, 0 remaining, 0 left alone"),
        (
            [Result.of(wanted("a"), Status.FAILED, "Oops"), Result.of(left_alone("b"), Status.SKIPPED)],
            None,
            False,
            "cleanup: 1 planned, 0 done, 1 failed, 0 remaining, 1 left alone",
        ),
        (
            [Result.of(wanted("a"), Status.PLANNED)],
            "too many",
            True,
            "cleanup: dry run, 1 planned, 0 done, 0 failed, 0 remaining, 0 left alone; refused: too many",
        ),
    ],
)
def test_the_summary_is_one_line(results: list[Result], refused: str | None, dry_run: bool, summary: str) -> None:
    assert an_outcome(results, refused, dry_run=dry_run).summary == summary
