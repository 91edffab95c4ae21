"""Contract: whose snapshots, which ones, how many at once."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local import seed
from local.seed import Disk

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
STRANGER = "210987654321"


def ids(answer: dict[str, Any]) -> set[str]:
    return {each["SnapshotId"] for each in answer["Snapshots"]}


@pytest.fixture
def volume(backend: Any) -> Any:
    return seed.volume(backend, Disk())


def test_owners(ec2: Any, backend: Any, volume: Any) -> None:
    """API reference, DescribeSnapshots.OwnerIds: account ids, self, amazon; private ones of others are hidden."""
    mine = seed.snapshot(backend, volume, NOON).id
    public = seed.snapshot(backend, volume, NOON, owner=STRANGER, public=True).id
    amazon = seed.snapshot(backend, volume, NOON, owner="137112412989", owner_alias="amazon", public=True).id
    seed.snapshot(backend, volume, NOON, owner=STRANGER)
    assert ids(ec2.describe_snapshots()) == {mine, public, amazon}
    assert ids(ec2.describe_snapshots(OwnerIds=["self"])) == {mine}
    assert ids(ec2.describe_snapshots(OwnerIds=[seed.ACCOUNT])) == {mine}
    assert ids(ec2.describe_snapshots(OwnerIds=[STRANGER])) == {public}
    assert ids(ec2.describe_snapshots(OwnerIds=["amazon"])) == {amazon}


def test_restorable_by(ec2: Any, backend: Any, volume: Any) -> None:
    """API reference, DescribeSnapshots.RestorableByUserIds: `all` lists public ones, an id those shared with it."""
    seed.snapshot(backend, volume, NOON)
    public = seed.snapshot(backend, volume, NOON, public=True).id
    shared = seed.snapshot(backend, volume, NOON, shared_with=[STRANGER]).id
    assert ids(ec2.describe_snapshots(OwnerIds=["self"], RestorableByUserIds=["all"])) == {public}
    assert ids(ec2.describe_snapshots(OwnerIds=["self"], RestorableByUserIds=[STRANGER])) == {shared}


def test_pages(ec2: Any, backend: Any, volume: Any) -> None:
    """API reference, MaxResults and NextToken; a page holds at most what was asked for, all pages everything."""
    made = {seed.snapshot(backend, volume, NOON).id for _ in range(12)}
    pages = list(ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"], PaginationConfig={"PageSize": 5}))
    assert [len(page["Snapshots"]) for page in pages] == [5, 5, 2]
    assert set().union(*(ids(page) for page in pages)) == made


def test_deleting_between_pages_hides_nothing(ec2: Any, backend: Any, volume: Any) -> None:
    """A consequence of opaque tokens: the rest is still listed when a snapshot of the first page is deleted."""
    made = {seed.snapshot(backend, volume, NOON).id for _ in range(10)}
    first = ec2.describe_snapshots(OwnerIds=["self"], MaxResults=5)
    for snapshot_id in ids(first):
        ec2.delete_snapshot(SnapshotId=snapshot_id)
    second = ec2.describe_snapshots(OwnerIds=["self"], MaxResults=5, NextToken=first["NextToken"])
    assert ids(second) == made - ids(first)
    assert len(ids(second)) == 5


@pytest.mark.parametrize("size", [1, 4])
def test_a_page_has_at_least_5(ec2: Any, size: int, refused: Any) -> None:
    """botocore model, older editions, DescribeSnapshots: 5 to 1,000. The code is not verified."""
    with refused("InvalidParameterValue"):
        ec2.describe_snapshots(MaxResults=size)


def test_a_page_has_at_most_1000(ec2: Any, backend: Any, volume: Any) -> None:
    """botocore model, older editions: "if this value is larger than 1,000, only 1,000 results are returned"."""
    for _ in range(1001):
        seed.snapshot(backend, volume, NOON)
    answer = ec2.describe_snapshots(MaxResults=2000)
    assert len(answer["Snapshots"]) == 1000
    assert answer["NextToken"]


@pytest.mark.parametrize("token", ["garbage", "Z2FyYmFnZQ=="])
def test_a_wrong_token_is_refused(ec2: Any, token: str, refused: Any) -> None:
    """ERR, InvalidNextToken."""
    with refused("InvalidNextToken"):
        ec2.describe_snapshots(MaxResults=5, NextToken=token)


@pytest.mark.parametrize(
    ("action", "id_parameter"),
    [
        ("describe_snapshots", "SnapshotIds"),
        ("describe_volumes", "VolumeIds"),
        ("describe_images", "ImageIds"),
        ("describe_instance_status", "InstanceIds"),
        ("describe_network_interfaces", "NetworkInterfaceIds"),
    ],
)
def test_ids_and_pages_exclude_each_other(ec2: Any, action: str, id_parameter: str, refused: Any) -> None:
    """botocore model: "You cannot specify this parameter and the ... IDs parameter in the same request": docs/aws.md,
    Paging. Not verified for images."""
    kind = {"SnapshotIds": "snap", "VolumeIds": "vol", "ImageIds": "ami", "InstanceIds": "i"}.get(id_parameter, "eni")
    with refused("InvalidParameterCombination"):
        getattr(ec2, action)(MaxResults=5, **{id_parameter: [f"{kind}-0123456789abcdef0"]})


@pytest.mark.parametrize(
    ("action", "result"),
    [
        ("describe_volumes", "Volumes"),
        ("describe_tags", "Tags"),
        ("describe_instance_status", "InstanceStatuses"),
        ("describe_network_interfaces", "NetworkInterfaces"),
        ("describe_instances", "Reservations"),
    ],
)
def test_others_come_in_pages_too(ec2: Any, backend: Any, action: str, result: str, refused: Any) -> None:
    """API reference of each: MaxResults, NextToken."""
    for n in range(7):
        seed.instance(backend, {"Name": str(n)})
    first = getattr(ec2, action)(MaxResults=5)
    second = getattr(ec2, action)(MaxResults=5, NextToken=first["NextToken"])
    assert [len(first[result]), len(second[result])] == [5, 2]
    assert "NextToken" not in second
    with refused("InvalidNextToken"):
        getattr(ec2, action)(MaxResults=5, NextToken="garbage")


def test_instances_are_not_cut_at_100(ec2: Any, backend: Any) -> None:
    """API reference, DescribeInstances: without MaxResults everything is returned."""
    for _ in range(101):
        seed.instance(backend, {})
    assert len(ec2.describe_instances()["Reservations"]) == 101


def test_instances_are_counted_not_reservations(ec2: Any) -> None:
    """API reference, DescribeInstances: at most MaxResults instances a page."""
    ec2.run_instances(ImageId=seed.IMAGE, InstanceType="t3.micro", MinCount=7, MaxCount=7)
    pages = ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5})
    counts = [sum(len(each["Instances"]) for each in page["Reservations"]) for page in pages]
    assert counts == [5, 2]


def test_many_tagged_snapshots_come_quickly(ec2: Any, backend: Any, volume: Any) -> None:
    """moto reads all tags of the region for each resource, and botocore's 60 s are over first.
    AWS pages 1,000 records; here 1,500 tagged ones must take far less than moto's seconds."""
    for n in range(1500):
        seed.snapshot(backend, volume, NOON - timedelta(hours=n), {"a": "b", "c": "d"})
    began = time.process_time()
    pages = ec2.get_paginator("describe_snapshots").paginate(
        OwnerIds=["self"], Filters=[{"Name": "tag:a", "Values": ["b"]}], PaginationConfig={"PageSize": 1000}
    )
    assert [len(page["Snapshots"]) for page in pages] == [1000, 500]
    assert time.process_time() - began < 2
