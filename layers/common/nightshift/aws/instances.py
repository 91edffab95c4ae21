"""Instances: descriptions become records; one function a change."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from nightshift.aws.describe import chunks, filters, pages, tags_of
from nightshift.aws.session import Aws
from nightshift.errors import AwsError, Fault
from nightshift.fleet import Disk, Instance


def all_instances(aws: Aws, tag_key: str | None = None) -> list[Instance]:
    """Every instance of the region, terminated ones too while AWS still lists them; or those with this tag."""
    return list(_described(aws, {"tag-key": [tag_key]} if tag_key else {}))


def with_ids(aws: Aws, instance_ids: Sequence[str]) -> list[Instance]:
    """These instances, without those that are not there."""
    return [instance for some_ids in chunks(instance_ids) for instance in _described(aws, {"instance-id": some_ids})]


def look(aws: Aws, instance_id: str) -> Instance:
    """This instance right now. AwsError with Fault.GONE: it is not there any more."""
    found = with_ids(aws, [instance_id])
    if not found:
        raise AwsError("InvalidInstanceID.NotFound", f"{instance_id} is not there any more", Fault.GONE)
    return found[0]


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
        state_code=described.get("StateReason", {}).get("Code", ""),
        state_message=described.get("StateReason", {}).get("Message", ""),
        marketplace=any(code["ProductCodeType"] == "marketplace" for code in described.get("ProductCodes", ())),
        operator=described.get("Operator", {}).get("Principal"),
    )


def _stopped(reason: str) -> datetime | None:
    """The time in "User initiated (2026-11-24 12:00:00 GMT)"."""
    found = re.search(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)", reason)
    return datetime.fromisoformat(found[1]).replace(tzinfo=UTC) if found else None
