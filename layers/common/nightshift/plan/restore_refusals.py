"""Why a restore is refused before anything changes, and what to do instead: a table of rules over one case."""

from collections import Counter
from collections.abc import Callable, Sequence

from nightshift.fleet import AUTO_SCALING_GROUP, Instance, Snapshot
from nightshift.plan.restore_case import Case
from nightshift.plan.restore_cut import is_of
from nightshift.plan.restore_marks import Former, Mode
from nightshift.plan.restore_points import Part
from nightshift.plan.restore_undo_refusals import UNDO_RULES
from nightshift.plan.slots import slot_text
from nightshift.plan.tags import INSTANCE, MOST_TAGS, REPLACED_BY, RESTORED_FROM

_ON_AN_INSTANCE = (Mode.ATTACH, Mode.REPLACE, Mode.ROOT, Mode.UNDO)
_SWAPS = (Mode.REPLACE, Mode.ROOT, Mode.UNDO)


def refusal(case: Case) -> str | None:
    """All that speaks against it; None: nothing does."""
    rules = [*_RULES, *(UNDO_RULES if case.mode is Mode.UNDO else ())]
    reasons = [reason for rule in rules if (reason := rule(case))]
    return f"{'; and '.join(reasons)}. Nothing was changed" if reasons else None


def _not_completed(case: Case) -> str | None:
    pending = [each.id for each in case.snapshots if each.state == "pending"]
    failed = [f"{each.id} is {each.state}" for each in case.snapshots if each.state not in ("pending", "completed")]
    if failed:
        return f"{', '.join(failed)}, and will never be a backup: name another one"
    return f"{', '.join(pending)} is pending: send it again when it has completed" if pending else None


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
    if case.mode is Mode.UNDO:
        kept = ", ".join(former.volume.id for former in case.formers) or "none"
        return f"{case.instance_id} is {state}: nothing can be put back; former volumes that were kept: {kept}"
    words = 'send it with "mode": "volume", and the answer has the commands that start an instance around the volumes'
    return f"{case.instance_id or 'the instance'} is {state}: {words}"


def _unsteady(case: Case) -> str | None:
    if case.instance is None or case.mode not in _SWAPS or case.instance.state in ("running", "stopped"):
        return None
    if case.instance.ending or (case.cut_off and case.instance.state == "stopping"):
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
    if case.mode not in (Mode.REPLACE, Mode.UNDO):
        return None
    shared = [volume.id for volume in case.standing_volumes if volume.multi_attach]
    if not shared:
        return None
    return (
        f"{', '.join(shared)} is attached to several instances (Multi-Attach): restore it as a volume, and swap by hand"
    )


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
    if case.mode is not Mode.ROOT or case.instance is None or case.instance.ending or case.point is None:
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
    of_root = [former.volume.id for former in formers if former.device == instance.root_device]
    roots = {instance.root_volume_id, *of_root}
    return part.volume_id in roots or bool(was_root and part.snapshot.tags.get(INSTANCE) == instance.id)


def _unplaced(case: Case) -> str | None:
    if not case.unplaced:
        return None
    volumes = ", ".join(case.unplaced)
    if case.mode is Mode.ATTACH:
        return f"{case.instance_id} has no device name left for {volumes}, of /dev/sdf to /dev/sdp: detach something"
    return f'nobody wrote down at which device {volumes} stood: restore it with "mode": "attach", and swap by hand'


def _one_device_twice(case: Case) -> str | None:
    """A volume may have moved to the device where another one stood when it was saved."""
    twice = [device for device, times in Counter(case.places).items() if times > 1]
    if case.mode is not Mode.REPLACE or not twice:
        return None
    return f"several volumes of the point belong at {', '.join(twice)} now: restore them one by one, by volume_id"


def _not_its_place(case: Case) -> str | None:
    """A single volume that is attached to nothing takes no stranger's place."""
    if case.mode is not Mode.REPLACE or not case.alone or case.point is None:
        return None
    saved = {part.volume_id for part in case.point.parts}
    strangers = [each.id for each in case.standing_volumes if each.id not in saved and RESTORED_FROM not in each.tags]
    if not strangers:
        return None
    where = f"{', '.join(strangers)} stands at its place at {case.instance_id} now"
    return f'{where}, which is another volume: attach it where it belongs first, or use "mode": "attach"'


def _full(case: Case) -> str | None:
    """What is taken out gets a tag first."""
    people_s = {
        each.id: [key for key in each.tags if not key.startswith("aws:")]
        for each in case.standing_volumes
        if REPLACED_BY not in each.tags
    }
    full = [id_ for id_, keys in people_s.items() if len(keys) >= MOST_TAGS]
    if case.mode is not Mode.REPLACE or not full:
        return None
    return f"{', '.join(full)} has {MOST_TAGS} tags, and needs one more to say what took its place: remove one"


def _another_under_way(case: Case) -> str | None:
    if case.mode is not Mode.REPLACE or not case.cut_off or case.point is None or is_of(case.cut_off, case.point):
        return None
    made = ", ".join(f"{volume.id} of {volume.tags[RESTORED_FROM]}" for volume in case.cut_off)
    return (
        f"another restore of {case.instance_id} has not ended ({made}): {case.what_ends_it}; then send this one again"
    )


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
    _one_device_twice,
    _not_its_place,
    _full,
    _another_under_way,
)
