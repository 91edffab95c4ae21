"""Attaching and detaching volumes: what AWS refuses, and io1/io2 volumes on several instances."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.elastic_block_store import EBSBackend, Volume, VolumeAttachment
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from local.corrections.patch import corrects, refusal, replaces
from local.corrections.volumes import PROVISIONED

MAX_MULTI_ATTACH = 16

_attach_volume = EBSBackend.attach_volume


def _attachments(volume: Any) -> list[Any]:
    """The first, which moto knows, and the others of a Multi-Attach volume."""
    others: list[Any] = vars(volume).setdefault("more_attachments", [])
    return [volume.attachment, *others] if volume.attachment else others


def _delete_on_termination(attachment: Any) -> bool:
    """AWS: recording test_ebs_modifyable_filter. moto's attachment of DescribeVolumes has no such field."""
    block = attachment.instance.block_device_mapping.get(attachment.device)
    return bool(block and block.delete_on_termination)


replaces(Volume, "attachments", property(_attachments))
replaces(VolumeAttachment, "delete_on_termination", property(_delete_on_termination))


@corrects(EBSBackend)
def attach_volume(
    self: Any, volume_id: str, instance_id: str, device_path: str, delete_on_termination: bool = False
) -> Any:
    """AWS: ERR, for each of these codes. moto attaches anything anywhere, over what is there."""
    volume, instance = self.get_volume(volume_id), self.get_instance(instance_id)
    if volume.availability_zone != instance.availability_zone:
        raise refusal(
            "InvalidVolume.ZoneMismatch",
            f"The volume '{volume_id}' is not in the same availability zone as instance '{instance_id}'",
        )
    if instance.state not in ("running", "stopped", "pending"):
        raise refusal("IncorrectState", f"Instance '{instance_id}' is not 'running'.")
    _check_volume_is_free(volume, instance)
    if device_path in instance.block_device_mapping:
        raise refusal(
            "InvalidParameterValue",
            f"Invalid value '{device_path}' for unixDevice. Attachment point {device_path} is already in use",
        )
    before = volume.attachment
    attachment: Any = _attach_volume(self, volume_id, instance_id, device_path, delete_on_termination)
    if before is not None:
        volume.attachment = before
        volume.more_attachments.append(attachment)
    return attachment


def _check_volume_is_free(volume: Any, instance: Any) -> None:
    if volume.status not in ("available", "in-use"):
        raise refusal("IncorrectState", f"The volume '{volume.id}' is not 'available'.")
    taken = [each.instance.id for each in volume.attachments]
    shareable = volume.multi_attach_enabled and volume.volume_type in PROVISIONED
    if taken and (not shareable or instance.id in taken):
        raise refusal("VolumeInUse", f"{volume.id} is already attached to an instance")
    if len(taken) >= MAX_MULTI_ATTACH:
        raise refusal("AttachmentLimitExceeded", f"{volume.id} is attached to {len(taken)} instances already")


@corrects(EBSBackend, "detach_volume")
def detach(self: Any, volume_id: str, instance_id: str | None, device_path: str | None) -> Any:
    """AWS: API reference, DetachVolume: InstanceId is needed only for a Multi-Attach volume. moto needs it always."""
    volume = self.get_volume(volume_id)
    if instance_id:
        self.get_instance(instance_id)
    elif len(volume.attachments) > 1:
        raise refusal("InvalidParameterCombination", "An instance ID is needed for a Multi-Attach enabled volume.")
    found = [
        each
        for each in volume.attachments
        if instance_id in (None, each.instance.id) and device_path in (None, each.device)
    ]
    if not volume.attachments:
        raise refusal("IncorrectState", f"Volume '{volume_id}' is in the 'available' state.")
    if not found:
        raise refusal(
            "InvalidAttachment.NotFound", f"The volume '{volume_id}' is not attached to instance '{instance_id}'."
        )
    [attachment] = found
    attachment.instance.block_device_mapping.pop(attachment.device, None)
    attachment.status = "detached"
    left = [each for each in volume.attachments if each is not attachment]
    volume.attachment, volume.more_attachments = (left[0], left[1:]) if left else (None, [])
    return attachment


@corrects(ElasticBlockStore)
def detach_volume(self: Any) -> ActionResult:
    """AWS: API reference, DetachVolume: the root volume of a running instance stays. moto takes it away."""
    volume = self.ec2_backend.get_volume(self._get_param("VolumeId"))
    instance_id, device = self._get_param("InstanceId"), self._get_param("Device")
    for each in volume.attachments:
        is_meant = instance_id in (None, each.instance.id)
        if is_meant and each.device == each.instance.root_device_name and each.instance.state != "stopped":
            raise refusal(
                "OperationNotPermitted",
                f"Unable to detach root volume '{volume.id}' from instance '{each.instance.id}'",
            )
    self.error_on_dryrun()
    attachment = self.ec2_backend.detach_volume(volume.id, instance_id, device)
    return ActionResult(
        {
            "VolumeId": volume.id,
            "InstanceId": attachment.instance.id,
            "Device": attachment.device,
            "State": "detaching",
            "AttachTime": attachment.attach_time,
        }
    )
