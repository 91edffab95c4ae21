"""Gaps: when a plan's promise to a volume is broken, by what there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from nightshift.fleet import Snapshot
from nightshift.plan.gaps import Gaps, Promise, promises_at
from nightshift.policy import Policy
from tests.builders import LONG_AGO, a_snapshot, a_volume, at

NOW = at("2026-11-24 05:00")
SLOT = at("2026-11-24 03:00")
PATIENCE = timedelta(hours=2)
PROMISE = Promise("nightly", SLOT, NOW - PATIENCE, NOW)
BEFORE = SLOT - timedelta(days=1)
YOUNG, OLD = NOW - PATIENCE + timedelta(seconds=1), NOW - PATIENCE


def of(slot: datetime, state: str = "completed", started: datetime | None = None, plan: str = "nightly") -> Snapshot:
    return a_snapshot(f"snap-{plan}-{slot:%d%H}-{state}", {plan: slot}, state=state, started=started)


@dataclass(frozen=True)
class Row:
    name: str
    snapshots: Sequence[Snapshot]
    broken: bool
    created: datetime = LONG_AGO


ROWS = [
    Row("completed, of the slot", [of(SLOT)], broken=False),
    Row("completed, of a later slot", [of(SLOT + timedelta(hours=1))], broken=False),
    Row("completed, of the slot before", [of(BEFORE)], broken=True),
    Row("completed, of another plan", [of(SLOT, plan="weekly")], broken=True),
    Row("nothing at all", [], broken=True),
    Row("failed", [of(SLOT, "error")], broken=True),
    Row("in the recycle bin", [of(SLOT, "recoverable")], broken=True),
    Row("failed, and made again", [of(SLOT, "error"), of(SLOT)], broken=False),
    Row("completed, of a slot that has not come yet", [of(NOW + timedelta(seconds=1))], broken=True),
    Row("the first one, pending, begun a short while ago", [of(SLOT, "pending", YOUNG)], broken=False),
    Row("the first one, pending for as long as it may take", [of(SLOT, "pending", OLD)], broken=True),
    Row("pending, where the plan has saved it before", [of(SLOT, "pending", YOUNG), of(BEFORE)], broken=True),
    Row(
        "pending again after a failure, where the plan never saved it",
        [of(SLOT, "pending", YOUNG), of(SLOT, "error")],
        broken=False,
    ),
    Row(
        "pending, where another plan has saved it before",
        [of(SLOT, "pending", YOUNG), of(BEFORE, plan="weekly")],
        broken=False,
    ),
    Row("a new volume is given time", [], broken=False, created=YOUNG),
    Row("a volume that has had its time", [], broken=True, created=OLD),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_when_a_promise_is_broken(row: Row) -> None:
    assert PROMISE.broken_for(a_volume(created=row.created), row.snapshots) == row.broken


def test_a_plan_that_has_had_no_time_yet_has_promised_nothing() -> None:
    assert not Promise("nightly", None, NOW - PATIENCE, NOW).broken_for(a_volume(), [])


@pytest.mark.parametrize(
    ("schedule", "within", "now", "slot"),
    [
        ("0 3 * * *", None, "2026-11-24 05:00", "2026-11-24 03:00"),
        ("0 3 * * *", None, "2026-11-24 04:59", "2026-11-23 03:00"),
        ("0 3 * * *", "30m", "2026-11-24 03:30", "2026-11-24 03:00"),
        ("0 3 * * *", "2d", "2026-11-24 05:00", "2026-11-22 03:00"),
        ("0 * * * *", None, "2026-11-24 05:30", "2026-11-24 03:00"),
        ("*/15 * * * *", None, "2026-11-24 05:20", "2026-11-24 03:15"),
        ("0 3 * * 0", None, "2026-11-24 05:00", "2026-11-22 03:00"),
    ],
)
def test_promised_is_the_newest_slot_that_has_had_its_time(
    schedule: str, within: str | None, now: str, slot: str
) -> None:
    plan = {"schedule": schedule} | ({"complete_within": within} if within else {})
    policy = Policy.of({"backup": {"plans": {"mine": plan}}})
    promise = promises_at(policy, at(now))["mine"]
    assert (promise.plan, promise.slot) == ("mine", at(slot))


def test_the_longest_time_that_can_be_given_is_no_error() -> None:
    policy = Policy.of({"backup": {"plans": {"mine": {"complete_within": "99999d999999h9999999m"}}}})
    assert not promises_at(policy, NOW)["mine"].broken_for(a_volume(), [])


def test_all_gaps_are_listed_and_ten_are_named() -> None:
    volumes = [a_volume(f"vol-{number:02}") for number in range(13)]
    gaps = Gaps.of(PROMISE, {volume: [of(SLOT)] if volume.id == "vol-07" else [] for volume in reversed(volumes)})
    uncovered = [volume.id for volume in volumes if volume.id != "vol-07"]
    assert gaps.table == {
        "since": "2026-11-24T03:00:00Z",
        "volumes": 13,
        "uncovered": 12,
        "volume_ids": uncovered,
    }
    assert gaps.note == (
        "plan nightly: 12 of 13 volumes have no completed snapshot of 2026-11-24T03:00:00Z or later: "
        f"{', '.join(uncovered[:10])} and 2 more"
    )


def test_of_thousands_the_answer_names_the_first_thousand() -> None:
    gaps = Gaps.of(PROMISE, {a_volume(f"vol-{number:04}"): [] for number in range(1200)})
    assert gaps.table["uncovered"] == 1200
    assert gaps.table["volume_ids"] == [f"vol-{number:04}" for number in range(1000)]
