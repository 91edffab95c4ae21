"""Contract: replacing root volumes (API reference of CreateReplaceRootVolumeTask; UG, "Replace a root volume")."""

from typing import Any

from local import seed
from local.world import world
from tests.local.conftest import Refused


def snapshot_of_root(backend: Any, machine: Any, volume_ids: dict[str, str]) -> str:
    return str(seed.snapshot(backend, backend.volumes[volume_ids["/dev/sda1"]], world.now()).id)


def test_the_instance_runs_on_with_a_new_root(ec2: Any, backend: Any, machine: Any, volume_ids: dict[str, str]) -> None:
    """ReplaceRootVolumeTask: pending, in-progress, succeeded. DeleteReplacedRootVolume=False keeps the former one."""
    asked = {"InstanceId": machine.id, "SnapshotId": snapshot_of_root(backend, machine, volume_ids), "ClientToken": "t"}
    task = ec2.create_replace_root_volume_task(**asked)["ReplaceRootVolumeTask"]
    assert task["TaskState"] == "pending"
    again = ec2.create_replace_root_volume_task(**asked)["ReplaceRootVolumeTask"]
    assert again["ReplaceRootVolumeTaskId"] == task["ReplaceRootVolumeTaskId"]
    world.clock.advance(seconds=30)
    found = ec2.describe_replace_root_volume_tasks(Filters=[{"Name": "instance-id", "Values": [machine.id]}])
    assert [each["TaskState"] for each in found["ReplaceRootVolumeTasks"]] == ["succeeded"]
    [described] = ec2.describe_instances(InstanceIds=[machine.id])["Reservations"][0]["Instances"]
    assert described["State"]["Name"] == "running"
    assert described["BlockDeviceMappings"][0]["Ebs"]["VolumeId"] != volume_ids["/dev/sda1"]
    assert ec2.describe_volumes(VolumeIds=[volume_ids["/dev/sda1"]])["Volumes"][0]["State"] == "available"


def test_only_a_running_instance(
    ec2: Any, backend: Any, machine: Any, volume_ids: dict[str, str], refused: Refused
) -> None:
    """ "for a running instance"."""
    snapshot_id = snapshot_of_root(backend, machine, volume_ids)
    machine.stop()
    with refused("IncorrectInstanceState"):
        ec2.create_replace_root_volume_task(InstanceId=machine.id, SnapshotId=snapshot_id)


def test_only_from_the_root_s_own_lineage(
    ec2: Any, backend: Any, machine: Any, volume_ids: dict[str, str], refused: Refused
) -> None:
    """SnapshotId: "must be a snapshot that you previously created from the original root volume"."""
    other = seed.snapshot(backend, backend.volumes[volume_ids["/dev/sdf"]], world.now())
    with refused("InvalidParameterValue"):
        ec2.create_replace_root_volume_task(InstanceId=machine.id, SnapshotId=other.id)
