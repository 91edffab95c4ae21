"""What the rules say to the letter and to the second: each row was a change of the code that no other test noticed."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from nightshift.fleet import Snapshot
from nightshift.plan.due import PlanSlots, due
from nightshift.plan.guard import refusal
from nightshift.plan.protection import Holders, Protection
from nightshift.plan.retention import Point, judge
from nightshift.plan.slots import current_slot, slot_text, slot_time
from nightshift.plan.tags import HOLD_UNTIL
from nightshift.policy import BackupPlan, Keep, Policy
from tests.builders import a_snapshot, at

NOW = at("2026-11-24 12:00")
CURRENT, PREVIOUS, OLDER = at("2026-11-24 03:00"), at("2026-11-23 03:00"), at("2026-11-22 03:00")
NEXT = at("2026-11-25 03:00")
SLOTS = PlanSlots(CURRENT, PREVIOUS, NEXT)
FIRST = PlanSlots(CURRENT, None, NEXT)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own time is not UTC."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
def test_a_slot_is_written_in_utc_on_any_machine() -> None:
    slot = current_slot("0 3 * * *", ZoneInfo("UTC"), NOW)
    assert slot is not None
    assert (slot.isoformat(), slot_text(slot)) == ("2026-11-24T03:00:00+00:00", "2026-11-24T03:00:00Z")


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("0001-06-01T00:00:00Z", None),
        ("9999-06-01T00:00:00Z", None),
        ("0002-01-01T00:00:00Z", at("0002-01-01 00:00")),
        ("9998-12-31T23:59:59Z", at("9998-12-31 23:59:59")),
    ],
)
def test_years_that_no_calendar_can_work_with_are_no_slot(text: str, slot: datetime | None) -> None:
    assert slot_time(text) == slot


# ---------------------------------------------------------------- due


@pytest.mark.parametrize(
    ("now", "plan", "missed"),
    [
        (CURRENT + timedelta(hours=1), BackupPlan(), 0),
        (CURRENT + timedelta(hours=2), BackupPlan(), 0),
        (CURRENT + timedelta(hours=2, seconds=1), BackupPlan(), 1),
        (CURRENT + timedelta(hours=2, seconds=1), BackupPlan(complete_within="3h"), 0),
        (CURRENT + timedelta(hours=3, seconds=1), BackupPlan(complete_within="3h"), 1),
    ],
)
def test_a_slot_whose_snapshots_fail_is_missed_when_they_should_be_complete(
    now: datetime, plan: BackupPlan, missed: int
) -> None:
    failed = [a_snapshot(f"snap-{n}", CURRENT, state="error") for n in (2, 1)]
    found = due("nightly", plan, SLOTS, failed, now)
    assert (found.slot, found.missed) == (CURRENT, missed)
    assert found.reason == "due for nightly 2026-11-24T03:00:00Z again: snap-1, snap-2 failed"


@pytest.mark.parametrize(
    ("slots", "saved", "missed"),
    [
        (SLOTS, [], 0),
        (SLOTS, [PREVIOUS], 0),
        (SLOTS, [PREVIOUS, OLDER], 0),
        (SLOTS, [PREVIOUS + timedelta(hours=5), OLDER], 0),
        (SLOTS, [OLDER], 1),
        (FIRST, [], 0),
        (FIRST, [OLDER], 0),
    ],
)
def test_when_the_slot_before_was_missed(slots: PlanSlots, saved: list[datetime], missed: int) -> None:
    snapshots = [a_snapshot(f"snap-{n}", slot) for n, slot in enumerate(saved)]
    found = due("nightly", BackupPlan(), slots, snapshots, NOW)
    assert (found.slot, found.missed) == (CURRENT, missed)


# ---------------------------------------------------------------- guard


def _two_scopes(number: int) -> tuple[list[Snapshot], set[str]]:
    snapshots = [a_snapshot(f"snap-{n}", CURRENT) for n in range(number)]
    return snapshots, {snapshot.id for snapshot in snapshots}


@pytest.mark.parametrize(
    ("tried", "first"),
    [(False, ""), (True, "store this policy first: another one rules a real run. Then ")],
)
def test_the_words_of_a_refusal(tried: bool, first: str) -> None:
    snapshots, doomed = _two_scopes(20)
    words = (
        "this run would delete 20 of 20 snapshots of the region (100 %), more than the 50 % of "
        "cleanup.max_delete_percent; and 20 of 20 snapshots of plan nightly (100 %), more than the 50 % of "
        "cleanup.max_delete_percent. Nothing was deleted. If a dry run shows what you want, "
        f'{first}send {{"confirm": 20}} with the same ids and plans, if any'
    )
    assert refusal(snapshots, doomed, Policy(), None, tried=tried) == words
    if not tried:
        assert refusal(snapshots, doomed, Policy(), None) == words


def test_a_confirmation_of_nothing_lets_not_even_one_pass() -> None:
    snapshots, _ = _two_scopes(20)
    refused = refusal(snapshots, {"snap-1"}, Policy(), 0)
    assert refused is not None
    assert "would delete 1 snapshots; confirmed were 0" in refused
    assert refusal(snapshots, {"snap-1"}, Policy(), 1) is None
    assert refusal(snapshots, set(), Policy(), 0) is None


# ---------------------------------------------------------------- retention


def test_the_words_of_a_verdict() -> None:
    points = [Point(a_snapshot(f"snap-{n}", slot), slot) for n, slot in enumerate((CURRENT, PREVIOUS, OLDER))]
    verdicts = judge(points, Keep(last=2, within="1h"), ZoneInfo("UTC"), NOW)
    assert verdicts["snap-0"].kept_by == ("within 1h", "last 1 of 2")
    assert verdicts["snap-1"].kept_by == ("last 2 of 2",)
    assert (verdicts["snap-2"].kept_by, verdicts["snap-2"].goes_because) == ((), "no rule keeps it")
    assert {verdict.goes_because for name, verdict in verdicts.items() if name != "snap-2"} == {""}


# ---------------------------------------------------------------- protection


def _policy(**keep: int) -> Policy:
    return Policy.of(
        {"cleanup": {"keep_last_of_deleted_volume": "10d"}, "backup": {"plans": {"nightly": {"keep": keep}}}}
    )


def test_a_history_that_has_had_its_time_says_which_and_what_is_allowed() -> None:
    gone = a_snapshot("snap-1", NOW - timedelta(days=11))
    protection = Protection.of([gone], Holders(), _policy(last=1), NOW)
    assert protection.expired(gone) == "vol-1 is gone, and its last snapshot is older than 10d"


@pytest.mark.parametrize(
    ("keep", "slots", "expires"),
    [
        ({}, {"nightly": OLDER}, False),  # keeps all: for ever
        ({"last": 1}, {"nightly": OLDER}, True),
        ({}, {"former": OLDER}, True),  # of a plan that is no more
        ({}, {"former": OLDER, "nightly": OLDER}, False),
    ],
)
def test_a_plan_that_keeps_all_keeps_the_history_of_a_volume_that_is_gone(
    keep: dict[str, int], slots: dict[str, datetime], expires: bool
) -> None:
    snapshot = a_snapshot("snap-1", slots)
    expiry = Protection.of([snapshot], Holders(), _policy(**keep), NOW).expiry(snapshot)
    assert (expiry == snapshot.started + timedelta(days=10)) if expires else (expiry is None)


def test_the_owner_of_a_volume_holds_its_snapshots() -> None:
    holders = Holders({"i-1": "2026-12-01"}, frozenset({"vol-1", "vol-2"}), {"vol-1": ("i-1",), "vol-2": ("i-2",)})
    held, free = (a_snapshot(f"snap-{n}", OLDER, volume_id=f"vol-{n}") for n in (1, 2))
    protection = Protection.of([held, free], holders, Policy(), NOW)
    assert protection.hold(held) == "it is held until 2026-12-01 by the tag of i-1"
    assert protection.hold(free) is None
    assert HOLD_UNTIL not in held.tags


@pytest.mark.parametrize(
    ("state", "protector"),
    [("completed", "it is a copy that does not say of which volume"), ("error", None)],
)
def test_a_copy_of_nobody_knows_what(state: str, protector: str | None) -> None:
    copy = a_snapshot("snap-1", OLDER, volume_id="vol-ffffffff", state=state)
    assert Protection.of([copy], Holders(), Policy(), NOW).protector(copy) == protector
