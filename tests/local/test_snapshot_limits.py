"""Contract: the limits on making snapshots (docs/aws.md, Snapshot limits)."""

from datetime import UTC, datetime
from typing import Any

from local import seed
from local.seed import Disk
from local.world import world

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ZONE = "eu-central-1a"


def a_volume(ec2: Any, kind: str = "gp3") -> str:
    made = ec2.create_volume(Size=125, AvailabilityZone=ZONE, VolumeType=kind)
    return str(made["VolumeId"])


def test_15_seconds_between_two_snapshots_of_a_volume(ec2: Any, refused: Any) -> None:
    """ERR: "wait at least 15 seconds between concurrent volume snapshots"."""
    volume = a_volume(ec2)
    world.clock.set(NOON)
    ec2.create_snapshot(VolumeId=volume)
    world.clock.advance(seconds=14)
    with refused("SnapshotCreationPerVolumeRateExceeded"):
        ec2.create_snapshot(VolumeId=volume)
    world.clock.advance(seconds=1)
    ec2.create_snapshot(VolumeId=volume)


def test_255_characters_of_description(ec2: Any, refused: Any) -> None:
    """aws-samples/bottlerocket-images-cache #8: "for parameter description is invalid. It exceeds 255 characters"."""
    volume = a_volume(ec2)
    with refused("InvalidParameterValue"):
        ec2.create_snapshot(VolumeId=volume, Description="x" * 256)
    ec2.create_snapshot(VolumeId=volume, Description="x" * 255)


def test_5_concurrent_snapshots_of_a_volume(ec2: Any, refused: Any) -> None:
    """Service Quotas: concurrent snapshots per gp2, gp3, io1, io2, standard volume: 5."""
    volume = a_volume(ec2)
    world.clock.set(NOON)
    world.snapshot_seconds = 3600
    for _ in range(5):
        ec2.create_snapshot(VolumeId=volume)
        world.clock.advance(seconds=15)
    with refused("ConcurrentSnapshotLimitExceeded"):
        ec2.create_snapshot(VolumeId=volume)


def test_1_concurrent_snapshot_of_an_hdd_volume(ec2: Any, refused: Any) -> None:
    """Service Quotas: concurrent snapshots per st1, sc1 volume: 1."""
    volume = a_volume(ec2, "st1")
    world.clock.set(NOON)
    world.snapshot_seconds = 3600
    ec2.create_snapshot(VolumeId=volume)
    world.clock.advance(seconds=15)
    with refused("ConcurrentSnapshotLimitExceeded"):
        ec2.create_snapshot(VolumeId=volume)


def test_a_failed_snapshot_counts_until_it_is_deleted(ec2: Any, refused: Any) -> None:
    """ERR: snapshots in the error state count."""
    volume = a_volume(ec2, "sc1")
    world.clock.set(NOON)
    world.failing_volumes.add(volume)
    failed = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    world.clock.advance(days=2)
    with refused("ConcurrentSnapshotLimitExceeded"):
        ec2.create_snapshot(VolumeId=volume)
    ec2.delete_snapshot(SnapshotId=failed)
    ec2.create_snapshot(VolumeId=volume)


def test_a_snapshot_deleted_while_pending_counts_on(ec2: Any, refused: Any) -> None:
    """DEL: one that is deleted while pending counts until it has completed."""
    volume = a_volume(ec2, "st1")
    world.clock.set(NOON)
    world.snapshot_seconds = 600
    ec2.delete_snapshot(SnapshotId=ec2.create_snapshot(VolumeId=volume)["SnapshotId"])
    world.clock.advance(seconds=60)
    with refused("ConcurrentSnapshotLimitExceeded"):
        ec2.create_snapshot(VolumeId=volume)
    world.clock.advance(seconds=600)
    ec2.create_snapshot(VolumeId=volume)


def test_100_pending_snapshots_per_account(ec2: Any, backend: Any, machine: Any, refused: Any) -> None:
    """Service Quotas L-94D7AB7D: 100, not adjustable; the call is refused as a whole."""
    world.clock.set(NOON)
    volume = seed.volume(backend, Disk())
    for _ in range(98):
        seed.snapshot(backend, volume, NOON, state="pending")
    with refused("PendingSnapshotLimitExceeded"):
        ec2.create_snapshots(InstanceSpecification={"InstanceId": machine.id})
    assert len(ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]) == 98


def test_the_quota_of_the_region(ec2: Any, refused: Any) -> None:
    """Service Quotas: snapshots per region (100,000); code SnapshotLimitExceeded (ERR)."""
    assert world.limits.snapshots_per_region == 100_000
    world.limits.snapshots_per_region = 1
    ec2.create_snapshot(VolumeId=a_volume(ec2))
    with refused("SnapshotLimitExceeded"):
        ec2.create_snapshot(VolumeId=a_volume(ec2))
