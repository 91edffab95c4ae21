"""Contract: creating snapshots, their states, their copies."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from local import seed
from local.seed import Disk
from local.world import world

type Recording = Callable[[str], dict[str, Any]]
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def tagged(**tags: str) -> list[dict[str, Any]]:
    return [{"ResourceType": "snapshot", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


def tags_of(resource: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in resource.get("Tags", [])}


def of_instance(machine: Any, **spec: Any) -> dict[str, Any]:
    return {"InstanceSpecification": {"InstanceId": machine.id, **spec}}


def test_create_snapshot_answers_pending_in_the_recorded_shape(
    ec2: Any, volume_ids: dict[str, str], recording: Recording
) -> None:
    """Recording test_ebs_snapshot_copy_tags/ec2.CreateSnapshot_1: State pending, Progress empty."""
    recorded = recording("test_ebs_snapshot_copy_tags/ec2.CreateSnapshot_1.json")
    answer = ec2.create_snapshot(VolumeId=volume_ids["/dev/sdf"], TagSpecifications=tagged(a="b"))
    del answer["ResponseMetadata"]
    assert answer.keys() == recorded.keys()
    assert {key: answer[key] for key in ("State", "Progress")} == {"State": "pending", "Progress": ""}
    assert {key: recorded[key] for key in ("State", "Progress")} == {"State": "pending", "Progress": ""}


def test_create_snapshots_answers_in_the_recorded_shape(ec2: Any, machine: Any, recording: Recording) -> None:
    """Recording test_ec2_snapshot/ec2.CreateSnapshots_1: SnapshotInfo with State pending, one StartTime."""
    recorded = recording("test_ec2_snapshot/ec2.CreateSnapshots_1.json")["Snapshots"]
    answer = ec2.create_snapshots(**of_instance(machine), TagSpecifications=tagged(a="b"))["Snapshots"]
    assert {key for each in answer for key in each} == {key for each in recorded for key in each}
    assert {each["State"] for each in answer} == {each["State"] for each in recorded} == {"pending"}
    assert len({each["StartTime"] for each in answer}) == len({each["StartTime"] for each in recorded}) == 1


def test_all_snapshots_of_a_call_have_one_start_time_tags_and_description(ec2: Any, machine: Any) -> None:
    """API reference, SnapshotInfo.StartTime: "the same for all snapshots initiated by the same request"."""
    answer = ec2.create_snapshots(**of_instance(machine), Description="x", TagSpecifications=tagged(a="b"))
    made = answer["Snapshots"]
    assert len(made) == 3
    assert {(each["Description"], each["State"]) for each in made} == {("x", "pending")}
    assert all(tags_of(each) == {"a": "b"} for each in made)


def test_excluded_data_volumes_get_no_snapshot(ec2: Any, machine: Any, volume_ids: dict[str, str]) -> None:
    """botocore model, InstanceSpecification.ExcludeDataVolumeIds."""
    made = ec2.create_snapshots(**of_instance(machine, ExcludeDataVolumeIds=[volume_ids["/dev/sdf"]]))["Snapshots"]
    assert {each["VolumeId"] for each in made} == {volume_ids["/dev/sda1"], volume_ids["/dev/sdg"]}


def test_the_root_volume_is_no_data_volume(ec2: Any, machine: Any, volume_ids: dict[str, str], refused: Any) -> None:
    """botocore model: "If you specify the ID of the root volume, the request fails"."""
    with refused("InvalidParameterValue"):
        ec2.create_snapshots(**of_instance(machine, ExcludeDataVolumeIds=[volume_ids["/dev/sda1"]]))


def test_a_volume_of_another_instance_cannot_be_excluded(ec2: Any, machine: Any, refused: Any) -> None:
    """The code is not verified; moto takes any id."""
    with refused("InvalidParameterValue"):
        ec2.create_snapshots(**of_instance(machine, ExcludeDataVolumeIds=["vol-0123456789abcdef0"]))


def test_at_most_40_volumes_can_be_excluded(ec2: Any, backend: Any, refused: Any) -> None:
    """botocore model: "You can specify up to 40 volume IDs per request"."""
    disks = [Disk(), *(Disk(f"/dev/xvd{n}") for n in range(41))]
    machine = seed.instance(backend, {}, disks)
    ids = [each.id for device, each in seed.volumes_of(backend, machine).items() if device != "/dev/sda1"]
    with refused("InvalidParameterValue"):
        ec2.create_snapshots(**of_instance(machine, ExcludeDataVolumeIds=ids))
    assert len(ec2.create_snapshots(**of_instance(machine, ExcludeDataVolumeIds=ids[:40]))["Snapshots"]) == 2


def test_tags_of_each_volume_are_copied_without_those_of_aws(
    ec2: Any, backend: Any, machine: Any, volume_ids: dict[str, str]
) -> None:
    """API reference, CopyTagsFromSource=volume. That aws: tags are left out is not verified."""
    seed.system_tags(backend, volume_ids["/dev/sdf"], {"Name": "data", "aws:cloudformation:stack-name": "x"})
    made = ec2.create_snapshots(
        **of_instance(machine), CopyTagsFromSource="volume", TagSpecifications=tagged(ours="1")
    )["Snapshots"]
    tags = {each["VolumeId"]: tags_of(each) for each in made}
    assert tags[volume_ids["/dev/sdf"]] == {"Name": "data", "ours": "1"}
    assert tags[volume_ids["/dev/sdg"]] == {"ours": "1"}


def test_more_than_50_tags_refuse_the_whole_call(
    ec2: Any, backend: Any, machine: Any, volume_ids: dict[str, str], refused: Any
) -> None:
    """ERR, TagLimitExceeded: more than 50 with the copied ones, and the whole call fails."""
    seed.system_tags(backend, volume_ids["/dev/sdg"], {f"k{n}": "v" for n in range(50)})
    with refused("TagLimitExceeded"):
        ec2.create_snapshots(**of_instance(machine), CopyTagsFromSource="volume", TagSpecifications=tagged(ours="1"))
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []


def test_a_key_copied_and_given_is_refused(
    ec2: Any, backend: Any, machine: Any, volume_ids: dict[str, str], refused: Any
) -> None:
    """c7n #3792 has it for explicit tags: "Duplicate tag key", InvalidParameterValue. For copied ones: not verified."""
    seed.system_tags(backend, volume_ids["/dev/sdf"], {"Name": "data"})
    with refused("InvalidParameterValue"):
        ec2.create_snapshots(**of_instance(machine), CopyTagsFromSource="volume", TagSpecifications=tagged(Name="mine"))


def test_a_key_given_twice_is_refused(ec2: Any, volume_ids: dict[str, str], refused: Any) -> None:
    """c7n #3792: InvalidParameterValue, Duplicate tag key."""
    twice = [{"ResourceType": "snapshot", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}]
    with refused("InvalidParameterValue"):
        ec2.create_snapshot(VolumeId=volume_ids["/dev/sdf"], TagSpecifications=twice)


def test_a_terminated_instance_has_no_snapshots_to_make(ec2: Any, machine: Any, refused: Any) -> None:
    """ERR, IncorrectState; that it is the code of this call is not verified."""
    machine.terminate()
    with refused("IncorrectState"):
        ec2.create_snapshots(**of_instance(machine))


def test_a_snapshot_of_a_broken_volume_is_refused(ec2: Any, backend: Any, refused: Any) -> None:
    """ERR, IncorrectState: the volume must be available or in-use."""
    with refused("IncorrectState"):
        ec2.create_snapshot(VolumeId=_broken(backend))


def _broken(backend: Any) -> str:
    volume = backend.create_volume(size=8, zone_name="eu-central-1a", volume_type="gp3")
    try:
        volume.status = "error"
    except AttributeError:
        pytest.fail("a volume of plain moto is never in error")
    return str(volume.id)


def test_a_snapshot_has_the_key_of_its_volume(ec2: Any) -> None:
    """API reference, Snapshot.KmsKeyId."""
    volume = ec2.create_volume(Size=8, AvailabilityZone="eu-central-1a", Encrypted=True, VolumeType="gp3")
    ec2.create_snapshot(VolumeId=volume["VolumeId"])
    [snapshot] = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert snapshot["KmsKeyId"] == volume["KmsKeyId"]


def test_pending_lasts_as_long_as_the_world_says(ec2: Any, volume_ids: dict[str, str]) -> None:
    """API reference, Snapshot.State: pending, then completed; StartTime is the time of the call."""
    world.clock.set(NOON)
    world.snapshot_seconds = 300
    made = ec2.create_snapshot(VolumeId=volume_ids["/dev/sdf"])
    assert made["StartTime"] == NOON
    seen = []
    for seconds in (0, 299, 1):
        world.clock.advance(seconds=seconds)
        [snapshot] = ec2.describe_snapshots(SnapshotIds=[made["SnapshotId"]])["Snapshots"]
        seen.append((snapshot["State"], snapshot["Progress"]))
    assert seen == [("pending", "0%"), ("pending", "0%"), ("completed", "100%")]


def test_a_snapshot_can_fail(ec2: Any, volume_ids: dict[str, str]) -> None:
    """API reference, Snapshot.State: accepted, later `error`. StateMessage is documented for copies only."""
    world.failing_volumes.add(volume_ids["/dev/sdf"])
    made = ec2.create_snapshot(VolumeId=volume_ids["/dev/sdf"])
    [snapshot] = ec2.describe_snapshots(SnapshotIds=[made["SnapshotId"]])["Snapshots"]
    assert (made["State"], snapshot["State"]) == ("pending", "error")
    assert snapshot["StateMessage"]


def test_a_new_snapshot_may_be_missing_from_describes(ec2: Any, volume_ids: dict[str, str], refused: Any) -> None:
    """EC2 API, "Eventual consistency" (docs/aws.md): a list without it, or InvalidSnapshot.NotFound."""
    world.clock.set(NOON)
    world.visibility_seconds = 60
    made = ec2.create_snapshot(VolumeId=volume_ids["/dev/sdf"])["SnapshotId"]
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
    with refused("InvalidSnapshot.NotFound"):
        ec2.describe_snapshots(SnapshotIds=[made])
    with refused("InvalidSnapshot.NotFound"):
        ec2.create_tags(Resources=[made], Tags=[{"Key": "a", "Value": "b"}])
    world.clock.advance(seconds=60)
    assert len(ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]) == 1


def test_a_snapshot_keeps_the_size_its_volume_had(ec2: Any, volume_ids: dict[str, str]) -> None:
    """API reference, Snapshot.VolumeSize: of the snapshot, not of the volume of today."""
    ec2.create_snapshot(VolumeId=volume_ids["/dev/sdf"])
    ec2.modify_volume(VolumeId=volume_ids["/dev/sdf"], Size=500)
    [snapshot] = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert snapshot["VolumeSize"] == 10


def test_a_copy_has_an_arbitrary_volume_id_and_a_time_of_its_own(ec2: Any, volume_ids: dict[str, str]) -> None:
    """UG ebs-copy-snapshot: an arbitrary volume id such as vol-ffffffff; StartTime is the copy's."""
    world.clock.set(NOON)
    source = ec2.create_snapshot(VolumeId=volume_ids["/dev/sdf"])["SnapshotId"]
    world.clock.advance(hours=1)
    copy = ec2.copy_snapshot(SourceSnapshotId=source, SourceRegion="eu-central-1", Encrypted=True)["SnapshotId"]
    [shown] = ec2.describe_snapshots(SnapshotIds=[copy])["Snapshots"]
    assert shown["VolumeId"] == "vol-ffffffff"
    assert (shown["StartTime"] - NOON).total_seconds() == 3600
    assert shown["Encrypted"] is True
