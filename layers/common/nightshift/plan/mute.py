"""Who wants to hear nothing for a while, of an instance or of a cluster."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from nightshift.fleet import Tags
from nightshift.plan.tags import MUTE_UNTIL, time_limit


@dataclass(frozen=True, slots=True)
class Mute:
    """until: no message and no remedy till then, UTC. fault: why the tag does not count."""

    until: datetime | None = None
    fault: str = ""


def mute(tags: Tags, zone: ZoneInfo, now: datetime) -> Mute:
    """What nightshift:mute-until says; one that cannot be read mutes nothing, or a typo would hide an outage."""
    value = tags.get(MUTE_UNTIL)
    if value is None:
        return Mute()
    until = time_limit(value, zone)
    if until is None:
        return Mute(fault=f"not muted: {MUTE_UNTIL} is neither a date nor a time: {value!r}")
    return Mute(until) if now < until else Mute()
