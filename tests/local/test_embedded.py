"""The server of the embedded AWS: what is missing is loud, faults can be put in, calls are counted."""

import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from moto import mock_aws

from local import corrections
from local.embedded import EmbeddedAws
from local.wire import Answer, Fault

ROOT = Path(__file__).parents[2]
type Client = Callable[[str], Any]

REST: dict[str, dict[str, Any]] = {
    "describe_addon": {"clusterName": "one", "addonName": "coredns"},
    "list_insights": {"clusterName": "one", "maxResults": 5},
    "tag_resource": {"resourceArn": "arn:aws:eks:eu-central-1:1:cluster/one", "tags": {"a": "b"}},
}


@pytest.mark.parametrize(
    ("service", "action", "name"),
    [
        ("ec2", "describe_volume_status", "ec2:DescribeVolumeStatus"),
        ("eks", "list_eks_anywhere_subscriptions", "eks:ListEksAnywhereSubscriptions"),
        ("ssm", "describe_patch_groups", "ssm:DescribePatchGroups"),
    ],
)
def test_what_moto_lacks_is_loud(aws: EmbeddedAws, client: Client, service: str, action: str, name: str) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(client(service), action)()
    assert caught.value.response["Error"]["Code"] == "MotoNotImplemented"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    [gap] = aws.unimplemented
    assert gap.startswith(name)


def test_an_error_of_aws_is_no_gap(aws: EmbeddedAws, ec2: Any) -> None:
    with pytest.raises(ClientError):
        ec2.delete_snapshot(SnapshotId="snap-0123456789abcdef0")
    assert aws.unimplemented == []


def test_requests_of_rest_services_have_names_and_parameters_too(aws: EmbeddedAws, client: Client) -> None:
    heard: list[tuple[str, dict[str, Any]]] = []
    aws.hooks.append(lambda _, action, parameters: heard.append((action, parameters)))
    for call in ("describe_addon", "list_insights", "tag_resource"):
        with pytest.raises(ClientError):
            getattr(client("eks"), call)(**REST[call])
    assert heard == [
        ("DescribeAddon", {"name": "one", "addonName": "coredns"}),
        ("ListInsights", {"name": "one", "maxResults": 5}),
        ("TagResource", {"resourceArn": "arn:aws:eks:eu-central-1:1:cluster/one", "tags": {"a": "b"}}),
    ]
    assert aws.requests == [("eks", action) for action, _ in heard]


def test_requests_are_written_down(aws: EmbeddedAws, client: Client) -> None:
    client("ec2").describe_snapshots()
    client("ssm").describe_parameters()
    assert aws.requests == [("ec2", "DescribeSnapshots"), ("ssm", "DescribeParameters")]


def throttled(_service: str, action: str, _params: dict[str, Any]) -> Fault | None:
    return Fault("RequestLimitExceeded", "slow down", 503) if action == "DescribeSnapshots" else None


def test_a_hook_answers_before_moto(aws: EmbeddedAws, ec2: Any) -> None:
    aws.hooks.append(throttled)
    with pytest.raises(ClientError) as caught:
        ec2.describe_snapshots()
    assert caught.value.response["Error"]["Code"] == "RequestLimitExceeded"
    assert ec2.describe_volumes()["Volumes"] == []


@pytest.mark.parametrize("service", ["ec2", "ssm", "sns", "eks"])
def test_a_fault_speaks_the_protocol_of_its_call(aws: EmbeddedAws, client: Client, service: str) -> None:
    aws.hooks.append(lambda *_: Fault("SomeCode", "some <text>", 418))
    action = {"ec2": "describe_volumes", "ssm": "describe_parameters", "sns": "list_topics", "eks": "list_clusters"}
    with pytest.raises(ClientError) as caught:
        getattr(client(service), action[service])()
    assert caught.value.response["Error"]["Code"] == "SomeCode"
    assert caught.value.response["Error"]["Message"] == "some <text>"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 418


def test_parallel_calls_do_not_slip_past_a_limit(ec2: Any) -> None:
    """Checking and making is one step: of 8 calls at once for a volume AWS lets one through."""
    volume = ec2.create_volume(Size=1, AvailabilityZone="eu-central-1a")["VolumeId"]

    def create(_: int) -> str:
        try:
            return str(ec2.create_snapshot(VolumeId=volume)["State"])
        except ClientError as refused:
            return str(refused.response["Error"]["Code"])

    with ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(create, range(8)))
    assert answers == {"pending": 1, "SnapshotCreationPerVolumeRateExceeded": 7}


@pytest.mark.parametrize(("after", "volumes"), [(False, 0), (True, 1)])
def test_a_dropped_connection(aws: EmbeddedAws, ec2: Any, after: bool, volumes: int) -> None:
    """The call may have taken effect or not; its caller cannot know."""
    aws.hooks.append(lambda _, action, __: Answer(drop=True, after=after) if action == "CreateVolume" else None)
    with pytest.raises(ConnectionClosedError):
        ec2.create_volume(Size=1, AvailabilityZone="eu-central-1a")
    assert len(ec2.describe_volumes()["Volumes"]) == volumes


def test_reset_empties_everything(aws: EmbeddedAws, ec2: Any) -> None:
    ec2.create_volume(Size=1, AvailabilityZone="eu-central-1a")
    aws.hooks.append(throttled)
    aws.reset()
    assert ec2.describe_volumes()["Volumes"] == []
    assert ec2.describe_snapshots()["Snapshots"] == []


def test_it_runs_as_a_program() -> None:
    command = [sys.executable, "-m", "local.embedded"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        try:
            with urllib.request.urlopen(f"{url}/moto-api/data.json") as answer:
                assert answer.status == 200
        finally:
            process.terminate()


@mock_aws
def test_the_corrections_hold_without_a_server_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    corrections.install()
    corrections.install()
    ec2 = boto3.client("ec2", region_name="eu-central-1")
    volume = ec2.create_volume(Size=1, AvailabilityZone="eu-central-1a")["VolumeId"]
    assert ec2.create_snapshot(VolumeId=volume)["State"] == "pending"
