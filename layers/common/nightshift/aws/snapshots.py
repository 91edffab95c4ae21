"""Snapshots: descriptions become records; one function a change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from sys import intern
from typing import Any

from nightshift.aws.describe import chunks, filters, pages
from nightshift.aws.faults import aws_errors
from nightshift.aws.session import Aws
from nightshift.errors import AwsError, Fault
from nightshift.fleet import Snapshot, Tags
from nightshift.plan.tags import FOREIGN_PREFIXES, PREFIX, SLOT, STACK, is_ours

_NAMES = {"VolumeId", "SnapshotId"}
_READ_PREFIXES = (PREFIX, *FOREIGN_PREFIXES)


@dataclass(frozen=True, slots=True)
class Excluded:
    """The volumes of an instance that a CreateSnapshots leaves out: the root by name, data volumes by id."""

    boot: bool
    data: Sequence[str]


def ours(aws: Aws, conditions: Mapping[str, Sequence[str]] | None = None, *, people_s: bool = False) -> list[Snapshot]:
    """The snapshots that this application made and that meet the conditions, in every state.

    people_s: with people's tags. Without OwnerIds AWS would list every public snapshot of the region.
    """
    narrowed = {f"tag:{STACK}": [aws.settings.stack_tag]} | dict(conditions or {})
    described = _described(aws, narrowed, people_s=people_s)
    return [snapshot for snapshot in described if is_ours(snapshot.tags, aws.settings.stack_tag)]


def of_slots(aws: Aws, plan: str, slots: Sequence[str]) -> list[Snapshot]:
    """Our snapshots that serve one of these slots of a plan."""
    return ours(aws, {f"tag:{SLOT}{plan}": slots})


def of_volumes(aws: Aws, volume_ids: Sequence[str], plan: str) -> list[Snapshot]:
    """Our snapshots of these volumes that serve any slot of a plan."""
    return [
        snapshot
        for chunk in chunks(volume_ids)
        for snapshot in ours(aws, {"tag-key": [f"{SLOT}{plan}"], "volume-id": chunk})
    ]


def blocking(aws: Aws, volume_ids: Sequence[str]) -> list[Snapshot]:
    """Whoever's pending and failed snapshots of these volumes: AWS counts both against a volume's limit."""
    return _described(aws, {"volume-id": volume_ids, "status": ["pending", "error"]})


def create_of_instance(
    aws: Aws, instance_id: str, *, excluded: Excluded, tags: Tags, description: str, copy_tags: bool
) -> dict[str, str]:
    """Snapshot an instance's volumes at one instant; the new snapshot's id by volume id. Sent once (AwsError)."""
    specification: Any = {"InstanceId": instance_id, "ExcludeBootVolume": excluded.boot}
    if excluded.data:
        specification["ExcludeDataVolumeIds"] = list(excluded.data)
    with_people_s_tags: Any = {"CopyTagsFromSource": "volume"} if copy_tags else {}
    with aws_errors():
        answer = aws.ec2.create_snapshots(
            InstanceSpecification=specification,
            Description=description,
            TagSpecifications=[_specification(tags)],
            **with_people_s_tags,
        )
    return {made["VolumeId"]: made["SnapshotId"] for made in answer["Snapshots"] if made.keys() >= _NAMES}


def create_of_volume(aws: Aws, volume_id: str, tags: Tags, description: str) -> str:
    """Snapshot one volume; the new snapshot's id. Sent once (AwsError)."""
    with aws_errors():
        answer = aws.ec2.create_snapshot(
            VolumeId=volume_id, Description=description, TagSpecifications=[_specification(tags)]
        )
    if "SnapshotId" not in answer:
        raise AwsError("MissingInAnswer", "AWS answered yes, but named no snapshot", Fault.UNKNOWN)
    return answer["SnapshotId"]


def delete(aws: Aws, snapshot_id: str) -> None:
    """Delete one snapshot. AwsError where AWS did not say yes."""
    with aws_errors():
        aws.ec2.delete_snapshot(SnapshotId=snapshot_id)


def one(aws: Aws, snapshot_id: str) -> Snapshot | None:
    """This snapshot with all its tags, whoever made it; another account's, where that shares it. None: not there."""
    answers = pages(aws.ec2, "describe_snapshots", Filters=filters({"snapshot-id": [snapshot_id]}))
    found = [_snapshot(described, people_s=True) for page in answers for described in page["Snapshots"]]
    return found[0] if found else None


def has_product_codes(aws: Aws, snapshot_id: str) -> bool:
    """Whether it comes from AWS Marketplace."""
    with aws_errors():
        answer = aws.ec2.describe_snapshot_attribute(SnapshotId=snapshot_id, Attribute="productCodes")
    return bool(answer.get("ProductCodes"))


def _described(aws: Aws, conditions: Mapping[str, Sequence[str]], *, people_s: bool = False) -> list[Snapshot]:
    answers = pages(aws.ec2, "describe_snapshots", OwnerIds=["self"], Filters=filters(conditions))
    found = (_snapshot(described, people_s) for page in answers for described in page["Snapshots"])
    # What moves from one page to the next while they are read is listed twice, and is one snapshot all the same.
    return list({snapshot.id: snapshot for snapshot in found}.values())


def _snapshot(described: dict[str, Any], people_s: bool) -> Snapshot:
    return Snapshot(
        id=described["SnapshotId"],
        volume_id=intern(described["VolumeId"]),
        state=intern(described["State"]),
        started=described["StartTime"],
        size_gib=described["VolumeSize"],
        tier=intern(described.get("StorageTier", "standard")),
        # At 100,000 snapshots people's tags would take more memory than all the rest, and nothing reads them. Ours say
        # the same on every snapshot of a volume, but for the slot, which all of a night share.
        tags={
            intern(tag["Key"]): intern(tag["Value"])
            for tag in described.get("Tags", ())
            if people_s or tag["Key"].startswith(_READ_PREFIXES)
        },
        owner=intern(described.get("OwnerId", "")),
        key=intern(described["KmsKeyId"]) if "KmsKeyId" in described else None,
        message=described.get("StateMessage") or "",
    )


def _specification(tags: Tags) -> Any:
    return {"ResourceType": "snapshot", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
