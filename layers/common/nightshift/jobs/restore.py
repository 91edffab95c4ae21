"""Restore: new volumes from the snapshots of an instance or a volume, beside the old ones or in their places."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from nightshift.aws.restore_inventory import Inventory, read_inventory
from nightshift.aws.restoring import Restoring
from nightshift.aws.session import Aws
from nightshift.aws.steps import in_order
from nightshift.fleet import Instance, Volume
from nightshift.job import Job
from nightshift.outcome import Action, Decision, Plan, Result
from nightshift.plan.origin import Origin
from nightshift.plan.protection import Holders
from nightshift.plan.restore_answer import commands, replaced_in, undo_event
from nightshift.plan.restore_case import Case
from nightshift.plan.restore_cut import unfinished, what_ends_it
from nightshift.plan.restore_list import listed
from nightshift.plan.restore_marks import Former, Mode, formers_of
from nightshift.plan.restore_notes import left_out, left_where_it_is, unknown_start
from nightshift.plan.restore_points import RestorePoint
from nightshift.plan.restore_refusals import refusal
from nightshift.plan.restore_request import RestoreRequest
from nightshift.plan.restore_root import root_steps
from nightshift.plan.restore_steps import (
    attach_steps,
    numbered,
    place_of,
    replace_steps,
    unplaced,
    volume_steps,
)
from nightshift.plan.restore_undo import formers_to_undo, given_up, undo_steps
from nightshift.plan.tags import HOLD_UNTIL, ORIGIN, RESTORED_FROM
from nightshift.policy import Policy


def read(aws: Aws, request: RestoreRequest, _policy: Policy, _now: datetime) -> Inventory:
    return read_inventory(aws, request)


def plan(inventory: Inventory, request: RestoreRequest, policy: Policy, now: datetime) -> Plan:
    """The steps in their order; with list, one decision for each snapshot there is."""
    if request.list:
        return _shown(inventory, request, policy, now)
    steps = numbered(_steps(inventory, request)) if guarded(inventory, request) is None else []
    if not steps and (nothing := _nothing(inventory, request)):
        return Plan([nothing], inventory.notes)
    steps += _not_former(inventory, request)
    return Plan(steps, [*inventory.notes, *_left_out(inventory, request)], tables=_answer(inventory, request, steps))


def guard(inventory: Inventory, _plan: Plan, request: RestoreRequest, _policy: Policy) -> str | None:
    if request.list:
        return None
    if request.mode is not Mode.UNDO and (nothing := _nothing(inventory, request)):
        return f"{nothing.resource}: {nothing.reason}. Nothing was changed"
    return guarded(inventory, request)


def apply(aws: Aws, decisions: Sequence[Decision]) -> Sequence[Result]:
    return in_order(aws, decisions, Restoring().step)


def guarded(inventory: Inventory, request: RestoreRequest) -> str | None:
    """Why it is refused, if it is."""
    instance, scene = inventory.instance, inventory.scene
    point = None if request.mode is Mode.UNDO else inventory.point
    formers = _formers(inventory, request)
    cut_off = unfinished(scene.volumes, instance) if instance else []
    places = _places(inventory, request, formers)
    return refusal(
        Case(
            mode=request.mode,
            instance_id=inventory.instance_id,
            instance=instance,
            point=point,
            account=inventory.account,
            zone=_zone(inventory, request),
            zones=inventory.zones,
            volumes=scene.volumes,
            formers=formers,
            bad_keys=inventory.bad_keys,
            marketplace=inventory.marketplace,
            instance_storage=inventory.instance_storage,
            unplaced=unplaced(scene, point, instance, request.mode) if instance and point else (),
            places=places,
            standing=[id_ for place in places if instance and (id_ := scene.at(instance, place))],
            alone=request.instance_id is None,
            cut_off=cut_off,
            what_ends_it=what_ends_it(cut_off, inventory.points, instance.id) if instance and cut_off else "",
            named=request.former_volume_ids is not None,
            lost=[
                decision.resource for decision in _not_former(inventory, request) if not _is_back(inventory, decision)
            ],
            accepted=request.partial,
        )
    )


def _places(inventory: Inventory, request: RestoreRequest, formers: Sequence[Former]) -> list[str]:
    """The devices at which volumes would be swapped."""
    scene, instance, point = inventory.scene, inventory.instance, inventory.point
    if request.mode is Mode.UNDO:
        return [former.device for former in formers]
    if instance is None or point is None:
        return []
    return [place for part in point.parts if (place := place_of(scene, part, instance))]


def _is_back(inventory: Inventory, decision: Decision) -> bool:
    return inventory.instance is not None and decision.resource in {disk.volume_id for disk in inventory.instance.disks}


def _steps(inventory: Inventory, request: RestoreRequest) -> list[Decision]:
    scene, point, instance = inventory.scene, inventory.point, inventory.instance
    match request.mode, point, instance:
        case Mode.VOLUME, RestorePoint(), _:
            return volume_steps(scene, point, _zone(inventory, request) or "")
        case Mode.ATTACH, RestorePoint(), Instance():
            return attach_steps(scene, point, instance)
        case Mode.REPLACE, RestorePoint(), Instance():
            return replace_steps(scene, point, instance)
        case Mode.ROOT, RestorePoint(), Instance():
            return root_steps(scene.volumes, point, instance, inventory.tasks)
        case Mode.UNDO, _, Instance():
            formers = _formers(inventory, request)
            return undo_steps(scene, formers, instance)
    return []


def _nothing(inventory: Inventory, request: RestoreRequest) -> Decision | None:
    """Why there is nothing to restore or to put back."""
    if request.mode is Mode.UNDO:
        instance = inventory.instance
        if instance is None or instance.ending or request.former_volume_ids:
            return None
        formers = _formers(inventory, request)
        if formers or given_up(inventory.scene, formers, instance):
            return None
        words = "nothing to undo: no volume there is says that another one took its place at this instance"
        return Decision(instance.id, Action.SKIP, words)
    if inventory.point:
        return None
    named = request.instance_id or request.volume_id or request.snapshot_id or ""
    return Decision(named, Action.SKIP, _why_no_point(inventory, request))


def _why_no_point(inventory: Inventory, request: RestoreRequest) -> str:
    if not inventory.points:
        if inventory.instance or inventory.scene.volume(request.volume_id):
            return "it is there, but no snapshot of ours is of it"
        where = f"not found in {inventory.region}"
        return where if request.snapshot_id else f"{where}: no snapshot of ours is of it"
    if request.at:
        return f"nothing of it that has completed had started by {request.at}; the oldest: {inventory.points[-1].words}"
    return "no snapshot of it has completed yet"


def _zone(inventory: Inventory, request: RestoreRequest) -> str | None:
    """Asked for; else the instance's; else the volume's; else where the instance was when it was saved."""
    if request.zone or inventory.point is None:
        return request.zone
    if inventory.instance and not inventory.instance.ending:
        return inventory.instance.zone
    [first, *_] = inventory.point.parts
    volume = inventory.scene.volume(first.volume_id)
    origin = _origin(inventory.point)
    return volume.zone if volume else origin.zone if origin else None


def _origin(point: RestorePoint) -> Origin | None:
    return Origin.read(point.parts[0].snapshot.tags.get(ORIGIN, ""))


def _formers(inventory: Inventory, request: RestoreRequest) -> list[Former]:
    """The volumes that an undo puts back."""
    if inventory.instance is None:
        return []
    return formers_to_undo(inventory.scene, inventory.instance, request.former_volume_ids)


def _not_former(inventory: Inventory, request: RestoreRequest) -> list[Decision]:
    known = {former.volume.id for former in _formers(inventory, request)}
    named = [id_ for id_ in dict.fromkeys(request.former_volume_ids or ()) if id_ not in known]
    earlier = {former.volume.id: former for former in formers_of(inventory.scene.volumes, inventory.instance_id or "")}
    standing = {disk.volume_id: disk.device for disk in inventory.instance.disks} if inventory.instance else {}
    return [Decision(id_, Action.SKIP, _why_not_former(earlier.get(id_), standing.get(id_))) for id_ in named]


def _why_not_former(former: Former | None, device: str | None) -> str:
    if former is None and device:
        return f"it stands at {device}: nothing took its place, or it is back already"
    if former is None:
        return "not found: nothing says that another volume took its place at this instance"
    return (
        f"{former.replaced_by} took its place at {former.device} and stands there no more: undo the later restore first"
    )


def _left_out(inventory: Inventory, request: RestoreRequest) -> list[str]:
    """What a restore does not bring back."""
    point, instance = inventory.point, inventory.instance
    if point is None or request.mode is Mode.UNDO:
        return []
    gone = instance is None or instance.ending
    return [
        *left_out(inventory.scene, point),
        *(left_where_it_is(inventory.scene, point, instance) if instance and request.replaces_all else ()),
        *(unknown_start(point, _origin(point)) if gone and request.instance_id else ()),
    ]


def _answer(inventory: Inventory, request: RestoreRequest, steps: Sequence[Decision]) -> dict[str, Any]:
    """The point, the event that undoes it, and what a person types where the instance is gone."""
    point, instance_id = inventory.point, inventory.instance_id
    if point is None or request.mode is Mode.UNDO or not steps:
        return {}
    if request.dry_run:
        return {"restore": {"point": point.words}}
    standing = formers_of(inventory.scene.volumes, instance_id) if instance_id else []
    made = {volume.id for volume in inventory.scene.volumes if volume.tags.get(RESTORED_FROM) in _ids(point)}
    replaced = replaced_in(steps, standing, made if request.mode is Mode.REPLACE else set())
    answer: dict[str, Any] = {
        "point": point.words,
        "undo": undo_event(instance_id, replaced) if instance_id and replaced else None,
    }
    gone = inventory.instance is None or inventory.instance.ending
    origin = _origin(point)
    if request.mode is Mode.VOLUME and gone and origin and instance_id:
        answer["commands"] = commands(point, origin, _zone(inventory, request), f"restored-{instance_id}")
    return {"restore": answer}


def _ids(point: RestorePoint) -> set[str]:
    return {snapshot.id for snapshot in point.snapshots}


def _shown(inventory: Inventory, request: RestoreRequest, policy: Policy, now: datetime) -> Plan:
    table = listed(inventory.points, inventory.snapshots, _holders(inventory), policy, now)
    shown = {
        volume["snapshot"]: Decision(volume["snapshot"], Action.KEEP, _kept_words(volume))
        for point in table
        for volume in point["volumes"]
    }
    named = request.instance_id or request.volume_id
    nothing = [f"{named}: {_why_no_point(inventory, request)}"] if not table else []
    return Plan(list(shown.values()), nothing, tables={"points": table})


def _holders(inventory: Inventory) -> Holders:
    disks = inventory.scene.volumes
    holding: list[Instance | Volume] = [*disks, *([inventory.instance] if inventory.instance else [])]
    return Holders(
        holds={resource.id: resource.tags[HOLD_UNTIL] for resource in holding if HOLD_UNTIL in resource.tags},
        living=frozenset(volume.id for volume in disks),
        owners={volume.id: volume.instance_ids for volume in disks},
    )


def _kept_words(volume: Mapping[str, Any]) -> str:
    parts = [f"{plan}: {', '.join(each['why'])}; until {each['until']}" for plan, each in volume["kept"].items()]
    protected = [volume["protected"]] if volume["protected"] else []
    return "; ".join([*parts, *protected]) or "no plan of the policy judges it"


JOB = Job("restore", RestoreRequest, read, plan, guard, apply, stepwise=True)
