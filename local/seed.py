"""Builders of a past: instances, volumes and years of snapshots, written straight into the embedded AWS.

Quick (10,000 snapshots in less than a second) and free of AWS's limits, for history is what the API does not make.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.ec2.models import elastic_block_store as moto_volumes
from moto.ec2.models import instances as moto_instances
from moto.ec2.models.elastic_block_store import Snapshot
from moto.ec2.utils import random_instance_id, random_snapshot_id, random_volume_id

from local.corrections.clock import naive
from local.corrections.instances import VolumeType
from local.corrections.locks import Lock, put_lock
from local.world import world

ACCOUNT: str = DEFAULT_ACCOUNT_ID
IMAGE = "ami-0a1b2c3d4e5f60718"
GROUPS = ("all",)


@dataclass(frozen=True)
class Disk:
    """An EBS volume of an instance, or one that is attached to none."""

    device: str = "/dev/sda1"
    size_gib: int = 8
    type: str = "gp3"
    iops: int | None = None
    throughput: int | None = None
    delete_on_termination: bool = True
    encrypted: bool = False
    multi_attach: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


def backend_of(region: str, account: str = ACCOUNT) -> Any:
    return ec2_backends[account][region]


def instance(
    backend: Any,
    tags: Mapping[str, str],
    disks: Iterable[Disk] = (Disk(),),
    *,
    type: str = "t3.medium",
    zone: str = "a",
    state: str = "running",
    launched: datetime | None = None,
) -> Any:
    """An instance with these disks, the first of which is its root when its device is /dev/sda1."""
    disks = list(disks)
    reservation = backend.run_instances(
        IMAGE,
        1,
        None,
        [],
        instance_type=type,
        is_instance_type_default=False,
        region_name=backend.region_name,
        placement=f"{backend.region_name}{zone}",
        tags={"instance": dict(tags)},
        block_device_mappings=[_mapping(disk) for disk in disks],
    )
    made = reservation.instances[0]
    for disk in disks:
        if disk.tags:
            system_tags(backend, made.block_device_mapping[disk.device].volume_id, disk.tags)
    if launched:
        made.launch_time = naive(launched)
        for block in made.block_device_mapping.values():
            backend.volumes[block.volume_id].create_time = naive(launched)
    if state == "stopped":
        made.stop()
    elif state == "terminated":
        made.terminate()
    return made


@contextmanager
def first_ids(instance_id: str, volume_id: str) -> Iterator[None]:
    """The next instance and the next volume have these ids; those after them have ids of their own."""
    with (
        patch.object(moto_instances, "random_instance_id", _first(instance_id, random_instance_id)),
        patch.object(moto_volumes, "random_volume_id", _first(volume_id, random_volume_id)),
    ):
        yield


def _first(value: str, then: Callable[[], str]) -> Callable[[], str]:
    values = iter([value])
    return lambda: next(values, None) or then()


def _mapping(disk: Disk) -> dict[str, Any]:
    ebs = {
        "VolumeSize": disk.size_gib,
        "VolumeType": VolumeType.of(disk.type, disk.iops, disk.throughput),
        "Encrypted": disk.encrypted,
        "DeleteOnTermination": disk.delete_on_termination,
    }
    return {"DeviceName": disk.device, "Ebs": ebs}


def instance_store(backend: Any, tags: Mapping[str, str], *, type: str = "m3.medium", zone: str = "a") -> Any:
    """An instance whose root is no EBS volume: there is nothing to snapshot."""
    made = instance(backend, tags, (Disk(),), type=type, zone=zone)
    made.teardown_defaults()
    made.root_device_type = "instance-store"
    return made


def volume(backend: Any, disk: Disk, *, zone: str = "a", status: str | None = None) -> Any:
    """A volume that is attached to nothing; with `status="error"` a broken one."""
    made = backend.create_volume(
        size=disk.size_gib,
        zone_name=f"{backend.region_name}{zone}",
        volume_type=disk.type,
        iops=disk.iops,
        throughput=disk.throughput,
        encrypted=disk.encrypted,
        multi_attach_enabled=disk.multi_attach,
    )
    if status:
        made.status = status
    system_tags(backend, made.id, disk.tags)
    return made


def volumes_of(backend: Any, an_instance: Any) -> dict[str, Any]:
    """device -> volume."""
    return {device: backend.volumes[block.volume_id] for device, block in an_instance.get_block_device_mapping}


def snapshot(
    backend: Any,
    of: Any,
    started: datetime,
    tags: Mapping[str, str] | None = None,
    *,
    state: str = "completed",
    size_gib: int | None = None,
    owner: str | None = None,
    owner_alias: str | None = None,
    public: bool = False,
    shared_with: Iterable[str] = (),
    description: str = "",
    tier: str = "standard",
) -> Any:
    """A snapshot of this volume (which may be deleted meanwhile). A pending one stays so."""
    made: Any = Snapshot(backend, random_snapshot_id(), of, description, of.encrypted, of.kms_key_id, owner_id=owner)
    made.start_time = naive(started)
    made.status = state
    made.storage_tier = tier
    made.owner_alias = owner_alias
    made.nightshift_size = size_gib or of.size
    made.create_volume_permission_userids.update(shared_with)
    if public:
        made.create_volume_permission_groups.update(GROUPS)
    backend.snapshots[made.id] = made
    if tags:
        backend.tags[made.id] = dict(tags)
    return made


def image(backend: Any, name: str, of: Any, snapshots: Mapping[str, Any], *, disabled: bool = False) -> Any:
    """An AMI of the account made of these snapshots (device -> snapshot), from this instance."""
    made = backend.create_image(of.id, name, "", tag_specifications=[])
    backend.snapshots.pop(made.ebs_snapshot.id)
    made.mappings = [
        {"DeviceName": device, "Ebs": {"SnapshotId": each.id, "VolumeSize": each.volume_size}}
        for device, each in snapshots.items()
    ]
    if disabled:
        made.state = "disabled"
    return made


def lock(backend: Any, snapshot_id: str, *, mode: str = "governance", days: int = 30) -> None:
    now = world.now()
    put_lock(backend, snapshot_id, Lock(mode, now, now + timedelta(days=days), days))


def system_tags(backend: Any, resource_id: str, tags: Mapping[str, str]) -> None:
    """Writes any tag, also those with aws: that no caller of the API may write."""
    if tags:
        backend.tags[resource_id].update(tags)
