"""Contract: with whom a snapshot is shared."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from local import seed
from local.seed import Disk

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PERMISSION = "createVolumePermission"


@pytest.fixture
def snapshot_id(backend: Any) -> str:
    return str(seed.snapshot(backend, seed.volume(backend, Disk()), NOON).id)


def permissions(ec2: Any, snapshot_id: str) -> Any:
    answer = ec2.describe_snapshot_attribute(SnapshotId=snapshot_id, Attribute=PERMISSION)
    return answer["CreateVolumePermissions"]


def test_both_forms_of_the_change(ec2: Any, snapshot_id: str, recording: Callable[[str], dict[str, Any]]) -> None:
    """API reference, ModifySnapshotAttribute: CreateVolumePermission={Add, Remove} as well as OperationType.
    The entries look as in recording test_ebs_cross_account."""
    users = recording("test_ebs_cross_account/ec2.DescribeSnapshotAttribute_2.json")["CreateVolumePermissions"]
    group = recording("test_ebs_cross_account/ec2.DescribeSnapshotAttribute_3.json")["CreateVolumePermissions"]
    ec2.modify_snapshot_attribute(SnapshotId=snapshot_id, CreateVolumePermission={"Add": [*users, *group]})
    assert permissions(ec2, snapshot_id) == group + sorted(users, key=lambda each: str(each["UserId"]))
    ec2.modify_snapshot_attribute(SnapshotId=snapshot_id, CreateVolumePermission={"Remove": group})
    ids = [each["UserId"] for each in users]
    ec2.modify_snapshot_attribute(SnapshotId=snapshot_id, Attribute=PERMISSION, OperationType="remove", UserIds=ids)
    assert permissions(ec2, snapshot_id) == []


def test_reset_makes_it_private(ec2: Any, snapshot_id: str) -> None:
    """API reference, ResetSnapshotAttribute."""
    ec2.modify_snapshot_attribute(SnapshotId=snapshot_id, Attribute=PERMISSION, OperationType="add", GroupNames=["all"])
    ec2.reset_snapshot_attribute(SnapshotId=snapshot_id, Attribute=PERMISSION)
    assert permissions(ec2, snapshot_id) == []


def test_an_unknown_snapshot_is_not_found_with_a_message(ec2: Any, refused: Any) -> None:
    """ERR: InvalidSnapshot.NotFound."""
    with refused("InvalidSnapshot.NotFound"):
        permissions(ec2, "snap-0123456789abcdef0")
