"""Probes of network."""

from tests.integration.probes import Call, Probe, Tags, pairs, specified

MARK = "nightshift:network-stack"
OURS, ANOTHER_S = {MARK: "nightshift"}, {MARK: "somebody-else"}
FOREIGN: tuple[Tags, ...] = ({}, ANOTHER_S, {"nightshift:stack": "nightshift"})
IDENTITY = {"nightshift:network": "main", "nightshift:resource": "x", "nightshift:adopted": "x"}
ADOPTING = {**OURS, **IDENTITY}
KINDS = ("vpc", "subnet", "gateway", "egress", "table", "nat", "endpoint")
S3 = "com.amazonaws.eu-central-1.dynamodb"

# Calls that make something in a VPC that is ours.
MAKING: dict[str, Call] = {
    "ec2:CreateEgressOnlyInternetGateway": lambda ec2, it, asked: ec2.create_egress_only_internet_gateway(
        VpcId=it["vpc"], **specified("egress-only-internet-gateway", asked)
    ),
    "ec2:CreateNatGateway": lambda ec2, it, asked: ec2.create_nat_gateway(
        SubnetId=it["subnet"], AllocationId=it["spare"], **specified("natgateway", asked)
    ),
    "ec2:CreateRouteTable": lambda ec2, it, asked: ec2.create_route_table(
        VpcId=it["vpc"], **specified("route-table", asked)
    ),
    "ec2:CreateSubnet": lambda ec2, it, asked: ec2.create_subnet(
        VpcId=it["vpc"], CidrBlock="10.20.9.0/24", **specified("subnet", asked)
    ),
    "ec2:CreateVpcEndpoint": lambda ec2, it, asked: ec2.create_vpc_endpoint(
        VpcId=it["vpc"], ServiceName=S3, RouteTableIds=[it["table"]], **specified("vpc-endpoint", asked)
    ),
}
# Calls that make something out of nothing.
FOUNDING: dict[str, Call] = {
    "ec2:AllocateAddress": lambda ec2, _, asked: ec2.allocate_address(Domain="vpc", **specified("elastic-ip", asked)),
    "ec2:CreateInternetGateway": lambda ec2, _, asked: ec2.create_internet_gateway(
        **specified("internet-gateway", asked)
    ),
    "ec2:CreateVpc": lambda ec2, _, asked: ec2.create_vpc(CidrBlock="10.30.0.0/16", **specified("vpc", asked)),
}
# Calls that change or take away what is ours.
CHANGING: dict[str, Call] = {
    "ec2:AssociateRouteTable": lambda ec2, it, _: ec2.associate_route_table(
        RouteTableId=it["other"], SubnetId=it["lone"]
    ),
    "ec2:AssociateSubnetCidrBlock": lambda ec2, it, _: ec2.associate_subnet_cidr_block(
        SubnetId=it["subnet"], Ipv6CidrBlock="2001:db8::/64"
    ),
    "ec2:AssociateVpcCidrBlock": lambda ec2, it, _: ec2.associate_vpc_cidr_block(
        VpcId=it["vpc"], CidrBlock="10.21.0.0/20"
    ),
    "ec2:AttachInternetGateway": lambda ec2, it, _: ec2.attach_internet_gateway(
        InternetGatewayId=it["gateway"], VpcId=it["vpc"]
    ),
    "ec2:CreateRoute": lambda ec2, it, _: ec2.create_route(
        RouteTableId=it["table"], DestinationCidrBlock="10.99.0.0/16", GatewayId=it["gateway"]
    ),
    "ec2:DeleteEgressOnlyInternetGateway": lambda ec2, it, _: ec2.delete_egress_only_internet_gateway(
        EgressOnlyInternetGatewayId=it["egress"]
    ),
    "ec2:DeleteInternetGateway": lambda ec2, it, _: ec2.delete_internet_gateway(InternetGatewayId=it["gateway"]),
    "ec2:DeleteNatGateway": lambda ec2, it, _: ec2.delete_nat_gateway(NatGatewayId=it["nat"]),
    "ec2:DeleteRouteTable": lambda ec2, it, _: ec2.delete_route_table(RouteTableId=it["table"]),
    "ec2:DeleteSubnet": lambda ec2, it, _: ec2.delete_subnet(SubnetId=it["subnet"]),
    "ec2:DeleteVpc": lambda ec2, it, _: ec2.delete_vpc(VpcId=it["vpc"]),
    "ec2:DeleteVpcEndpoints": lambda ec2, it, _: ec2.delete_vpc_endpoints(VpcEndpointIds=[it["endpoint"]]),
    "ec2:DetachInternetGateway": lambda ec2, it, _: ec2.detach_internet_gateway(
        InternetGatewayId=it["gateway"], VpcId=it["vpc"]
    ),
    "ec2:DisassociateRouteTable": lambda ec2, it, _: ec2.disassociate_route_table(AssociationId=it["association"]),
    "ec2:ModifySubnetAttribute": lambda ec2, it, _: ec2.modify_subnet_attribute(
        SubnetId=it["subnet"], MapPublicIpOnLaunch={"Value": True}
    ),
    "ec2:ModifyVpcEndpoint": lambda ec2, it, _: ec2.modify_vpc_endpoint(
        VpcEndpointId=it["endpoint"], AddRouteTableIds=[it["other"]]
    ),
    "ec2:ReleaseAddress": lambda ec2, it, _: ec2.release_address(AllocationId=it["spare"]),
    "ec2:ReplaceRoute": lambda ec2, it, _: ec2.replace_route(
        RouteTableId=it["table"], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=it["nat"]
    ),
    "ec2:ReplaceRouteTableAssociation": lambda ec2, it, _: ec2.replace_route_table_association(
        AssociationId=it["association"], RouteTableId=it["other"]
    ),
}


def _tagging(kind: str) -> Call:
    return lambda ec2, it, asked: ec2.create_tags(Resources=[it[kind]], Tags=pairs(asked))


def _untagging(kind: str) -> Call:
    return lambda ec2, it, asked: ec2.delete_tags(Resources=[it[kind]], Tags=[{"Key": key} for key in asked])


def _probes() -> list[Probe]:
    unmarked: tuple[Tags, ...] = ({}, ANOTHER_S, {"Name": "x"})
    made = [Probe("network", action, call, OURS, OURS, FOREIGN, unmarked) for action, call in MAKING.items()]
    founded = [Probe("network", action, call, {}, OURS, never=unmarked) for action, call in FOUNDING.items()]
    changed = [Probe("network", action, call, OURS, {}, FOREIGN) for action, call in CHANGING.items()]
    return [*made, *founded, *changed, *_tag_probes()]


def _tag_probes() -> list[Probe]:
    """People's tags on what is ours; our marks on what is nobody's; our marks off what is ours."""
    people_s, hold = {"env": "prod"}, {"nightshift:hold-until": "2099-12-31"}
    return [
        *(
            Probe("network", "ec2:CreateTags", _tagging(kind), OURS, people_s, FOREIGN, (ANOTHER_S, hold, IDENTITY, {}))
            for kind in (*KINDS, "address")
        ),
        *(
            Probe(
                "network",
                "ec2:CreateTags",
                _tagging(kind),
                {},
                ADOPTING,
                (ANOTHER_S,),
                ({**IDENTITY, **ANOTHER_S}, {**ADOPTING, "Name": "x"}, {**ADOPTING, **hold}, {}),
            )
            for kind in KINDS
        ),
        *(
            Probe("network", "ec2:DeleteTags", _untagging(kind), ADOPTING, ADOPTING, FOREIGN, ({"Name": "x"}, hold, {}))
            for kind in KINDS
        ),
    ]


NETWORK = tuple(_probes())
