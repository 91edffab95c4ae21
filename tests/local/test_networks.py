"""Contract: what AWS refuses of networks, NAT gateways in time, tokens, lists."""

from datetime import UTC, datetime
from typing import Any

import pytest

from local.world import world

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ZONE = "eu-central-1a"
type Net = dict[str, str]


@pytest.fixture
def net(ec2: Any) -> Net:
    """A VPC with a subnet, an internet gateway and a route table; ids by kind."""
    world.clock.set(NOON)
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.0.0/24", AvailabilityZone=ZONE)["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    return {"vpc": vpc, "subnet": subnet, "gateway": gateway, "table": table, "address": address}


@pytest.fixture
def nat(ec2: Any, net: Net) -> str:
    made = ec2.create_nat_gateway(SubnetId=net["subnet"], AllocationId=net["address"])["NatGateway"]
    return str(made["NatGatewayId"])


def state(ec2: Any, gateway: str) -> str:
    found = ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"]
    return found[0]["State"] if found else "gone"


def ipv6(ec2: Any, net: Net, number: int) -> str:
    [vpc] = ec2.describe_vpcs(VpcIds=[net["vpc"]])["Vpcs"]
    block: str = vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
    return block.replace("00::/56", f"{number:02x}::/64")


# ---------------------------------------------------------------- NAT gateways


def test_a_nat_gateway_takes_its_time_to_come_and_to_go(ec2: Any, net: Net) -> None:
    """botocore model, NatGateway: pending, available, deleting, deleted; described for about an hour after that."""
    world.nat_gateway_seconds = 100
    made = ec2.create_nat_gateway(SubnetId=net["subnet"], AllocationId=net["address"])["NatGateway"]
    assert made["State"] == "pending"
    gateway = made["NatGatewayId"]
    seen = [state(ec2, gateway)]
    world.clock.advance(seconds=100)
    seen.append(state(ec2, gateway))
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    seen.append(state(ec2, gateway))
    world.clock.advance(seconds=100)
    seen.append(state(ec2, gateway))
    world.clock.advance(hours=1)
    assert [*seen, state(ec2, gateway)] == ["pending", "available", "deleting", "deleted", "gone"]


def test_one_that_cannot_be_made_ends_in_failed_and_says_why(ec2: Any, net: Net) -> None:
    """botocore model, NatGateway, FailureCode."""
    world.failing_subnets.add(net["subnet"])
    made = ec2.create_nat_gateway(SubnetId=net["subnet"], AllocationId=net["address"])["NatGateway"]["NatGatewayId"]
    [found] = ec2.describe_nat_gateways(NatGatewayIds=[made])["NatGateways"]
    assert (found["State"], found["FailureCode"]) == ("failed", "InsufficientFreeAddressesInSubnet")
    assert found["FailureMessage"]


def test_the_same_token_makes_one_nat_gateway(ec2: Any, net: Net, refused: Any) -> None:
    """EC2 API, "Ensuring idempotency"."""
    asked = {"SubnetId": net["subnet"], "AllocationId": net["address"], "ClientToken": "t"}
    first, second = (ec2.create_nat_gateway(**asked)["NatGateway"]["NatGatewayId"] for _ in range(2))
    assert first == second
    with refused("IdempotentParameterMismatch"):
        ec2.create_nat_gateway(**asked, ConnectivityType="private")


def test_nat_gateways_by_tag(ec2: Any, net: Net, nat: str) -> None:
    """botocore model, DescribeNatGateways: tag:<key>."""
    wanted = [{"Name": "tag:Name", "Values": ["mine"]}]
    assert ec2.describe_nat_gateways(Filters=wanted)["NatGateways"] == []
    ec2.create_tags(Resources=[nat], Tags=[{"Key": "Name", "Value": "mine"}])
    assert len(ec2.describe_nat_gateways(Filters=wanted)["NatGateways"]) == 1
    wanted[0]["Values"] = ["another"]
    assert ec2.describe_nat_gateways(Filters=wanted)["NatGateways"] == []


def test_an_unknown_nat_gateway(ec2: Any, refused: Any) -> None:
    """ERR: NatGatewayNotFound."""
    with refused("NatGatewayNotFound"):
        ec2.delete_nat_gateway(NatGatewayId="nat-0123456789abcdef0")


def test_a_nat_gateway_needs_an_internet_gateway(ec2: Any, net: Net, refused: Any) -> None:
    """botocore model, NatGateway, FailureCode: Gateway.NotAttached; here it is the answer. Not verified."""
    ec2.detach_internet_gateway(InternetGatewayId=net["gateway"], VpcId=net["vpc"])
    with refused("Gateway.NotAttached"):
        ec2.create_nat_gateway(SubnetId=net["subnet"], AllocationId=net["address"])


# ---------------------------------------------------------------- what stands in the way


def test_a_subnet_stays_while_something_is_in_it(ec2: Any, net: Net, nat: str, refused: Any) -> None:
    """ERR: DependencyViolation; API reference, DeleteSubnet."""
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=net["subnet"])
    ec2.delete_nat_gateway(NatGatewayId=nat)
    interface = ec2.create_network_interface(SubnetId=net["subnet"])["NetworkInterface"]["NetworkInterfaceId"]
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=net["subnet"])
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    ec2.run_instances(ImageId="ami-0a1b2c3d4e5f60718", MinCount=1, MaxCount=1, SubnetId=net["subnet"])
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=net["subnet"])


def test_with_an_instance_its_interface_goes(ec2: Any, net: Net) -> None:
    """UG, "Terminate an instance": the primary interface is deleted on termination by default."""
    launched = ec2.run_instances(ImageId="ami-0a1b2c3d4e5f60718", MinCount=1, MaxCount=1, SubnetId=net["subnet"])
    ec2.terminate_instances(InstanceIds=[launched["Instances"][0]["InstanceId"]])
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_with_a_subnet_its_association_goes(ec2: Any, net: Net) -> None:
    """UG, "Route tables": an association is the subnet's; the table can be deleted then."""
    ec2.associate_route_table(RouteTableId=net["table"], SubnetId=net["subnet"])
    ec2.delete_subnet(SubnetId=net["subnet"])
    [table] = ec2.describe_route_tables(RouteTableIds=[net["table"]])["RouteTables"]
    assert table["Associations"] == []


@pytest.mark.parametrize("kind", ["internet gateway", "egress-only gateway", "endpoint", "security group", "acl"])
def test_a_vpc_stays_while_something_belongs_to_it(ec2: Any, kind: str, refused: Any) -> None:
    """API reference, DeleteVpc: "detach or delete all gateways and resources that are associated with the VPC"."""
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    match kind:
        case "internet gateway":
            gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
            ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        case "egress-only gateway":
            ec2.create_egress_only_internet_gateway(VpcId=vpc)
        case "endpoint":
            service = "com.amazonaws.eu-central-1.s3"
            ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service, VpcEndpointType="Gateway")
        case "security group":
            ec2.create_security_group(GroupName="mine", Description="mine", VpcId=vpc)
        case "acl":
            ec2.create_network_acl(VpcId=vpc)
    with refused("DependencyViolation"):
        ec2.delete_vpc(VpcId=vpc)


def test_an_internet_gateway_stays_while_public_addresses_are_mapped(
    ec2: Any, net: Net, nat: str, refused: Any
) -> None:
    """carina-rs/carina #1088: a NAT gateway's address counts."""
    with refused("DependencyViolation"):
        ec2.detach_internet_gateway(InternetGatewayId=net["gateway"], VpcId=net["vpc"])


def test_a_vpc_has_one_internet_gateway(ec2: Any, net: Net, refused: Any) -> None:
    """VPC User Guide, "Internet gateways"; ERR: Resource.AlreadyAssociated."""
    other = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    with refused("Resource.AlreadyAssociated"):
        ec2.attach_internet_gateway(InternetGatewayId=other, VpcId=net["vpc"])


def test_an_address_in_use_is_not_released(ec2: Any, net: Net, refused: Any) -> None:
    """API reference, ReleaseAddress: InvalidIPAddress.InUse."""
    interface = ec2.create_network_interface(SubnetId=net["subnet"])["NetworkInterface"]["NetworkInterfaceId"]
    ec2.associate_address(AllocationId=net["address"], NetworkInterfaceId=interface)
    with refused("InvalidIPAddress.InUse"):
        ec2.release_address(AllocationId=net["address"])


def test_an_address_of_a_nat_gateway_is_not_released_before_its_end(ec2: Any, net: Net, nat: str, refused: Any) -> None:
    """eformat/sno-for-100 #5: AuthFailure until the NAT gateway is deleted."""
    world.nat_gateway_seconds = 60
    ec2.delete_nat_gateway(NatGatewayId=nat)
    with refused("AuthFailure", 401):
        ec2.release_address(AllocationId=net["address"])
    world.clock.advance(seconds=60)
    ec2.release_address(AllocationId=net["address"])


# ---------------------------------------------------------------- links


def test_a_subnet_has_one_route_table(ec2: Any, net: Net, refused: Any) -> None:
    """hashicorp/terraform-provider-aws #38960: Resource.AlreadyAssociated."""
    ec2.associate_route_table(RouteTableId=net["table"], SubnetId=net["subnet"])
    other = ec2.create_route_table(VpcId=net["vpc"])["RouteTable"]["RouteTableId"]
    with refused("Resource.AlreadyAssociated"):
        ec2.associate_route_table(RouteTableId=other, SubnetId=net["subnet"])


def test_an_ipv6_route_is_made_once(ec2: Any, net: Net, refused: Any) -> None:
    """ERR: RouteAlreadyExists."""
    route = {"RouteTableId": net["table"], "DestinationIpv6CidrBlock": "::/0", "GatewayId": net["gateway"]}
    ec2.create_route(**route)
    with refused("RouteAlreadyExists"):
        ec2.create_route(**route)


def test_the_state_of_a_subnet_s_ipv6_block_is_a_word(ec2: Any, net: Net) -> None:
    """botocore model, SubnetCidrBlockState."""
    ec2.associate_subnet_cidr_block(SubnetId=net["subnet"], Ipv6CidrBlock=ipv6(ec2, net, 7))
    [subnet] = ec2.describe_subnets(SubnetIds=[net["subnet"]])["Subnets"]
    [block] = subnet["Ipv6CidrBlockAssociationSet"]
    assert block["Ipv6CidrBlockState"] == {"State": "associated"}


def test_a_subnet_s_ipv6_block_is_a_free_64_of_the_vpc_s(ec2: Any, net: Net, refused: Any) -> None:
    """VPC User Guide, "Subnet CIDR blocks"; API reference: one a subnet. The codes are not verified."""
    other = ec2.create_subnet(VpcId=net["vpc"], CidrBlock="10.20.1.0/24", AvailabilityZone=ZONE)["Subnet"]["SubnetId"]
    with refused("InvalidSubnet.Range"):
        ec2.associate_subnet_cidr_block(SubnetId=other, Ipv6CidrBlock="2001:db8::/64")
    ec2.associate_subnet_cidr_block(SubnetId=net["subnet"], Ipv6CidrBlock=ipv6(ec2, net, 1))
    with refused("InvalidSubnet.Conflict"):
        ec2.associate_subnet_cidr_block(SubnetId=net["subnet"], Ipv6CidrBlock=ipv6(ec2, net, 2))
    with refused("InvalidSubnet.Conflict"):
        ec2.associate_subnet_cidr_block(SubnetId=other, Ipv6CidrBlock=ipv6(ec2, net, 1))


@pytest.fixture
def endpoint(ec2: Any, net: Net) -> str:
    service = "com.amazonaws.eu-central-1.s3"
    made = ec2.create_vpc_endpoint(VpcId=net["vpc"], ServiceName=service, VpcEndpointType="Gateway")
    return str(made["VpcEndpoint"]["VpcEndpointId"])


def test_a_route_table_added_to_an_endpoint_leads_to_it_until_it_is_deleted(ec2: Any, net: Net, endpoint: str) -> None:
    """API reference, ModifyVpcEndpoint, DeleteVpcEndpoints."""

    def routes() -> list[str]:
        [table] = ec2.describe_route_tables(RouteTableIds=[net["table"]])["RouteTables"]
        return [each["GatewayId"] for each in table["Routes"] if "DestinationPrefixListId" in each]

    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=[net["table"]])
    assert routes() == [endpoint]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    assert routes() == []
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []


def test_an_unknown_endpoint_stands_in_the_answer(ec2: Any) -> None:
    """API reference, DeleteVpcEndpoints: Unsuccessful."""
    answer = ec2.delete_vpc_endpoints(VpcEndpointIds=["vpce-0123456789abcdef0"])
    [unsuccessful] = answer["Unsuccessful"]
    assert unsuccessful["Error"]["Code"] == "InvalidVpcEndpointId.NotFound"


@pytest.mark.parametrize("kind", ["route table", "egress-only gateway", "endpoint"])
def test_the_same_token_makes_one_of(kind: str, ec2: Any, net: Net) -> None:
    """EC2 API, "Ensuring idempotency"."""
    actions = {
        "route table": (ec2.create_route_table, {}),
        "egress-only gateway": (ec2.create_egress_only_internet_gateway, {}),
        "endpoint": (ec2.create_vpc_endpoint, {"ServiceName": "com.amazonaws.eu-central-1.s3"}),
    }
    create, more = actions[kind]
    answers = [create(VpcId=net["vpc"], ClientToken="t", **more) for _ in range(2)]
    for answer in answers:
        answer.pop("ResponseMetadata")
    assert answers[0] == answers[1]
