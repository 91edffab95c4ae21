"""Volumes: their defaults by type, their states, and creating one twice with one token."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.elastic_block_store import EBSBackend, Volume
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from local.corrections.patch import corrects, own, refusal, replaces
from local.corrections.tags import tag_specification

GP3_THROUGHPUT = 125
PROVISIONED = ("io1", "io2")
IDEMPOTENT = (
    "Size",
    "AvailabilityZone",
    "SnapshotId",
    "VolumeType",
    "Iops",
    "Throughput",
    "Encrypted",
    "KmsKeyId",
    "MultiAttachEnabled",
)

_create_volume = EBSBackend.create_volume
_describe_volumes = EBSBackend.describe_volumes
_filter_value = Volume.get_filter_value


@corrects(EBSBackend)
def create_volume(self: Any, *args: Any, **kwargs: Any) -> Any:
    """AWS: CreateVolume in the API reference: gp3 has 3,000 IOPS and 125 MiB/s unless more is asked for, gp2 three
    IOPS per GiB between 100 and 16,000 (recording test_ebs_modifyable_filter shows them). moto shows neither."""
    volume: Any = _create_volume(self, *args, **kwargs)
    volume.multi_attach_enabled = bool(volume.multi_attach_enabled)
    if volume.volume_type == "gp3":
        volume.throughput = volume.throughput or GP3_THROUGHPUT
    if volume.volume_type == "gp2":
        volume.iops = min(max(100, 3 * int(volume.size)), 16_000)
    return volume


@corrects(EBSBackend)
def describe_volumes(self: Any, volume_ids: list[str] | None = None, filters: Any = None) -> Any:
    """AWS: ERR, InvalidVolume.NotFound names the missing volume. moto's message names all that were asked for."""
    for volume_id in volume_ids or []:
        self.get_volume(volume_id)
    return _describe_volumes(self, volume_ids, filters)


def _get_status(volume: Any) -> str:
    """AWS: VolumeState also knows creating, deleting and error; in moto a volume is attached or available."""
    forced: str | None = vars(volume).get("nightshift_status")
    return forced or ("in-use" if volume.attachments else "available")


def _set_status(volume: Any, status: str | None) -> None:
    """A state to be seen instead of the natural one; None takes it back."""
    vars(volume)["nightshift_status"] = status


replaces(Volume, "status", property(_get_status, _set_status))


@corrects(Volume)
def get_filter_value(self: Any, filter_name: str, method_name: str | None = None) -> Any:
    """AWS: filters of DescribeVolumes: every attachment counts; volume-type and multi-attach-enabled exist."""
    field = {
        "attachment.attach-time": "attach_time",
        "attachment.device": "device",
        "attachment.instance-id": "instance_id",
        "attachment.status": "status",
        "attachment.delete-on-termination": "delete_on_termination",
    }.get(filter_name)
    if field:
        return [getattr(attachment, field) for attachment in self.attachments]
    if filter_name == "multi-attach-enabled":
        return bool(self.multi_attach_enabled)
    return _filter_value(self, filter_name, method_name)


@corrects(ElasticBlockStore, "create_volume")
def create_volume_action(self: Any) -> ActionResult:
    """AWS: the answer says creating; a second call with the same ClientToken gets the first one's volume, and
    IdempotentParameterMismatch when it asks for something else. moto makes a second volume."""
    tags = tag_specification(self, "volume")
    request = {name: self._get_param(name) for name in IDEMPOTENT}
    self.error_on_dryrun()
    token, tokens = self._get_param("ClientToken"), own(self.ec2_backend, "volume_tokens")
    if token in tokens:
        volume, asked = tokens[token]
        if asked != request:
            raise refusal(
                "IdempotentParameterMismatch",
                "The request uses the same client token as a previous, but non-identical request.",
            )
        return ActionResult(_just_created(volume))
    volume = self.ec2_backend.create_volume(
        size=request["Size"],
        zone_name=request["AvailabilityZone"],
        snapshot_id=request["SnapshotId"],
        encrypted=bool(request["Encrypted"]),
        kms_key_id=request["KmsKeyId"],
        volume_type=request["VolumeType"],
        iops=request["Iops"],
        throughput=request["Throughput"],
        multi_attach_enabled=request["MultiAttachEnabled"],
    )
    volume.add_tags(tags)
    if token:
        tokens[token] = volume, request
    return ActionResult(_just_created(volume))


def _just_created(volume: Any) -> dict[str, Any]:
    return {
        "VolumeId": volume.id,
        "Size": volume.size,
        "SnapshotId": volume.snapshot_id or "",
        "AvailabilityZone": volume.availability_zone,
        "State": "creating",
        "CreateTime": volume.create_time,
        "VolumeType": volume.volume_type,
        "Iops": volume.iops,
        "Throughput": volume.throughput,
        "Encrypted": volume.encrypted,
        "KmsKeyId": volume.kms_key_id,
        "MultiAttachEnabled": bool(volume.multi_attach_enabled),
        "Tags": volume.tag_set,
    }
