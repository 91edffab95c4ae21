"""Contract: DryRun, SSM parameters, SNS messages."""

from collections.abc import Callable
from typing import Any

import pytest

from local.world import world

type Client = Callable[[str], Any]


@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("describe_snapshots", {}),
        ("describe_volumes", {}),
        ("describe_instance_status", {}),
        ("describe_locked_snapshots", {}),
        ("create_vpc", {"CidrBlock": "10.0.0.0/16"}),
    ],
)
def test_a_dry_run_does_nothing(ec2: Any, action: str, parameters: dict[str, str], refused: Any) -> None:
    """EC2 API, DryRun: DryRunOperation, HTTP 412, and nothing happens."""
    before = len(ec2.describe_vpcs()["Vpcs"])
    with refused("DryRunOperation", 412):
        getattr(ec2, action)(DryRun=True, **parameters)
    assert len(ec2.describe_vpcs()["Vpcs"]) == before


def test_a_dry_run_of_a_creating_call_looks_at_its_parameters(
    ec2: Any, volume_ids: dict[str, str], refused: Any
) -> None:
    """EC2 API, DryRun: whether one has the permissions for these resources, so they must be there. Not verified."""
    with refused("DryRunOperation", 412):
        ec2.create_snapshot(VolumeId=volume_ids["/dev/sdf"], DryRun=True)
    with refused("InvalidSnapshot.NotFound"):
        ec2.delete_snapshot(SnapshotId="snap-0123456789abcdef0", DryRun=True)


@pytest.mark.parametrize(
    ("tier", "value"),
    [
        ("Standard", "x" * 4097),
        ("Standard", "ä" * 2049),
        ("Advanced", "x" * 8193),
        ("Intelligent-Tiering", "x" * 8193),
        ("Standard", "{{ssm:other}}"),
    ],
)
def test_parameter_values(client: Client, tier: str, value: str, refused: Any) -> None:
    """botocore model, PutParameter: 4 KB and 8 KB, no {{ }}."""
    with refused("ValidationException"):
        client("ssm").put_parameter(Name="/p", Type="String", Tier=tier, Value=value)


@pytest.mark.parametrize("subject", ["two\nlines", "bell\a", ""])
def test_message_subjects(client: Client, subject: str, refused: Any) -> None:
    """API reference, Publish: no line breaks or control characters in Subject."""
    sns = client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    with refused("InvalidParameter"):
        sns.publish(TopicArn=topic, Subject=subject, Message="x")


def test_messages_are_kept_for_the_test(client: Client) -> None:
    """No promise of AWS's: how a test reads what was published."""
    sns = client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.publish(TopicArn=topic, Subject="S", Message="text")
    assert [(each.topic, each.subject, each.text) for each in world.messages] == [(topic, "S", "text")]
