"""Slots around every kind of clock change, against a reference that counts minute by minute."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.plan.slots import current_slot, next_slot, previous_slot, slot_text, slot_time
from tests.builders import at
from tests.unit.plan.cron_reference import Schedule

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Change:
    """A change of a zone's clock, and its moment in UTC."""

    zone: str
    moment: datetime

    def __str__(self) -> str:
        return f"{self.zone} {self.moment:%Y-%m-%d}"

    @property
    def clock(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


CHANGES = [
    Change("Europe/Berlin", at("2026-03-29 01:00")),
    Change("Europe/Berlin", at("2026-10-25 01:00")),
    Change("America/New_York", at("2026-03-08 07:00")),
    Change("America/New_York", at("2026-11-01 06:00")),
    Change("Australia/Lord_Howe", at("2026-10-03 15:30")),  # half an hour
    Change("Australia/Lord_Howe", at("2026-04-04 15:00")),
    Change("Pacific/Chatham", at("2026-09-26 14:00")),  # at 02:45
    Change("Pacific/Chatham", at("2026-04-04 14:00")),
    Change("America/Santiago", at("2026-09-06 04:00")),  # at midnight
    Change("America/Santiago", at("2026-04-05 03:00")),
    Change("UTC", at("2026-03-29 01:00")),  # none at all
]

NIGHTLY = Schedule("0 3 * * *", (0,), (3,))
IN_THE_GAP = Schedule("30 2 * * *", (30,), (2,))
EARLY = Schedule("30 1 * * *", (30,), (1,))
MIDNIGHT = Schedule("0 0 * * *", (0,), (0,))
TWICE = Schedule("15,45 2 * * *", (15, 45), (2,))
SIX_HOURLY = Schedule("0 */6 * * *", (0,), range(0, 24, 6))
SUNDAYS = Schedule("15 2 * * 0", (15,), (2,), weekday=0)
MONTHLY = Schedule("0 4 1 * *", (0,), (4,), day=1)
QUARTERS = Schedule("*/15 * * * *", range(0, 60, 15))
HOURLY = Schedule("0 * * * *", (0,))
CHEAP = [NIGHTLY, IN_THE_GAP, EARLY, MIDNIGHT, TWICE, SIX_HOURLY, SUNDAYS, MONTHLY]

across_changes = pytest.mark.parametrize("change", CHANGES, ids=str)


@cache
def reference(schedule: Schedule, change: Change) -> list[datetime]:
    """Every slot from well before the change until well after it."""
    before, after = (33, 33) if schedule is MONTHLY else (9, 9)
    first = change.moment.replace(hour=0, minute=0)
    return schedule.times(change.clock, first - timedelta(days=before), first + timedelta(days=after))


def newest(slots: list[datetime], now: datetime) -> datetime:
    return slots[bisect_right(slots, now) - 1]


@across_changes
@pytest.mark.parametrize("schedule", CHEAP, ids=str)
def test_at_every_minute_around_a_change_the_current_slot_is_the_newest_time(
    schedule: Schedule, change: Change
) -> None:
    slots = reference(schedule, change)
    for minute in range(-12 * 60, 15 * 60):
        now = change.moment + timedelta(minutes=minute, seconds=7)
        assert current_slot(schedule.text, change.clock, now) == newest(slots, now), now


@across_changes
@pytest.mark.parametrize("schedule", [QUARTERS, HOURLY], ids=str)
def test_what_follows_real_time_loses_and_doubles_nothing(schedule: Schedule, change: Change) -> None:
    slots = reference(schedule, change)
    for slot in slots:
        if abs(slot - change.moment) <= 3 * HOUR:
            assert current_slot(schedule.text, change.clock, slot) == slot
            assert current_slot(schedule.text, change.clock, slot - SECOND) == newest(slots, slot - SECOND)
            assert current_slot(schedule.text, change.clock, slot + 7 * SECOND) == slot


@pytest.mark.long
@across_changes
@pytest.mark.parametrize("schedule", [*CHEAP, QUARTERS, HOURLY], ids=str)
def test_at_every_minute_of_the_three_days_around_a_change(schedule: Schedule, change: Change) -> None:
    """Of what runs every quarter of an hour, six hours on either side tell as much."""
    slots = reference(schedule, change)
    hours = 6 if schedule is QUARTERS else 36
    for minute in range(-hours * 60, hours * 60):
        now = change.moment + timedelta(minutes=minute)
        assert current_slot(schedule.text, change.clock, now) == newest(slots, now), now


@across_changes
@pytest.mark.parametrize("schedule", [NIGHTLY, IN_THE_GAP, EARLY, MIDNIGHT], ids=str)
def test_every_night_has_one_slot(schedule: Schedule, change: Change) -> None:
    clock = change.clock
    noon = change.moment.astimezone(clock).replace(hour=12)
    days = [noon + timedelta(days=n) for n in range(-4, 5)]
    slots = [slot for day in days if (slot := current_slot(schedule.text, clock, day))]
    assert [slot.astimezone(clock).date() for slot in slots] == [day.date() for day in days]


@pytest.mark.parametrize(
    ("zone", "schedule", "day", "slot"),
    [
        ("Europe/Berlin", "30 2 * * *", "2026-03-29 12:00", "2026-03-29 01:00"),  # moved to 03:00 summer time
        ("Europe/Berlin", "0 2 * * *", "2026-03-29 12:00", "2026-03-29 01:00"),
        ("Europe/Berlin", "0 3 * * *", "2026-03-29 12:00", "2026-03-29 01:00"),
        ("Europe/Berlin", "30 2 * * *", "2026-10-25 12:00", "2026-10-25 00:30"),  # the first of two 02:30
        ("Europe/Berlin", "0 3 * * *", "2026-10-25 12:00", "2026-10-25 02:00"),
        ("America/New_York", "30 2 * * *", "2026-03-08 12:00", "2026-03-08 07:00"),
        ("America/New_York", "30 1 * * *", "2026-11-01 12:00", "2026-11-01 05:30"),
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-04 00:00", "2026-10-03 15:30"),
        ("Australia/Lord_Howe", "45 1 * * *", "2026-04-05 00:00", "2026-04-04 14:45"),
    ],
)
def test_a_time_in_the_gap_moves_behind_it_and_an_autumn_time_comes_once(
    zone: str, schedule: str, day: str, slot: str
) -> None:
    assert current_slot(schedule, ZoneInfo(zone), at(day)) == at(slot)


@across_changes
@pytest.mark.parametrize("schedule", [*CHEAP, HOURLY], ids=str)
def test_the_slots_before_and_after_are_the_neighbours(schedule: Schedule, change: Change) -> None:
    slots = reference(schedule, change)
    for earlier, later in pairwise(slots):
        if abs(later - change.moment) > timedelta(days=32 if schedule is MONTHLY else 2):
            continue
        assert previous_slot(schedule.text, change.clock, later) == earlier
        assert next_slot(schedule.text, change.clock, earlier) == later
        assert next_slot(schedule.text, change.clock, later - SECOND) == later


@pytest.mark.parametrize(
    ("schedule", "now", "current", "previous", "following"),
    [
        ("0 0 29 2 *", "2026-11-24 12:00", "2024-02-29 00:00", "2020-02-29 00:00", "2028-02-29 00:00"),
        ("0 0 29 2 *", "2024-02-29 00:00", "2024-02-29 00:00", "2020-02-29 00:00", "2028-02-29 00:00"),
        ("0 0 29 2 *", "2024-02-28 23:59", "2020-02-29 00:00", "2016-02-29 00:00", "2024-02-29 00:00"),
        ("0 0 29 2 *", "2103-12-31 00:00", "2096-02-29 00:00", "2092-02-29 00:00", "2104-02-29 00:00"),
        ("0 0 31 12 *", "2026-12-30 00:00", "2025-12-31 00:00", "2024-12-31 00:00", "2026-12-31 00:00"),
        ("0 0 31 * *", "2026-07-30 00:00", "2026-05-31 00:00", "2026-03-31 00:00", "2026-07-31 00:00"),
    ],
)
def test_seldom_schedules_find_their_slots(
    schedule: str, now: str, current: str, previous: str, following: str
) -> None:
    zone = ZoneInfo("UTC")
    slot = current_slot(schedule, zone, at(now))
    assert slot == at(current)
    assert previous_slot(schedule, zone, at(current)) == at(previous)
    assert next_slot(schedule, zone, at(now)) == at(following)


def test_a_schedule_without_a_time_in_eight_years_has_no_slot_yet() -> None:
    sunday_29_february = "0 0 29 2 */7"
    assert current_slot(sunday_29_february, ZoneInfo("UTC"), at("2026-11-24 12:00")) is None
    assert next_slot(sunday_29_february, ZoneInfo("UTC"), at("2026-11-24 12:00")) == at("2032-02-29 00:00")


@pytest.mark.parametrize("seconds", [0, 1, 59])
def test_a_slot_is_a_whole_minute_whatever_the_second_of_the_run(seconds: int) -> None:
    now = at("2026-11-24 03:00") + timedelta(seconds=seconds, microseconds=999_999)
    assert current_slot("0 3 * * *", ZoneInfo("UTC"), now) == at("2026-11-24 03:00")


whole_seconds = st.datetimes(datetime(1000, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda time: time.replace(microsecond=0)
)


@given(whole_seconds)
def test_what_is_written_in_a_tag_is_read_back(time: datetime) -> None:
    assert slot_time(slot_text(time)) == time


def test_a_slot_is_written_in_utc() -> None:
    assert slot_text(datetime(2026, 11, 24, 3, 0, tzinfo=ZoneInfo("Europe/Berlin"))) == "2026-11-24T02:00:00Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-24",
        "2026-11-24T03:00:00",
        "2026-11-24T03:00:00+01:00",
        "2026-11-24T03:00:00Z ",
        "2026-02-30T03:00:00Z",
    ],
)
def test_what_is_no_slot_is_no_time(text: str) -> None:
    assert slot_time(text) is None
