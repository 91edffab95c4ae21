"""A demo fleet in the states that real fleets have, with two years of nightly snapshots behind it.

The same for the same `now`: ids come from moto's own generator, which is seeded here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from moto.moto_api._internal import mock_random

from local import history, seed
from local.seed import Disk
from local.world import Check, world

ROOT = Disk("/dev/sda1", 20)
DATA = Disk("/dev/sdf", 100, delete_on_termination=False)
NIGHTLY = {"Backup": "nightly"}
IGNORE = {"Backup": "ignore"}


@dataclass(frozen=True)
class Machine:
    name: str
    tags: Mapping[str, str] = field(default_factory=dict)
    disks: tuple[Disk, ...] = (ROOT,)
    type: str = "t3.medium"
    zone: str = "a"
    state: str = "running"


def _named(name: str, env: str = "prod", owner: str = "platform", **tags: str) -> dict[str, str]:
    return {"Name": name, "env": env, "owner": owner, **tags}


def _tagged(disk: Disk, **tags: str) -> Disk:
    return Disk(
        disk.device,
        disk.size_gib,
        disk.type,
        disk.iops,
        disk.throughput,
        disk.delete_on_termination,
        disk.encrypted,
        disk.multi_attach,
        {**disk.tags, **tags},
    )


def _group(prefix: str, count: int, *, env: str = "prod", disks: tuple[Disk, ...] = (ROOT,)) -> list[Machine]:
    return [
        Machine(f"{prefix}-{n}", _named(f"{prefix}-{n}", env, **NIGHTLY), disks, zone="abc"[n % 3])
        for n in range(1, count + 1)
    ]


MACHINES = (
    *_group("web", 8),
    *_group("app", 6, disks=(ROOT, DATA)),
    *_group("staging", 4, env="staging"),
    Machine(
        "db-1",
        _named("db-1", owner="data", **NIGHTLY),
        (
            ROOT,
            Disk("/dev/sdf", 500, "io2", 8000, delete_on_termination=False, encrypted=True),
            Disk("/dev/sdg", 200, "gp3", 6000, 500, delete_on_termination=False, encrypted=True),
            _tagged(Disk("/dev/sdh", 1000, "st1", delete_on_termination=False), **IGNORE, Name="db-1-scratch"),
        ),
        type="r6i.2xlarge",
    ),
    Machine("db-2", _named("db-2", owner="data", **NIGHTLY), (ROOT, DATA), type="r6i.2xlarge", zone="b"),
    Machine("archive", _named("archive", **NIGHTLY), (ROOT, Disk("/dev/sdf", 2000, "sc1"))),
    Machine("legacy", _named("legacy", **NIGHTLY), (Disk("/dev/sda1", 30, "gp2"), Disk("/dev/sdb", 50, "standard"))),
    Machine("held", _named("held", **NIGHTLY, **{"nightshift:hold-until": "2099-12-31"})),
    Machine("stopped-report", _named("stopped-report", **NIGHTLY), state="stopped"),
    Machine("stopped-old", _named("stopped-old", "dev", **NIGHTLY), state="stopped"),
    Machine("gone", _named("gone", **NIGHTLY), state="terminated"),
    Machine("typo", _named("typo", Backup="nigthly")),
    Machine("yes-please", _named("yes-please", Backup="yes")),
    Machine("scratch", _named("scratch", "dev", **IGNORE)),
    Machine("build-runner", _named("build-runner", "dev", **IGNORE), (ROOT, DATA)),
    Machine("nobodys-1"),
    Machine("nobodys-2", {"Name": "nobodys-2"}, (ROOT, DATA)),
    Machine("no-owner", {"Name": "no-owner", "env": "prod", **NIGHTLY}),
    Machine("cluster-1", _named("cluster-1", owner="data", **NIGHTLY), type="r6i.large"),
    Machine("cluster-2", _named("cluster-2", owner="data", **NIGHTLY), type="r6i.large"),
    Machine("golden", _named("golden", **NIGHTLY)),
    Machine("retired", _named("retired", **NIGHTLY)),
    Machine("failing-host", _named("failing-host", **NIGHTLY, **{"nightshift:remedy": "stop-start"})),
    Machine("frozen-os", _named("frozen-os", **NIGHTLY, **{"nightshift:remedy": "reboot"})),
    Machine("stuck-disk", _named("stuck-disk", **NIGHTLY), (ROOT, DATA)),
)
# Of these the snapshots of every night are still there.
WITH_HISTORY = ("web-1", "app-1", "db-1", "held")


def seed_demo_fleet(region: str, now: datetime, *, history_days: int = 730) -> dict[str, Any]:
    """Puts the fleet in place of all that the region's EC2 holds, and returns its instances by their name here."""
    backend = seed.backend_of(region)
    mock_random.seed(now.timestamp())
    backend.reset()
    fleet = {
        machine.name: seed.instance(
            backend,
            machine.tags,
            machine.disks,
            type=machine.type,
            zone=machine.zone,
            state=machine.state,
            launched=now - timedelta(days=history_days + 30),
        )
        for machine in MACHINES
    }
    fleet["cache-on-local-disk"] = seed.instance_store(
        backend, _named("cache-on-local-disk", **NIGHTLY), type="m3.medium"
    )
    _tag_disks(backend, fleet)
    _odd_volumes(backend, fleet)
    _troubles(fleet, now)
    for name in WITH_HISTORY:
        history.nightly(backend, fleet[name], now, history_days)
    history.oddities(backend, fleet, now)
    return fleet


def _tag_disks(backend: Any, fleet: Mapping[str, Any]) -> None:
    """Some disks have the tags of their instance, most miss what tagging would propagate."""
    for name in ("web-1", "web-2", "app-1"):
        tags = backend.tags[fleet[name].id]
        for each in seed.volumes_of(backend, fleet[name]).values():
            seed.system_tags(backend, each.id, {key: tags[key] for key in ("Name", "env", "owner")})


def _odd_volumes(backend: Any, fleet: Mapping[str, Any]) -> None:
    shared = seed.volume(
        backend, Disk("", 100, "io2", 4000, multi_attach=True, tags={"Name": "cluster-shared", **NIGHTLY})
    )
    for name in ("cluster-1", "cluster-2"):
        backend.attach_volume(shared.id, fleet[name].id, "/dev/sdf")
    seed.volume(backend, Disk("", 50, tags={"Name": "kept-for-audit", **NIGHTLY}))
    seed.volume(backend, Disk("", 50, tags={"Name": "forgotten"}))
    seed.volume(backend, Disk("", 10, tags={"Name": "key-is-gone", **NIGHTLY}), status="error")


def _troubles(fleet: Mapping[str, Any], now: datetime) -> None:
    """Impaired since an hour, initializing, and events that AWS has scheduled."""
    for name, check in _impaired():
        world.impair(fleet[name].id, check, now - timedelta(hours=1))
    world.set_check(fleet["staging-1"].id, "instance", "initializing")
    world.set_check(fleet["staging-2"].id, "ebs", "insufficient-data")
    soon, later = now + timedelta(days=3), now + timedelta(days=3, hours=4)
    world.events[fleet["retired"].id] = [
        _event("instance-retirement", "The instance is running on degraded hardware", soon, None, "0a1")
    ]
    world.events[fleet["web-3"].id] = [_event("system-reboot", "scheduled reboot", soon, later, "0b2")]
    world.events[fleet["web-4"].id] = [
        _event("system-maintenance", "[Completed] network maintenance", now - timedelta(days=1), now, "0c3")
    ]


def _impaired() -> Iterable[tuple[str, Check]]:
    yield "failing-host", "system"
    yield "failing-host", "instance"
    yield "frozen-os", "instance"
    yield "stuck-disk", "ebs"


def _event(code: str, text: str, start: datetime, end: datetime | None, number: str) -> dict[str, Any]:
    return {
        "InstanceEventId": f"instance-event-{number:0<17}",
        "Code": code,
        "Description": text,
        "NotBefore": start,
        "NotAfter": end,
        "NotBeforeDeadline": start + timedelta(days=7),
    }
