"""Instances: descriptions become records; one function a change."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from nightshift.aws.describe import chunks, filters, pages, tags_of
from nightshift.aws.session import Aws
from nightshift.fleet import Disk, Instance


def all_instances(aws: Aws, tag_key: str | None = None) -> list[Instance]:
    """Every instance of the region, terminated ones too while AWS still lists them; or those with this tag."""
    return list(_described(aws, {"tag-key": [tag_key]} if tag_key else {}))


def with_ids(aws: Aws, instance_ids: Sequence[str]) -> list[Instance]:
    """These instances, without those that are not there."""
    return [instance for some_ids in chunks(instance_ids) for instance in _described(aws, {"instance-id": some_ids})]


def _described(aws: Aws, conditions: Mapping[str, Sequence[str]]) -> Iterator[Instance]:
    return (
        _instance(described)
        for page in pages(aws.ec2, "describe_instances", Filters=filters(conditions))
        for reservation in page["Reservations"]
        for described in reservation["Instances"]
    )


def _instance(described: dict[str, Any]) -> Instance:
    return Instance(
        id=described["InstanceId"],
        state=described["State"]["Name"],
        type=described["InstanceType"],
        zone=described["Placement"]["AvailabilityZone"],
        vpc_id=described.get("VpcId"),
        subnet_id=described.get("SubnetId"),
        private_ip=described.get("PrivateIpAddress"),
        root_device=described.get("RootDeviceName"),
        disks=tuple(
            Disk(mapping["DeviceName"], mapping["Ebs"]["VolumeId"], mapping["Ebs"].get("DeleteOnTermination", False))
            for mapping in described.get("BlockDeviceMappings", ())
            if "Ebs" in mapping
        ),
        interface_ids=tuple(interface["NetworkInterfaceId"] for interface in described.get("NetworkInterfaces", ())),
        tags=tags_of(described),
        stopped=_stopped(described.get("StateTransitionReason", "")),
    )


def _stopped(reason: str) -> datetime | None:
    """The time in "User initiated (2026-11-24 12:00:00 GMT)"."""
    found = re.search(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)", reason)
    return datetime.fromisoformat(found[1]).replace(tzinfo=UTC) if found else None
