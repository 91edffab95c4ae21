"""Volumes: descriptions become records; one function a change."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from nightshift.aws.describe import chunks, filters, pages, tags_of
from nightshift.aws.faults import aws_errors
from nightshift.aws.session import Aws
from nightshift.errors import AwsError, Fault
from nightshift.fleet import Attachment, Volume

if TYPE_CHECKING:  # restore alone makes volumes; the other jobs need not import its plans
    from nightshift.plan.restore_changes import NewVolume


def all_volumes(aws: Aws) -> list[Volume]:
    """Every volume of the region."""
    return list(_described(aws, {}))


def confirm_none(aws: Aws, ids: Sequence[str]) -> None:
    """Where a list of volumes came back empty, ask for each of these by its id: an empty answer may hide what there is.

    One call each, as AWS answers a call for several by the one that is gone. AwsError unless it says so of all.
    """
    for volume_id in dict.fromkeys(ids):
        if not _is_gone(aws, volume_id):
            words = f"it shows not a single volume, and does not say either that {volume_id} is gone: it may hide some"
            raise AwsError("NoVolumes", words, Fault.PERMANENT)


def _is_gone(aws: Aws, volume_id: str) -> bool:
    try:
        with aws_errors():
            aws.ec2.describe_volumes(VolumeIds=[volume_id])
    except AwsError as error:
        if error.fault is Fault.GONE:
            return True
        raise
    return False


def of_instances(aws: Aws, instance_ids: Sequence[str]) -> list[Volume]:
    """The volumes that are attached to these instances, each once."""
    found = {
        volume.id: volume
        for some_ids in chunks(instance_ids)
        for volume in _described(aws, {"attachment.instance-id": some_ids})
    }
    return list(found.values())


def with_ids(aws: Aws, volume_ids: Sequence[str]) -> list[Volume]:
    """These volumes, without those that are not there (or not to be seen yet)."""
    return [volume for some_ids in chunks(volume_ids) for volume in _described(aws, {"volume-id": some_ids})]


def with_tags(aws: Aws, keys: Sequence[str]) -> list[Volume]:
    """The volumes of the region that carry one of these tags, whatever its value."""
    return list(_described(aws, {"tag-key": keys}))


def create(aws: Aws, new: "NewVolume", token: str) -> tuple[str, datetime]:
    """Ask for a volume; its id and when it was made, which is long ago where the token was used before. AwsError."""
    numbers = {"Iops": new.iops, "Throughput": new.throughput_mibps}
    asked: Any = {name: number for name, number in numbers.items() if number is not None}
    asked |= {"Encrypted": True, "KmsKeyId": new.key} if new.key else {}
    with aws_errors():
        answer = aws.ec2.create_volume(
            SnapshotId=new.snapshot_id,
            AvailabilityZone=new.zone,
            Size=new.size_gib,
            VolumeType=new.type,  # type: ignore[arg-type]  # the stub knows only today's types
            ClientToken=token,
            TagSpecifications=[
                {"ResourceType": "volume", "Tags": [{"Key": key, "Value": value} for key, value in new.tags]}
            ],
            **asked,
        )
    return answer["VolumeId"], answer["CreateTime"]


def attach(aws: Aws, volume_id: str, instance_id: str, device: str) -> None:
    """Sent once (AwsError): attached already, it would be refused."""
    with aws_errors():
        aws.ec2.attach_volume(VolumeId=volume_id, InstanceId=instance_id, Device=device)


def detach(aws: Aws, volume_id: str, instance_id: str) -> None:
    """Sent once (AwsError): detached already, it would be refused."""
    with aws_errors():
        aws.ec2.detach_volume(VolumeId=volume_id, InstanceId=instance_id)


def _described(aws: Aws, conditions: Mapping[str, Sequence[str]]) -> Iterator[Volume]:
    answers = pages(aws.ec2, "describe_volumes", Filters=filters(conditions))
    return (_volume(described) for page in answers for described in page["Volumes"])


def _volume(described: dict[str, Any]) -> Volume:
    return Volume(
        id=described["VolumeId"],
        state=described["State"],
        type=described["VolumeType"],
        zone=described["AvailabilityZone"],
        size_gib=described["Size"],
        iops=described.get("Iops"),
        throughput_mibps=described.get("Throughput"),
        created=described["CreateTime"],
        attachments=tuple(
            Attachment(attachment["InstanceId"], attachment.get("Device", ""), attachment.get("State", ""))
            for attachment in described.get("Attachments", ())
            if "InstanceId" in attachment
        ),
        tags=tags_of(described),
        multi_attach=described.get("MultiAttachEnabled", False),
        key=described.get("KmsKeyId"),
        outpost=described.get("OutpostArn"),
        operator=described.get("Operator", {}).get("Principal"),
    )
