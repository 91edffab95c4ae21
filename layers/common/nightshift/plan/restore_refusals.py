"""Why a restore is refused before anything changes, and what to do instead: a table of rules over one case."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from nightshift.fleet import Instance, Snapshot, Volume
from nightshift.plan.remedies import AUTO_SCALING_GROUP
from nightshift.plan.restore_marks import Former, Mode
from nightshift.plan.restore_points import Part, RestorePoint
from nightshift.plan.slots import slot_text
from nightshift.plan.tags import INSTANCE

_ON_AN_INSTANCE = (Mode.ATTACH, Mode.REPLACE, Mode.ROOT, Mode.UNDO)
_SWAPS = (Mode.REPLACE, Mode.ROOT, Mode.UNDO)


@dataclass(frozen=True, slots=True)
class Case:
    """What a restore is about to touch.

    zone: where the new volumes go. zones: those that AWS offers now. bad_keys: the state of each key that cannot be
    used, by its ARN. marketplace: snapshots with Marketplace product codes. unplaced: volumes for which no
    device is to be had. under_way: the point of a replacement of this instance that has not ended. accepted: a person
    takes what there is.
    """

    mode: Mode
    instance_id: str | None
    instance: Instance | None
    point: RestorePoint | None
    account: str
    zone: str | None = None
    zones: Sequence[str] = ()
    volumes: Sequence[Volume] = ()
    formers: Sequence[Former] = ()
    bad_keys: Mapping[str, str] = field(default_factory=dict)
    marketplace: frozenset[str] = frozenset()
    instance_storage: bool | None = False
    unplaced: Sequence[str] = ()
    under_way: RestorePoint | None = None
    accepted: bool = False

    @property
    def snapshots(self) -> list[Snapshot]:
        return self.point.snapshots if self.point else []


def refusal(case: Case) -> str | None:
    """All that speaks against it; None: nothing does."""
    reasons = [reason for rule in _RULES if (reason := rule(case))]
    return f"{'; and '.join(reasons)}. Nothing was changed" if reasons else None


def _not_completed(case: Case) -> str | None:
    unfit = [f"{each.id} is {each.state}" for each in case.snapshots if each.state != "completed"]
    return f"{', '.join(unfit)}: wait for it, or name an earlier point with at" if unfit else None


def _archived(case: Case) -> str | None:
    archived = [each.id for each in case.snapshots if each.tier == "archive"]
    if not archived:
        return None
    command = f"aws ec2 restore-snapshot-tier --snapshot-id {archived[0]} --permanent-restore"
    return f"{', '.join(archived)} is in the archive tier: bring it back first, which takes up to 72 hours: {command}"


def _key(case: Case) -> str | None:
    locked = [
        f"{each.id} is encrypted with {each.key}, which is {case.bad_keys[each.key]}{_whose(each, case)}"
        for each in case.snapshots
        if each.key and each.key in case.bad_keys
    ]
    return "; ".join(locked) or None


def _whose(snapshot: Snapshot, case: Case) -> str:
    if snapshot.owner in ("", case.account):
        return ": enable it, or cancel its deletion, in the KMS console"
    return f": account {snapshot.owner} must let this account use it, or copy the snapshot with a key of your own"


def _zone(case: Case) -> str | None:
    if case.mode is not Mode.VOLUME or case.point is None:
        return None
    there = ", ".join(case.zones)
    if case.zone is None:
        return f"nobody knows in which zone it was: name one with zone, of {there}"
    if case.zone not in case.zones:
        return f"zone {case.zone} is not available: name another one with zone, of {there}"
    return None


def _no_instance(case: Case) -> str | None:
    if case.mode not in _ON_AN_INSTANCE or (case.instance and not case.instance.ending):
        return None
    state = case.instance.state if case.instance else "not there any more"
    words = 'send it with "mode": "volume", and the answer has the commands that start an instance around the volumes'
    return f"{case.instance_id or 'the instance'} is {state}: {words}"


def _unsteady(case: Case) -> str | None:
    if case.instance is None or case.mode not in _SWAPS or case.instance.state in ("running", "stopped"):
        return None
    if case.instance.ending or (case.under_way and case.instance.state == "stopping"):
        return None
    return f"{case.instance.id} is {case.instance.state}: send it again when it is running or stopped"


def _group(case: Case) -> str | None:
    group = case.instance.tags.get(AUTO_SCALING_GROUP) if case.instance else None
    if group is None or case.mode not in _SWAPS:
        return None
    words = f"aws autoscaling detach-instances --auto-scaling-group-name {group} --should-decrement-desired-capacity"
    return f"{case.instance_id} is in the Auto Scaling group {group}, which would replace it: detach it first: {words}"


def _operator(case: Case) -> str | None:
    if case.instance is None or case.instance.operator is None or case.mode not in _SWAPS:
        return None
    return f"{case.instance.id} is run by {case.instance.operator}, which alone may stop it"


def _multi_attach(case: Case) -> str | None:
    if case.instance is None or case.mode is not Mode.REPLACE:
        return None
    at_its_devices = {disk.volume_id for disk in case.instance.disks} & _saved_of(case)
    shared = [volume.id for volume in case.volumes if volume.multi_attach and volume.id in at_its_devices]
    if not shared:
        return None
    return (
        f"{', '.join(shared)} is attached to several instances (Multi-Attach): restore it as a volume, and swap by hand"
    )


def _saved_of(case: Case) -> set[str]:
    return {part.volume_id for part in case.point.parts} if case.point else set()


def _mixed(case: Case) -> str | None:
    if case.point is None or case.accepted or case.point.one_instant:
        return None
    times = ", ".join(f"{each.volume_id} {slot_text(each.started)}" for each in case.snapshots)
    return (
        f"its volumes were not saved at one instant ({times}): what lies over several of them may be torn. "
        'Restore one by volume_id, or take them as they are with "partial": true'
    )


def _incomplete(case: Case) -> str | None:
    if case.point is None or case.accepted or not case.point.missing:
        return None
    lacking = ", ".join(f"{disk.volume_id} ({disk.device})" for disk in case.point.missing)
    return (
        f"the point {case.point.words} has no snapshot of {lacking}: name another point with at "
        '({"list": true} shows them), or take what it has with "partial": true'
    )


def _marketplace(case: Case) -> str | None:
    """ "AttachVolume": a volume with a Marketplace product code can be attached only to a stopped instance."""
    coded = [each.id for each in case.snapshots if each.id in case.marketplace]
    if case.mode is not Mode.ATTACH or not coded or case.instance is None or case.instance.state == "stopped":
        return None
    return f"{', '.join(coded)} has Marketplace product codes: AWS attaches it only to a stopped instance: stop it"


def _instance_store(case: Case) -> str | None:
    if case.mode not in (Mode.REPLACE, Mode.UNDO) or case.instance is None or case.instance.state == "stopped":
        return None
    if case.instance_storage is False or case.accepted:
        return None
    words = (
        f"{case.instance.type} has instance-store volumes, and a stop loses their data: stop it yourself if that may be"
    )
    return (
        words if case.instance_storage else f"AWS did not say whether {case.instance.type} has instance-store volumes"
    )


def _root(case: Case) -> str | None:
    """ "Replace a root volume": a running instance, and a snapshot of the lineage of its root volume; no copy."""
    if case.mode is not Mode.ROOT or case.instance is None or case.point is None:
        return None
    if case.instance.state != "running":
        return f"{case.instance.id} is {case.instance.state}, and AWS replaces roots of running instances: use replace"
    if case.instance.root_volume_id is None:
        return f"{case.instance.id} has no root volume attached, as after a replacement that failed: use replace"
    if any(_is_of_root(part, case.instance, case.formers) for part in case.point.parts):
        return None
    return f"AWS takes only a snapshot of the instance's own root volume {case.instance.root_volume_id}: use replace"


def _is_of_root(part: Part, instance: Instance, formers: Sequence[Former]) -> bool:
    """Of the volume that is its root, that was before a restore, or that was its root when it was saved; no copy."""
    if part.volume_id != part.snapshot.volume_id:
        return False
    was_root = part.disk and part.disk.device == instance.root_device
    roots = {instance.root_volume_id, *(former.volume.id for former in formers)}
    return part.volume_id in roots or bool(was_root and part.snapshot.tags.get(INSTANCE) == instance.id)


def _unplaced(case: Case) -> str | None:
    if not case.unplaced:
        return None
    volumes = ", ".join(case.unplaced)
    if case.mode is Mode.ATTACH:
        return f"{case.instance_id} has no device name left for {volumes}, of /dev/sdf to /dev/sdp: detach something"
    return f'nobody wrote down at which device {volumes} stood: restore it with "mode": "attach", and swap by hand'


def _another_under_way(case: Case) -> str | None:
    if case.mode is not Mode.REPLACE or case.under_way is None or case.point is None:
        return None
    if set(case.point.snapshots) == set(case.under_way.snapshots):
        return None
    return (
        f"a restore of {case.instance_id} from {case.under_way.words} has not ended: finish it by the same event "
        f'without at and snapshot_id, or go back by {{"mode": "undo", "instance_id": "{case.instance_id}"}}'
    )


def _place_taken(case: Case) -> str | None:
    if case.mode is not Mode.UNDO or case.instance is None:
        return None
    elsewhere = [
        f"{former.volume.id} is attached to {', '.join(former.volume.instance_ids)}"
        for former in case.formers
        if former.volume.instance_ids and former.volume.instance_ids != (case.instance.id,)
    ]
    return f"{'; '.join(elsewhere)}: detach it first" if elsewhere else None


def _one_place(case: Case) -> str | None:
    """After several restores an empty place has several former volumes."""
    devices = [former.device for former in case.formers]
    shared = sorted({device for device in devices if devices.count(device) > 1})
    if case.mode is not Mode.UNDO or not shared:
        return None
    named = ", ".join(former.volume.id for former in case.formers if former.device in shared)
    return f"several volumes have stood at {', '.join(shared)}: say by former_volume_ids which go back, of {named}"


_RULES: Sequence[Callable[[Case], str | None]] = (
    _no_instance,
    _unsteady,
    _group,
    _operator,
    _not_completed,
    _archived,
    _key,
    _zone,
    _mixed,
    _incomplete,
    _multi_attach,
    _marketplace,
    _instance_store,
    _root,
    _unplaced,
    _another_under_way,
    _place_taken,
    _one_place,
)
