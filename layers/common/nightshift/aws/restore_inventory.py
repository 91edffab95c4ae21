"""What a restore needs to know before it is planned: the points there are, and what they would be restored to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from nightshift.aws import instances, keys, root_volume, snapshots, volumes, zones
from nightshift.aws.describe import chunks
from nightshift.aws.session import Aws
from nightshift.aws.status import instance_storage
from nightshift.fleet import Instance, Snapshot, Volume
from nightshift.plan.restore_cut import point_under_way, unfinished
from nightshift.plan.restore_marks import Mode
from nightshift.plan.restore_points import RestorePoint, choose, point_of, points_of_instance, points_of_volume
from nightshift.plan.restore_request import RestoreRequest
from nightshift.plan.restore_root import RootTask
from nightshift.plan.restore_steps import Scene
from nightshift.plan.tags import INSTANCE, REPLACED_BY, RESTORED_FROM


@dataclass(frozen=True, slots=True)
class Inventory:
    """snapshots: those the request's instance or volume has. point: the one that is meant; notes: why that one.

    bad_keys, marketplace, instance_storage, zones: see restore_refusals. tasks: root replacements of the instance.
    """

    region: str
    account: str
    snapshots: Sequence[Snapshot]
    points: Sequence[RestorePoint]
    point: RestorePoint | None
    notes: tuple[str, ...]
    instance_id: str | None
    instance: Instance | None
    scene: Scene
    zones: Sequence[str] = ()
    bad_keys: Mapping[str, str] = field(default_factory=dict)
    marketplace: frozenset[str] = frozenset()
    instance_storage: bool | None = False
    tasks: Sequence[RootTask] = ()


def read_inventory(aws: Aws, request: RestoreRequest) -> Inventory:
    """All that the request touches. AwsError where AWS does not say it whole."""
    found, points = _points(aws, request)
    instance_id = _target(aws, request, found)
    instance = next(iter(instances.with_ids(aws, [instance_id])), None) if instance_id else None
    scene = Scene(_volumes(aws, points, instance))
    now = aws.clock.now()
    point, notes = _meant(points, request, scene, instance, now)
    notes = (*_passed_over(found, point, request), *_in_future(request, now), *notes)
    seen = Inventory(aws.region, aws.account, found, points, point, notes, instance_id, instance, scene)
    return _with_histories(aws, seen, request) if request.list else _with_hindrances(aws, seen, request)


def _points(aws: Aws, request: RestoreRequest) -> tuple[list[Snapshot], list[RestorePoint]]:
    """The snapshots of what the request names, and the points they make, newest first."""
    if request.snapshot_id:
        named = snapshots.one(aws, request.snapshot_id)
        return ([named], [point_of(named)]) if named else ([], [])
    if request.volume_id:
        found = snapshots.ours(aws, {"volume-id": [request.volume_id]}, people_s=True)
        return found, points_of_volume(found)
    found = snapshots.ours(aws, {f"tag:{INSTANCE}": [request.instance_id or ""]}, people_s=True)
    return found, points_of_instance(found)


def _target(aws: Aws, request: RestoreRequest, found: Sequence[Snapshot]) -> str | None:
    """The instance that is worked on: where the volume is attached now, else where it was."""
    if named := request.to_instance_id or request.instance_id:
        return named
    volume_ids = [request.volume_id] if request.volume_id else [snapshot.volume_id for snapshot in found]
    attached = [id_ for volume in volumes.with_ids(aws, volume_ids) for id_ in volume.instance_ids]
    newest_first = sorted(found, key=lambda snapshot: (snapshot.started, snapshot.id), reverse=True)
    were = [snapshot.tags[INSTANCE] for snapshot in newest_first if INSTANCE in snapshot.tags]
    return next(iter([*attached, *were]), None)


def _volumes(aws: Aws, points: Sequence[RestorePoint], instance: Instance | None) -> list[Volume]:
    sources = {part.volume_id for point in points for part in point.parts}
    attached = {disk.volume_id for disk in instance.disks} if instance else set()
    marked = volumes.with_tags(aws, [RESTORED_FROM, REPLACED_BY])
    others = sorted((sources | attached) - {volume.id for volume in marked})
    return [*marked, *volumes.with_ids(aws, others)]


def _meant(
    points: Sequence[RestorePoint], request: RestoreRequest, scene: Scene, instance: Instance | None, now: datetime
) -> tuple[RestorePoint | None, tuple[str, ...]]:
    """The point, and what is to be said of the choice. A replacement that was cut off is ended before a newer one."""
    if request.snapshot_id:
        return next(iter(points), None), ()
    choice = choose(points, request.at)
    if request.mode is Mode.REPLACE and request.at is None and instance:
        under_way = point_under_way(unfinished(scene.volumes, instance), points, now)
        if under_way and under_way != choice.point:
            return under_way, (f"a restore that was cut off goes on: {under_way.words}",)
    if request.mode is Mode.ROOT and choice.point and instance:
        return _of_root(choice.point, instance), choice.notes
    return choice.point, choice.notes


def _passed_over(found: Sequence[Snapshot], point: RestorePoint | None, request: RestoreRequest) -> tuple[str, ...]:
    """Snapshots that failed since: what would have been newer, and is none."""
    if request.snapshot_id or request.at or point is None:
        return ()
    failed = [each for each in found if each.state == "error" and each.started > point.started]
    return tuple(f"passed over, failed: {each.id} of {each.volume_id}" for each in failed)


def _in_future(request: RestoreRequest, now: datetime) -> tuple[str, ...]:
    ahead = request.at is not None and request.at > now
    return (f"at is in the future, so the newest point is meant: {request.at}",) if ahead else ()


def _of_root(point: RestorePoint, instance: Instance) -> RestorePoint:
    """Only what stood at the root's device; the whole where nothing did, which is refused."""
    roots = tuple(part for part in point.parts if part.disk and part.disk.device == instance.root_device)
    return replace(point, parts=roots, missing=(), never_saved=()) if roots else point


def _with_histories(aws: Aws, seen: Inventory, request: RestoreRequest) -> Inventory:
    """Also what was saved of its volumes at other instances: retention counts a volume's whole history."""
    if request.volume_id:
        return seen
    volume_ids = sorted({snapshot.volume_id for snapshot in seen.snapshots})
    whole = [each for chunk in chunks(volume_ids) for each in snapshots.ours(aws, {"volume-id": chunk})]
    return replace(seen, snapshots=list({each.id: each for each in [*whole, *seen.snapshots]}.values()))


def _with_hindrances(aws: Aws, seen: Inventory, request: RestoreRequest) -> Inventory:
    """What may speak against it is asked only of what would be touched."""
    chosen = seen.point.snapshots if seen.point and request.mode is not Mode.UNDO else []
    stops = request.mode in (Mode.REPLACE, Mode.UNDO) and seen.instance is not None
    kinds = instance_storage(aws, [seen.instance.type]) if stops and seen.instance else {}
    return replace(
        seen,
        zones=zones.available(aws) if request.mode is Mode.VOLUME else (),
        bad_keys=keys.unusable(aws, [snapshot.key for snapshot in chosen if snapshot.key]),
        marketplace=_marketplace(aws, chosen) if request.mode is Mode.ATTACH else frozenset(),
        instance_storage=kinds.get(seen.instance.type) if stops and seen.instance else False,
        tasks=root_volume.tasks_of(aws, seen.instance_id) if request.mode is Mode.ROOT and seen.instance_id else (),
    )


def _marketplace(aws: Aws, chosen: Sequence[Snapshot]) -> frozenset[str]:
    return frozenset(snapshot.id for snapshot in chosen if snapshots.has_product_codes(aws, snapshot.id))
