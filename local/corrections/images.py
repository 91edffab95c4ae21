"""AMIs and the snapshots behind them."""

from datetime import datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.responses.amis import AmisResponse

from local.corrections.clock import naive
from local.corrections.paging import paged
from local.corrections.patch import corrects, refusal, replaces
from local.corrections.tags import validate_tags, without_duplicates
from local.world import world

_block_device_mappings = Ami.block_device_mappings
_filter_value = Ami.get_filter_value
_describe_images = AmisResponse.describe_images


def _mappings(image: Any) -> list[dict[str, Any]]:
    """What the image was made of; moto shows one snapshot of 15 GB whatever it was."""
    own: list[dict[str, Any]] | None = vars(image).get("mappings")
    return own if own is not None else _block_device_mappings.fget(image)  # type: ignore[attr-defined]  # a property of moto


replaces(Ami, "block_device_mappings", property(_mappings))


@corrects(Ami)
def get_filter_value(self: Any, filter_name: str, method_name: str | None = None) -> Any:
    """AWS: the block-device-mapping filters of DescribeImages, of which moto has none."""
    subject, _, field = filter_name.partition(".")
    if subject == "block-device-mapping":
        if field == "device-name":
            return [each["DeviceName"] for each in self.block_device_mappings]
        name = {"snapshot-id": "SnapshotId", "volume-size": "VolumeSize", "volume-type": "VolumeType"}.get(field)
        name = name or {"delete-on-termination": "DeleteOnTermination", "encrypted": "Encrypted"}[field]
        return [each.get("Ebs", {}).get(name) for each in self.block_device_mappings]
    return _filter_value(self, filter_name, method_name)


@corrects(AmisResponse)
@paged("Images", ids="ImageIds")
def describe_images(self: Any) -> ActionResult:
    """AWS: API reference: IncludeDisabled and IncludeDeprecated are false by default, deprecated images are always
    shown to their owner. moto shows all."""
    found: Any = _describe_images(self)
    images = found.result["Images"]
    if not self._get_bool_param("IncludeDisabled", False):
        images = [each for each in images if each.state != "disabled"]
    if not self._get_bool_param("IncludeDeprecated", False):
        images = [each for each in images if each.owner_id == self.current_account or not _is_deprecated(each)]
    return ActionResult({"Images": images})


def _is_deprecated(image: Any) -> bool:
    at: datetime | None = vars(image).get("deprecation_time")
    return at is not None and at <= naive(world.now())


def _tags_for(response: Any, kind: str) -> dict[str, str]:
    specifications = response._get_param("TagSpecifications", [])
    pairs = [tag for each in specifications if each["ResourceType"] == kind for tag in each["Tags"]]
    tags = without_duplicates(pairs)
    validate_tags(tags)
    return tags


@corrects(AmisResponse)
def create_image(self: Any) -> ActionResult:
    """AWS: API reference: a snapshot of every EBS volume of the instance, but those with NoDevice, with the tags
    meant for snapshots. moto makes one snapshot of 15 GB and fails on such tags."""
    backend = self.ec2_backend
    instance = backend.get_instance(self._get_param("InstanceId"))
    image_tags, snapshot_tags = _tags_for(self, "image"), _tags_for(self, "snapshot")
    left_out = {each["DeviceName"] for each in self._get_param("BlockDeviceMappings", []) if "NoDevice" in each}
    self.error_on_dryrun()
    image = _new_image(self, instance=instance)
    image.root_device_name, image.root_device_type = instance.root_device_name, "ebs"
    for device, block in instance.get_block_device_mapping:
        if device not in left_out:
            snapshot = backend.create_snapshot(
                block.volume_id, f"Created by CreateImage({instance.id}) for {image.id}", from_ami=image.id
            )
            backend.tags[snapshot.id].update(snapshot_tags)
            image.mappings.append(_mapping(device, snapshot, block.delete_on_termination))
    image.add_tags(image_tags)
    return ActionResult({"ImageId": image.id})


@corrects(AmisResponse)
def register_image(self: Any) -> ActionResult:
    """AWS: API reference: the image is made of the snapshots that are named. moto makes one of its own."""
    backend, asked = self.ec2_backend, self._get_param("BlockDeviceMappings", [])
    for each in asked:
        snapshot_id = each.get("Ebs", {}).get("SnapshotId")
        if snapshot_id and snapshot_id not in backend.snapshots:
            raise refusal("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")
    image_tags = _tags_for(self, "image")
    self.error_on_dryrun()
    image = _new_image(self, instance=None)
    image.root_device_name, image.root_device_type = self._get_param("RootDeviceName", "/dev/sda1"), "ebs"
    for each in asked:
        ebs = dict(each.get("Ebs", {}))
        if snapshot := backend.snapshots.get(ebs.get("SnapshotId")):
            ebs = {**_mapping("", snapshot, True)["Ebs"], **ebs}
        image.mappings.append({**each, "Ebs": ebs} if ebs else each)
    image.add_tags(image_tags)
    return ActionResult({"ImageId": image.id})


def _new_image(response: Any, instance: Any) -> Any:
    from moto.ec2.utils import random_ami_id

    backend = response.ec2_backend
    image: Any = Ami(
        backend,
        random_ami_id(),
        instance=instance,
        name=response._get_param("Name"),
        description=response._get_param("Description", ""),
    )
    # Every Ami of moto's makes itself a snapshot of 15 GB.
    backend.snapshots.pop(image.ebs_snapshot.id)
    image.mappings = []
    backend.amis[image.id] = image
    return image


def _mapping(device: str, snapshot: Any, delete_on_termination: bool) -> dict[str, Any]:
    return {
        "DeviceName": device,
        "Ebs": {
            "SnapshotId": snapshot.id,
            "VolumeSize": snapshot.volume_size,
            "VolumeType": snapshot.volume.volume_type,
            "DeleteOnTermination": delete_on_termination,
            "Encrypted": snapshot.encrypted,
        },
    }


@corrects(AmiBackend)
def enable_image_deprecation(self: Any, image_id: str, deprecate_at: datetime) -> None:
    """Not a correction of moto's: what tests and the seeded fleet set, for moto has no EnableImageDeprecation."""
    self.amis[image_id].deprecation_time = naive(deprecate_at)
