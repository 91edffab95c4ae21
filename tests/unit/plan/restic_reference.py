"""restic's forget, written a second time from its rules: slow, one rule after the other, sharing no code with ours.

It looks at all snapshots once for each rule, where restic and Nightshift go once over them with all rules. Of
Nightshift's differences it knows one, the calendar's time zone; hours are those of UTC.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo


@dataclass(frozen=True)
class Rules:
    """counts: by the names of restic's options. within: years, months, days, hours."""

    counts: Mapping[str, int]
    within: tuple[int, int, int, int] = (0, 0, 0, 0)


_PERIODS: Mapping[str, Callable[[datetime], object]] = {
    "daily": lambda local: (local.year, local.month, local.day),
    "weekly": lambda local: (local.isocalendar().year, local.isocalendar().week),
    "monthly": lambda local: (local.year, local.month),
    "yearly": lambda local: local.year,
}


def kept_by(
    times: Sequence[datetime], rules: Rules, now: datetime, zone: tzinfo = UTC
) -> list[tuple[datetime, set[str]]]:
    """Each time, newest first, and the rules that keep it. Equal times stand in their order of input."""
    newest_first = sorted(times, reverse=True)
    reasons: list[set[str]] = [set() for _ in newest_first]
    for rule, count in rules.counts.items():
        for place in _kept_by_count(newest_first, rule, count, zone):
            reasons[place].add(rule)
    for place in _kept_within(newest_first, rules.within, now, zone):
        reasons[place].add("within")
    return list(zip(newest_first, reasons, strict=True))


def _kept_by_count(newest_first: Sequence[datetime], rule: str, count: int, zone: tzinfo) -> set[int]:
    if count == 0 or not newest_first:
        return set()
    newest_of_period: dict[object, int] = {}
    for place, time in enumerate(newest_first):
        newest_of_period.setdefault(_period(rule, place, time, zone), place)
    opened = list(newest_of_period.values())
    kept = opened if count == -1 else opened[:count]
    has_count_left = count == -1 or len(opened) < count
    return {*kept, len(newest_first) - 1} if has_count_left else set(kept)


def _period(rule: str, place: int, time: datetime, zone: tzinfo) -> object:
    if rule == "last":
        return place
    if rule == "hourly":
        return time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return _PERIODS[rule](time.astimezone(zone))


def _kept_within(
    newest_first: Sequence[datetime], within: tuple[int, int, int, int], now: datetime, zone: tzinfo
) -> set[int]:
    if not any(within):
        return set()
    past = [time for time in newest_first if time <= now]
    if not past:
        return set(range(len(newest_first)))
    limit = _add_date(past[0].astimezone(zone), within)
    return {place for place, time in enumerate(newest_first) if limit is None or time > limit}


def _add_date(moment: datetime, within: tuple[int, int, int, int]) -> datetime | None:
    """Go's AddDate of the negative duration: the day of the month runs on. None: before the calendar begins."""
    years, months, days, hours = within
    if not (years or months or days):
        return moment.astimezone(UTC) - timedelta(hours=hours)
    year, month = moment.year - years, moment.month - months
    while month < 1:
        year, month = year - 1, month + 12
    if year < 1:
        return None
    ordinal = date(year, month, 1).toordinal() + moment.day - 1 - days
    if ordinal < 3:
        return None
    local = datetime.combine(date.fromordinal(ordinal), moment.timetz().replace(fold=0))
    return local.astimezone(UTC) - timedelta(hours=hours)
