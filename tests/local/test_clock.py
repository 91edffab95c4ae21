"""Contract: every time that EC2 shows is the world's, for in AWS all of them come from one clock."""

from datetime import UTC, datetime
from typing import Any

from local import seed
from local.world import world

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_times_come_from_the_clock_of_the_world(ec2: Any) -> None:
    """API reference: LaunchTime, CreateTime, AttachTime, CreationDate and StartTime, in UTC."""
    world.clock.set(NOON)
    [instance] = ec2.run_instances(ImageId=seed.IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"]
    [volume] = ec2.describe_volumes()["Volumes"]
    image = ec2.create_image(InstanceId=instance["InstanceId"], Name="image")["ImageId"]
    [shown] = ec2.describe_images(ImageIds=[image])["Images"]
    assert instance["LaunchTime"] == NOON
    assert volume["CreateTime"] == volume["Attachments"][0]["AttachTime"] == NOON
    assert shown["CreationDate"] == "2026-11-24T12:00:00.000Z"
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"][0]["StartTime"] == NOON
