"""Durations as people write them in the policy."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

_CALENDAR = re.compile(r"(?:(\d{1,4})y)?(?:(\d{1,5})m)?(?:(\d{1,6})d)?(?:(\d{1,7})h)?", re.ASCII)
_AGE = re.compile(r"(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?", re.ASCII)

# Python's calendar ends here; within, every time can be converted to every time zone.
FIRST_YEAR, LAST_YEAR = 1, 9999
THE_BEGINNING = datetime(FIRST_YEAR + 1, 1, 1, tzinfo=UTC)
FOR_EVER = datetime(LAST_YEAR, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CalendarDuration:
    """restic's duration, 1y2m3d4h: years, months, days and hours."""

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """ValueError where the text is no such duration."""
        match = _CALENDAR.fullmatch(text)
        if not text or not match:
            raise ValueError("expected years, months, days and hours, as 14d or 1y2m3d4h")
        return cls(*(int(number or 0) for number in match.groups()))

    def before(self, moment: datetime) -> datetime:
        """The moment so much earlier, by the calendar of the moment's own time zone; in UTC.

        Days of a month that it does not have run on into the next, as in Go's AddDate, which restic uses:
        one month before 31 March is 3 March.
        """
        year, month = divmod(moment.year * 12 + moment.month - 1 - self.years * 12 - self.months, 12)
        try:
            first = moment.replace(year=year, month=month + 1, day=1)
            # Arithmetic forgets which of the two hours of the autumn change it was.
            day = (first + timedelta(days=moment.day - 1 - self.days)).replace(fold=moment.fold)
            return day.astimezone(UTC) - timedelta(hours=self.hours)
        except (OverflowError, ValueError):
            return THE_BEGINNING


def parse_age(text: str) -> timedelta:
    """A plain length of time, as 90m, 12h, 400d or 1d12h. ValueError where it is none."""
    match = _AGE.fullmatch(text)
    if not text or not match:
        raise ValueError("expected a length of time, as 90m, 12h or 400d")
    days, hours, minutes = (int(number or 0) for number in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)
