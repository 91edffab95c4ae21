"""DeleteSnapshot, and everything that AWS refuses to delete."""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from local.corrections.locks import is_locked
from local.corrections.patch import corrects, refusal

BACKUP_TAG = "aws:backup:source-resource"


@corrects(ElasticBlockStore)
def delete_snapshot(self: Any) -> ActionResult:
    """The checks in turn; then the snapshot goes, pending ones too."""
    snapshot_id, backend = self._get_param("SnapshotId"), self.ec2_backend
    for check in (_exists, _is_ours, _is_no_backup, _is_unlocked, _backs_no_image):
        check(backend, snapshot_id)
    self.error_on_dryrun()
    backend.delete_snapshot(snapshot_id)
    return EmptyResult()


def _exists(backend: Any, snapshot_id: str) -> None:
    """AWS: ERR, InvalidSnapshot.NotFound, with a message; moto's is empty."""
    if snapshot_id not in backend.snapshots:
        raise refusal("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")


def _is_ours(backend: Any, snapshot_id: str) -> None:
    """AWS: only the owner deletes. That it is UnauthorizedOperation for another account's is not verified."""
    if backend.snapshots[snapshot_id].owner_id != backend.account_id:
        raise refusal("UnauthorizedOperation", "You are not authorized to perform this operation.")


def _is_no_backup(backend: Any, snapshot_id: str) -> None:
    """AWS: DEL: AWS Backup's snapshots go through AWS Backup only; the answer is that of c7n #9459."""
    if BACKUP_TAG in backend.tags.get(snapshot_id, {}):
        raise refusal(
            "InvalidParameterValue",
            "This snapshot is managed by the AWS Backup service and cannot be deleted via EC2 APIs. "
            "If you wish to delete this snapshot, please do so via the Backup console.",
        )


def _is_unlocked(backend: Any, snapshot_id: str) -> None:
    """AWS: LockSnapshot: "A locked snapshot can't be deleted". The code is in no document found (docs/aws.md);
    OperationNotPermitted is ERR's general one for what a setting forbids. Do not rely on it."""
    if is_locked(backend, snapshot_id):
        raise refusal("OperationNotPermitted", f"The snapshot {snapshot_id} is locked and cannot be deleted.")


def _backs_no_image(backend: Any, snapshot_id: str) -> None:
    """AWS: DEL: a snapshot of a registered AMI, disabled ones included, cannot be deleted. That data volumes' are
    meant too is not verified for enabled ones."""
    for image in list(backend.amis.values()):
        mapped = [mapping.get("Ebs", {}).get("SnapshotId") for mapping in image.block_device_mappings]
        if snapshot_id in mapped:
            raise refusal("InvalidSnapshot.InUse", f"The snapshot {snapshot_id} is currently in use by {image.id}")
