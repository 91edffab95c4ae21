"""The replacement of a root volume by AWS's task: whether one is needed, goes on, or has been done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from nightshift.fleet import Instance, Volume
from nightshift.outcome import Action, Decision
from nightshift.plan.restore_changes import ReplaceRoot
from nightshift.plan.restore_marks import formers_of
from nightshift.plan.restore_points import RestorePoint
from nightshift.plan.tags import RESTORED, RESTORED_FROM

OPEN = ("pending", "in-progress", "failing")
SUCCEEDED = "succeeded"
FAILED_DETACHED = "failed-detached"
FAILED = ("failed", FAILED_DETACHED)


@dataclass(frozen=True, slots=True)
class RootTask:
    """A task of AWS's. state: see above; with failed-detached no root volume is attached any more.

    former_id: the volume that a restore of ours wrote on it, whose place the new one takes; None: not of ours.
    """

    id: str
    state: str
    snapshot_id: str
    started: datetime
    former_id: str | None


def root_steps(
    volumes: Sequence[Volume], point: RestorePoint, instance: Instance, tasks: Iterable[RootTask]
) -> list[Decision]:
    """The root volume alone, without a stop. point: of one part; instance: with a root volume; tasks: all it had."""
    disk = next(disk for disk in instance.disks if disk.device == instance.root_device)
    snapshot_id = point.parts[0].snapshot.id
    standing = next((volume for volume in volumes if volume.id == disk.volume_id), None)
    if standing and standing.tags.get(RESTORED_FROM) == snapshot_id and RESTORED in standing.tags:
        return [Decision(instance.id, Action.KEEP, f"its root volume {disk.volume_id} was made from it already")]
    tasks = list(tasks)
    task = _going_on(tasks, snapshot_id, standing, volumes, instance)
    former = (task.former_id if task else None) or disk.volume_id
    change = ReplaceRoot(
        instance.id,
        disk.device,
        snapshot_id,
        former,
        disk.delete_on_termination,
        going_on=task.id if task else None,
        spent=frozenset(each.id for each in tasks if each != task),
    )
    words = f"its root volume {former} at {disk.device} is replaced from {snapshot_id}, and it is rebooted"
    return [Decision(instance.id, Action.REPLACE, words, change)]


def _going_on(
    tasks: Sequence[RootTask],
    snapshot_id: str,
    standing: Volume | None,
    volumes: Sequence[Volume],
    instance: Instance,
) -> RootTask | None:
    """The task of a run that was cut before it had written on both volumes what became of them."""
    newest = max((task for task in tasks if task.state not in FAILED), key=lambda task: task.started, default=None)
    if newest is None or newest.former_id is None or newest.snapshot_id != snapshot_id:
        return None
    if newest.state in OPEN:
        return newest
    if standing is None or standing.id == newest.former_id:
        return None  # it has been undone since
    formers = [former for former in formers_of(volumes, instance.id) if former.volume.id == newest.former_id]
    ended = {volume.id for volume in volumes if RESTORED in volume.tags}
    return None if ended & {standing.id, *(former.replaced_by for former in formers)} else newest
