"""Contract: snapshot locks (API reference of LockSnapshot, UnlockSnapshot, DescribeLockedSnapshots)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local import seed
from local.seed import Disk
from local.world import world

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def snapshot_id(backend: Any) -> str:
    world.clock.set(NOON)
    return str(seed.snapshot(backend, seed.volume(backend, Disk()), NOON).id)


def test_a_locked_snapshot_is_not_deleted(ec2: Any, snapshot_id: str) -> None:
    """LockSnapshot: "A locked snapshot can't be deleted". Its code is in no document found: docs/aws.md."""
    ec2.lock_snapshot(SnapshotId=snapshot_id, LockMode="governance", LockDuration=1)
    with pytest.raises(ClientError) as caught:
        ec2.delete_snapshot(SnapshotId=snapshot_id)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    world.clock.advance(days=1)
    ec2.delete_snapshot(SnapshotId=snapshot_id)


def test_a_lock_is_described(ec2: Any, snapshot_id: str) -> None:
    """botocore model, LockedSnapshotsInfo."""
    ec2.lock_snapshot(SnapshotId=snapshot_id, LockMode="governance", LockDuration=30)
    [lock] = ec2.describe_locked_snapshots()["Snapshots"]
    assert lock == {
        "OwnerId": seed.ACCOUNT,
        "SnapshotId": snapshot_id,
        "LockState": "governance",
        "LockDuration": 30,
        "LockCreatedOn": NOON,
        "LockDurationStartTime": NOON,
        "LockExpiresOn": NOON + timedelta(days=30),
    }


def test_governance_is_unlocked(ec2: Any, snapshot_id: str) -> None:
    """UnlockSnapshot: one that is locked in governance mode."""
    ec2.lock_snapshot(SnapshotId=snapshot_id, LockMode="governance", ExpirationDate=NOON + timedelta(days=9))
    ec2.unlock_snapshot(SnapshotId=snapshot_id)
    assert ec2.describe_locked_snapshots()["Snapshots"] == []
    ec2.delete_snapshot(SnapshotId=snapshot_id)


def test_compliance_stays_after_its_cool_off_period(ec2: Any, snapshot_id: str, refused: Any) -> None:
    """UnlockSnapshot: not after the cooling-off period has expired. The code is not verified."""
    ec2.lock_snapshot(SnapshotId=snapshot_id, LockMode="compliance", LockDuration=10, CoolOffPeriod=2)
    [lock] = ec2.describe_locked_snapshots(SnapshotIds=[snapshot_id])["Snapshots"]
    assert (lock["LockState"], lock["CoolOffPeriodExpiresOn"]) == ("compliance-cooloff", NOON + timedelta(hours=2))
    world.clock.advance(hours=2)
    with refused("OperationNotPermitted"):
        ec2.unlock_snapshot(SnapshotId=snapshot_id)


def test_an_expired_lock_is_shown_as_such(ec2: Any, snapshot_id: str) -> None:
    """botocore model, LockState: expired; filter lock-state."""
    ec2.lock_snapshot(SnapshotId=snapshot_id, LockMode="governance", LockDuration=1)
    world.clock.advance(days=2)
    assert [_state(each) for each in _locked(ec2, "expired")] == ["expired"]
    assert _locked(ec2, "governance") == []


def _state(lock: dict[str, Any]) -> str:
    return str(lock["LockState"])


def _locked(ec2: Any, state: str) -> Any:
    return ec2.describe_locked_snapshots(Filters=[{"Name": "lock-state", "Values": [state]}])["Snapshots"]


def test_locks_come_in_pages(ec2: Any, backend: Any, snapshot_id: str) -> None:
    """botocore model: MaxResults of 5 to 1000; botocore has no paginator for it."""
    volume = backend.snapshots[snapshot_id].volume
    for _ in range(7):
        seed.lock(backend, seed.snapshot(backend, volume, NOON).id)
    first = ec2.describe_locked_snapshots(MaxResults=5)
    second = ec2.describe_locked_snapshots(MaxResults=5, NextToken=first["NextToken"])
    assert [len(first["Snapshots"]), len(second["Snapshots"])] == [5, 2]


def test_an_unknown_snapshot_cannot_be_locked(ec2: Any, refused: Any) -> None:
    """ERR: InvalidSnapshot.NotFound."""
    with refused("InvalidSnapshot.NotFound"):
        ec2.lock_snapshot(SnapshotId="snap-0123456789abcdef0", LockMode="governance", LockDuration=1)
