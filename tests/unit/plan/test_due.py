"""Due: who gets a snapshot now, who is too late, and what went by without one."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from nightshift.errors import PolicyError
from nightshift.fleet import Snapshot
from nightshift.plan.due import Due, PlanSlots, by_volume, due, history_wanted, slots_at
from nightshift.policy import BackupPlan, Policy
from tests.builders import a_snapshot, a_volume, at

BEFORE_LAST, LAST, CURRENT, NEXT = (at(f"2026-11-{day} 03:00") for day in (22, 23, 24, 25))
SLOTS = PlanSlots(CURRENT, LAST, NEXT)
NOW = at("2026-11-24 12:00")


def of(slot: datetime, state: str = "completed", plan: str = "nightly") -> Snapshot:
    return a_snapshot(f"snap-{plan}-{slot:%d}", {plan: slot}, state=state)


@dataclass(frozen=True)
class Row:
    name: str
    snapshots: Sequence[Snapshot]
    is_due: bool
    missed: int = 0
    start_within: str | None = None
    now: datetime = NOW


ROWS = [
    Row("a volume that was never saved", [], is_due=True),
    Row("saved last night, not yet tonight", [of(LAST)], is_due=True),
    Row("saved tonight", [of(CURRENT), of(LAST)], is_due=False),
    Row("a pending snapshot is about to be one", [of(CURRENT, "pending"), of(LAST)], is_due=False),
    Row("a failed snapshot of tonight is none", [of(CURRENT, "error"), of(LAST)], is_due=True, missed=1),
    Row("one in the recycle bin is none", [of(CURRENT, "recoverable"), of(LAST)], is_due=True),
    Row("a failed one beside a completed one harms not", [of(CURRENT, "error"), of(CURRENT), of(LAST)], is_due=False),
    Row("a snapshot of another plan does not serve", [of(CURRENT, plan="weekly")], is_due=True),
    Row("one asked for at noon leaves tonight's slot due", [of(at("2026-11-24 11:00")), of(LAST)], is_due=True),
    Row("last night was missed", [of(BEFORE_LAST)], is_due=True, missed=1),
    Row("last night failed, so it was missed", [of(LAST, "error"), of(BEFORE_LAST)], is_due=True, missed=1),
    Row("last night was missed, tonight is saved", [of(CURRENT), of(BEFORE_LAST)], is_due=False, missed=1),
    Row("saved tonight for the first time: nothing was missed", [of(CURRENT)], is_due=False),
    Row("still within the window", [of(LAST)], is_due=True, start_within="9h"),
    Row(
        "a second past the window", [of(LAST)], is_due=False, missed=1, start_within="9h",
        now=NOW + timedelta(seconds=1),
    ),
    Row("past the window, and the night before too", [of(BEFORE_LAST)], is_due=False, missed=2, start_within="1h"),
    Row("past the window, but never saved: always due", [], is_due=True, start_within="1h"),
    Row("past the window, and only failures: never saved", [of(LAST, "error")], is_due=True, start_within="1h"),
    Row(
        "past the window, and saved since, as by another schedule or a person", [of(at("2026-11-24 11:00")), of(LAST)],
        is_due=False, start_within="1h",
    ),
    Row(
        "past the window, and saved at this very moment", [of(NOW), of(LAST)],
        is_due=False, start_within="1h",
    ),
    Row(
        "past the window, and one of the future makes up for nothing", [of(NEXT), of(LAST)],
        is_due=False, missed=1, start_within="1h",
    ),
    Row(
        "past the window, and what was tried since has failed", [of(at("2026-11-24 11:00"), "error"), of(LAST)],
        is_due=False, missed=1, start_within="1h",
    ),
    Row("past the window, saved in time", [of(CURRENT), of(LAST)], is_due=False, start_within="1h"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_who_is_due(row: Row) -> None:
    found = due("nightly", BackupPlan(start_within=row.start_within), SLOTS, row.snapshots, row.now)
    assert found.slot == (CURRENT if row.is_due else None)
    assert found.missed == row.missed


NIGHTS = [of(at(f"2026-11-{day} 03:00")) for day in (20, 21, 22, 23, 24)]


@pytest.mark.parametrize(
    ("schedule", "today", "tomorrow"),
    [
        ("0 1 * * *", 0, 0),  # last night's snapshot is younger than the slot that nobody knew of then
        ("0 22 * * *", 0, 0),
        # Nothing says whether the schedule was another at eight already: docs/policy.md tells what the alarm does.
        ("0 8 * * *", 1, 1),
    ],
)
def test_a_changed_schedule_whose_slot_may_not_be_started_any_more(schedule: str, today: int, tomorrow: int) -> None:
    """Every night was saved at three, and at noon the schedule is another, with start_within shorter than the time
    since its last moment, as docs/policy.md says."""
    policy = Policy.of({"backup": {"plans": {"nightly": {"schedule": schedule, "start_within": "2h"}}}})
    plan = policy.backup.plans["nightly"]

    def at_noon(now: datetime, *more: Snapshot) -> Due:
        return due("nightly", plan, slots_at(policy, now)["nightly"], [*NIGHTS, *more], now)

    found = at_noon(NOW)
    assert (found.slot, found.missed) == (None, today)
    the_next_day = NOW + timedelta(days=1)
    slot = slots_at(policy, the_next_day)["nightly"].current
    assert slot is not None
    assert at_noon(the_next_day, of(slot)).missed == tomorrow
    assert at_noon(the_next_day).missed > 0, "one that is lost then is told"


YOUNGER = (
    "nightly 2026-11-24T03:00:00Z passed unfinished: not started within 6h, but snap-9 is younger, "
    "next at 2026-11-25T03:00:00Z"
)


@pytest.mark.parametrize(
    ("snapshots", "start_within", "reason"),
    [
        ([of(LAST)], None, "due for nightly 2026-11-24T03:00:00Z"),
        ([of(BEFORE_LAST)], None, "due for nightly 2026-11-24T03:00:00Z, 2026-11-23T03:00:00Z passed unfinished"),
        (
            [of(CURRENT, "pending")],
            None,
            "nightly 2026-11-24T03:00:00Z is in snap-nightly-24 (pending), next at 2026-11-25T03:00:00Z",
        ),
        (
            [of(LAST)],
            "6h",
            "nightly 2026-11-24T03:00:00Z passed unfinished: not started within 6h, next at 2026-11-25T03:00:00Z",
        ),
        (
            [of(LAST), of(CURRENT, "error"), of(CURRENT, "error")],
            None,
            "due for nightly 2026-11-24T03:00:00Z again: snap-nightly-24 failed",
        ),
        (
            [replace(of(CURRENT, "error"), message="A key"), replace(of(CURRENT, "error"), id="snap-2", message="B")],
            None,
            "due for nightly 2026-11-24T03:00:00Z again: snap-2, snap-nightly-24 failed (A key; B)",
        ),
        (
            [of(LAST), a_snapshot("snap-8", at("2026-11-24 08:00")), a_snapshot("snap-9", at("2026-11-24 09:00"))],
            "6h",
            YOUNGER,
        ),
    ],
)
def test_the_reason_names_slot_snapshot_and_what_comes_next(
    snapshots: list[Snapshot], start_within: str | None, reason: str
) -> None:
    assert due("nightly", BackupPlan(start_within=start_within), SLOTS, snapshots, NOW).reason == reason


def test_a_schedule_without_a_time_yet_wants_nothing_and_says_so() -> None:
    found = due("nightly", BackupPlan(), PlanSlots(None, None, NEXT), [], NOW)
    assert (found.slot, found.reason) == (None, "the schedule of nightly has had no time yet")


def test_each_plan_has_its_own_slots_in_the_policy_s_zone() -> None:
    plans = {"nightly": {"schedule": "0 3 * * *"}, "weekly": {"schedule": "0 4 * * 0"}}
    policy = Policy.of({"time_zone": "Europe/Berlin", "backup": {"plans": plans}})
    assert slots_at(policy, NOW) == {
        "nightly": PlanSlots(at("2026-11-24 02:00"), at("2026-11-23 02:00"), at("2026-11-25 02:00")),
        "weekly": PlanSlots(at("2026-11-22 03:00"), at("2026-11-15 03:00"), at("2026-11-29 03:00")),
    }


def test_a_schedule_whose_time_never_comes_does_not_stop_the_other_plans() -> None:
    """The fifth Monday of a month is never its first day. To refuse such a policy would do as well."""
    plans = {"nightly": {"schedule": "0 3 * * *"}, "never": {"schedule": "0 0 */31 * 1#5"}}
    with suppress(PolicyError):
        slots = slots_at(Policy.of({"backup": {"plans": plans}}), NOW)
        assert slots["nightly"].current == CURRENT
        assert slots["never"].current is None


@pytest.mark.parametrize(
    ("created", "recent", "wanted"),
    [
        (at("2026-01-01 00:00"), [of(LAST)], False),
        (at("2026-01-01 00:00"), [], True),
        (at("2026-01-01 00:00"), [of(CURRENT)], True),
        (at("2026-01-01 00:00"), [of(LAST, "error")], True),
        (LAST + timedelta(seconds=1), [], False),  # it is younger than the slot before: there is no history
        (LAST, [], True),
    ],
)
def test_history_is_read_only_where_it_can_matter(created: datetime, recent: list[Snapshot], wanted: bool) -> None:
    assert history_wanted("nightly", SLOTS, a_volume(created=created), recent) == wanted


def test_no_history_is_read_for_a_schedule_that_has_just_begun() -> None:
    assert not history_wanted("nightly", PlanSlots(CURRENT, None, NEXT), a_volume(), [])


def test_snapshots_are_told_apart_by_volume() -> None:
    first, second, third = (a_snapshot(f"snap-{n}", CURRENT, volume_id=f"vol-{n % 2}") for n in range(3))
    assert by_volume([first, second, third]) == {"vol-0": [first, third], "vol-1": [second]}
