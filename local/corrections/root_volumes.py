"""Replacing the root volume of a running instance by a task, which moto does not have."""

from datetime import timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.responses import EC2Response

from local.corrections.patch import corrects, own, refusal
from local.corrections.tags import tag_specification
from local.world import world

TASK = "replace-root-volume-task"


@corrects(EC2Response)
def create_replace_root_volume_task(self: Any) -> ActionResult:
    """AWS: the API reference and UG, "Replace a root volume": only of a running instance, only from a snapshot of its
    own root volume (a copy has another VolumeId and is refused); the instance runs on and is rebooted, the former
    volume is kept unless DeleteReplacedRootVolume; a ClientToken that was used gets the first task. A task that ends
    failed leaves the former volume in its place, one that ends failed-detached leaves the place empty."""
    backend: Any = self.ec2_backend
    tasks, token = own(backend, "root_tasks"), self._get_param("ClientToken")
    known = next((task for task in tasks.values() if token and task["token"] == token), None)
    if known is None:
        instance = backend.get_instance(self._get_param("InstanceId"))
        snapshot = backend.get_snapshot(self._get_param("SnapshotId"))
        _check(backend, instance, snapshot)
        known = _replaced(backend, instance, snapshot)
        known["token"], known["Tags"] = token, _pairs(tag_specification(self, TASK))
        tasks[known["ReplaceRootVolumeTaskId"]] = known
    return ActionResult({"ReplaceRootVolumeTask": {**_shown(known), "TaskState": "pending"}})


@corrects(EC2Response)
def describe_replace_root_volume_tasks(self: Any) -> ActionResult:
    """AWS: the API reference: pending, then succeeded; the filter instance-id."""
    wanted = [value for each in self._get_param("Filters", []) for value in each["Values"]]
    tasks = own(self.ec2_backend, "root_tasks").values()
    return ActionResult(
        {"ReplaceRootVolumeTasks": [_shown(task) for task in tasks if not wanted or task["InstanceId"] in wanted]}
    )


def _check(backend: EC2Backend, instance: Any, snapshot: Any) -> None:
    if instance.state != "running":
        raise refusal("IncorrectInstanceState", f"The instance '{instance.id}' is not in the 'running' state.")
    lineage = own(backend, "root_lineages").setdefault(instance.id, set())
    lineage.add(instance.block_device_mapping[instance.root_device_name].volume_id)
    if snapshot.volume.id not in lineage:
        raise refusal("InvalidParameterValue", f"{snapshot.id} is not a snapshot of a root volume of {instance.id}")


def _replaced(backend: Any, instance: Any, snapshot: Any) -> dict[str, Any]:
    volume = backend.create_volume(
        size=snapshot.volume.size, zone_name=instance.availability_zone, snapshot_id=snapshot.id
    )
    _swapped(backend, instance, volume)
    return {
        "ReplaceRootVolumeTaskId": f"replacevol-{volume.id.removeprefix('vol-')}",
        "InstanceId": instance.id,
        "SnapshotId": snapshot.id,
        "StartTime": world.now(),
        "ends": world.now() + timedelta(seconds=world.root_task_seconds),
        "end": world.root_task_end,
    }


def _swapped(backend: Any, instance: Any, volume: Any) -> None:
    device = instance.root_device_name
    former = instance.block_device_mapping[device]
    if world.root_task_end != "failed":
        backend.detach_volume(former.volume_id, instance.id, device)
    if world.root_task_end != "succeeded":
        backend.delete_volume(volume.id)
        return
    backend.attach_volume(volume.id, instance.id, device, former.delete_on_termination)
    own(backend, "root_lineages")[instance.id].add(volume.id)


def _shown(task: dict[str, Any]) -> dict[str, Any]:
    over = world.now() >= task["ends"]
    shown = {key: value for key, value in task.items() if key not in ("token", "ends", "end")}
    shown["StartTime"] = f"{task['StartTime']:%Y-%m-%dT%H:%M:%SZ}"
    return {**shown, "TaskState": task["end"] if over else "in-progress"}


def _pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
