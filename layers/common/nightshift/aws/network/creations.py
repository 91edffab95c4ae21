"""Parts of a network are made and changed: one function a call. AwsError where AWS did not say yes.

VPCs, subnets, internet gateways, addresses and blocks have no ClientToken: see SENT_ONCE in aws/session.py.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from nightshift.aws.network.reads import vpcs
from nightshift.aws.session import Aws
from nightshift.plan.network import links, parts
from nightshift.plan.network.parts import Part, Resource
from nightshift.plan.network.survey import ipv6_block


@dataclass(frozen=True, slots=True)
class Site:
    """Where a part is made: ids of the parts that it builds on, by key; its tags; what its ClientToken is made of."""

    aws: Aws
    ids: Mapping[str, str]
    tags: Mapping[str, str]
    seed: str = ""

    def id_of(self, key: str) -> str:
        """KeyError: a part was to be made before what it builds on."""
        return self.ids[key]

    def vpc_of(self, part: Part) -> str:
        return self.id_of(f"vpc/{part.network}")

    def marks_of(self, part: Resource) -> Any:
        """TagSpecifications: the tags are there from the first moment."""
        tags = [{"Key": key, "Value": value} for key, value in self.tags.items()]
        return [{"ResourceType": part.tagged_as, "Tags": tags}]

    def token_for(self, part: Part) -> str:
        """The same for the same part on the same ground: sent twice, it is made once."""
        ground = " ".join(self.id_of(key) for key in part.needs if not key.startswith("attachment/"))
        return hashlib.sha256(f"{self.seed} {ground}".encode()).hexdigest()


@singledispatch
def create(part: Part, site: Site) -> str:
    """Make it; AWS's handle of it. TypeError: nobody knows how."""
    raise TypeError(f"not to be made: {part} {site}")


@create.register
def _vpc(part: parts.Vpc, site: Site) -> str:
    answer = site.aws.ec2.create_vpc(CidrBlock=part.cidr, TagSpecifications=site.marks_of(part))
    return answer["Vpc"]["VpcId"]


@create.register
def _block(part: links.Block, site: Site) -> str:
    answer = site.aws.ec2.associate_vpc_cidr_block(VpcId=site.vpc_of(part), CidrBlock=part.cidr)
    return answer["CidrBlockAssociation"]["AssociationId"]


@create.register
def _ipv6_block(part: links.Ipv6Block, site: Site) -> str:
    answer = site.aws.ec2.associate_vpc_cidr_block(VpcId=site.vpc_of(part), AmazonProvidedIpv6CidrBlock=True)
    return answer["Ipv6CidrBlockAssociation"]["AssociationId"]


@create.register
def _internet_gateway(part: parts.InternetGateway, site: Site) -> str:
    answer = site.aws.ec2.create_internet_gateway(TagSpecifications=site.marks_of(part))
    return answer["InternetGateway"]["InternetGatewayId"]


@create.register
def _attachment(part: links.Attachment, site: Site) -> str:
    gateway = site.id_of(f"internet-gateway/{part.network}")
    site.aws.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=site.vpc_of(part))
    return gateway


@create.register
def _egress_only_gateway(part: parts.EgressOnlyGateway, site: Site) -> str:
    answer = site.aws.ec2.create_egress_only_internet_gateway(
        VpcId=site.vpc_of(part), TagSpecifications=site.marks_of(part), ClientToken=site.token_for(part)
    )
    return answer["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]


@create.register
def _subnet(part: parts.Subnet, site: Site) -> str:
    answer = site.aws.ec2.create_subnet(
        VpcId=site.vpc_of(part),
        CidrBlock=part.cidr,
        AvailabilityZone=part.zone,
        TagSpecifications=site.marks_of(part),
    )
    return answer["Subnet"]["SubnetId"]


@create.register
def _subnet_ipv6(part: links.SubnetIpv6, site: Site) -> str:
    block = wanted_ipv6(part, site)
    site.aws.ec2.associate_subnet_cidr_block(SubnetId=site.id_of(f"subnet/{part.subnet}"), Ipv6CidrBlock=block)
    return block


def wanted_ipv6(part: links.SubnetIpv6, site: Site) -> str:
    """Its /64, of the block that the VPC has by now."""
    [vpc] = vpcs(site.aws, {"vpc-id": [site.vpc_of(part)]})
    if vpc.ipv6 is None:
        raise TypeError(f"{vpc.id} has no IPv6 block")
    return ipv6_block(vpc.ipv6.cidr, part.number)


@create.register
def _public_addresses(part: links.PublicAddresses, site: Site) -> str:
    subnet = site.id_of(f"subnet/{part.subnet}")
    site.aws.ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": part.given})
    return subnet


@create.register
def _route_table(part: parts.RouteTable, site: Site) -> str:
    answer = site.aws.ec2.create_route_table(
        VpcId=site.vpc_of(part), TagSpecifications=site.marks_of(part), ClientToken=site.token_for(part)
    )
    return answer["RouteTable"]["RouteTableId"]


@create.register
def _association(part: links.Association, site: Site) -> str:
    answer = site.aws.ec2.associate_route_table(
        RouteTableId=site.id_of(part.table), SubnetId=site.id_of(f"subnet/{part.subnet}")
    )
    return answer["AssociationId"]


@create.register
def _address(part: parts.Address, site: Site) -> str:
    answer = site.aws.ec2.allocate_address(Domain="vpc", TagSpecifications=site.marks_of(part))
    return answer["AllocationId"]


@create.register
def _nat_gateway(part: parts.NatGateway, site: Site) -> str:
    answer = site.aws.ec2.create_nat_gateway(
        SubnetId=site.id_of(part.subnet),
        AllocationId=site.id_of(f"address/{part.name}"),
        TagSpecifications=site.marks_of(part),
        ClientToken=site.token_for(part),
    )
    return answer["NatGateway"]["NatGatewayId"]


@create.register
def _route(part: links.Route, site: Site) -> str:
    table = site.id_of(f"route-table/{part.table}")
    site.aws.ec2.create_route(RouteTableId=table, **_way(part, site))
    return table


@create.register
def _endpoint(part: parts.Endpoint, site: Site) -> str:
    answer = site.aws.ec2.create_vpc_endpoint(
        VpcEndpointType="Gateway",
        VpcId=site.vpc_of(part),
        ServiceName=f"com.amazonaws.{site.aws.region}.{part.name}",
        RouteTableIds=[site.id_of(key) for key in part.tables],
        TagSpecifications=site.marks_of(part),
        ClientToken=site.token_for(part),
    )
    return answer["VpcEndpoint"]["VpcEndpointId"]


@singledispatch
def change(part: Part, id_: str, site: Site) -> None:
    """Make what is there under this handle into the part. TypeError: nobody knows how."""
    raise TypeError(f"not to be changed: {part} {id_} {site}")


@change.register
def _give_public_addresses(part: links.PublicAddresses, _id: str, site: Site) -> None:
    _public_addresses(part, site)


@change.register
def _use_another_table(part: links.Association, id_: str, site: Site) -> None:
    site.aws.ec2.replace_route_table_association(AssociationId=id_, RouteTableId=site.id_of(part.table))


@change.register
def _lead_elsewhere(part: links.Route, id_: str, site: Site) -> None:
    site.aws.ec2.replace_route(RouteTableId=id_, **_way(part, site))


@change.register
def _add_tables(part: parts.Endpoint, id_: str, site: Site) -> None:
    tables = [site.id_of(key) for key in part.tables]
    site.aws.ec2.modify_vpc_endpoint(VpcEndpointId=id_, AddRouteTableIds=tables)


def _way(part: links.Route, site: Site) -> dict[str, Any]:
    """Where a route leads, as CreateRoute and ReplaceRoute want it."""
    target = {
        "internet-gateway": "GatewayId",
        "nat-gateway": "NatGatewayId",
        "egress-only-gateway": "EgressOnlyInternetGatewayId",
    }[part.target.partition("/")[0]]
    destination = "DestinationIpv6CidrBlock" if ":" in part.destination else "DestinationCidrBlock"
    return {destination: part.destination, target: site.id_of(part.target)}
