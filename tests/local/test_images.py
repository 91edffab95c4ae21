"""Contract: AMIs and the snapshots behind them (API reference of CreateImage, RegisterImage, DescribeImages)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from local import seed
from local.seed import Disk
from local.world import world

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def names(answer: dict[str, Any]) -> set[str]:
    return {each["Name"] for each in answer["Images"]}


def test_an_image_is_made_of_the_volumes_of_the_instance(ec2: Any, machine: Any, volume_ids: dict[str, str]) -> None:
    """CreateImage: a snapshot of each EBS volume, with the tags given for snapshots; NoDevice leaves one out."""
    image = ec2.create_image(
        InstanceId=machine.id,
        Name="image",
        BlockDeviceMappings=[{"DeviceName": "/dev/sdg", "NoDevice": ""}],
        TagSpecifications=[{"ResourceType": "snapshot", "Tags": [{"Key": "a", "Value": "b"}]}],
    )["ImageId"]
    [shown] = ec2.describe_images(ImageIds=[image])["Images"]
    mapped = {each["DeviceName"]: each["Ebs"]["SnapshotId"] for each in shown["BlockDeviceMappings"]}
    snapshots = {each["SnapshotId"]: each for each in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]}
    assert {device: snapshots[each]["VolumeId"] for device, each in mapped.items()} == {
        device: volume_ids[device] for device in ("/dev/sda1", "/dev/sdf")
    }
    assert all(each["Tags"] == [{"Key": "a", "Value": "b"}] for each in snapshots.values())


def test_images_are_found_by_their_snapshot(ec2: Any, backend: Any) -> None:
    """DescribeImages, filter block-device-mapping.snapshot-id."""
    volume = seed.volume(backend, Disk())
    snapshots = [seed.snapshot(backend, volume, NOON).id for _ in range(2)]
    for name, snapshot_id in zip(("img-a", "img-b"), snapshots, strict=True):
        mapping = [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot_id}}]
        ec2.register_image(Name=name, RootDeviceName="/dev/sda1", BlockDeviceMappings=mapping)
    wanted = [{"Name": "block-device-mapping.snapshot-id", "Values": [snapshots[1]]}]
    assert names(ec2.describe_images(Owners=["self"], Filters=wanted)) == {"img-b"}
    assert len(ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]) == 2


def test_an_image_of_a_snapshot_that_is_not_there(ec2: Any, refused: Any) -> None:
    """ERR: InvalidSnapshot.NotFound."""
    mapping = [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": "snap-0123456789abcdef0"}}]
    with refused("InvalidSnapshot.NotFound"):
        ec2.register_image(Name="image", RootDeviceName="/dev/sda1", BlockDeviceMappings=mapping)


def test_disabled_images_are_hidden_unless_asked_for(ec2: Any, machine: Any) -> None:
    """DescribeImages, IncludeDisabled: "No disabled AMIs are included" by default."""
    ec2.create_image(InstanceId=machine.id, Name="img-on")
    ec2.disable_image(ImageId=ec2.create_image(InstanceId=machine.id, Name="img-off")["ImageId"])
    assert names(ec2.describe_images(Owners=["self"])) == {"img-on"}
    assert names(ec2.describe_images(Owners=["self"], IncludeDisabled=True)) == {"img-on", "img-off"}


def test_deprecated_images_are_shown_to_their_owner(ec2: Any, backend: Any, machine: Any) -> None:
    """DescribeImages, IncludeDeprecated: "If you are the AMI owner, all deprecated AMIs appear"."""
    for name, owner in (("mine", seed.ACCOUNT), ("theirs", "210987654321")):
        image = seed.image(backend, name, machine, {})
        image.owner_id = owner
        backend.enable_image_deprecation(image.id, world.now() - timedelta(days=1))
    assert names(ec2.describe_images()) == {"mine"}
    assert names(ec2.describe_images(IncludeDeprecated=True)) == {"mine", "theirs"}


def test_images_come_in_pages(ec2: Any, machine: Any) -> None:
    """DescribeImages, MaxResults and NextToken."""
    for n in range(7):
        ec2.create_image(InstanceId=machine.id, Name=f"image-{n}")
    pages = list(ec2.get_paginator("describe_images").paginate(Owners=["self"], PaginationConfig={"PageSize": 5}))
    assert [len(page["Images"]) for page in pages] == [5, 2]
    assert set().union(*(names(page) for page in pages)) == {f"image-{n}" for n in range(7)}
