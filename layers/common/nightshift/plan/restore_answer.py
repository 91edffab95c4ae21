"""What a restore adds to its answer: how to undo it, and how to start an instance around new volumes."""

from collections.abc import Collection, Sequence
from shlex import quote
from typing import Any

from nightshift.outcome import Decision
from nightshift.plan.origin import Origin
from nightshift.plan.restore_changes import MarkFormer, ReplaceRoot, Start
from nightshift.plan.restore_marks import Former
from nightshift.plan.restore_points import RestorePoint

_BOOTS_FROM = ("/dev/sda1", "/dev/xvda")


def undo_event(instance_id: str, formers: Sequence[str]) -> dict[str, Any]:
    """The event that puts these volumes back."""
    return {"mode": "undo", "instance_id": instance_id, "former_volume_ids": sorted(set(formers))}


def replaced_in(steps: Sequence[Decision], formers: Sequence[Former], made: Collection[str]) -> list[str]:
    """The volumes whose places are taken by these steps, or were by an earlier run. made: of the same point."""
    changes = [step.change for step in steps]
    swapped = [change.swap.outgoing for change in changes if isinstance(change, MarkFormer) and change.swap.outgoing]
    roots = [change.former_id for change in changes if isinstance(change, ReplaceRoot)]
    coming = {swap.incoming.volume_id for change in changes if isinstance(change, Start) for swap in change.swaps}
    return [*swapped, *roots, *(each.volume.id for each in formers if each.replaced_by in {*coming, *made})]


def commands(point: RestorePoint, origin: Origin, zone: str | None, name: str) -> list[str]:
    """What a person types to start an instance like the one that is gone, with the volumes of this point.

    An instance boots from an image, so one is made of the root's snapshot; the new volumes of the others are attached.
    What comes from tags is quoted: whoever may write tags must not write commands. zone: that of the new volumes.
    """
    disks = [(part, part.disk) for part in point.parts if part.disk]
    root = next(((part, disk) for part, disk in disks if disk.device in _BOOTS_FROM), None)
    if root is None:
        return []
    part, disk = root
    image = f"DeviceName={disk.device},Ebs={{SnapshotId={part.snapshot.id}}}"
    same_place = zone in (None, origin.zone)
    place = [
        f"--instance-type {quote(origin.instance_type)}" if origin.instance_type else "",
        f"--subnet-id {quote(origin.subnet_id)}" if origin.subnet_id and same_place else "",
        f"--private-ip-address {quote(origin.private_ip)}" if origin.private_ip and same_place else "",
        "" if same_place else f"--subnet-id <one in {zone}>",
    ]
    return [
        (
            f"aws ec2 register-image --name {name} --architecture {_architecture(origin.instance_type)} "
            f"--virtualization-type hvm --ena-support --root-device-name {quote(disk.device)} "
            f"--block-device-mappings {quote(image)}"
        ),
        " ".join(filter(None, ["aws ec2 run-instances --image-id <the image>", *place])),
        *(
            f"aws ec2 attach-volume --instance-id <the instance> --device {quote(other.device)} "
            f"--volume-id <the new volume of {each.snapshot.id}>"
            for each, other in disks
            if each is not part
        ),
    ]


def _architecture(instance_type: str | None) -> str:
    """Graviton's families have a g behind their generation: m7g, c7gn, t4g."""
    family = (instance_type or "").partition(".")[0]
    options = family.lstrip("abcdefghijklmnopqrstuvwxyz-").lstrip("0123456789")
    return "arm64" if "g" in options or family == "a1" else "x86_64"
