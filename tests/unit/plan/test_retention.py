"""Retention: one row for each of restic's rules and for each of our differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from nightshift.plan.retention import Point, judge
from nightshift.policy import Keep
from tests.builders import a_snapshot, at

NOW = at("2027-06-01 12:00")

type Kept = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Row:
    """slots: in UTC, newest first. kept: of those that stay, why; all others go."""

    name: str
    keep: Keep
    slots: Sequence[str]
    kept: Kept
    zone: str = "UTC"
    now: datetime = NOW


RULES = [
    Row(
        "last counts every slot, also several of one day",
        Keep(last=2),
        ["2026-11-24 12:00", "2026-11-24 03:00", "2026-11-23 03:00"],
        {"2026-11-24 12:00": ["last 1 of 2"], "2026-11-24 03:00": ["last 2 of 2"]},
    ),
    Row(
        "last keeps what there is when that is less",
        Keep(last=3),
        ["2026-11-24 03:00"],
        {"2026-11-24 03:00": ["last 1 of 3"]},
    ),
    Row(
        "hourly keeps the newest of each hour",
        Keep(hourly=2),
        ["2026-11-24 03:45", "2026-11-24 03:15", "2026-11-24 01:30", "2026-11-24 00:30"],
        {"2026-11-24 03:45": ["hourly 2026-11-24T03Z"], "2026-11-24 01:30": ["hourly 2026-11-24T01Z"]},
    ),
    Row(
        "daily keeps the newest of each day, and days without snapshots cost nothing",
        Keep(daily=2),
        ["2026-11-24 12:00", "2026-11-24 03:00", "2026-09-01 03:00", "2026-08-31 03:00"],
        {"2026-11-24 12:00": ["daily 2026-11-24"], "2026-09-01 03:00": ["daily 2026-09-01"]},
    ),
    Row(
        "weeks are ISO weeks: they begin on Monday",
        Keep(weekly=2),
        ["2026-11-23 03:00", "2026-11-22 03:00", "2026-11-16 03:00"],
        {"2026-11-23 03:00": ["weekly 2026-W48"], "2026-11-22 03:00": ["weekly 2026-W47"]},
    ),
    Row(
        "week 53 goes over the end of the year as one week",
        Keep(weekly=2),
        ["2027-01-04 03:00", "2027-01-01 03:00", "2026-12-31 03:00", "2026-12-28 03:00"],
        {"2027-01-04 03:00": ["weekly 2027-W01"], "2027-01-01 03:00": ["weekly 2026-W53"]},
    ),
    Row(
        "days of December may be in the first week of the next year",
        Keep(weekly=2),
        ["2025-01-05 03:00", "2024-12-30 03:00", "2024-12-29 03:00"],
        {"2025-01-05 03:00": ["weekly 2025-W01"], "2024-12-29 03:00": ["weekly 2024-W52"]},
    ),
    Row(
        "the same week number of two years is two weeks",
        Keep(weekly=2),
        ["2026-01-05 03:00", "2025-01-06 03:00", "2024-01-08 03:00"],
        {"2026-01-05 03:00": ["weekly 2026-W02"], "2025-01-06 03:00": ["weekly 2025-W02"]},
    ),
    Row(
        "monthly keeps the newest of each month, of any year",
        Keep(monthly=3),
        ["2026-11-24 03:00", "2026-11-01 03:00", "2026-10-31 03:00", "2025-10-31 03:00", "2025-10-01 03:00"],
        {
            "2026-11-24 03:00": ["monthly 2026-11"],
            "2026-10-31 03:00": ["monthly 2026-10"],
            "2025-10-31 03:00": ["monthly 2025-10"],
        },
    ),
    Row(
        "yearly keeps the newest of each year",
        Keep(yearly=2),
        ["2026-01-01 00:00", "2025-12-31 23:59", "2025-01-01 00:00", "2024-12-31 00:00"],
        {"2026-01-01 00:00": ["yearly 2026"], "2025-12-31 23:59": ["yearly 2025"]},
    ),
    Row(
        "rules are ORed, and every reason is told",
        Keep(last=1, daily=2, monthly=2),
        ["2026-11-24 03:00", "2026-11-23 03:00", "2026-11-22 03:00", "2026-10-31 03:00"],
        {
            "2026-11-24 03:00": ["last 1 of 1", "daily 2026-11-24", "monthly 2026-11"],
            "2026-11-23 03:00": ["daily 2026-11-23"],
            "2026-10-31 03:00": ["monthly 2026-10"],
        },
    ),
    Row(
        "the oldest stays while a rule has count left, though its period is served",
        Keep(daily=2),
        ["2026-11-24 12:00", "2026-11-24 06:00", "2026-11-24 03:00"],
        {"2026-11-24 12:00": ["daily 2026-11-24"], "2026-11-24 03:00": ["oldest, daily not full"]},
    ),
    Row(
        "the oldest goes when the count is used up",
        Keep(daily=1),
        ["2026-11-24 12:00", "2026-11-24 03:00"],
        {"2026-11-24 12:00": ["daily 2026-11-24"]},
    ),
    Row(
        "each rule with count left keeps the oldest for itself",
        Keep(daily=1, monthly=3, yearly=-1),
        ["2026-11-24 12:00", "2026-11-24 06:00", "2026-11-24 03:00"],
        {
            "2026-11-24 12:00": ["daily 2026-11-24", "monthly 2026-11", "yearly 2026"],
            "2026-11-24 03:00": ["oldest, monthly not full", "oldest, yearly not full"],
        },
    ),
    Row(
        "-1 keeps the newest of every period, not all",
        Keep(daily=-1),
        ["2026-11-24 12:00", "2026-11-24 03:00", "2026-11-23 12:00", "2026-11-23 03:00", "2026-11-22 03:00"],
        {
            "2026-11-24 12:00": ["daily 2026-11-24"],
            "2026-11-23 12:00": ["daily 2026-11-23"],
            "2026-11-22 03:00": ["daily 2026-11-22"],
        },
    ),
    Row(
        "last -1 keeps all",
        Keep(last=-1),
        ["2026-11-24 12:00", "2026-11-24 03:00"],
        {"2026-11-24 12:00": ["last"], "2026-11-24 03:00": ["last"]},
    ),
]

WITHIN = [
    Row(
        "exactly so old is no longer within",
        Keep(within="1d"),
        ["2026-11-24 03:00", "2026-11-23 03:01", "2026-11-23 03:00"],
        {"2026-11-24 03:00": ["within 1d"], "2026-11-23 03:01": ["within 1d"]},
    ),
    Row(
        "within counts from the newest, not from now: a stopped backup loses nothing",
        Keep(within="2d"),
        ["2020-01-02 03:00", "2020-01-01 03:00"],
        {"2020-01-02 03:00": ["within 2d"], "2020-01-01 03:00": ["within 2d"]},
    ),
    Row(
        "a month before 31 March is 3 March: days run on, as in Go's AddDate",
        Keep(within="1m"),
        ["2026-03-31 03:00", "2026-03-03 03:01", "2026-03-03 03:00", "2026-03-01 03:00"],
        {"2026-03-31 03:00": ["within 1m"], "2026-03-03 03:01": ["within 1m"]},
    ),
    Row(
        "a year before 29 February is 1 March",
        Keep(within="1y"),
        ["2024-02-29 03:00", "2023-03-01 03:01", "2023-03-01 03:00"],
        {"2024-02-29 03:00": ["within 1y"], "2023-03-01 03:01": ["within 1y"]},
    ),
    Row(
        "years, months, days and hours add up",
        Keep(within="1y2m3d4h"),
        ["2026-11-24 04:00", "2025-09-21 00:01", "2025-09-21 00:00"],
        {"2026-11-24 04:00": ["within 1y2m3d4h"], "2025-09-21 00:01": ["within 1y2m3d4h"]},
    ),
    Row(
        "longer than the calendar keeps all",
        Keep(within="9999y"),
        ["2026-11-24 03:00", "1970-01-01 00:00"],
        {"2026-11-24 03:00": ["within 9999y"], "1970-01-01 00:00": ["within 9999y"]},
    ),
    Row(
        "a slot in the future is no measure, and stays",
        Keep(within="2d"),
        ["2026-12-30 03:00", "2026-11-24 03:00", "2026-11-23 03:00", "2026-11-22 03:00"],
        {"2026-12-30 03:00": ["within 2d"], "2026-11-24 03:00": ["within 2d"], "2026-11-23 03:00": ["within 2d"]},
        now=at("2026-11-24 12:00"),
    ),
    Row(
        "all in the future stay",
        Keep(within="1h"),
        ["2026-12-30 03:00", "2026-11-25 03:00"],
        {"2026-12-30 03:00": ["within 1h"], "2026-11-25 03:00": ["within 1h"]},
        now=at("2026-11-24 12:00"),
    ),
    Row(
        "zero is no rule: the other rules decide",
        Keep(last=1, within="0d"),
        ["2026-11-24 03:00", "2026-11-23 03:00"],
        {"2026-11-24 03:00": ["last 1 of 1"]},
    ),
]

ZONES = [
    Row(
        "the day is the policy's: 23:30 UTC is tomorrow in Berlin",
        Keep(daily=1),
        ["2026-11-24 03:00", "2026-11-23 23:30", "2026-11-23 22:30"],
        {"2026-11-24 03:00": ["daily 2026-11-24"]},
        zone="Europe/Berlin",
    ),
    Row(
        "the year is the policy's: New Year's Eve in New York lasts till 5 in the morning UTC",
        Keep(yearly=2, last=1),
        ["2027-01-01 05:00", "2027-01-01 04:59", "2026-12-31 05:00"],
        {"2027-01-01 05:00": ["last 1 of 1", "yearly 2027"], "2027-01-01 04:59": ["yearly 2026"]},
        zone="America/New_York",
    ),
    Row(
        "the week is the policy's",
        Keep(weekly=2),
        ["2026-11-22 14:00", "2026-11-22 13:00", "2026-11-22 12:59"],
        {"2026-11-22 14:00": ["weekly 2026-W48"], "2026-11-22 12:59": ["oldest, weekly not full"]},
        zone="Pacific/Tongatapu",
    ),
    Row(
        "the two hours of the autumn change are two",
        Keep(hourly=2),
        ["2026-10-25 01:30", "2026-10-25 00:30", "2026-10-24 23:30"],
        {"2026-10-25 01:30": ["hourly 2026-10-25T01Z"], "2026-10-25 00:30": ["hourly 2026-10-25T00Z"]},
        zone="Europe/Berlin",
    ),
    Row(
        "a day of within is one of the calendar: noon to noon over the spring change",
        Keep(within="1d"),
        ["2026-03-29 10:00", "2026-03-28 11:01", "2026-03-28 11:00"],
        {"2026-03-29 10:00": ["within 1d"], "2026-03-28 11:01": ["within 1d"]},
        zone="Europe/Berlin",
    ),
    Row(
        "24 hours of within are real ones",
        Keep(within="24h"),
        ["2026-03-29 10:00", "2026-03-28 10:01", "2026-03-28 10:00"],
        {"2026-03-29 10:00": ["within 24h"], "2026-03-28 10:01": ["within 24h"]},
        zone="Europe/Berlin",
    ),
    Row(
        "an hour of within counts from the second 02:30 of the autumn change, where that is the newest",
        Keep(within="1h"),
        ["2026-10-25 01:30", "2026-10-25 00:31", "2026-10-25 00:30", "2026-10-25 00:00"],
        {"2026-10-25 01:30": ["within 1h"], "2026-10-25 00:31": ["within 1h"]},
        zone="Europe/Berlin",
    ),
]


@pytest.mark.parametrize("row", [*RULES, *WITHIN, *ZONES], ids=lambda row: row.name)
def test_what_stays_and_why(row: Row) -> None:
    points = [Point(a_snapshot(text, at(text)), at(text)) for text in row.slots]
    verdicts = judge(points, row.keep, ZoneInfo(row.zone), row.now)
    assert {id_: list(verdict.kept_by) for id_, verdict in verdicts.items() if verdict.kept_by} == row.kept
    assert verdicts.keys() == set(row.slots)
    for verdict in verdicts.values():
        assert bool(verdict.kept_by) != bool(verdict.goes_because)
