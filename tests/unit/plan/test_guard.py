"""The guard of cleanup: shares of the region and of each plan, small numbers, and what a person confirms."""

from collections.abc import Sequence
from typing import Any

import pytest

from nightshift.fleet import Snapshot
from nightshift.plan.guard import refusal
from nightshift.policy import Policy
from tests.builders import a_snapshot, at

SLOT = at("2026-11-24 03:00")


def some(number: int, *plans: str, state: str = "completed", prefix: str = "snap") -> list[Snapshot]:
    slots = dict.fromkeys(plans or ("nightly",), SLOT)
    return [a_snapshot(f"{prefix}-{n}", slots, state=state) for n in range(number)]


def ids(snapshots: Sequence[Snapshot]) -> set[str]:
    return {snapshot.id for snapshot in snapshots}


def a_policy(percent: int = 50, **percent_of_plan: int | None) -> Policy:
    plans: dict[str, Any] = {name: {"max_delete_percent": own} for name, own in percent_of_plan.items()}
    backup = {"backup": {"plans": plans}} if plans else {}
    return Policy.of({"cleanup": {"max_delete_percent": percent}, **backup})


@pytest.mark.parametrize(
    ("total", "going", "percent", "passes"),
    [
        (100, 50, 50, True),
        (100, 51, 50, False),
        (10, 10, 50, True),  # up to ten pass in any fleet
        (10, 10, 0, True),
        (11, 11, 50, False),
        (100, 10, 0, True),
        (100, 11, 0, False),
        (100, 100, 100, True),
        (1000, 11, 1, False),
        (1100, 11, 1, True),
        (1099, 11, 1, False),  # 1.001 %: no rounding in favour
        (0, 0, 0, True),
    ],
)
def test_the_share_of_the_region(total: int, going: int, percent: int, passes: bool) -> None:
    snapshots = some(total)
    refused = refusal(snapshots, ids(snapshots[:going]), a_policy(percent), None)
    assert (refused is None) == passes


def test_a_refusal_says_what_and_what_to_type() -> None:
    snapshots = some(100)
    refused = refusal(snapshots, ids(snapshots[:60]), a_policy(), None)
    assert refused is not None
    assert "60 of 100 snapshots of the region (60 %), more than the 50 % of cleanup.max_delete_percent" in refused
    assert "Nothing was deleted" in refused
    assert '{"confirm": 60}' in refused


def test_a_plan_is_refused_though_the_region_would_pass() -> None:
    small, large = some(20, "weekly", prefix="weekly"), some(1000)
    refused = refusal([*small, *large], ids(small[:11]), a_policy(weekly=None, nightly=None), None)
    assert refused is not None
    assert "11 of 20 snapshots of plan weekly (55 %), more than the 50 % of cleanup.max_delete_percent" in refused
    assert "region" not in refused


def test_the_region_is_refused_though_each_plan_would_pass() -> None:
    first, second = some(100, "first", prefix="first"), some(100, "second", prefix="second")
    doomed = ids(first[:60]) | ids(second[:60])
    refused = refusal([*first, *second], doomed, a_policy(50, first=70, second=70), None)
    assert refused is not None
    assert "120 of 200 snapshots of the region" in refused
    assert "plan" not in refused.partition(". Nothing")[0]


def test_a_plan_s_own_limit_rules_it_and_is_named() -> None:
    snapshots = some(100)
    doomed = ids(snapshots[:20])
    refused = refusal(snapshots, doomed, a_policy(50, nightly=10), None)
    assert refused is not None
    assert "20 of 100 snapshots of plan nightly (20 %), more than the 10 % of backup.plans.nightly" in refused
    assert refusal(snapshots, doomed, a_policy(50, nightly=0), None) is not None, "0 is a limit, not a missing one"
    assert refusal(snapshots, doomed, a_policy(50, nightly=None), None) is None


def test_a_snapshot_of_two_plans_counts_in_both_and_once_in_the_region() -> None:
    shared = some(20, "first", "second")
    refused = refusal(shared, ids(shared[:15]), a_policy(first=None, second=None), None)
    assert refused is not None
    for scope in ("15 of 20 snapshots of the region", "of plan first", "of plan second"):
        assert scope in refused


@pytest.mark.parametrize(("state", "counts"), [("completed", True), ("error", True), ("pending", False)])
def test_the_total_is_of_completed_and_failed_ones(state: str, counts: bool) -> None:
    doomed, others = some(20, prefix="doomed"), some(20, state=state, prefix="other")
    assert (refusal([*doomed, *others], ids(doomed), a_policy(), None) is None) == counts


def test_what_serves_no_plan_of_the_policy_counts_in_the_region() -> None:
    gone, living = some(100, "gone", prefix="gone"), some(20)
    assert refusal([*gone, *living], ids(living[:10]), a_policy(), None) is None
    refused = refusal([*gone, *living], ids(living), a_policy(), None)
    assert refused is not None
    assert "20 of 20 snapshots of plan nightly (100 %)" in refused
    assert "region" not in refused


def test_a_request_for_one_volume_is_measured_by_the_whole_region() -> None:
    everything = some(100)
    scope_of_the_request = ids(everything[:20])
    assert refusal(everything, scope_of_the_request, a_policy(), None) is None
    assert refusal(everything[:20], scope_of_the_request, a_policy(), None) is not None


@pytest.mark.parametrize(("confirm", "passes"), [(60, True), (61, True), (1000, True), (59, False), (0, False)])
def test_a_person_confirms_at_most_so_many(confirm: int, passes: bool) -> None:
    snapshots = some(100)
    refused = refusal(snapshots, ids(snapshots[:60]), a_policy(), confirm)
    assert (refused is None) == passes
    if refused is not None:
        assert f"confirmed were {confirm}, the plan has changed since" in refused
        assert '{"confirm": 60}' in refused


def test_one_confirmation_is_for_the_whole_run() -> None:
    """60 go of the plan, and five more: 60 were agreed to, 65 are too many."""
    snapshots, more = some(100), some(100, "other", prefix="other")
    doomed = ids(snapshots[:60]) | ids(more[:5])
    policy = a_policy(nightly=None, other=None)
    assert refusal([*snapshots, *more], doomed, policy, 60) is not None
    assert refusal([*snapshots, *more], doomed, policy, 65) is None


def test_who_tries_a_policy_is_told_to_store_it_first() -> None:
    """A confirmation sent now would go ahead under the stored policy."""
    snapshots = some(100)
    refused = refusal(snapshots, ids(snapshots[:60]), a_policy(), None, tried=True)
    assert refused is not None
    assert 'store this policy first: another one rules a real run. Then send {"confirm": 60}' in refused
