"""Volumes: descriptions become records."""

from typing import Any

from nightshift.aws.describe import pages, tags_of
from nightshift.aws.session import Aws
from nightshift.fleet import Volume


def all_volumes(aws: Aws) -> list[Volume]:
    """Every volume of the region."""
    return [_volume(described) for page in pages(aws.ec2, "describe_volumes") for described in page["Volumes"]]


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
        instance_ids=tuple(
            attachment["InstanceId"]
            for attachment in described.get("Attachments", ())
            if "InstanceId" in attachment and attachment.get("State") in ("attaching", "attached", "busy")
        ),
        tags=tags_of(described),
    )
