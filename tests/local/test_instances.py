"""Contract: launching instances, and the states from which they start, stop and reboot."""

from typing import Any

import pytest

from local import seed
from local.world import world


def run(ec2: Any, *mappings: dict[str, Any]) -> dict[str, Any]:
    ec2.run_instances(
        ImageId=seed.IMAGE,
        InstanceType="m5d.large",
        MinCount=1,
        MaxCount=1,
        BlockDeviceMappings=list(mappings),
        TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "b"}]}],
    )
    return {each["Attachments"][0]["Device"]: each for each in ec2.describe_volumes()["Volumes"]}


@pytest.mark.parametrize(("kind", "iops", "throughput"), [("gp3", 4000, 250), ("io1", 1000, None), ("io2", 2000, None)])
def test_a_launched_volume_has_its_speed(ec2: Any, kind: str, iops: int, throughput: int | None) -> None:
    """API reference, EbsBlockDevice: Iops (required for io1 and io2), Throughput (gp3)."""
    ebs = {"VolumeSize": 100, "VolumeType": kind, "Iops": iops, **({"Throughput": throughput} if throughput else {})}
    volume = run(ec2, {"DeviceName": "/dev/sdf", "Ebs": ebs})["/dev/sdf"]
    assert (volume["VolumeType"], volume["Iops"], volume.get("Throughput")) == (kind, iops, throughput)


def test_an_instance_store_volume_is_accepted_and_not_shown(ec2: Any) -> None:
    """API reference, BlockDeviceMapping.VirtualName: ephemeral0."""
    volumes = run(ec2, {"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"})
    assert set(volumes) == {"/dev/sda1"}


def test_the_root_volume_comes_from_the_image(ec2: Any) -> None:
    """UG, block device mappings: an instance's mapping adds to the AMI's; it does not replace the root."""
    volumes = run(ec2, {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 10}})
    assert set(volumes) == {"/dev/sda1", "/dev/sdf"}
    assert all(each["Tags"] == [{"Key": "a", "Value": "b"}] for each in volumes.values())


@pytest.mark.parametrize("action", ["start_instances", "stop_instances", "reboot_instances"])
def test_a_terminated_instance_stays_so(ec2: Any, machine: Any, action: str, refused: Any) -> None:
    """ERR, IncorrectInstanceState; UG, instance lifecycle."""
    machine.terminate()
    with refused("IncorrectInstanceState"):
        getattr(ec2, action)(InstanceIds=[machine.id])


def test_a_terminated_instance_is_gone_within_the_hour(ec2: Any, machine: Any, backend: Any, refused: Any) -> None:
    """API reference, DescribeInstances: "Recently terminated instances might appear", usually less than one hour."""
    machine.terminate()
    world.clock.advance(minutes=59)
    assert [each["State"]["Name"] for each in listed(ec2)] == ["terminated"]
    world.clock.advance(minutes=1)
    assert not listed(ec2)
    assert machine.id not in backend.tags
    with refused("InvalidInstanceID.NotFound"):
        ec2.describe_instances(InstanceIds=[machine.id])


def listed(ec2: Any) -> list[Any]:
    found = ec2.describe_instances()["Reservations"]
    return [instance for reservation in found for instance in reservation["Instances"]]


def test_an_instance_store_root_cannot_be_stopped(ec2: Any, backend: Any, refused: Any) -> None:
    """UG, stop and start: UnsupportedOperation, "does not have an 'ebs' root device type and cannot be stopped"."""
    machine = seed.instance_store(backend, {})
    with refused("UnsupportedOperation"):
        ec2.stop_instances(InstanceIds=[machine.id])


def test_the_block_devices_are_an_attribute(ec2: Any, machine: Any, volume_ids: dict[str, str]) -> None:
    """API reference, DescribeInstanceAttribute, blockDeviceMapping."""
    answer = ec2.describe_instance_attribute(InstanceId=machine.id, Attribute="blockDeviceMapping")
    shown = {each["DeviceName"]: each["Ebs"]["VolumeId"] for each in answer["BlockDeviceMappings"]}
    assert shown == volume_ids
