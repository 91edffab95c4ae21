"""What a restore does not bring back, or leaves where it is: said beside its steps."""

from collections.abc import Iterator

from nightshift.fleet import Instance, Volume
from nightshift.plan.origin import Origin
from nightshift.plan.restore_answer import commands
from nightshift.plan.restore_marks import UNDONE
from nightshift.plan.restore_points import RestorePoint
from nightshift.plan.restore_steps import Scene
from nightshift.plan.tags import RESTORE

# On what a stack of CloudFormation has made; AWS writes it.
CLOUDFORMATION_STACK = "aws:cloudformation:stack-name"


def left_out(scene: Scene, point: RestorePoint) -> Iterator[str]:
    """Volumes that the point does not have, and what a new volume is not."""
    for disk in (*point.missing, *point.never_saved):
        yield f"not in this point, so it stays as it is: {disk.volume_id} at {disk.device}"
    for source in sources_of(scene, point):
        if source.multi_attach:
            yield f"the new volume of {source.id} is no Multi-Attach volume"


def left_where_it_is(scene: Scene, point: RestorePoint, instance: Instance) -> Iterator[str]:
    """What a replacement leaves where it is: volumes that came to the instance later, left it, or were undone, and
    who knows the former ones by their ids."""
    known = {part.volume_id for part in point.parts} | {disk.volume_id for disk in (*point.missing, *point.never_saved)}
    devices = {part.disk.device for part in point.parts if part.disk}
    for disk in instance.disks:
        if disk.volume_id not in known and disk.device not in devices:
            yield f"{disk.volume_id} at {disk.device} was not there at this point: it stays as it is"
    for volume in sources_of(scene, point):
        if volume.instance_ids and instance.id not in volume.instance_ids:
            yield f"{volume.id} is at {', '.join(volume.instance_ids)} now: it stays there"
        if volume.tags.get(RESTORE) == UNDONE:
            yield f"this point is of {volume.id}, which an undo has taken out: for what stands now, name an earlier at"
    if stack := instance.tags.get(CLOUDFORMATION_STACK):
        yield f"{instance.id} is of the CloudFormation stack {stack}, to which other volumes are drift"


def unknown_start(point: RestorePoint, origin: Origin | None) -> Iterator[str]:
    """Where the instance is gone, and no command can be made to start one around the volumes."""
    if origin is None or not commands(point, origin, None, ""):
        yield "how to start an instance around the volumes is not known: the tags do not say where it stood"


def sources_of(scene: Scene, point: RestorePoint) -> list[Volume]:
    """The volumes that were saved, as far as they are there still."""
    return [volume for part in point.parts if (volume := scene.volume(part.volume_id))]
