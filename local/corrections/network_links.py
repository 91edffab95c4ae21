"""Routes, associations, IPv6 blocks and gateway endpoints: what is refused, and what is shown of them."""

from ipaddress import IPv6Network
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import RouteAlreadyExistsError
from moto.ec2.models.route_tables import RouteBackend
from moto.ec2.models.subnets import Subnet, SubnetBackend
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses.egress_only_internet_gateways import EgressOnlyInternetGateway
from moto.ec2.responses.route_tables import RouteTables
from moto.ec2.responses.vpcs import VPCs

from local.corrections.idempotency import idempotent
from local.corrections.patch import corrects, refusal, replaces

_associate = RouteBackend.associate_route_table
_create_route = RouteBackend.create_route
_modify_endpoint = VPCBackend.modify_vpc_endpoint
_associate_ipv6 = SubnetBackend.associate_subnet_cidr_block
SUBNET_PREFIX = 64

replaces(RouteTables, "create_route_table", idempotent(RouteTables.create_route_table))
replaces(VPCs, "create_vpc_endpoint", idempotent(VPCs.create_vpc_endpoint))
replaces(
    EgressOnlyInternetGateway,
    "create_egress_only_internet_gateway",
    idempotent(EgressOnlyInternetGateway.create_egress_only_internet_gateway),
)


@corrects(RouteBackend)
def associate_route_table(
    self: Any, route_table_id: str, gateway_id: str | None = None, subnet_id: str | None = None
) -> Any:
    """AWS: a subnet has one route table: Resource.AlreadyAssociated (hashicorp/terraform-provider-aws #38960). moto
    answers yes and leaves the other one in place."""
    for table in self.route_tables.values():
        if subnet_id and subnet_id in table._associations.values():
            raise refusal(
                "Resource.AlreadyAssociated",
                f"the specified association for route table {route_table_id} conflicts with an existing association",
            )
    return _associate(self, route_table_id, gateway_id, subnet_id)


@corrects(RouteBackend)
def create_route(self: Any, route_table_id: str, *args: Any, **kwargs: Any) -> Any:
    """AWS: ERR, RouteAlreadyExists, whatever the family. moto replaces an IPv6 route."""
    destination = kwargs.get("destination_ipv6_cidr_block") or (args[1] if len(args) > 1 else None)
    taken = [route.destination_ipv6_cidr_block for route in self.get_route_table(route_table_id).routes]
    if destination and destination in taken:
        raise RouteAlreadyExistsError(destination)
    return _create_route(self, route_table_id, *args, **kwargs)


def _ipv6_associations(subnet: Any) -> list[dict[str, Any]]:
    """AWS: botocore model, SubnetIpv6CidrBlockAssociation: State is a word. moto's is a mapping written as text."""
    return [
        {
            "ipv6CidrBlock": association["ipv6CidrBlock"],
            "associationId": association["associationId"],
            "ipv6CidrBlockState": {"state": association["ipv6CidrBlockState"]["State"]},
        }
        for association in subnet.ipv6_cidr_block_associations.values()
        if association["ipv6CidrBlockState"]["State"] == "associated"
    ]


replaces(Subnet, "ipv6_cidr_block_association_set", property(_ipv6_associations))


@corrects(SubnetBackend)
def associate_subnet_cidr_block(self: Any, subnet_id: str, ipv6_cidr_block: str) -> Any:
    """AWS: "Subnet CIDR blocks" in the VPC User Guide: a /64 of the VPC's block that no other subnet has, and one a
    subnet (API reference). The codes are not verified. moto takes any."""
    subnet, block = self.get_subnet(subnet_id), IPv6Network(ipv6_cidr_block)
    if subnet.ipv6_cidr_block_association_set:
        raise refusal("InvalidSubnet.Conflict", f"The subnet {subnet_id} already has an IPv6 CIDR block")
    of_vpc = [IPv6Network(each["cidr_block"]) for each in self.get_vpc(subnet.vpc_id).ipv6_cidr_block_association_set]
    if block.prefixlen != SUBNET_PREFIX or not any(block.subnet_of(each) for each in of_vpc):
        raise refusal("InvalidSubnet.Range", f"The CIDR '{block}' is invalid.")
    for other in self.describe_subnets(filters={"vpc-id": [subnet.vpc_id]}):
        if any(IPv6Network(each["ipv6CidrBlock"]).overlaps(block) for each in other.ipv6_cidr_block_association_set):
            raise refusal("InvalidSubnet.Conflict", f"The CIDR '{block}' conflicts with another subnet")
    return _associate_ipv6(self, subnet_id, ipv6_cidr_block)


@corrects(VPCBackend)
def modify_vpc_endpoint(self: Any, vpc_id: str, **asked: Any) -> None:
    """AWS: API reference, ModifyVpcEndpoint: what is added gets a route to the endpoint. moto adds none."""
    endpoint = self.get_vpc_end_point(vpc_id)
    prefix_list = endpoint.destination_prefix_list_id
    for table_id in asked.get("add_route_tables") or []:
        there = [route.destination_prefix_list_id for route in self.get_route_table(table_id).routes]
        if prefix_list and prefix_list not in there:
            self.create_route(table_id, None, gateway_id=vpc_id, destination_prefix_list_id=prefix_list)
    _modify_endpoint(self, vpc_id, **asked)


@corrects(VPCBackend)
def delete_vpc_endpoints(self: Any, vpce_ids: list[str] | None = None) -> None:
    """AWS: with it its routes go, and it is not described any more. moto describes it for ever, and stumbles over
    route tables that are gone. Unknown ones stand in the answer: see the action."""
    for endpoint_id in vpce_ids or []:
        endpoint = self.vpc_end_points.pop(endpoint_id, None)
        if endpoint is None:
            continue
        for interface_id in endpoint.network_interface_ids:
            self.enis.pop(interface_id, None)
        for table in self.route_tables.values():
            for route in table.routes:
                if route.vpc_endpoint_id == endpoint_id or getattr(route.gateway, "id", None) == endpoint_id:
                    table._routes.pop(route.id, None)


@corrects(VPCs, "delete_vpc_endpoints")
def delete_endpoints_action(self: Any) -> ActionResult:
    """AWS: API reference, DeleteVpcEndpoints: 200, and what could not be deleted in Unsuccessful. moto: nothing."""
    asked = self._get_param("VpcEndpointIds", [])
    unknown = [each for each in asked if each not in self.ec2_backend.vpc_end_points]
    self.ec2_backend.delete_vpc_endpoints(vpce_ids=asked)
    words = "The Vpc Endpoint Id '{}' does not exist"
    errors = [{"Code": "InvalidVpcEndpointId.NotFound", "Message": words.format(each)} for each in unknown]
    refused = [{"ResourceId": each, "Error": error} for each, error in zip(unknown, errors, strict=True)]
    return ActionResult({"Unsuccessful": refused})
