"""Volumes: descriptions become records."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nightshift.aws.describe import chunks, filters, pages, tags_of
from nightshift.aws.session import Aws
from nightshift.fleet import Attachment, Volume


def all_volumes(aws: Aws) -> list[Volume]:
    """Every volume of the region."""
    return list(_described(aws, {}))


def of_instances(aws: Aws, instance_ids: Sequence[str]) -> list[Volume]:
    """The volumes that are attached to these instances, each once."""
    found = {
        volume.id: volume
        for some_ids in chunks(instance_ids)
        for volume in _described(aws, {"attachment.instance-id": some_ids})
    }
    return list(found.values())


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
    )
