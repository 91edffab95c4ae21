"""Retention: which snapshots of one volume a plan's keep rules keep, and why.

The semantics of restic's forget (internal/data/snapshot_policy.go), as a table of rules and one loop. Ours differ
where a fleet needs it: the time of a snapshot is its slot, in the policy's time zone; only completed snapshots are
given to it; of several snapshots of one slot the earliest counts and the later ones go.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from nightshift.durations import THE_BEGINNING
from nightshift.fleet import Snapshot
from nightshift.plan.tags import slots_of
from nightshift.policy import Keep

KEEPS_ALL = "the plan has no keep rules, so all stay"


@dataclass(frozen=True, slots=True)
class Point:
    """One restore point of a volume: a snapshot and the slot by which a plan counts it (UTC)."""

    snapshot: Snapshot
    slot: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a plan keeps a snapshot, all reasons; where it keeps it by none, why it goes."""

    kept_by: tuple[str, ...]
    goes_because: str = ""


def _hour(slot: datetime, _: datetime) -> str:
    """In UTC, or two hours of the autumn change would be one."""
    return slot.strftime("%Y-%m-%dT%HZ")


def _week(_: datetime, local: datetime) -> str:
    year, week, _weekday = local.isocalendar()
    return f"{year}-W{week:02}"


# The period that a rule keeps one snapshot of, by the slot in UTC and in the policy's time zone.
_RULES: Mapping[str, Callable[[datetime, datetime], str]] = {
    "last": lambda slot, _: slot.isoformat(),
    "hourly": _hour,
    "daily": lambda _, local: local.strftime("%Y-%m-%d"),
    "weekly": _week,
    "monthly": lambda _, local: local.strftime("%Y-%m"),
    "yearly": lambda _, local: local.strftime("%Y"),
}


class _Bucket:
    """One rule on its way from the newest snapshot to the oldest, with the count that it has left."""

    def __init__(self, name: str, count: int) -> None:
        self._name, self._count, self._left, self._last_period = name, count, count, ""

    def reason(self, slot: datetime, local: datetime, oldest: bool) -> str | None:
        """Why the rule keeps the snapshot: the newest of a period, or the oldest while there is count left."""
        period = _RULES[self._name](slot, local)
        new = period != self._last_period
        if self._left == 0 or not (new or oldest):
            return None
        self._last_period = period
        self._left -= self._left > 0
        if not new:
            return f"oldest, {self._name} not full"
        if self._name == "last":
            return "last" if self._count < 0 else f"last {self._count - self._left} of {self._count}"
        return f"{self._name} {period}"


def judge(points: Iterable[Point], keep: Keep, zone: ZoneInfo, now: datetime) -> dict[str, Verdict]:
    """The verdict on each completed snapshot of one volume, by snapshot id.

    points: the plan's restore points of the volume, in any order. now: later slots are no measure for within.
    """
    newest_first = sorted(points, key=lambda point: (point.slot, point.snapshot.id), reverse=True)
    if keep.empty:
        return {point.snapshot.id: Verdict((KEEPS_ALL,)) for point in newest_first}
    firsts, verdicts = _without_duplicates(newest_first)
    after = _within_limit(firsts, keep, zone, now)
    buckets = [_Bucket(name, count) for name in _RULES if (count := getattr(keep, name))]
    for point in firsts:
        oldest, local = point is firsts[-1], point.slot.astimezone(zone)
        reasons = [reason for bucket in buckets if (reason := bucket.reason(point.slot, local, oldest))]
        if after is not None and point.slot > after:
            reasons.insert(0, f"within {keep.within}")
        verdicts[point.snapshot.id] = Verdict(tuple(reasons), "" if reasons else "no rule keeps it")
    return verdicts


def points_of(plan: str, snapshots: Sequence[Snapshot]) -> list[Point]:
    """The restore points of a plan among the snapshots of one volume: the completed ones that serve it."""
    completed = [snapshot for snapshot in snapshots if snapshot.state == "completed"]
    return [Point(snapshot, slots[plan]) for snapshot in completed if plan in (slots := slots_of(snapshot))]


def _without_duplicates(newest_first: Sequence[Point]) -> tuple[list[Point], dict[str, Verdict]]:
    """One point a slot, the one that started first, and the verdict on the others."""
    first: dict[datetime, Point] = {}
    for point in newest_first:
        held = first.get(point.slot)
        if held is None or _started(point) < _started(held):
            first[point.slot] = point
    duplicates = [point for point in newest_first if first[point.slot] is not point]
    verdicts = {
        point.snapshot.id: Verdict((), f"{first[point.slot].snapshot.id} is of the same slot and older")
        for point in duplicates
    }
    return list(first.values()), verdicts


def _started(point: Point) -> tuple[datetime, str]:
    return point.snapshot.started, point.snapshot.id


def _within_limit(points: Sequence[Point], keep: Keep, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Later than this is within: counted from the newest slot that is not in the future; None: no such rule."""
    if keep.within_duration is None:
        return None
    latest = max((point.slot for point in points if point.slot <= now), default=None)
    return keep.within_duration.before(latest.astimezone(zone)) if latest else THE_BEGINNING
