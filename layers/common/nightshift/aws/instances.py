"""Instances: descriptions become records; one function a change."""

from typing import Any

from nightshift.aws.describe import filters, pages, tags_of
from nightshift.aws.session import Aws
from nightshift.fleet import Disk, Instance


def all_instances(aws: Aws, tag_key: str | None = None) -> list[Instance]:
    """Every instance of the region, terminated ones too while AWS still lists them; or those with this tag."""
    narrowed = filters({"tag-key": [tag_key]} if tag_key else {})
    return [
        _instance(described)
        for page in pages(aws.ec2, "describe_instances", Filters=narrowed)
        for reservation in page["Reservations"]
        for described in reservation["Instances"]
    ]


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
    )
