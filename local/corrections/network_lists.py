"""Lists of networks: pages, filters, and what is not to be seen yet."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.internet_gateways import InternetGatewayBackend
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses.egress_only_internet_gateways import EgressOnlyInternetGateway
from moto.ec2.responses.elastic_ip_addresses import ElasticIPAddresses
from moto.ec2.responses.internet_gateways import InternetGateways
from moto.ec2.responses.nat_gateways import NatGateways
from moto.ec2.responses.network_acls import NetworkACLs
from moto.ec2.responses.route_tables import RouteTables
from moto.ec2.responses.security_groups import SecurityGroups
from moto.ec2.responses.subnets import Subnets
from moto.ec2.responses.vpc_peering_connections import VPCPeeringConnections
from moto.ec2.responses.vpcs import VPCs

from local.corrections.filters import matches
from local.corrections.paging import paged
from local.corrections.patch import refusal, replaces
from local.corrections.visibility import is_visible
from local.world import world

type Action = Callable[[Any], ActionResult]


def _listed(owner: Any, action: str, result: str, ids: str, most: int = 1000, original: Action | None = None) -> None:
    """AWS: botocore model: MaxResults of 5 to 1,000 (route tables 100, egress-only gateways 255). moto has one page.
    A new one may be missing for a while (EC2 API, "Eventual consistency")."""
    answer: Action = original or getattr(owner, action)

    @wraps(answer)
    def whole(response: Any) -> ActionResult:
        if int(response._get_param("MaxResults") or 0) > most:
            raise refusal("InvalidParameterValue", f"maxResults must not be more than {most}")
        found: Any = answer(response).result
        return ActionResult({result: [each for each in found[result] if is_visible(each)]})

    replaces(owner, action, paged(result, ids)(whole))


def _egress_only_gateways(self: Any) -> ActionResult:
    """AWS: botocore model: filters by tag. moto ignores them."""
    found = self.ec2_backend.describe_egress_only_internet_gateways(self._get_param("EgressOnlyInternetGatewayIds", []))
    for name, wanted in self._filters_from_querystring().items():
        found = [each for each in found if matches(each.get_filter_value(name), wanted)]
    return ActionResult({"EgressOnlyInternetGateways": found})


def _peerings(self: Any) -> ActionResult:
    """AWS: botocore model: filters by either side. moto ignores them."""
    found = self.ec2_backend.describe_vpc_peering_connections(self._get_param("VpcPeeringConnectionIds", []))
    sides = {"requester-vpc-info.vpc-id": "vpc", "accepter-vpc-info.vpc-id": "peer_vpc"}
    for name, wanted in self._filters_from_querystring().items():
        found = [
            each
            for each in found
            if matches(getattr(each, sides[name]).id if name in sides else each.get_filter_value(name), wanted)
        ]
    return ActionResult({"VpcPeeringConnections": found})


_peerings.__name__ = "describe_vpc_peering_connections"
_egress_only_gateways.__name__ = "describe_egress_only_internet_gateways"
_listed(VPCs, "describe_vpcs", "Vpcs", "VpcIds")
_listed(Subnets, "describe_subnets", "Subnets", "SubnetIds")
_listed(InternetGateways, "describe_internet_gateways", "InternetGateways", "InternetGatewayIds")
_listed(NatGateways, "describe_nat_gateways", "NatGateways", "NatGatewayIds")
_listed(RouteTables, "describe_route_tables", "RouteTables", "RouteTableIds", most=100)
_listed(VPCs, "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointIds")
_listed(SecurityGroups, "describe_security_groups", "SecurityGroups", "GroupIds")
_listed(NetworkACLs, "describe_network_acls", "NetworkAcls", "NetworkAclIds")
_listed(
    VPCPeeringConnections,
    "describe_vpc_peering_connections",
    "VpcPeeringConnections",
    "VpcPeeringConnectionIds",
    original=_peerings,
)
_listed(
    EgressOnlyInternetGateway,
    "describe_egress_only_internet_gateways",
    "EgressOnlyInternetGateways",
    "EgressOnlyInternetGatewayIds",
    most=255,
    original=_egress_only_gateways,
)


def _addresses(response: Any) -> ActionResult:
    """AWS answers all addresses at once; a new one may be missing for a while."""
    found: Any = _describe_addresses(response).result
    return ActionResult({"Addresses": [each for each in found["Addresses"] if is_visible(each)]})


_describe_addresses = ElasticIPAddresses.describe_addresses
replaces(ElasticIPAddresses, "describe_addresses", wraps(_describe_addresses)(_addresses))


def _remembering(owner: Any, action: str) -> None:
    """When each was made, for `is_visible`; the default VPC was there before."""
    create = getattr(owner, action)

    @wraps(create)
    def made(*args: Any, **kwargs: Any) -> Any:
        resource = create(*args, **kwargs)
        if not getattr(resource, "is_default", False):
            resource.created_at = world.now()
        return resource

    replaces(owner, action, made)


_remembering(VPCBackend, "create_vpc")
_remembering(SubnetBackend, "create_subnet")
_remembering(InternetGatewayBackend, "create_internet_gateway")
_remembering(ElasticAddressBackend, "allocate_address")
