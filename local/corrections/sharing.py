"""With whom a snapshot is shared: reading and changing its createVolumePermission."""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from local.corrections.patch import corrects, refusal


def _own_snapshot(response: Any) -> Any:
    snapshot_id = response._get_param("SnapshotId")
    snapshot = response.ec2_backend.snapshots.get(snapshot_id)
    if snapshot is None:
        raise refusal("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")
    return snapshot


@corrects(ElasticBlockStore)
def describe_snapshot_attribute(self: Any) -> ActionResult:
    """AWS: recordings test_ebs_cross_account: UserId and Group entries; productCodes is the other attribute.
    moto answers createVolumePermission whatever is asked, and its order changes."""
    snapshot = _own_snapshot(self)
    self.error_on_dryrun()
    if self._get_param("Attribute") == "productCodes":
        return ActionResult({"SnapshotId": snapshot.id, "ProductCodes": []})
    permissions = [{"Group": group} for group in sorted(snapshot.create_volume_permission_groups)]
    permissions += [{"UserId": user} for user in sorted(snapshot.create_volume_permission_userids)]
    return ActionResult({"SnapshotId": snapshot.id, "CreateVolumePermissions": permissions})


@corrects(ElasticBlockStore)
def modify_snapshot_attribute(self: Any) -> ActionResult:
    """Both ways to say it. AWS: API reference: OperationType with UserIds and GroupNames, or
    CreateVolumePermission with Add and Remove, which moto passes over."""
    snapshot = _own_snapshot(self)
    change = self._get_param("CreateVolumePermission", {})
    add, remove = list(change.get("Add", [])), list(change.get("Remove", []))
    named = [{"Group": group} for group in self._get_param("GroupNames", [])]
    named += [{"UserId": user} for user in self._get_param("UserIds", [])]
    (remove if self._get_param("OperationType") == "remove" else add).extend(named)
    for each in (*add, *remove):
        if each.get("Group", "all") != "all":
            raise refusal("InvalidAMIAttributeItemValue", f'Invalid attribute item value "{each["Group"]}"')
    self.error_on_dryrun()
    groups, users = snapshot.create_volume_permission_groups, snapshot.create_volume_permission_userids
    groups.update(each["Group"] for each in add if "Group" in each)
    users.update(each["UserId"] for each in add if "UserId" in each)
    groups.difference_update(each["Group"] for each in remove if "Group" in each)
    users.difference_update(each["UserId"] for each in remove if "UserId" in each)
    return EmptyResult()


@corrects(ElasticBlockStore)
def reset_snapshot_attribute(self: Any) -> ActionResult:
    """AWS: API reference: the snapshot is private again. moto does not implement it."""
    snapshot = _own_snapshot(self)
    self.error_on_dryrun()
    snapshot.create_volume_permission_groups.clear()
    snapshot.create_volume_permission_userids.clear()
    return EmptyResult()
