"""backup as it is deployed: the built function under AWS's emulator, against the embedded AWS over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.emulator import Emulator
from local.seed import IMAGE
from local.stage import client, put_policy

pytestmark = pytest.mark.usefixtures("built")


def test_a_volume_is_snapshotted_once_a_slot(embedded: EmbeddedAws) -> None:
    ec2 = client("ec2", embedded.url)
    put_policy(embedded.url)
    instance = _instance_with_two_volumes(ec2)
    volumes = {disk["Ebs"]["VolumeId"] for disk in instance["BlockDeviceMappings"]}
    slots = {_slot(datetime.now(UTC))}

    with Emulator("BackupFunction", endpoint_url=embedded.url, timeout=60) as backup:
        first = backup.invoke({})
        slots.add(_slot(datetime.now(UTC)))  # the run may have crossed 03:00
        ours = {"Name": "tag:nightshift:stack", "Values": ["nightshift"]}
        snapshots = ec2.describe_snapshots(Filters=[ours])
        second = backup.invoke({})

    assert (first["version"], first["job"], first["dry_run"], first["refused"]) == (1, "backup", False, None)
    assert (first["planned"], first["done"], first["failed"], first["remaining"]) == (2, 2, 0, 0)
    assert first["calls"]["CreateSnapshots"] == 1
    assert {each["resource"] for each in first["decisions"]} == volumes
    assert {(each["action"], each["outcome"]) for each in first["decisions"]} == {("snapshot", "done")}

    assert {each["VolumeId"] for each in snapshots["Snapshots"]} == volumes
    for snapshot in snapshots["Snapshots"]:
        tags = {tag["Key"]: tag["Value"] for tag in snapshot["Tags"]}
        assert tags.pop("nightshift:slot/nightly") in slots
        assert {entry.split(":")[0] for entry in tags.pop("nightshift:devices/1").split()} == {
            f"{disk['DeviceName']}={disk['Ebs']['VolumeId']}" for disk in instance["BlockDeviceMappings"]
        }
        assert tags.pop("nightshift:origin").split() == [
            instance["Placement"]["AvailabilityZone"],
            instance["InstanceType"],
            instance["SubnetId"],
            instance["PrivateIpAddress"],
        ]
        assert tags.pop("nightshift:stack") == "nightshift"
        assert tags.pop("nightshift:instance") == instance["InstanceId"]
        assert {key for key in tags if key.startswith("nightshift:")} == set()
        assert tags["team"] == "harbour"  # the volume's own

    assert (second["planned"], second["done"], second["failed"], second["skipped"]) == (0, 0, 0, 2)
    assert "CreateSnapshots" not in second["calls"]
    assert embedded.unimplemented == []


def test_the_region_is_the_one_the_function_runs_in(embedded: EmbeddedAws) -> None:
    """The emulator, and so `sam local`, puts us-east-1 into every ARN; AWS_REGION is always right."""
    put_policy(embedded.url, region="eu-west-3")
    with Emulator("BackupFunction", endpoint_url=embedded.url, region="eu-west-3", timeout=60) as backup:
        answer = backup.invoke({"dry_run": True})
    assert answer["region"] == "eu-west-3"


def _instance_with_two_volumes(ec2: Any) -> dict[str, Any]:
    made = ec2.run_instances(
        ImageId=IMAGE,
        InstanceType="t3.small",
        MinCount=1,
        MaxCount=1,
        BlockDeviceMappings=[
            {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8, "VolumeType": "gp3"}},
            {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 100, "VolumeType": "gp3"}},
        ],
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "Backup", "Value": "nightly"}]},
            {"ResourceType": "volume", "Tags": [{"Key": "team", "Value": "harbour"}]},
        ],
    )
    described = ec2.describe_instances(InstanceIds=[made["Instances"][0]["InstanceId"]])
    instance: dict[str, Any] = described["Reservations"][0]["Instances"][0]
    return instance


def _slot(now: datetime) -> str:
    """The default plan's slot: the newest 03:00 UTC."""
    today = now.replace(hour=3, minute=0, second=0, microsecond=0)
    slot = today if today <= now else today - timedelta(days=1)
    return slot.strftime("%Y-%m-%dT%H:%M:%SZ")
