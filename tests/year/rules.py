"""The policy of the simulated year, and what it demands: said a second time, from the references of the unit tests."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

import yaml

from tests.unit.plan import cron_reference, restic_reference

ZONE = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
# At 02:30 a day in spring has no such time, and one in autumn has it twice.
SCHEDULES = {
    "nightly": cron_reference.Schedule("30 2 * * *", (30,), (2,)),
    "often": cron_reference.Schedule("0 */12 * * *", (0,), range(0, 24, 12)),
    "weekly": cron_reference.Schedule("0 4 * * 0", (0,), (4,), weekday=0),
}
KEEP: Mapping[str, Mapping[str, int]] = {
    "nightly": {"last": 2, "daily": 4, "weekly": 2, "monthly": 2},
    "often": {"last": 3, "daily": 2},
    "weekly": {"weekly": 3},
}
# How long the snapshots of a volume that is gone stay after its last one.
GONE_STAYS = timedelta(days=45)
CLEANUP = {"keep_last_of_deleted_volume": f"{GONE_STAYS.days}d"}
TAGGING = {"rules": [{"when": {"name": "web-*"}, "set": {"env": "prod"}}], "propagate": ["Name", "env"]}


@dataclass
class Rules:
    """keep: of each plan that the policy has now."""

    keep: dict[str, dict[str, int]] = field(default_factory=lambda: {name: dict(each) for name, each in KEEP.items()})

    @property
    def text(self) -> str:
        plans = {name: {"schedule": SCHEDULES[name].text, "keep": keep} for name, keep in self.keep.items()}
        policy = {"time_zone": ZONE.key, "backup": {"plans": plans}, "cleanup": CLEANUP, "tagging": TAGGING}
        return yaml.safe_dump(policy)

    def change(self, rng: Random) -> str:
        """People change their mind: other counts, or a plan that goes and comes."""
        if rng.random() < 0.3:
            if "weekly" in self.keep:
                del self.keep["weekly"]
                return "plan weekly leaves the policy"
            self.keep["weekly"] = dict(KEEP["weekly"])
            return "plan weekly comes back"
        name = rng.choice(sorted(self.keep.keys() - {"weekly"}))
        rule = rng.choice(sorted(self.keep[name]))
        self.keep[name][rule] = rng.randint(1, KEEP[name][rule] + 2)
        return f"plan {name} keeps {rule} {self.keep[name][rule]}"

    def slots(self, plan: str, first: datetime, end: datetime) -> list[datetime]:
        """The times of a plan from first on and before end."""
        days = (first.date() + n * DAY for n in range((end.date() - first.date()).days + 1))
        return [time for day in days for time in _times_of(plan, day) if first <= time < end]

    def current(self, plan: str, now: datetime) -> datetime:
        """Its newest time that is not in the future."""
        return self.slots(plan, now - 8 * DAY if plan == "weekly" else now - 2 * DAY, now + timedelta(seconds=1))[-1]

    def kept(self, plan: str, slots: Iterable[datetime], now: datetime) -> set[datetime]:
        """Those of a volume's slots that the plan's rules keep."""
        rules = restic_reference.Rules(self.keep[plan])
        return {slot for slot, why in restic_reference.kept_by(sorted(set(slots)), rules, now, ZONE) if why}


@cache
def _times_of(plan: str, day: date) -> list[datetime]:
    """Of a day in UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return SCHEDULES[plan].times(ZONE, start, start + DAY)


@cache
def slot_time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
