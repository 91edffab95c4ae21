"""The steps of a restore, in their order: what is done already is kept, the rest is a change each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nightshift.fleet import Disk, Instance, Volume
from nightshift.outcome import Action, Decision
from nightshift.plan.restore_changes import (
    Attach,
    Detach,
    Incoming,
    MarkFormer,
    NewVolume,
    Start,
    Stop,
    Swap,
)
from nightshift.plan.restore_marks import Mode, Purpose, formers_of, made_for
from nightshift.plan.restore_points import Part, RestorePoint
from nightshift.plan.tags import HOLD_UNTIL, MOST_TAGS, RESTORE, RESTORED, RESTORED_FROM, people_s

# "Amazon EBS volume types": which take a number of IOPS, and which a throughput.
_WITH_IOPS = frozenset({"gp3", "io1", "io2"})
_WITH_THROUGHPUT = frozenset({"gp3"})
DEFAULT_TYPE = "gp3"


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is when a restore is planned.

    volumes: those of the instance, those that earlier restores made or replaced, the sources that live still.
    """

    volumes: Sequence[Volume]

    def volume(self, volume_id: str | None) -> Volume | None:
        return next((volume for volume in self.volumes if volume.id == volume_id), None)

    def at(self, instance: Instance, device: str) -> str | None:
        return next((disk.volume_id for disk in instance.disks if disk.device == device), None)


def volume_steps(scene: Scene, point: RestorePoint, zone: str) -> list[Decision]:
    """New volumes, attached to nothing."""
    return [_creation(scene, part, Purpose(Mode.VOLUME, zone), zone) for part in point.parts]


def attach_steps(scene: Scene, point: RestorePoint, instance: Instance) -> list[Decision]:
    """New volumes at free device names."""
    steps: list[Decision] = []
    for part, purpose in zip(point.parts, attach_purposes(scene, point, instance), strict=True):
        if purpose is None:
            continue
        made = made_for(scene.volumes, part.snapshot.id, Mode.ATTACH, instance.id)
        incoming = Incoming(part.snapshot.id, made.id if made else None)
        swap = Swap(instance.id, purpose.device, incoming, outgoing=None, delete_on_termination=False)
        steps += [_creation(scene, part, purpose, instance.zone), _beside(scene, swap, instance)]
    return steps


def replace_steps(scene: Scene, point: RestorePoint, instance: Instance) -> list[Decision]:
    """New volumes in the places of those that are there."""
    swaps = [_replacement(scene, part, instance) for part in point.parts]
    created = [
        _creation(scene, part, Purpose(Mode.REPLACE, instance.id, swap.device, len(point.parts)), instance.zone)
        for part, swap in zip(point.parts, swaps, strict=True)
    ]
    open_swaps = [swap for swap in swaps if not _in_place(scene, swap, instance)]
    if not open_swaps and all(_has_ended(scene, swap) for swap in swaps):
        words = "already in place; to restore it once more, undo first and then send this event again"
        return [*created, Decision(instance.id, Action.KEEP, words)]
    marks = [_mark(swap) for swap in open_swaps if swap.outgoing]
    # What an earlier restore has put in place is no matter of this one: where it fails, it does not go back.
    begun = [swap for swap in swaps if swap in open_swaps or not _has_ended(scene, swap)]
    start = Start(instance.id, tuple(begun), undoes=False)
    return [*created, *marks, *swapped(open_swaps, instance, start)]


def numbered(steps: Sequence[Decision]) -> list[Decision]:
    """With the number of each step in its reason: an outcome is sorted by what became of them."""
    return [
        Decision(step.resource, step.action, f"step {number} of {len(steps)}: {step.reason}", step.change)
        for number, step in enumerate(steps, start=1)
    ]


def attach_purposes(scene: Scene, point: RestorePoint, instance: Instance) -> list[Purpose | None]:
    """Where each part is attached beside what is there; None where no device name is left.

    An earlier run's volume keeps its device, and takes it from the free ones before it stands there: a second run at
    the same time thus chooses as the first did, and AWS answers its token with the first one's volume.
    """
    made = [made_for(scene.volumes, part.snapshot.id, Mode.ATTACH, instance.id) for part in point.parts]
    chosen = [Purpose.of(volume) if volume else None for volume in made]
    free = iter(free_devices(instance, [purpose.device for purpose in chosen if purpose]))
    return [purpose or next((Purpose(Mode.ATTACH, instance.id, device) for device in free), None) for purpose in chosen]


def unplaced(scene: Scene, point: RestorePoint, instance: Instance, mode: Mode) -> list[str]:
    """The volumes for which no device is to be had."""
    places: Mapping[Mode, Sequence[object]] = {
        Mode.ATTACH: attach_purposes(scene, point, instance),
        Mode.REPLACE: [place_of(scene, part, instance) for part in point.parts],
    }
    return [part.volume_id for part, place in zip(point.parts, places.get(mode, point.parts), strict=True) if not place]


def free_devices(instance: Instance, spoken_for: Sequence[str] = ()) -> list[str]:
    """Device names that nothing is attached at: /dev/sdf to /dev/sdp, as AWS recommends for data volumes.

    An instance names the same place /dev/sdf or /dev/xvdf ("Device names for volumes").
    """
    names = [*(disk.device for disk in instance.disks), *spoken_for]
    taken = {name.removeprefix("/dev/").removeprefix("xv").removeprefix("s") for name in names}
    return [f"/dev/sd{letter}" for letter in "fghijklmnop" if f"d{letter}" not in taken]


def place_of(scene: Scene, part: Part, instance: Instance) -> str | None:
    """Where the volume's place is: where a restore took it out, where it stands now, where it stood when it was saved.

    None: nobody wrote that down. A former volume may stand elsewhere meanwhile, for somebody to copy files from it.
    """
    former = next((each for each in formers_of(scene.volumes, instance.id) if each.volume.id == part.volume_id), None)
    now = next((disk.device for disk in instance.disks if disk.volume_id == part.volume_id), None)
    return (former.device if former else None) or now or (part.disk.device if part.disk else None)


def _creation(scene: Scene, part: Part, purpose: Purpose, zone: str) -> Decision:
    if made := made_for(scene.volumes, part.snapshot.id, Mode(purpose.mode), purpose.place):
        words = f"{made.id} was made from it by an earlier run"
        at = ", ".join(made.instance_ids)
        if at and not purpose.device:
            words = f"{words}, and is at {at}: for another copy, take the tag {RESTORE} off it"
        return Decision(part.snapshot.id, Action.KEEP, words)
    new = _new_volume(scene, part, purpose, zone)
    numbers = [f"{new.iops} IOPS" if new.iops else "", f"{new.throughput_mibps} MiB/s" if new.throughput_mibps else ""]
    kind = ", ".join(filter(None, [f"{new.size_gib} GiB {new.type}", *numbers, "encrypted" if new.key else ""]))
    words = f"a new volume of {part.volume_id} as it was {part.snapshot.started:%Y-%m-%d %H:%M} UTC: {kind}, in {zone}"
    return Decision(part.snapshot.id, Action.CREATE, words, new)


def _new_volume(scene: Scene, part: Part, purpose: Purpose, zone: str) -> NewVolume:
    source, then = scene.volume(part.volume_id), part.disk
    kind = (then.type if then else None) or (source.type if source else None) or DEFAULT_TYPE
    speed = then if then and then.type else source
    ours = {RESTORED_FROM: part.snapshot.id, RESTORE: purpose.text}
    theirs = people_s(source.tags if source else part.snapshot.tags)
    if source is None:
        theirs.pop(HOLD_UNTIL, None)  # it was the snapshot's, or would hold all that is saved of the new volume
    # Two more are written later: when the restore ends, and what takes its place one day.
    room = dict(sorted(theirs.items())[: MOST_TAGS - len(ours) - 2])
    spent = [volume for volume in scene.volumes if volume.tags.get(RESTORED_FROM) == part.snapshot.id]
    return NewVolume(
        snapshot_id=part.snapshot.id,
        zone=zone,
        size_gib=part.snapshot.size_gib,
        type=kind,
        iops=speed.iops if speed and kind in _WITH_IOPS else None,
        throughput_mibps=speed.throughput_mibps if speed and kind in _WITH_THROUGHPUT else None,
        key=part.snapshot.key,
        purpose=purpose,
        tags=tuple((room | ours).items()),
        spent=len(spent),
    )


def _replacement(scene: Scene, part: Part, instance: Instance) -> Swap:
    made = made_for(scene.volumes, part.snapshot.id, Mode.REPLACE, instance.id)
    device = place_of(scene, part, instance) or ""
    standing = next((disk for disk in instance.disks if disk.device == device), None)
    former = next(
        (each for each in formers_of(scene.volumes, instance.id) if made and each.replaced_by == made.id), None
    )
    endings = [each.delete_on_termination for each in (former, standing, part.disk) if each]
    outgoing = standing.volume_id if standing and standing.volume_id != (made.id if made else None) else None
    return Swap(
        instance.id, device, Incoming(part.snapshot.id, made.id if made else None), outgoing, (endings or [False])[0]
    )


def _in_place(scene: Scene, swap: Swap, instance: Instance) -> bool:
    """Attached there, and ending as it should: a run may have been cut between the two, but not once it had ended."""
    if _has_ended(scene, swap):
        return scene.at(instance, swap.device) == swap.incoming.volume_id
    return stands(swap, instance)


def stands(swap: Swap, instance: Instance) -> bool:
    """Attached there, and ending as it should."""
    return Disk(swap.device, swap.incoming.volume_id or "", swap.delete_on_termination) in instance.disks


def _has_ended(scene: Scene, swap: Swap) -> bool:
    volume = scene.volume(swap.incoming.volume_id)
    return volume is not None and RESTORED in volume.tags


def _mark(swap: Swap) -> Decision:
    return Decision(swap.outgoing or "", Action.TAG, "is kept; its tag says what takes its place", MarkFormer(swap))


def swapped(open_swaps: Sequence[Swap], instance: Instance, start: Start) -> list[Decision]:
    """At rest, one volume out and one in, place by place; then the start."""
    stop = Decision(instance.id, Action.STOP, f"it is {instance.state}: volumes are swapped at rest", Stop(instance.id))
    words = (
        "it starts again" if open_swaps else "all volumes stand at their places: it is started where it does not run"
    )
    return [
        *([stop] if open_swaps and instance.state != "stopped" else []),
        *(step for swap in open_swaps for step in _exchange(swap, instance)),
        Decision(instance.id, Action.START, f"{words}, and its checks are waited for", start),
    ]


def _exchange(swap: Swap, instance: Instance) -> Iterable[Decision]:
    if swap.outgoing:
        words = f"leaves {swap.device} of {instance.id}, and is kept"
        yield Decision(swap.outgoing, Action.DETACH, words, Detach(swap))
    what = "" if swap.incoming.volume_id else "the new volume "
    words = f"{what}takes its place at {swap.device} of {instance.id}"
    yield Decision(swap.incoming.id, Action.ATTACH, words, Attach(swap, at_rest=True))


def _beside(scene: Scene, swap: Swap, instance: Instance) -> Decision:
    attached = swap.incoming.volume_id in {disk.volume_id for disk in instance.disks}
    if attached and _has_ended(scene, swap):
        return Decision(swap.incoming.id, Action.KEEP, f"is attached to {instance.id}")
    words = f"attached at the free device name {swap.device} of {instance.id}"
    return Decision(swap.incoming.id, Action.ATTACH, words, Attach(swap, at_rest=False))
