"""The world around the embedded AWS: what time it is, how slow and how broken AWS is today.

One `world` for the process, read by every correction. Tests and simulations set it, `reset()` makes it normal
again. Nothing here knows moto.
"""

from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

Check = Literal["system", "instance", "ebs"]
CHECKS: tuple[Check, ...] = ("system", "instance", "ebs")


class Clock:
    """Real UTC time until it is set; from then on it stands still and moves only by `advance`."""

    def __init__(self) -> None:
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        return self._frozen or datetime.now(UTC)

    def set(self, moment: datetime) -> None:
        if moment.tzinfo is None:
            raise ValueError(f"the clock needs a time zone: {moment!r}")
        self._frozen = moment.astimezone(UTC)

    def advance(self, **duration: float) -> None:
        """`advance(hours=3)`: the keywords are timedelta's."""
        self._frozen = self.now() + timedelta(**duration)

    def release(self) -> None:
        self._frozen = None


@dataclass
class Limits:
    """AWS's limits on snapshots, with AWS's numbers (docs/aws.md, Snapshot limits)."""

    enabled: bool = True
    seconds_between_snapshots_of_a_volume: float = 15
    concurrent_per_volume: int = 5
    concurrent_per_hdd_volume: int = 1
    pending_per_account: int = 100
    snapshots_per_region: int = 100_000


@dataclass(frozen=True)
class CheckState:
    """What one status check of an instance says: ok, impaired, initializing, insufficient-data, not-applicable."""

    status: str
    since: datetime | None = None


@dataclass(frozen=True)
class Message:
    """A message that was published to an SNS topic."""

    topic: str
    subject: str | None
    text: str
    attributes: dict[str, Any]


@dataclass
class World:
    clock: Clock = field(default_factory=Clock)
    # How long a snapshot stays pending. With 0 the creating answer says pending, the next describe completed.
    snapshot_seconds: float = 0
    # Eventual consistency: how long a new snapshot is missing from describes.
    visibility_seconds: float = 0
    # Snapshots of these volumes end in `error`.
    failing_volumes: set[str] = field(default_factory=set)
    # How long the replacement of a root volume takes, and how it ends.
    root_task_seconds: float = 2
    root_task_end: Literal["succeeded", "failed", "failed-detached"] = "succeeded"
    # How long a NAT gateway is pending, and deleting. With 0 the answer says so, and the next describe is past it.
    nat_gateway_seconds: float = 0
    # NAT gateways in these subnets end in `failed`.
    failing_subnets: set[str] = field(default_factory=set)
    limits: Limits = field(default_factory=Limits)
    checks: dict[tuple[str, Check], CheckState] = field(default_factory=dict)
    # Scheduled events of an instance, as DescribeInstanceStatus shows them (Code, Description, NotBefore, ...).
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)

    def now(self) -> datetime:
        return self.clock.now()

    def impair(self, instance_id: str, check: Check = "instance", since: datetime | None = None) -> None:
        """From now on (or since then) this status check of the instance fails."""
        self.set_check(instance_id, check, "impaired", since or self.now())

    def set_check(self, instance_id: str, check: Check, status: str, since: datetime | None = None) -> None:
        if check not in CHECKS:
            raise ValueError(f"no status check is called {check!r}: {CHECKS}")
        self.checks[instance_id, check] = CheckState(status, since)

    def recover(self, instance_id: str) -> None:
        for check in CHECKS:
            self.checks.pop((instance_id, check), None)

    def reset(self) -> None:
        fresh = World()
        for each in fields(self):
            setattr(self, each.name, getattr(fresh, each.name))


world = World()
