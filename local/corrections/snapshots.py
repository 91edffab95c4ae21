"""Snapshots: creating them (one volume, or all of an instance at one time), their states, listing, copies."""

import copy
from datetime import datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.elastic_block_store import EBSBackend, Snapshot
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from local.corrections import snapshot_limits
from local.corrections.clock import utcnow
from local.corrections.paging import paged
from local.corrections.patch import corrects, own, refusal, replaces
from local.corrections.tags import tag_specification, user_tags, validate_tags
from local.corrections.visibility import is_visible
from local.world import world

UNFINISHED = ("pending", "error")
MAX_EXCLUDED = 40
MAX_DESCRIPTION = 255

_create_snapshot = EBSBackend.create_snapshot
_copy_snapshot = ElasticBlockStore.copy_snapshot
_filter_value = Snapshot.get_filter_value


def _get_status(snapshot: Any) -> str:
    """pending until the world's clock has passed its time, then completed or error.

    AWS: Snapshot.State in the API model; the recordings answer `pending` on creation. In moto every snapshot is
    completed at once.
    """
    status: str = vars(snapshot)["nightshift_status"]
    ready_at: datetime | None = vars(snapshot).get("ready_at")
    if status == "pending" and ready_at is not None and world.now() >= ready_at:
        snapshot.status = status = "error" if snapshot.volume_id in world.failing_volumes else "completed"
    return status


def _set_status(snapshot: Any, status: str) -> None:
    vars(snapshot)["nightshift_status"] = status
    unfinished = own(snapshot.ec2_backend, "unfinished")
    if status in UNFINISHED:
        unfinished[snapshot.id] = snapshot
    else:
        unfinished.pop(snapshot.id, None)


def _progress(snapshot: Any) -> str:
    return "100%" if snapshot.status == "completed" else "0%"


def _state_message(snapshot: Any) -> str | None:
    return "An internal error has occurred." if snapshot.status == "error" else None


def _volume_size(snapshot: Any) -> int:
    """The size the volume had then; moto shows the volume's size of today."""
    size: int = vars(snapshot).setdefault("nightshift_size", snapshot.volume.size)
    return size


replaces(Snapshot, "status", property(_get_status, _set_status))
replaces(Snapshot, "progress", property(_progress))
replaces(Snapshot, "state_message", property(_state_message))
replaces(Snapshot, "volume_size", property(_volume_size))


@corrects(Snapshot)
def get_filter_value(self: Any, filter_name: str, method_name: str | None = None) -> Any:
    """AWS: filters volume-size, owner-alias and transfer-type of DescribeSnapshots; moto has the first only."""
    if filter_name == "volume-size":
        return self.volume_size
    if filter_name == "owner-alias":
        return getattr(self, "owner_alias", None)
    if filter_name == "transfer-type":
        return "standard"
    return _filter_value(self, filter_name, method_name)


@corrects(EBSBackend)
def create_snapshot(
    self: Any, volume_id: str, description: str, owner_id: str | None = None, from_ami: str | None = None
) -> Any:
    """AWS: a snapshot has its volume's KMS key (API reference, Snapshot.KmsKeyId). moto forgets it."""
    snapshot: Any = _create_snapshot(self, volume_id, description, owner_id, from_ami)
    snapshot.kms_key_id = snapshot.volume.kms_key_id
    vars(snapshot)["nightshift_size"] = snapshot.volume.size
    return snapshot


def start(backend: Any, volumes: list[Any], description: str, tags: list[dict[str, str]]) -> list[Any]:
    """All of them or none, with one start time: the limits are checked before the first is made.

    AWS: "Value (...) for parameter description is invalid. It exceeds 255 characters" (InvalidParameterValue), in the
    public thread bottlerocket-images-cache #8. moto takes any.
    """
    if len(description) > MAX_DESCRIPTION:
        words = f"Value ({description}) for parameter description is invalid. It exceeds {MAX_DESCRIPTION} characters"
        raise refusal("InvalidParameterValue", words)
    snapshot_limits.check(backend, volumes)
    now, started = utcnow(), []
    for volume, its_tags in zip(volumes, tags, strict=True):
        snapshot = backend.create_snapshot(volume.id, description)
        snapshot.start_time = now
        snapshot.created_at = world.now()
        snapshot.ready_at = snapshot.created_at + timedelta(seconds=world.snapshot_seconds)
        snapshot.status = "pending"
        volume.last_snapshot_at = snapshot.created_at
        if its_tags:
            backend.tags[snapshot.id] = dict(its_tags)
        started.append(snapshot)
    return started


def just_started(snapshot: Any) -> dict[str, Any]:
    """The answer to the call that starts a snapshot: always pending, without progress.

    AWS: recordings test_ec2_snapshot and test_ebs_snapshot_copy_tags.
    """
    return {
        "SnapshotId": snapshot.id,
        "VolumeId": snapshot.volume_id,
        "VolumeSize": snapshot.volume_size,
        "State": "pending",
        "Progress": "",
        "StartTime": snapshot.start_time,
        "OwnerId": snapshot.owner_id,
        "Description": snapshot.description or "",
        "Encrypted": snapshot.encrypted,
        "KmsKeyId": snapshot.kms_key_id,
        "Tags": snapshot.tag_set,
    }


@corrects(ElasticBlockStore, "create_snapshot")
def create_snapshot_action(self: Any) -> ActionResult:
    """AWS: the answer says pending; ERR: IncorrectState for a volume that is being created or broken."""
    tags = tag_specification(self, "snapshot")
    volume = self.ec2_backend.get_volume(self._get_param("VolumeId"))
    if volume.status not in ("available", "in-use"):
        raise refusal("IncorrectState", f"The volume '{volume.id}' is '{volume.status}'.")
    self.error_on_dryrun()
    [snapshot] = start(self.ec2_backend, [volume], self._get_param("Description", ""), [tags])
    return ActionResult(just_started(snapshot))


@corrects(ElasticBlockStore)
def create_snapshots(self: Any) -> ActionResult:
    """ExcludeDataVolumeIds, CopyTagsFromSource=volume, State and one StartTime.

    AWS: botocore model of InstanceSpecification (at most 40 ids, never the root volume's); SnapshotInfo.StartTime
    "is the same for all snapshots initiated by the same request"; the tags: docs/aws.md, CreateSnapshots. moto ignores
    both parameters, so excluded volumes are snapshotted. Not verified: the code for an instance that is terminated,
    and the one for a call that leaves no volume.
    """
    backend, spec = self.ec2_backend, self._get_param("InstanceSpecification", {})
    explicit = tag_specification(self, "snapshot")
    instance = backend.get_instance(spec["InstanceId"])
    if instance.state in ("terminated", "shutting-down"):
        raise refusal("IncorrectState", f"The instance '{instance.id}' is '{instance.state}'.")
    volumes = _chosen_volumes(backend, instance, spec)
    tags = [explicit] * len(volumes)
    if self._get_param("CopyTagsFromSource") == "volume":
        tags = [_with_tags_of(backend, volume.id, explicit) for volume in volumes]
    self.error_on_dryrun()
    started = start(backend, volumes, self._get_param("Description", ""), tags)
    return ActionResult({"Snapshots": [just_started(each) for each in started]})


def _chosen_volumes(backend: Any, instance: Any, spec: dict[str, Any]) -> list[Any]:
    attached = {block.volume_id: device for device, block in instance.get_block_device_mapping if block.volume_id}
    excluded = spec.get("ExcludeDataVolumeIds", [])
    if len(excluded) > MAX_EXCLUDED:
        raise refusal("InvalidParameterValue", f"You can exclude at most {MAX_EXCLUDED} data volumes per request.")
    for volume_id in excluded:
        if volume_id not in attached:
            raise refusal(
                "InvalidParameterValue", f"The volume '{volume_id}' is not attached to instance '{instance.id}'."
            )
        if attached[volume_id] == instance.root_device_name:
            raise refusal(
                "InvalidParameterValue",
                f"The volume '{volume_id}' is the root volume. Use ExcludeBootVolume to exclude it.",
            )
    if str(spec.get("ExcludeBootVolume", False)).lower() == "true":
        excluded = [*excluded, *(v for v, device in attached.items() if device == instance.root_device_name)]
    chosen = [backend.get_volume(volume_id) for volume_id in attached if volume_id not in excluded]
    if not chosen:
        raise refusal("InvalidParameterValue", f"The instance '{instance.id}' has no volumes to snapshot.")
    return chosen


def _with_tags_of(backend: Any, volume_id: str, explicit: dict[str, str]) -> dict[str, str]:
    """AWS: c7n #3792 for the duplicate; tags with aws: belong to AWS and are not copied."""
    copied = user_tags(backend, volume_id)
    for key in copied:
        if key in explicit:
            raise refusal("InvalidParameterValue", f"Duplicate tag key '{key}' specified.")
    both = {**copied, **explicit}
    validate_tags(both)
    return both


@corrects(ElasticBlockStore)
@paged("Snapshots", ids="SnapshotIds")
def describe_snapshots(self: Any) -> ActionResult:
    """OwnerIds, RestorableByUserIds, and new snapshots that are not to be seen yet.

    AWS: API reference of DescribeSnapshots: one's own, public and shared ones unless owners are named. moto returns
    the same list for every owner.
    """
    backend, me = self.ec2_backend, self.current_account
    wanted = self._get_param("SnapshotIds", [])
    visible = [each for each in backend.snapshots.copy().values() if is_visible(each)]
    if wanted:
        known = {each.id: each for each in visible}
        for snapshot_id in wanted:
            if snapshot_id not in known:
                raise refusal("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")
        visible = [known[snapshot_id] for snapshot_id in wanted]
    found = [each for each in visible if may_restore(each, me, me)]
    if owners := self._get_param("OwnerIds", []):
        found = [each for each in found if _is_owned(each, owners, me)]
    if users := self._get_param("RestorableByUserIds", []):
        found = [each for each in found if any(may_restore(each, user, me) for user in users)]
    # All must match, so their order is free: tags last, which take moto longest.
    filters = self._filters_from_querystring()
    for name in sorted(filters, key=lambda name: name.startswith("tag")):
        found = _filtered(found, name, filters[name])
    return ActionResult({"Snapshots": found})


def _filtered(snapshots: list[Any], name: str, values: Any) -> list[Any]:
    from moto.ec2 import utils

    return [each for each in snapshots if utils.is_filter_matching(each, name, values)]


def _is_owned(snapshot: Any, owners: list[str], me: str) -> bool:
    return (
        snapshot.owner_id in owners
        or ("self" in owners and snapshot.owner_id == me)
        or getattr(snapshot, "owner_alias", None) in owners
    )


def may_restore(snapshot: Any, user: str, me: str) -> bool:
    """ "all" means the public ones only; an account has its own, the public ones and those shared with it."""
    public = "all" in snapshot.create_volume_permission_groups
    if user == "all":
        return public
    account = me if user == "self" else user
    explicit = account in snapshot.create_volume_permission_userids
    if user == me:
        return public or explicit or snapshot.owner_id == me
    return explicit or snapshot.owner_id == account


@corrects(ElasticBlockStore)
def copy_snapshot(self: Any) -> ActionResult:
    """AWS: UG, "Copy a snapshot": a copy has an arbitrary volume id, its own start time, and is pending at first."""
    answer: Any = _copy_snapshot(self)
    made = self.ec2_backend.snapshots[answer.result["SnapshotId"]]
    made.volume = copy.copy(made.volume)
    made.volume.id = "vol-ffffffff"
    made.created_at = world.now()
    made.ready_at = made.created_at + timedelta(seconds=world.snapshot_seconds)
    made.status = "pending"
    if self._get_bool_param("Encrypted"):
        made.encrypted = True
    return answer  # type: ignore[no-any-return]  # moto has no types
