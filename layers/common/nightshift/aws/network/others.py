"""What may keep a VPC from being destroyed: instances, interfaces, security groups, ... become records with a name."""

from collections.abc import Iterator, Mapping
from typing import Any

from nightshift.aws.describe import filters, pages, tags_of
from nightshift.aws.faults import aws_errors
from nightshift.aws.session import Aws
from nightshift.plan.network.region import Other

_GONE = frozenset({"deleted", "rejected", "expired", "failed", "detached"})


def in_vpc(aws: Aws, vpc_id: str) -> list[Other]:
    """All of it; what AWS brings with a VPC itself (default security group, default network ACL) is left out."""
    return [
        *_instances(aws, vpc_id),
        *_interfaces(aws, vpc_id),
        *_security_groups(aws, vpc_id),
        *_network_acls(aws, vpc_id),
        *_peerings(aws, vpc_id),
        *_vpn_gateways(aws, vpc_id),
    ]


def _instances(aws: Aws, vpc_id: str) -> Iterator[Other]:
    for page in _pages(aws, "describe_instances", {"vpc-id": vpc_id}):
        for reservation in page["Reservations"]:
            for each in reservation["Instances"]:
                if each["State"]["Name"] != "terminated":
                    yield Other("instance", each["InstanceId"], vpc_id, _name(each), each.get("SubnetId"))


def _interfaces(aws: Aws, vpc_id: str) -> Iterator[Other]:
    for page in _pages(aws, "describe_network_interfaces", {"vpc-id": vpc_id}):
        for each in page["NetworkInterfaces"]:
            name = _name({"Tags": each.get("TagSet", ())}) or each.get("Description", "")
            owner = each.get("Attachment", {}).get("InstanceId")
            public = bool(each.get("Association", {}).get("PublicIp"))
            yield Other("network interface", each["NetworkInterfaceId"], vpc_id, name, each["SubnetId"], owner, public)


def _security_groups(aws: Aws, vpc_id: str) -> Iterator[Other]:
    for page in _pages(aws, "describe_security_groups", {"vpc-id": vpc_id}):
        for each in page["SecurityGroups"]:
            if each["GroupName"] != "default":
                yield Other("security group", each["GroupId"], vpc_id, each["GroupName"])


def _network_acls(aws: Aws, vpc_id: str) -> Iterator[Other]:
    for page in _pages(aws, "describe_network_acls", {"vpc-id": vpc_id}):
        for each in page["NetworkAcls"]:
            if not each["IsDefault"]:
                yield Other("network ACL", each["NetworkAclId"], vpc_id, _name(each))


def _peerings(aws: Aws, vpc_id: str) -> Iterator[Other]:
    """Whichever side asked for it."""
    for side in ("requester", "accepter"):
        for page in _pages(aws, "describe_vpc_peering_connections", {f"{side}-vpc-info.vpc-id": vpc_id}):
            for each in page["VpcPeeringConnections"]:
                if each["Status"]["Code"] not in _GONE:
                    yield Other("peering connection", each["VpcPeeringConnectionId"], vpc_id, _name(each))


def _vpn_gateways(aws: Aws, vpc_id: str) -> Iterator[Other]:
    conditions = filters({"attachment.vpc-id": [vpc_id]})
    with aws_errors():
        answer = aws.ec2.describe_vpn_gateways(Filters=conditions)  # type: ignore[arg-type]  # the stub's TypedDict
    for each in answer["VpnGateways"]:
        attached = {one["VpcId"] for one in each.get("VpcAttachments", ()) if one["State"] not in _GONE}
        if vpc_id in attached:
            yield Other("VPN gateway", each["VpnGatewayId"], vpc_id, _name(each))


def _pages(aws: Aws, operation: str, conditions: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    return pages(aws.ec2, operation, Filters=filters({name: [value] for name, value in conditions.items()}))


def _name(described: Mapping[str, Any]) -> str:
    return tags_of(described).get("Name", "")
