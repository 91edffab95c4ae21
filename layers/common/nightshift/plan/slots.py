"""Slots: the moments at which a plan's schedule asks for a backup."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim

from nightshift.durations import FIRST_YEAR, LAST_YEAR

# Far enough for a schedule of every 29 February; short ones first, as most schedules are daily.
_LOOK_BACK = (timedelta(days=2), timedelta(days=35), timedelta(days=370), timedelta(days=8 * 366 + 2))


def current_slot(schedule: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The newest time of a five-field cron schedule in the zone that is not after now, in UTC.

    None where the schedule has had no time in eight years. A time in the spring gap moves behind it and an
    autumn time runs once, as in Debian's cron. Walks forward: cronsim's reverse mode is wrong around the
    changes of summer time.
    """
    return _newest(schedule, zone, now)


def previous_slot(schedule: str, zone: ZoneInfo, slot: datetime) -> datetime | None:
    """The slot before this one, in UTC."""
    return _newest(schedule, zone, slot - timedelta(seconds=1))


def next_slot(schedule: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The first slot after now, in UTC; None where the schedule names a day that never comes."""
    return next((slot for slot in _walk(schedule, zone, now - _LOOK_BACK[0]) if slot > now), None)


def slot_text(slot: datetime) -> str:
    """As it stands in tags: 2026-11-24T03:00:00Z."""
    return slot.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=100_000)
def slot_time(text: str) -> datetime | None:
    """The time that a tag's value names, in UTC; None where it is no time, or one that no calendar can work with."""
    try:
        slot = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return slot if FIRST_YEAR < slot.year < LAST_YEAR else None


def _newest(schedule: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    for look_back in _LOOK_BACK:
        newest = None
        for slot in _walk(schedule, zone, now - look_back):
            if slot > now:
                break
            newest = slot
        if newest:
            return newest
    return None


def _walk(schedule: str, zone: ZoneInfo, start: datetime) -> Iterator[datetime]:
    return (time.astimezone(UTC) for time in _Cron(schedule, start.astimezone(zone)))


class _Cron(CronSim):
    """cronsim walks by whole hours and so, where summer time is half an hour, comes to rest at half past."""

    def advance_hour(self) -> bool:
        moved = super().advance_hour()
        if moved and self.dt.minute:
            self.dt = self.dt.replace(minute=0)
        return moved
