"""What tests of backup and cleanup set up: machines, what was saved of them, and AWS's bad days."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from local import seed
from local.seed import Disk
from local.wire import Answer, Fault
from local.world import world
from tests.support import NOW

NIGHTLY = {"Backup": "nightly"}
ROOT = Disk("/dev/sda1")
READS = ("Describe", "Get", "List")

# The default plan's slots at NOW, the newest first.
SLOT = datetime(2026, 11, 24, 3, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1000)

# The answer to a call that took effect: the connection is cut, half of it arrives, or AWS says that it broke.
LOST = Answer(after=True, drop=True)
CUT = Answer(body=b"<CreateSnapshotsResponse><snapsh", after=True)
BROKEN = Fault("InternalError", "An internal error has occurred", 500, after=True)

DENIED = Fault("UnauthorizedOperation", "You are not authorized: explicit deny in a service control policy", 403)
THROTTLE = Fault("RequestLimitExceeded", "Request limit exceeded.", 503)

LISTS = {
    "DescribeInstances": "reservationSet",
    "DescribeVolumes": "volumeSet",
    "DescribeSnapshots": "snapshotSet",
    "DescribeInstanceStatus": "instanceStatusSet",
}


def empty(action: str, token: str = "") -> Answer:
    """A valid page with nothing in it, with a token where others follow."""
    more = f"<nextToken>{token}</nextToken>" if token else ""
    return Answer(body=f"<{action}Response><{LISTS[action]}/>{more}</{action}Response>".encode())


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """What is made inside was made then."""
    before = world.now()
    world.clock.set(moment)
    yield
    world.clock.set(before)


def machine(backend: Any, tags: Mapping[str, str] = NIGHTLY, disks: Sequence[Disk] = (ROOT,), **kind: Any) -> Any:
    """An instance that has been there for years."""
    with at(LONG_AGO):
        return seed.instance(backend, tags, disks, **kind)


def data_disks(count: int, **kind: Any) -> list[Disk]:
    """/dev/sdfa, /dev/sdfb, ...: as many data volumes as need be."""
    return [Disk(f"/dev/sd{chr(ord('f') + n // 26)}{chr(ord('a') + n % 26)}", 10, **kind) for n in range(count)]


def lone_volume(backend: Any, tags: Mapping[str, str] = NIGHTLY, **kind: Any) -> Any:
    """A volume that is attached to nothing and has been there for years."""
    with at(LONG_AGO):
        return seed.volume(backend, Disk("", 10, tags=tags), **kind)


def volume_ids(an_instance: Any) -> list[str]:
    """In the order of the devices."""
    return [block.volume_id for _, block in sorted(an_instance.block_device_mapping.items())]


def disk_of(backend: Any, an_instance: Any, number: int = 0) -> Any:
    return backend.volumes[volume_ids(an_instance)[number]]


def slot_text(slot: datetime) -> str:
    return f"{slot:%Y-%m-%dT%H:%M:%SZ}"


def saved(
    backend: Any,
    volume: Any,
    slot: datetime,
    *plans: str,
    instance: Any = None,
    tags: Mapping[str, str] | None = None,
    **kind: Any,
) -> Any:
    """A snapshot that backup made, at a slot of these plans (nightly)."""
    ours = {"nightshift:stack": "nightshift"}
    ours |= {f"nightshift:slot/{plan}": slot_text(slot) for plan in plans or ("nightly",)}
    ours |= {"nightshift:instance": instance.id} if instance else {}
    return seed.snapshot(backend, volume, slot + timedelta(seconds=40), {**ours, **(tags or {})}, **kind)


def nights(backend: Any, volume: Any, count: int, newest: datetime = SLOT, **kind: Any) -> list[Any]:
    """One snapshot of each of the last nights, the newest first."""
    return [saved(backend, volume, newest - timedelta(days=ago), **kind) for ago in range(count)]


def snapshots(ec2: Any) -> list[dict[str, Any]]:
    """All that the account has now."""
    answers = ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"], PaginationConfig={"PageSize": 1000})
    return [snapshot for page in answers for snapshot in page["Snapshots"]]


def snapshot_ids(ec2: Any) -> set[str]:
    return {snapshot["SnapshotId"] for snapshot in snapshots(ec2)}


def tags_of(described: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}


def saved_volumes(ec2: Any) -> list[str]:
    """The volume of each snapshot: a volume that was saved twice stands here twice."""
    return sorted(snapshot["VolumeId"] for snapshot in snapshots(ec2))


def counts(outcome: Mapping[str, Any]) -> dict[str, int]:
    """The counts that are not zero."""
    names = ("planned", "done", "skipped", "failed", "remaining")
    return {name: outcome[name] for name in names if outcome[name]}


def changes(requests: Sequence[tuple[str, str]]) -> list[str]:
    """The actions among the requests that are no reads."""
    return [action for _, action in requests if not action.startswith(READS)]


@dataclass
class Trouble:
    """A hook: AWS answers this action so, so many times; only for calls with this value in a parameter."""

    action: str
    answer: Answer | Fault
    times: int = 1
    of: str | None = None
    met: int = 0

    def __call__(self, service: str, action: str, params: Mapping[str, Any]) -> Answer | Fault | None:
        meant = action == self.action and (self.of is None or self.of in params.values())
        if not meant or self.met >= self.times:
            return None
        self.met += 1
        return self.answer


class Listener:
    """A hook that only writes down the parameters of an action."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.heard: list[Mapping[str, Any]] = []

    def __call__(self, service: str, action: str, params: Mapping[str, Any]) -> None:
        if action == self.action:
            self.heard.append(params)
