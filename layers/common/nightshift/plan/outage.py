"""Outage: where so many instances of an availability zone are impaired at once that the zone is ill, not they.

A reboot mends nothing then, and what is stopped may find no capacity to start again.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nightshift.fleet import Instance
from nightshift.plan.health import Health

# So many impaired instances are no outage, however small the zone: a percentage says nothing about a few.
NO_OUTAGE = 3


@dataclass(frozen=True, slots=True)
class Zone:
    """An availability zone: how many of its instances AWS reports a status for, and how many of these are impaired."""

    name: str
    checked: int
    impaired: int

    def outage(self, max_impaired_percent: int) -> str:
        """Why it looks like an outage, with the numbers; empty: it does not."""
        if self.impaired <= NO_OUTAGE or self.impaired * 100 <= max_impaired_percent * self.checked:
            return ""
        return (
            f"{self.impaired} of {self.checked} instances in {self.name} are impaired: more than "
            f"{max_impaired_percent} %, so this looks like an outage of the zone; no remedy until it is less"
        )


def outages(instances: Iterable[Instance], health: Mapping[str, Health], max_impaired_percent: int) -> dict[str, str]:
    """By zone, why it looks like an outage; zones that do not are missing.

    instances: all of the region, whatever the request's scope. health: by instance.
    """
    told: dict[str, list[Health]] = defaultdict(list)
    for instance in instances:
        if instance.id in health and not health[instance.id].told_nothing:
            told[instance.zone].append(health[instance.id])
    zones = (Zone(name, len(of_zone), sum(bool(each.failing) for each in of_zone)) for name, of_zone in told.items())
    return {zone.name: words for zone in zones if (words := zone.outage(max_impaired_percent))}
