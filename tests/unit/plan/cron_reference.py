"""The times of simple cron schedules, written a second time: slow, minute by minute, sharing no code with ours.

Debian's cron: a schedule whose minute or hour begins with a star follows real time; any other has its times on the
wall clock, where a time in the spring gap moves behind it and an autumn time runs once, at its first coming.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Schedule:
    """weekday: 0 is Sunday, as in cron."""

    text: str
    minutes: tuple[int, ...] | range
    hours: tuple[int, ...] | range = range(24)
    day: int | None = None
    weekday: int | None = None
    month: int | None = None

    def __str__(self) -> str:
        return self.text

    @property
    def follows_real_time(self) -> bool:
        minute, hour, *_ = self.text.split()
        return minute.startswith("*") or hour.startswith("*")

    def has_day(self, day: date) -> bool:
        return (
            self.day in (None, day.day)
            and self.month in (None, day.month)
            and self.weekday in (None, day.isoweekday() % 7)
        )

    def times(self, zone: ZoneInfo, first: datetime, end: datetime) -> list[datetime]:
        """All times from first on and before end, in UTC."""
        times = self._real(zone, first, end) if self.follows_real_time else self._wall(zone, first, end)
        return [time for time in times if first <= time < end]

    def _real(self, zone: ZoneInfo, first: datetime, end: datetime) -> list[datetime]:
        minutes = [first + n * MINUTE for n in range(int((end - first) / MINUTE))]
        return [minute for minute in minutes if self._has(minute.astimezone(zone))]

    def _has(self, local: datetime) -> bool:
        return local.minute in self.minutes and local.hour in self.hours and self.has_day(local.date())

    def _wall(self, zone: ZoneInfo, first: datetime, end: datetime) -> list[datetime]:
        days = [first.date() + n * DAY for n in range(-2, (end - first).days + 3)]
        walls = [
            datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - what the wall clock shows
            for day in days
            if self.has_day(day)
            for hour in self.hours
            for minute in self.minutes
        ]
        return sorted({_shown(wall, zone) for wall in walls})


def _shown(wall: datetime, zone: ZoneInfo) -> datetime:
    """When a clock in the zone shows this first, or has gone past it without showing it."""
    instant = wall.replace(tzinfo=UTC) - 15 * 60 * MINUTE
    while instant.astimezone(zone).replace(tzinfo=None) < wall:
        instant += MINUTE
    return instant
