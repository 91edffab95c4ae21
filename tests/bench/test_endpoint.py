"""The bench's endpoint: EC2's answers, pages, refusals and token buckets, as far as the bench needs them."""

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from bench.server import REGION, Server


@pytest.fixture
def ec2(server: Server) -> Any:
    return boto3.client(
        "ec2",
        endpoint_url=server.url,
        region_name=REGION,
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
        config=Config(retries={"total_max_attempts": 1}),
    )


def _refusal(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return str(refused.value.response["Error"]["Code"])


def _all_snapshots(ec2: Any, **parameters: Any) -> list[dict[str, Any]]:
    pages = ec2.get_paginator("describe_snapshots").paginate(PaginationConfig={"PageSize": 1000}, **parameters)
    return [snapshot for page in pages for snapshot in page["Snapshots"]]


def test_a_list_comes_in_pages_and_once_each(server: Server, ec2: Any) -> None:
    server.become(instances=600, nights=2)
    found = _all_snapshots(ec2, OwnerIds=["self"])
    assert len({snapshot["SnapshotId"] for snapshot in found}) == len(found) == 2400
    assert server.seen()["calls"] == {"DescribeSnapshots": 3}
    assert found[0]["State"] == "completed"
    assert len(found[0]["Tags"]) == 6


def test_filters_hold_and_an_unknown_one_is_refused(server: Server, ec2: Any) -> None:
    server.become(instances=3, nights=2)
    volume = next(iter(ec2.describe_volumes()["Volumes"]))
    assert volume["Attachments"][0]["InstanceId"] == "i-00000000000000000"
    of_it = _all_snapshots(ec2, Filters=[{"Name": "volume-id", "Values": [volume["VolumeId"]]}])
    assert [snapshot["VolumeId"] for snapshot in of_it] == [volume["VolumeId"]] * 2
    ours = [{"Name": "tag:nightshift:stack", "Values": ["nightshift"]}, {"Name": "status", "Values": ["completed"]}]
    assert len(_all_snapshots(ec2, Filters=ours)) == 12
    assert _all_snapshots(ec2, Filters=[{"Name": "tag:nightshift:stack", "Values": ["another"]}]) == []
    assert _refusal(ec2.describe_snapshots, Filters=[{"Name": "progress", "Values": ["1"]}]) == "InvalidParameterValue"


def test_changes_last_and_what_holds_a_snapshot_keeps_it(server: Server, ec2: Any) -> None:
    server.become(instances=2, nights=2, images=1, refusing=1)
    (image,) = ec2.describe_images(Owners=["self"])["Images"]
    imaged = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    refused = [id_ for id_ in (snapshot["SnapshotId"] for snapshot in _all_snapshots(ec2)) if _kept(ec2, id_)]
    assert imaged in refused
    assert len(refused) == 2
    assert [snapshot["SnapshotId"] for snapshot in _all_snapshots(ec2)] == refused
    assert _refusal(ec2.delete_snapshot, SnapshotId="snap-0") == "InvalidSnapshot.NotFound"
    made = ec2.create_snapshots(InstanceSpecification={"InstanceId": "i-00000000000000001"})["Snapshots"]
    assert len(made) == 2
    assert len(_all_snapshots(ec2)) == 4
    ec2.create_tags(Resources=["i-00000000000000001"], Tags=[{"Key": "CostCentre", "Value": "4711"}])
    assert server.seen()["tagged"] == 1


def _kept(ec2: Any, snapshot_id: str) -> bool:
    try:
        ec2.delete_snapshot(SnapshotId=snapshot_id)
    except ClientError as error:
        return error.response["Error"]["Code"] == "InvalidSnapshot.InUse"
    return False


def test_what_comes_faster_than_a_bucket_fills_is_throttled(server: Server, ec2: Any) -> None:
    """After the burst of 100; a bucket that fills a thousand times as fast lets the same pass."""
    for speed, throttled in ((1.0, True), (1000.0, False)):
        server.become(throttling=True, speed=speed, instances=60, nights=2)
        ids = [snapshot["SnapshotId"] for snapshot in _all_snapshots(ec2)][:150]
        answers = [_answer(ec2, id_) for id_ in ids]
        assert answers[:100] == ["yes"] * 100
        assert ("RequestLimitExceeded" in answers) is throttled
        assert (server.seen()["throttled"] != {}) is throttled


def _answer(ec2: Any, snapshot_id: str) -> str:
    try:
        ec2.delete_snapshot(SnapshotId=snapshot_id)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "yes"


def test_what_it_does_not_know_it_does_not_answer(ec2: Any) -> None:
    assert _refusal(ec2.describe_transit_gateways) == "InvalidAction"
