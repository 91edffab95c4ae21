"""The guard refuses no ordinary night: fleets of 1 to 50 volumes grow from nothing under ordinary policies.

Every hour the plan saves what is due and cleanup runs after it, as in the template; retention and guard are the
product's, the fleet is made up.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from nightshift.fleet import Snapshot
from nightshift.plan.guard import refusal
from nightshift.plan.retention import judge, points_of
from nightshift.plan.slots import next_slot
from nightshift.policy import Policy
from tests.builders import a_snapshot, at

START = at("2026-01-31 00:30")
FLEETS = (1, 2, 6, 11, 50)
EVERY_HOUR, NIGHTLY, WEEKLY, MONTHLY = "0 * * * *", "0 3 * * *", "0 4 * * 0", "0 5 1 * *"

# Name: (schedule, keep, how many slots are lived through).
ORDINARY: dict[str, tuple[str, dict[str, Any], int]] = {
    "last 1 nightly": (NIGHTLY, {"last": 1}, 20),
    "last 1 hourly": (EVERY_HOUR, {"last": 1}, 30),
    "last 1 weekly": (WEEKLY, {"last": 1}, 10),
    "last 3": (NIGHTLY, {"last": 3}, 20),
    "daily 7": (NIGHTLY, {"daily": 7}, 30),
    "within 14d": (NIGHTLY, {"within": "14d"}, 40),
    "within 1d hourly": (EVERY_HOUR, {"within": "1d"}, 60),
    "the default": (NIGHTLY, {"last": 3, "daily": 7, "weekly": 4, "monthly": 12}, 130),
    "GFS of years": (NIGHTLY, {"daily": 7, "weekly": 4, "monthly": 12, "yearly": 3}, 130),
    "hourly 24": (EVERY_HOUR, {"hourly": 24}, 80),
    "hourly GFS": (EVERY_HOUR, {"hourly": 24, "daily": 7, "weekly": 4, "monthly": 12}, 90),
    "weekly and monthly": (WEEKLY, {"weekly": 4, "monthly": 3}, 40),
    "monthly 12": (MONTHLY, {"monthly": 12}, 30),
    "twice a day": ("0 3,15 * * *", {"last": 2, "daily": 5}, 40),
    "on workdays": ("0 3 * * 1-5", {"daily": 5, "weekly": 4}, 60),
}

# What people change of a policy, and have a night later: (schedule, keep before, keep after, slots before).
CHANGES: dict[str, tuple[str, dict[str, Any], dict[str, Any], int]] = {
    "daily 7 to 5": (NIGHTLY, {"daily": 7}, {"daily": 5}, 20),
    "daily 14 to 8": (NIGHTLY, {"daily": 14}, {"daily": 8}, 30),
    "last 3 to 2": (NIGHTLY, {"last": 3}, {"last": 2}, 10),
    "within 14d to 10d": (NIGHTLY, {"within": "14d"}, {"within": "10d"}, 30),
    "hourly 24 to 18": (EVERY_HOUR, {"hourly": 24}, {"hourly": 18}, 40),
    "monthly 12 to 6": (NIGHTLY, {"daily": 7, "monthly": 12}, {"daily": 7, "monthly": 6}, 120),
    "without weekly": (NIGHTLY, {"daily": 7, "weekly": 4}, {"daily": 7}, 60),
    "more is kept": (NIGHTLY, {"daily": 7}, {"daily": 14}, 20),
}


def a_policy(schedule: str, keep: dict[str, Any], zone: str = "UTC") -> Policy:
    return Policy.of({"time_zone": zone, "backup": {"plans": {"own": {"schedule": schedule, "keep": keep}}}})


@dataclass
class Fleet:
    """Volumes that are saved together; what is judged of one is so of all."""

    size: int
    now: datetime = START
    slots: list[datetime] = field(default_factory=list)

    def night(self, policy: Policy) -> str | None:
        """The next slot is saved, cleanup runs seven minutes later; what the guard says, else what goes is gone."""
        plan = policy.backup.plans["own"]
        slot = next_slot(plan.schedule, policy.zone, self.now)
        assert slot is not None
        self.slots.append(slot)
        self.now = slot + timedelta(minutes=7)
        return self.cleanup(policy)

    def hour(self, policy: Policy) -> str | None:
        """Every slot till seven minutes past the next hour is saved, then cleanup runs, as the template has it."""
        plan, ends = policy.backup.plans["own"], self.now.replace(minute=7) + timedelta(hours=1)
        while (slot := _next(plan.schedule, policy.zone, self.now)) and slot <= ends:
            self.slots.append(slot)
            self.now = slot
        self.now = ends
        return self.cleanup(policy)

    def cleanup(self, policy: Policy) -> str | None:
        history = self._of_volume(0)
        verdicts = judge(points_of("own", history), policy.backup.plans["own"].keep, policy.zone, self.now)
        going = {slot for slot, each in zip(self.slots, history, strict=True) if not verdicts[each.id].kept_by}
        doomed = {self._id(volume, slot) for volume in range(self.size) for slot in going}
        everything = [snapshot for volume in range(self.size) for snapshot in self._of_volume(volume)]
        refused = refusal(everything, doomed, policy, None)
        if refused is None:
            self.slots = [slot for slot in self.slots if slot not in going]
        return refused

    def _of_volume(self, volume: int) -> list[Snapshot]:
        return [_saved(volume, slot) for slot in self.slots]

    @staticmethod
    def _id(volume: int, slot: datetime) -> str:
        return _saved(volume, slot).id


_next = cache(next_slot)


@cache
def _saved(volume: int, slot: datetime) -> Snapshot:
    return a_snapshot(f"snap-{volume}-{slot:%Y%m%d%H%M}", {"own": slot}, volume_id=f"vol-{volume}")


@pytest.mark.parametrize("size", FLEETS)
@pytest.mark.parametrize("name", ORDINARY)
def test_no_ordinary_night_is_refused(name: str, size: int) -> None:
    schedule, keep, slots = ORDINARY[name]
    policy, fleet = a_policy(schedule, keep, "Europe/Berlin"), Fleet(size)
    kept = []
    for _ in range(slots):
        assert fleet.night(policy) is None
        kept.append(len(fleet.slots))
    assert max(kept) < slots, "something was deleted: the sweep is about something"


@pytest.mark.parametrize("size", FLEETS)
@pytest.mark.parametrize("name", CHANGES)
def test_the_night_after_an_ordinary_change_is_not_refused(name: str, size: int) -> None:
    schedule, before, after, slots = CHANGES[name]
    fleet = Fleet(size)
    for _ in range(slots):
        assert fleet.night(a_policy(schedule, before)) is None
    for _ in range(3):
        assert fleet.night(a_policy(schedule, after)) is None


def refused_hours(size: int, schedule: str, keep: dict[str, Any], percent: int | None = None, hours: int = 12) -> int:
    """In how many of so many hours cleanup is refused."""
    fleet, policy = Fleet(size), a_policy(schedule, keep)
    own = {"max_delete_percent": percent}
    if percent is not None:
        content = policy.model_dump(mode="json")
        content["backup"]["plans"]["own"] |= own
        policy = Policy.of({**content, "cleanup": own})
    return sum(fleet.hour(policy) is not None for _ in range(hours))


# Due more often than cleanup runs: (schedule, keep, whether more than half of what there is goes every hour).
FREQUENT: dict[str, tuple[str, dict[str, Any], bool]] = {
    "every hour, last 1": (EVERY_HOUR, {"last": 1}, False),
    "every 15 minutes, last 1": ("*/15 * * * *", {"last": 1}, True),
    "every 15 minutes, last 3": ("*/15 * * * *", {"last": 3}, True),
    "every 15 minutes, last 4": ("*/15 * * * *", {"last": 4}, False),
    "every 15 minutes, hourly 24": ("*/15 * * * *", {"hourly": 24}, False),
    "every 15 minutes, within 30m and daily 2": ("*/15 * * * *", {"within": "30m", "daily": 2}, False),
    "every 5 minutes, last 1": ("*/5 * * * *", {"last": 1}, True),
    "every 5 minutes, last 4": ("*/5 * * * *", {"last": 4}, True),
    "every 5 minutes, last 12": ("*/5 * * * *", {"last": 12}, False),
    "every 5 minutes, hourly 8": ("*/5 * * * *", {"hourly": 8}, True),
}


@pytest.mark.parametrize("name", FREQUENT)
def test_a_plan_that_is_due_more_often_than_cleanup_runs_needs_its_own_limit(name: str) -> None:
    """What docs/policy.md says of it: it would be refused every hour, and its max_delete_percent lets it pass."""
    schedule, keep, much = FREQUENT[name]
    assert (refused_hours(11, schedule, keep) > 6) == much
    assert refused_hours(11, schedule, keep, percent=100) == 0


@pytest.mark.parametrize("size", [11, 50])
@pytest.mark.parametrize(
    ("before", "after"),
    [({"daily": 30}, {"daily": 3}), ({"hourly": 90}, {"last": 1}), ({"within": "60d"}, {"last": 5})],
)
def test_a_change_that_takes_most_away_is_refused(before: dict[str, Any], after: dict[str, Any], size: int) -> None:
    """The same sweep sees a refusal where there must be one."""
    fleet = Fleet(size)
    for _ in range(40):
        assert fleet.night(a_policy(NIGHTLY, before)) is None
    refused = fleet.night(a_policy(NIGHTLY, after))
    assert refused is not None
    assert "snapshots of the region" in refused


def test_the_zone_of_the_sweep_has_summer_time() -> None:
    assert (
        START.astimezone(ZoneInfo("Europe/Berlin")).dst()
        != (START + timedelta(days=150)).astimezone(ZoneInfo("Europe/Berlin")).dst()
    )
