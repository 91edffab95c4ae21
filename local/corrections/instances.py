"""Instances: launching with real volumes, listing page by page."""

import copy
from datetime import timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.responses.instances import InstanceResponse

from local.corrections.paging import check_request, one_page
from local.corrections.patch import corrects, own, refusal
from local.world import world

_run_instances = InstanceBackend.run_instances
_parse_mapping = InstanceResponse._parse_block_device_mapping
_terminate = Instance.terminate
_all_reservations = InstanceBackend.all_reservations
ROOT_SIZE_GIB = 8
TERMINATED_SHOWN = timedelta(hours=1)


class VolumeType(str):
    """A volume type that brings its speed along: moto's way from RunInstances to the volume carries only the type."""

    __slots__ = ("iops", "throughput")

    iops: int | None
    throughput: int | None

    @classmethod
    def of(cls, name: str, iops: int | None, throughput: int | None) -> "VolumeType":
        made = cls(name)
        made.iops, made.throughput = iops, throughput
        return made


@corrects(InstanceResponse, "_parse_block_device_mapping")
def parse_block_device_mapping(self: Any) -> list[dict[str, Any]]:
    """AWS: EbsBlockDevice has Iops and Throughput, and VirtualName=ephemeral0 maps an instance store volume, which
    DescribeInstances does not show. moto drops the first, cannot launch io1 and io2, and refuses the second."""
    asked = [each for each in self._get_param("BlockDeviceMappings", []) if "VirtualName" not in each]
    self.params["BlockDeviceMappings"] = asked
    mappings: list[dict[str, Any]] = _parse_mapping(self)
    for mapping, original in zip(mappings, asked, strict=True):
        ebs = original.get("Ebs", {})
        kind = ebs.get("VolumeType") or "gp2"
        mapping["Ebs"]["VolumeType"] = VolumeType.of(kind, ebs.get("Iops"), ebs.get("Throughput"))
    return mappings


@corrects(Instance)
def add_block_device(
    self: Any,
    size: int,
    device_path: str,
    snapshot_id: str | None,
    encrypted: bool,
    delete_on_termination: bool,
    kms_key_id: str | None,
    volume_type: str | None,
) -> None:
    """The launch's volume with its speed: see `VolumeType`."""
    volume = self.ec2_backend.create_volume(
        size=size,
        zone_name=self.availability_zone,
        snapshot_id=snapshot_id,
        encrypted=encrypted,
        kms_key_id=kms_key_id,
        volume_type=str(volume_type) if volume_type else None,
        iops=getattr(volume_type, "iops", None),
        throughput=getattr(volume_type, "throughput", None),
    )
    self.ec2_backend.attach_volume(volume.id, self.id, device_path, delete_on_termination)


@corrects(InstanceBackend)
def run_instances(self: Any, *args: Any, **kwargs: Any) -> Any:
    """AWS: UG, "Block device mappings": the root volume comes from the AMI unless it is mapped otherwise. In moto
    an instance with any mapping of its own has no root volume."""
    volume_tags = kwargs.get("tags", {}).get("volume", {})
    reservation = _run_instances(self, *args, **kwargs)
    for instance in reservation.instances:
        if instance.root_device_name not in instance.block_device_mapping:
            root = self.create_volume(size=ROOT_SIZE_GIB, zone_name=instance.availability_zone)
            self.attach_volume(root.id, instance.id, instance.root_device_name, True)
            root.add_tags(volume_tags)
    return reservation


@corrects(InstanceResponse)
def describe_instances(self: Any) -> ActionResult:
    """AWS: the botocore model: MaxResults of 5 to 1,000 counts instances, and without it all come in one answer.
    moto counts reservations, 100 of them by default."""
    check_request(self, "InstanceIds")
    filters, wanted = self._filters_from_querystring(), self._get_param("InstanceIds", [])
    backend = self.ec2_backend
    if wanted:
        reservations = backend.get_reservations_by_instance_ids(wanted, filters=filters)
    else:
        reservations = backend.describe_instances(filters=filters)
    pairs = [(each, instance) for each in reservations for instance in each.instances]
    page, token = one_page(self, pairs, key=lambda pair: (pair[0].id, pair[1].id))
    shown: dict[str, Any] = {}
    for reservation, instance in page:
        if reservation.id not in shown:
            shown[reservation.id] = copy.copy(reservation)
            shown[reservation.id].instances = []
        shown[reservation.id].instances.append(instance)
    return ActionResult({"Reservations": list(shown.values()), "NextToken": token})


def _from_state(action: str, allowed: tuple[str, ...]) -> None:
    original = getattr(InstanceBackend, action)

    def checked(self: Any, instance_ids: list[str]) -> Any:
        for instance in self.get_multi_instances_by_id(instance_ids):
            if instance.state not in allowed:
                raise refusal(
                    "IncorrectInstanceState",
                    f"The instance '{instance.id}' is not in a state that {action} allows.",
                )
        return original(self, instance_ids)

    corrects(InstanceBackend, action)(checked)


# AWS: UG, "Instance lifecycle": a terminated instance stays so; moto starts, stops and reboots it.
_from_state("start_instances", ("stopped", "running", "pending"))
_from_state("stop_instances", ("running", "stopped", "pending", "stopping"))
_from_state("reboot_instances", ("running",))


@corrects(Instance)
def terminate(self: Any) -> Any:
    own(self.ec2_backend, "terminated")[self.id] = world.now()
    return _terminate(self)


@corrects(InstanceBackend)
def all_reservations(self: Any, filters: Any = None) -> Any:
    """AWS: UG, "Terminate an instance": it "remains visible for a short while, and then the entry is automatically
    deleted" (API reference, DescribeInstances: usually less than one hour). moto shows it for ever."""
    for instance_id, since in list(own(self, "terminated").items()):
        if world.now() - since >= TERMINATED_SHOWN:
            _forget(self, instance_id)
    return _all_reservations(self, filters)


def _forget(backend: Any, instance_id: str) -> None:
    for reservation in list(backend.reservations.values()):
        reservation.instances = [each for each in reservation.instances if each.id != instance_id]
        if not reservation.instances:
            backend.reservations.pop(reservation.id)
    own(backend, "terminated").pop(instance_id)
    backend.tags.pop(instance_id, None)


_stop = InstanceResponse.stop_instances


@corrects(InstanceResponse)
def stop_instances(self: Any) -> ActionResult:
    """AWS: UG, "Stop and start": only instances with an EBS root can be stopped. moto stops any."""
    for instance in self.ec2_backend.get_multi_instances_by_id(self._get_param("InstanceIds", [])):
        if instance.root_device_type == "instance-store":
            raise refusal(
                "UnsupportedOperation",
                f"The instance '{instance.id}' does not have an 'ebs' root device type and cannot be stopped.",
            )
    return _stop(self)


_describe_attribute = InstanceResponse.describe_instance_attribute


@corrects(InstanceResponse)
def describe_instance_attribute(self: Any) -> ActionResult:
    """AWS: API reference: blockDeviceMapping lists the EBS volumes as DescribeInstances does. moto lists none."""
    if self._get_param("Attribute") != "blockDeviceMapping":
        return _describe_attribute(self)
    instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
    return ActionResult({"InstanceId": instance.id, "BlockDeviceMappings": instance.block_device_mappings})
