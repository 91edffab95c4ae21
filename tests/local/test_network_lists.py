"""Contract: lists of networks, their pages and filters."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from local.world import world

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ZONE = "eu-central-1a"
type Net = dict[str, str]


def peering(ec2: Any, vpc: str) -> None:
    other = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)


def private_nat_gateway(ec2: Any, vpc: str, number: int) -> None:
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{number}.0/24", AvailabilityZone=ZONE)["Subnet"]
    ec2.create_nat_gateway(SubnetId=subnet["SubnetId"], ConnectivityType="private")


MAKERS: dict[str, Callable[[Any, str, int], Any]] = {
    "vpcs": lambda ec2, _, __: ec2.create_vpc(CidrBlock="10.30.0.0/16"),
    "subnets": lambda ec2, vpc, n: ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{n}.0/24", AvailabilityZone=ZONE),
    "internet_gateways": lambda ec2, _, __: ec2.create_internet_gateway(),
    "egress_only_internet_gateways": lambda ec2, vpc, _: ec2.create_egress_only_internet_gateway(VpcId=vpc),
    "route_tables": lambda ec2, vpc, _: ec2.create_route_table(VpcId=vpc),
    "security_groups": lambda ec2, vpc, n: ec2.create_security_group(GroupName=f"g{n}", Description="d", VpcId=vpc),
    "network_acls": lambda ec2, vpc, _: ec2.create_network_acl(VpcId=vpc),
    "vpc_endpoints": lambda ec2, vpc, _: ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.eu-central-1.s3"
    ),
    "nat_gateways": private_nat_gateway,
    "vpc_peering_connections": lambda ec2, vpc, _: peering(ec2, vpc),
}


def make(ec2: Any, kind: str, count: int) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    for number in range(count):
        MAKERS[kind](ec2, vpc, number)


@pytest.mark.parametrize("kind", MAKERS)
def test_lists_come_in_pages(kind: str, ec2: Any) -> None:
    """botocore model: MaxResults from 5, and a token for the next page."""
    make(ec2, kind, 7)
    pages = list(ec2.get_paginator(f"describe_{kind}").paginate(PaginationConfig={"PageSize": 5}))
    sizes = [len(found) for page in pages for found in page.values() if isinstance(found, list)]
    assert len(sizes) > 1
    assert all(size == 5 for size in sizes[:-1])
    assert sum(sizes) >= 7


@pytest.mark.parametrize(("kind", "most"), [("route_tables", 100), ("egress_only_internet_gateways", 255)])
def test_the_largest_page(kind: str, most: int, ec2: Any, refused: Any) -> None:
    """botocore model, MaxResults; that more is refused is not verified."""
    with refused("InvalidParameterValue"):
        getattr(ec2, f"describe_{kind}")(MaxResults=most + 1)


def test_egress_only_gateways_by_tag(ec2: Any) -> None:
    """botocore model, DescribeEgressOnlyInternetGateways: tag:<key>."""
    make(ec2, "egress_only_internet_gateways", 2)
    wanted = [{"Name": "tag:Name", "Values": ["mine"]}]
    assert ec2.describe_egress_only_internet_gateways(Filters=wanted)["EgressOnlyInternetGateways"] == []


def test_peering_connections_by_side(ec2: Any) -> None:
    """botocore model, DescribeVpcPeeringConnections: requester-vpc-info.vpc-id, accepter-vpc-info.vpc-id."""
    make(ec2, "vpc_peering_connections", 2)
    [first, _] = ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]
    for side in ("requester", "accepter"):
        vpc = first[f"{side.capitalize()}VpcInfo"]["VpcId"]
        found = {}
        for asked in ("requester", "accepter"):
            wanted = [{"Name": f"{asked}-vpc-info.vpc-id", "Values": [vpc]}]
            found[asked] = len(ec2.describe_vpc_peering_connections(Filters=wanted)["VpcPeeringConnections"])
        assert found == {"requester": 2 if side == "requester" else 0, "accepter": 1 if side == "accepter" else 0}


def test_what_is_new_may_not_be_seen_yet(ec2: Any) -> None:
    """EC2 API, "Eventual consistency"; the test says for how long."""
    world.clock.set(NOON)
    world.visibility_seconds = 60
    before = len(ec2.describe_vpcs()["Vpcs"])
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.0.0/24", AvailabilityZone=ZONE)
    ec2.create_internet_gateway()
    ec2.allocate_address(Domain="vpc")
    in_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    seen = [
        len(ec2.describe_vpcs()["Vpcs"]) - before,
        len(ec2.describe_subnets(Filters=in_vpc)["Subnets"]),
        len(ec2.describe_internet_gateways()["InternetGateways"]),
        len(ec2.describe_addresses()["Addresses"]),
    ]
    assert seen == [0, 0, 0, 0]
    world.clock.advance(seconds=60)
    assert len(ec2.describe_vpcs()["Vpcs"]) == before + 1
    assert len(ec2.describe_addresses()["Addresses"]) == 1
