"""Contract: volumes, and attaching them."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local import seed
from local.seed import Disk

ZONE = "eu-central-1a"


def create(ec2: Any, **more: Any) -> Any:
    return ec2.create_volume(**{"Size": 100, "AvailabilityZone": ZONE, "VolumeType": "gp3", **more})


def shown(ec2: Any, volume_id: str) -> Any:
    [volume] = ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"]
    return volume


def test_gp3_defaults(ec2: Any) -> None:
    """API reference, CreateVolume: gp3 has 3,000 IOPS and 125 MiB/s by default."""
    volume = shown(ec2, create(ec2)["VolumeId"])
    assert (volume["Iops"], volume["Throughput"], volume["MultiAttachEnabled"]) == (3000, 125, False)


@pytest.mark.parametrize(("size", "iops"), [(8, 100), (100, 300), (6000, 16000)])
def test_gp2_iops_by_size(ec2: Any, size: int, iops: int, recording: Callable[[str], dict[str, Any]]) -> None:
    """UG: 3 IOPS per GiB, 100 to 16,000; recording test_ebs_modifyable_filter: 100 for a gp2 of 8 GiB."""
    recorded = recording("test_ebs_modifyable_filter/ec2.DescribeVolumes_1.json")["Volumes"]
    assert {each["Iops"] for each in recorded if (each["VolumeType"], each["Size"]) == ("gp2", 8)} == {100}
    assert shown(ec2, create(ec2, Size=size, VolumeType="gp2")["VolumeId"])["Iops"] == iops


def test_a_new_volume_is_creating(ec2: Any) -> None:
    """API reference, VolumeState: the answer to CreateVolume says creating."""
    made = create(ec2)
    assert (made["State"], shown(ec2, made["VolumeId"])["State"]) == ("creating", "available")


def test_one_token_one_volume(ec2: Any, refused: Any) -> None:
    """EC2 API, "Ensuring idempotency": the first answer again, or IdempotentParameterMismatch."""
    first, second = (create(ec2, ClientToken="t") for _ in range(2))
    assert first["VolumeId"] == second["VolumeId"]
    assert len(ec2.describe_volumes()["Volumes"]) == 1
    with refused("IdempotentParameterMismatch"):
        create(ec2, ClientToken="t", Size=101)


def test_a_volume_can_be_broken(ec2: Any, backend: Any) -> None:
    """API reference, VolumeState: error."""
    seed.volume(backend, Disk(), status="error")
    wanted = [{"Name": "status", "Values": ["error"]}]
    assert [each["State"] for each in ec2.describe_volumes(Filters=wanted)["Volumes"]] == ["error"]


def test_an_attachment_says_what_happens_on_termination(
    ec2: Any, backend: Any, recording: Callable[[str], dict[str, Any]]
) -> None:
    """Recording test_ebs_modifyable_filter: Attachments with DeleteOnTermination."""
    recorded = recording("test_ebs_modifyable_filter/ec2.DescribeVolumes_1.json")["Volumes"][0]["Attachments"][0]
    seed.instance(backend, {}, [Disk(), Disk("/dev/sdf", delete_on_termination=False)])
    attachments = [each["Attachments"][0] for each in ec2.describe_volumes()["Volumes"]]
    assert {each["Device"]: each["DeleteOnTermination"] for each in attachments} == {
        "/dev/sda1": True,
        "/dev/sdf": False,
    }
    assert attachments[0].keys() >= recorded.keys()


def test_a_missing_volume_is_named(ec2: Any, volume_ids: dict[str, str]) -> None:
    """ERR: InvalidVolume.NotFound, "The volume 'vol-x' does not exist"."""
    with pytest.raises(ClientError, match="The volume 'vol-0123456789abcdef0' does not exist"):
        ec2.describe_volumes(VolumeIds=[*volume_ids.values(), "vol-0123456789abcdef0"])


def test_a_volume_of_another_zone(ec2: Any, machine: Any, refused: Any) -> None:
    """ERR: InvalidVolume.ZoneMismatch."""
    volume = create(ec2, AvailabilityZone="eu-central-1b")["VolumeId"]
    with refused("InvalidVolume.ZoneMismatch"):
        ec2.attach_volume(VolumeId=volume, InstanceId=machine.id, Device="/dev/sdh")


def test_a_device_that_is_taken(ec2: Any, machine: Any, refused: Any) -> None:
    """ERR: InvalidParameterValue, "Attachment point /dev/sdf is already in use"."""
    with refused("InvalidParameterValue"):
        ec2.attach_volume(VolumeId=create(ec2)["VolumeId"], InstanceId=machine.id, Device="/dev/sdf")


def test_a_volume_that_is_attached(ec2: Any, backend: Any, volume_ids: dict[str, str], refused: Any) -> None:
    """ERR: VolumeInUse."""
    other = seed.instance(backend, {})
    with refused("VolumeInUse"):
        ec2.attach_volume(VolumeId=volume_ids["/dev/sdf"], InstanceId=other.id, Device="/dev/sdf")


def test_a_multi_attach_volume(ec2: Any, backend: Any, machine: Any, refused: Any) -> None:
    """UG, Multi-Attach: io1 and io2 volumes on up to 16 instances; DetachVolume then needs the instance."""
    other = seed.instance(backend, {})
    volume = create(ec2, VolumeType="io2", Iops=1000, MultiAttachEnabled=True)["VolumeId"]
    for each in (machine, other):
        ec2.attach_volume(VolumeId=volume, InstanceId=each.id, Device="/dev/sdm")
    assert {each["InstanceId"] for each in shown(ec2, volume)["Attachments"]} == {machine.id, other.id}
    wanted = [{"Name": "attachment.instance-id", "Values": [other.id]}, {"Name": "size", "Values": ["100"]}]
    assert len(ec2.describe_volumes(Filters=wanted)["Volumes"]) == 1
    ec2.detach_volume(VolumeId=volume, InstanceId=machine.id)
    assert [each["InstanceId"] for each in shown(ec2, volume)["Attachments"]] == [other.id]
    with refused("VolumeInUse"):
        ec2.attach_volume(VolumeId=volume, InstanceId=other.id, Device="/dev/sdn")


def test_detaching_needs_no_instance(ec2: Any, machine: Any, volume_ids: dict[str, str]) -> None:
    """API reference, DetachVolume: InstanceId is required only for a Multi-Attach enabled volume."""
    answer = ec2.detach_volume(VolumeId=volume_ids["/dev/sdf"])
    assert (answer["InstanceId"], answer["Device"]) == (machine.id, "/dev/sdf")
    assert shown(ec2, volume_ids["/dev/sdf"])["State"] == "available"


def test_the_root_volume_of_a_running_instance_stays(
    ec2: Any, machine: Any, volume_ids: dict[str, str], refused: Any
) -> None:
    """API reference, DetachVolume: stop the instance first. The code is not verified."""
    with refused("OperationNotPermitted"):
        ec2.detach_volume(VolumeId=volume_ids["/dev/sda1"], InstanceId=machine.id)
    machine.stop()
    ec2.detach_volume(VolumeId=volume_ids["/dev/sda1"], InstanceId=machine.id)


def test_a_free_volume_cannot_be_detached(ec2: Any, refused: Any) -> None:
    """ERR: IncorrectState, "Volume 'vol-x' is in the 'available' state"."""
    with refused("IncorrectState"):
        ec2.detach_volume(VolumeId=create(ec2)["VolumeId"])
