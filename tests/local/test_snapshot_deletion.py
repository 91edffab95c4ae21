"""Contract: what DeleteSnapshot refuses."""

from datetime import UTC, datetime
from typing import Any

import pytest

from local import seed
from local.seed import Disk

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def volume(backend: Any) -> Any:
    return seed.volume(backend, Disk())


def test_an_unknown_one_is_not_found_with_a_message(ec2: Any, refused: Any) -> None:
    """ERR: InvalidSnapshot.NotFound, "The snapshot 'snap-x' does not exist"."""
    with refused("InvalidSnapshot.NotFound"):
        ec2.delete_snapshot(SnapshotId="snap-0123456789abcdef0")


def test_one_that_a_registered_image_was_made_of(ec2: Any, backend: Any, volume: Any, refused: Any) -> None:
    """DEL: deregister the AMI first; real message: "The snapshot snap-x is currently in use by ami-y"."""
    root = seed.snapshot(backend, volume, NOON).id
    mapping = [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": root}}]
    image = ec2.register_image(Name="image", RootDeviceName="/dev/sda1", BlockDeviceMappings=mapping)["ImageId"]
    with refused("InvalidSnapshot.InUse"):
        ec2.delete_snapshot(SnapshotId=root)
    ec2.deregister_image(ImageId=image)
    ec2.delete_snapshot(SnapshotId=root)


def test_one_of_a_disabled_image(ec2: Any, backend: Any, volume: Any, refused: Any) -> None:
    """DEL: "also of disabled AMIs"."""
    root = seed.snapshot(backend, volume, NOON).id
    mapping = [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": root}}]
    image = ec2.register_image(Name="image", RootDeviceName="/dev/sda1", BlockDeviceMappings=mapping)["ImageId"]
    ec2.disable_image(ImageId=image)
    with refused("InvalidSnapshot.InUse"):
        ec2.delete_snapshot(SnapshotId=root)


def test_every_one_of_a_created_image(ec2: Any, machine: Any, refused: Any) -> None:
    """DEL names the root device's; each snapshot of the AMI, data volumes included: not verified."""
    ec2.create_image(InstanceId=machine.id, Name="image")
    made = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert len(made) == 3
    for each in made:
        with refused("InvalidSnapshot.InUse"):
            ec2.delete_snapshot(SnapshotId=each["SnapshotId"])


def test_one_of_aws_backup(ec2: Any, backend: Any, volume: Any, refused: Any) -> None:
    """DEL; c7n #9459 has the answer: InvalidParameterValue "managed by the AWS Backup service"."""
    tags = {"aws:backup:source-resource": "arn:aws:ec2:eu-central-1:123456789012:volume/vol-1"}
    with refused("InvalidParameterValue"):
        ec2.delete_snapshot(SnapshotId=seed.snapshot(backend, volume, NOON, tags).id)


def test_one_of_another_account(ec2: Any, backend: Any, volume: Any, refused: Any) -> None:
    """Only its owner deletes a snapshot. The code UnauthorizedOperation (403) is not verified for this case."""
    public = seed.snapshot(backend, volume, NOON, owner="210987654321", public=True)
    with refused("UnauthorizedOperation", 403):
        ec2.delete_snapshot(SnapshotId=public.id)
