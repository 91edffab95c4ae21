"""What AWS and other people do with our snapshots: looked up only for those that might be deleted."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from nightshift.aws.describe import pages
from nightshift.aws.faults import aws_errors
from nightshift.aws.session import Aws
from nightshift.errors import AwsError, Fault

MAY_BE_SHARED = "it may be shared"


def held_outside(aws: Aws) -> dict[str, str]:
    """Who holds snapshots of this account, by snapshot id: "it backs ami-0a1". AwsError: it cannot be read whole."""
    return {**_backing_images(aws), **_locked(aws), **_public(aws)}


def _backing_images(aws: Aws) -> dict[str, str]:
    """Disabled images hold their snapshots too, and are listed only if asked for."""
    answers = pages(aws.ec2, "describe_images", Owners=["self"], IncludeDisabled=True, IncludeDeprecated=True)
    return {
        mapping["Ebs"]["SnapshotId"]: f"it backs {image['ImageId']}{_disabled(image)}"
        for page in answers
        for image in page["Images"]
        for mapping in image.get("BlockDeviceMappings", ())
        if "SnapshotId" in mapping.get("Ebs", {})
    }


def _disabled(image: Mapping[str, Any]) -> str:
    return " (disabled)" if image.get("State") == "disabled" else ""


def _locked(aws: Aws) -> dict[str, str]:
    return {
        lock[
            "SnapshotId"
        ]: f"it is locked in {lock['LockState']} mode until {lock.get('LockExpiresOn', 'nobody knows')}"
        for page in _lock_pages(aws)
        for lock in page["Snapshots"]
        if lock["LockState"] != "expired"
    }


def _lock_pages(aws: Aws) -> Iterator[Mapping[str, Any]]:
    """botocore has no paginator for this one."""
    token: dict[str, Any] = {}
    while True:
        with aws_errors():
            page = aws.ec2.describe_locked_snapshots(MaxResults=1000, **token)
        yield page
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def _public(aws: Aws) -> dict[str, str]:
    answers = pages(aws.ec2, "describe_snapshots", OwnerIds=["self"], RestorableByUserIds=["all"])
    return {snapshot["SnapshotId"]: "it is public" for page in answers for snapshot in page["Snapshots"]}


def shared(aws: Aws, snapshot_ids: Sequence[str]) -> dict[str, str]:
    """With whom these snapshots are shared, by snapshot id: one call each, side by side."""
    with ThreadPoolExecutor(aws.settings.workers) as pool:
        reasons = pool.map(lambda snapshot_id: _sharing(aws, snapshot_id), snapshot_ids)
        return {snapshot_id: reason for snapshot_id, reason in zip(snapshot_ids, reasons, strict=True) if reason}


def _sharing(aws: Aws, snapshot_id: str) -> str | None:
    """With whom one snapshot is shared. What cannot be known counts as shared, and holds up no other."""
    try:
        with aws_errors():
            answer = aws.ec2.describe_snapshot_attribute(SnapshotId=snapshot_id, Attribute="createVolumePermission")
    except AwsError as error:
        if error.fault is Fault.STOP:
            raise
        return None if error.fault is Fault.GONE else _unknown(error.code)
    permissions = answer.get("CreateVolumePermissions")
    if permissions is None:
        return _unknown("no permissions")
    users = sorted(permission.get("UserId") or permission.get("Group", "?") for permission in permissions)
    return f"it is shared with {', '.join(users)}" if users else None


def _unknown(answered: str) -> str:
    return f"{MAY_BE_SHARED}: AWS answered {answered} when asked"
