"""What tests of the network job set up and look at: declarations, and the networks that AWS has."""

from collections.abc import Mapping
from typing import Any

from tests.integration.scenes import tags_of

ZONE = "eu-central-1a"
SMALL: dict[str, Any] = {
    "vpc": {"name": "main", "cidr": "10.20.0.0/16"},
    "subnets": [
        {"name": "web", "cidr": "10.20.0.0/24", "zone": ZONE, "public": True},
        {"name": "app", "prefix_length": 22, "zone": ZONE},
    ],
    "internet_gateway": True,
}
WITH_NAT = SMALL | {"nat_gateway": "one", "endpoints": ["s3"]}
# Everything that there is, once.
WHOLE: dict[str, Any] = WITH_NAT | {
    "vpc": {
        "name": "main",
        "cidr": "10.20.0.0/16",
        "secondary_cidrs": ["10.21.0.0/20"],
        "ipv6": True,
        "tags": {"env": "prod"},
    },
}
DESTROY: dict[str, Any] = {"destroy": True, "vpc": {"name": "main"}}

# Of a resource: its describe, where it stands in the answer, its id.
KINDS = {
    "vpc": ("describe_vpcs", "Vpcs", "VpcId"),
    "internet-gateway": ("describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    "egress-only-gateway": (
        "describe_egress_only_internet_gateways",
        "EgressOnlyInternetGateways",
        "EgressOnlyInternetGatewayId",
    ),
    "subnet": ("describe_subnets", "Subnets", "SubnetId"),
    "route-table": ("describe_route_tables", "RouteTables", "RouteTableId"),
    "address": ("describe_addresses", "Addresses", "AllocationId"),
    "nat-gateway": ("describe_nat_gateways", "NatGateways", "NatGatewayId"),
    "endpoint": ("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
}
# Fields of an answer that say what a network is.
TELLING = (
    "CidrBlock",
    "AvailabilityZone",
    "MapPublicIpOnLaunch",
    "VpcId",
    "SubnetId",
    "ServiceName",
)


def of_network(ec2: Any, name: str = "main") -> dict[str, list[dict[str, Any]]]:
    """All that carries the network's tag and is not over, by its resource tag: two of one stand together."""
    found: dict[str, list[dict[str, Any]]] = {}
    for action, result, _ in KINDS.values():
        for each in getattr(ec2, action)()[result]:
            tags = tags_of(each)
            if tags.get("nightshift:network") == name and each.get("State") not in ("deleted", "failed"):
                found.setdefault(tags["nightshift:resource"], []).append(each)
    return found


def id_of(ec2: Any, key: str) -> str:
    [each] = of_network(ec2)[key]
    return str(each[KINDS[key.partition("/")[0]][2]])


def picture(ec2: Any) -> dict[str, Any]:
    """The network without AWS's ids: equal pictures are equal networks. Nothing may be there twice."""
    found = of_network(ec2)
    assert {key: len(records) for key, records in found.items() if len(records) > 1} == {}
    names = {str(record[KINDS[key.partition("/")[0]][2]]): key for key, [record] in found.items()}
    return {key: _told(record, names) for key, [record] in sorted(found.items())}


def _told(record: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    told = {field: names.get(str(record[field]), record[field]) for field in TELLING if field in record}
    told["tags"] = tags_of(record)
    told["attached"] = sorted(names.get(each["VpcId"], "?") for each in record.get("Attachments", []))
    told["subnets"] = sorted(names[each["SubnetId"]] for each in record.get("Associations", []) if "SubnetId" in each)
    told["routes"] = sorted(_route(each, names) for each in record.get("Routes", []))
    told["tables"] = sorted(names[each] for each in record.get("RouteTableIds", []))
    told["blocks"] = sorted(
        each["CidrBlock"] for each in record.get("CidrBlockAssociationSet", []) if each["CidrBlock"]
    )
    told["ipv6"] = len(record.get("Ipv6CidrBlockAssociationSet", []))
    told["addresses"] = sorted(names[each["AllocationId"]] for each in record.get("NatGatewayAddresses", []))
    return told


def _route(route: Mapping[str, Any], names: Mapping[str, str]) -> str:
    destination = route.get("DestinationCidrBlock") or ("list" if "DestinationPrefixListId" in route else "ipv6")
    targets = ("GatewayId", "NatGatewayId", "EgressOnlyInternetGatewayId")
    target = next(route[field] for field in targets if route.get(field))
    return f"{destination} {names.get(target, target)}"
