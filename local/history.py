"""The snapshots that a fleet has gathered: our own of every night, and everyone else's."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from local import seed
from local.seed import Disk

STACK = {"nightshift:stack": "nightshift"}
HOUR = 3
STRANGER, PARTNER = "210987654321", "345678901234"


def slot_of(night: datetime) -> datetime:
    return night.replace(hour=HOUR, minute=0, second=0, microsecond=0)


def our_tags(backend: Any, instance: Any, slot: datetime, plan: str = "nightly") -> dict[str, str]:
    """What backup writes on every snapshot: "Tags are the only database" in docs/architecture.md."""
    disks = []
    for device, volume in seed.volumes_of(backend, instance).items():
        fate = "d" if instance.block_device_mapping[device].delete_on_termination else "k"
        numbers = f"{volume.iops or '-'}:{volume.throughput or '-'}"
        disks.append(f"{device}={volume.id}:{volume.volume_type}:{numbers}:{fate}")
    origin = f"{instance.availability_zone} {instance.instance_type} {instance.subnet_id} {instance.private_ip}"
    return {
        **STACK,
        f"nightshift:slot/{plan}": f"{slot:%Y-%m-%dT%H:%M:%SZ}",
        "nightshift:instance": instance.id,
        **_device_tags(disks),
        "nightshift:origin": origin,
    }


def _device_tags(disks: list[str]) -> dict[str, str]:
    lines = [""]
    for disk in disks:
        joined = f"{lines[-1]} {disk}".strip()
        if len(joined) <= 256:
            lines[-1] = joined
        else:
            lines.append(disk)
    return {f"nightshift:devices/{n}": line for n, line in enumerate(lines, start=1)}


def nightly(backend: Any, instance: Any, now: datetime, days: int) -> None:
    """One snapshot of each volume a night, the last one of tonight if its hour has passed."""
    volumes = [
        each
        for each in seed.volumes_of(backend, instance).values()
        if backend.tags.get(each.id, {}).get("Backup") != "ignore"
    ]
    nights = (slot_of(now - timedelta(days=n)) for n in range(days, -1, -1))
    for slot in (night for night in nights if night <= now):
        tags = our_tags(backend, instance, slot)
        for each in volumes:
            seed.snapshot(backend, each, slot + timedelta(seconds=40), {**tags, **_people(backend, each)})


def _people(backend: Any, volume: Any) -> dict[str, str]:
    return {key: value for key, value in backend.tags.get(volume.id, {}).items() if not key.startswith("aws:")}


def oddities(backend: Any, fleet: Mapping[str, Any], now: datetime) -> None:
    _protected(backend, fleet, now)
    _unfinished(backend, fleet, now)
    _of_a_deleted_volume(backend, fleet, now)
    _of_others(backend, fleet, now)


def _ours(backend: Any, instance: Any, days_ago: int, now: datetime, **kind: Any) -> Any:
    volume = next(iter(seed.volumes_of(backend, instance).values()))
    slot = slot_of(now - timedelta(days=days_ago))
    more = kind.pop("tags", {})
    return seed.snapshot(
        backend,
        volume,
        slot + timedelta(seconds=40),
        {**our_tags(backend, instance, slot), **more},
        **kind,
    )


def _protected(backend: Any, fleet: Mapping[str, Any], now: datetime) -> None:
    """Old enough to go, were it not for what holds them."""
    web, golden = fleet["web-2"], fleet["golden"]
    seed.image(backend, "golden-current", golden, {"/dev/sda1": _ours(backend, golden, 500, now)})
    seed.image(backend, "golden-old", golden, {"/dev/sda1": _ours(backend, golden, 700, now)}, disabled=True)
    seed.lock(backend, _ours(backend, web, 400, now).id, days=365)
    _ours(backend, web, 401, now, shared_with=[PARTNER])
    _ours(backend, web, 402, now, public=True)
    _ours(backend, web, 403, now, tags={"nightshift:hold-until": "2099-12-31"})
    _ours(backend, web, 404, now, tags={"nightshift:hold-until": "until the audit"})
    _ours(backend, web, 405, now, tier="archive")
    for days_ago in (1, 2, 3, 4):
        _ours(backend, web, days_ago, now)


def _unfinished(backend: Any, fleet: Mapping[str, Any], now: datetime) -> None:
    _ours(backend, fleet["web-5"], 1, now, state="pending")
    _ours(backend, fleet["archive"], 1, now, state="error")
    _ours(backend, fleet["archive"], 2, now)


def _of_a_deleted_volume(backend: Any, fleet: Mapping[str, Any], now: datetime) -> None:
    """Of a machine that is gone: its last snapshots are all that is left of it."""
    gone = seed.volume(backend, Disk("", 40))
    for days_ago in (320, 321, 322):
        slot = slot_of(now - timedelta(days=days_ago))
        tags = {
            **STACK,
            "nightshift:slot/nightly": f"{slot:%Y-%m-%dT%H:%M:%SZ}",
            "nightshift:instance": fleet["gone"].id,
            "nightshift:devices/1": f"/dev/sda1={gone.id}:gp3:3000:125:d",
            "nightshift:origin": f"{backend.region_name}a t3.medium - -",
        }
        seed.snapshot(backend, gone, slot, tags)
    backend.delete_volume(gone.id)


def _of_others(backend: Any, fleet: Mapping[str, Any], now: datetime) -> None:
    """Nothing here is ours, some of it in disguise."""
    volume = next(iter(seed.volumes_of(backend, fleet["web-6"]).values()))
    old = now - timedelta(days=200)
    seed.snapshot(
        backend,
        volume,
        old,
        {"aws:dlm:managed": "true", "aws:dlm:lifecycle-policy-id": "policy-0123456789abcdef0", "Backup": "nightly"},
    )
    backup = {"aws:backup:source-resource": f"arn:aws:ec2:{backend.region_name}:{seed.ACCOUNT}:volume/{volume.id}"}
    seed.snapshot(backend, volume, old, backup)
    copied = our_tags(backend, fleet["web-6"], slot_of(old))
    seed.snapshot(backend, volume, old, {**copied, **backup}, description="by AWS Backup, with our tags copied")
    other_stack = {**copied, "nightshift:stack": "nightshift-test"}
    seed.snapshot(backend, volume, old, other_stack, description="by another stack")
    seed.snapshot(backend, volume, old, {"Name": "before the upgrade"}, description="by a person")
    seed.snapshot(backend, volume, old, owner=STRANGER, public=True, description="public, of a stranger")
    seed.snapshot(backend, volume, old, copied, owner=PARTNER, shared_with=[seed.ACCOUNT], description="shared with us")
