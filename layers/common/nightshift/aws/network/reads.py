"""VPCs and what stands in them: descriptions become records."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nightshift.aws.describe import filters, pages, tags_of
from nightshift.aws.faults import aws_errors
from nightshift.aws.session import Aws
from nightshift.plan.network.region import (
    Address,
    Association,
    Endpoint,
    Gateway,
    NatGateway,
    Route,
    RouteTable,
    Subnet,
    Vpc,
    VpcBlock,
)

type Conditions = Mapping[str, Sequence[str]]

# A route's target stands under one of these names, by its kind (API reference, Route).
_TARGETS = (
    "GatewayId",
    "NatGatewayId",
    "EgressOnlyInternetGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "NetworkInterfaceId",
    "CarrierGatewayId",
    "LocalGatewayId",
    "CoreNetworkArn",
)


def zones(aws: Aws) -> list[str]:
    """The names of the region's availability zones that take new subnets; without Local and Wavelength Zones."""
    with aws_errors():
        answer = aws.ec2.describe_availability_zones(
            Filters=[{"Name": "state", "Values": ["available"]}, {"Name": "zone-type", "Values": ["availability-zone"]}]
        )
    return sorted(zone["ZoneName"] for zone in answer["AvailabilityZones"])


def vpcs(aws: Aws, conditions: Conditions) -> list[Vpc]:
    return [
        Vpc(
            each["VpcId"],
            each["CidrBlock"],
            tuple(_blocks(each)),
            each["State"],
            each.get("IsDefault", False),
            tags_of(each),
        )
        for each in _described(aws, "describe_vpcs", "Vpcs", conditions)
    ]


def _blocks(vpc: Mapping[str, Any]) -> Iterator[VpcBlock]:
    for block in vpc.get("CidrBlockAssociationSet", ()):
        yield VpcBlock(block["AssociationId"], block["CidrBlock"], block["CidrBlockState"]["State"])
    for block in vpc.get("Ipv6CidrBlockAssociationSet", ()):
        state = block["Ipv6CidrBlockState"]["State"]
        yield VpcBlock(block["AssociationId"], block.get("Ipv6CidrBlock", ""), state, ipv6=True)


def subnets(aws: Aws, conditions: Conditions) -> list[Subnet]:
    return [
        Subnet(
            each["SubnetId"],
            each["VpcId"],
            each.get("CidrBlock", ""),
            each["AvailabilityZone"],
            each["State"],
            each["AvailableIpAddressCount"],
            each.get("MapPublicIpOnLaunch", False),
            _ipv6(each),
            tags_of(each),
        )
        for each in _described(aws, "describe_subnets", "Subnets", conditions)
    ]


def _ipv6(subnet: Mapping[str, Any]) -> str | None:
    live = ("associating", "associated")
    blocks = subnet.get("Ipv6CidrBlockAssociationSet", ())
    return next((each["Ipv6CidrBlock"] for each in blocks if each["Ipv6CidrBlockState"]["State"] in live), None)


def internet_gateways(aws: Aws, conditions: Conditions) -> list[Gateway]:
    found = _described(aws, "describe_internet_gateways", "InternetGateways", conditions)
    return [Gateway(each["InternetGatewayId"], _attached_to(each), tags_of(each)) for each in found]


def egress_only_gateways(aws: Aws, conditions: Conditions) -> list[Gateway]:
    """The API reference promises pages of up to 255."""
    found = _described(
        aws, "describe_egress_only_internet_gateways", "EgressOnlyInternetGateways", conditions, page_size=255
    )
    return [Gateway(each["EgressOnlyInternetGatewayId"], _attached_to(each), tags_of(each)) for each in found]


def _attached_to(gateway: Mapping[str, Any]) -> str | None:
    attachments = gateway.get("Attachments", ())
    return next((each["VpcId"] for each in attachments if each["State"] not in ("detaching", "detached")), None)


def nat_gateways(aws: Aws, conditions: Conditions) -> list[NatGateway]:
    # This one describe calls its filters Filter.
    answers = pages(aws.ec2, "describe_nat_gateways", Filter=filters(conditions))
    return [
        NatGateway(
            each["NatGatewayId"],
            each["VpcId"],
            each.get("SubnetId", ""),
            each["State"],
            tuple(one["NetworkInterfaceId"] for one in each["NatGatewayAddresses"] if "NetworkInterfaceId" in one),
            tags_of(each),
            each.get("FailureMessage", ""),
            each.get("ConnectivityType") != "private",
        )
        for page in answers
        for each in page["NatGateways"]
    ]


def addresses(aws: Aws, conditions: Conditions) -> list[Address]:
    """AWS answers all addresses at once."""
    with aws_errors():
        answer = aws.ec2.describe_addresses(Filters=filters(conditions))  # type: ignore[arg-type]  # the stub's TypedDict
    return [
        Address(each["AllocationId"], each["PublicIp"], tags_of(each), each.get("NetworkInterfaceId"))
        for each in answer["Addresses"]
        if "AllocationId" in each
    ]


def route_tables(aws: Aws, conditions: Conditions) -> list[RouteTable]:
    return [
        RouteTable(
            each["RouteTableId"],
            each["VpcId"],
            any(one["Main"] for one in each["Associations"]),
            tuple(
                Association(one["RouteTableAssociationId"], one["SubnetId"])
                for one in each["Associations"]
                if "SubnetId" in one and one.get("AssociationState", {}).get("State") != "disassociated"
            ),
            tuple(_routes(each)),
            tags_of(each),
        )
        for each in _described(aws, "describe_route_tables", "RouteTables", conditions, page_size=100)
    ]


def _routes(table: Mapping[str, Any]) -> Iterator[Route]:
    """Those that were created: the local ones, propagated ones and those of gateway endpoints come from AWS."""
    for route in table["Routes"]:
        destination = route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock")
        if route.get("Origin") == "CreateRoute" and destination:
            yield Route(destination, next((route[name] for name in _TARGETS if route.get(name)), ""))


def endpoints(aws: Aws, conditions: Conditions) -> list[Endpoint]:
    return [
        Endpoint(
            each["VpcEndpointId"],
            each["VpcId"],
            each["ServiceName"],
            each["State"],
            tuple(each.get("RouteTableIds", ())),
            tags_of(each),
            each["VpcEndpointType"],
        )
        for each in _described(aws, "describe_vpc_endpoints", "VpcEndpoints", conditions)
    ]


def _described(
    aws: Aws, operation: str, result: str, conditions: Conditions, page_size: int = 1000
) -> Iterator[dict[str, Any]]:
    answers = pages(aws.ec2, operation, page_size, Filters=filters(conditions))
    return (each for page in answers for each in page[result])
