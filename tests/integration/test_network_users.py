"""Destroying a network that was built into somebody's VPC: what others have there and lean on ours is named first."""

from collections.abc import Callable
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from nightshift.jobs import network
from tests.integration.conftest import Run
from tests.integration.nets import DESTROY, WITH_NAT, ZONE, id_of
from tests.integration.scenes import changes

IMAGE = "ami-0a1b2c3d4e5f60718"


@pytest.fixture
def vpc(ec2: Any, run_job: Run) -> str:
    """Somebody's VPC, which was adopted; subnets, tables and gateways in it are ours."""
    made: str = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    assert run_job(network.JOB, WITH_NAT | {"adopt": {"vpc": made}})["failed"] == 0
    return made


def foreign_subnet(ec2: Any, vpc: str) -> str:
    made: str = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.200.0/24", AvailabilityZone=ZONE)["Subnet"]["SubnetId"]
    return made


def launched(ec2: Any, subnet: str) -> str:
    id_: str = ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, SubnetId=subnet)["Instances"][0]["InstanceId"]
    return id_


def subnet_on_our_table(ec2: Any, vpc: str) -> str:
    subnet = foreign_subnet(ec2, vpc)
    ec2.associate_route_table(RouteTableId=id_of(ec2, "route-table/private-a"), SubnetId=subnet)
    return f"subnet {subnet}, which uses route-table/private-a"


def endpoint_on_our_table(ec2: Any, vpc: str) -> str:
    made = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.eu-central-1.dynamodb",
        VpcEndpointType="Gateway",
        RouteTableIds=[id_of(ec2, "route-table/private-a")],
    )
    return f"endpoint {made['VpcEndpoint']['VpcEndpointId']}, which uses route-table/private-a"


def interface_of_an_instance_elsewhere(ec2: Any, vpc: str) -> str:
    instance = launched(ec2, foreign_subnet(ec2, vpc))
    made = ec2.create_network_interface(SubnetId=id_of(ec2, "subnet/app"), Description="second leg")
    interface: str = made["NetworkInterface"]["NetworkInterfaceId"]
    ec2.attach_network_interface(NetworkInterfaceId=interface, InstanceId=instance, DeviceIndex=1)
    return f'network interface {interface} "second leg" in subnet/app'


def public_address_through_our_gateway(ec2: Any, vpc: str) -> str:
    subnet = foreign_subnet(ec2, vpc)
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    return f"of {launched(ec2, subnet)}, whose public address needs the internet gateway"


def address_of_ours_in_use(ec2: Any, _vpc: str) -> str:
    ec2.delete_nat_gateway(NatGatewayId=id_of(ec2, "nat-gateway/a"))
    ec2.describe_nat_gateways()
    elsewhere = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=elsewhere, CidrBlock="10.99.0.0/24")["Subnet"]["SubnetId"]
    made = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    ec2.associate_address(AllocationId=id_of(ec2, "address/a"), NetworkInterfaceId=made)
    return f"network interface {made}, which has address/a"


@pytest.mark.parametrize(
    "user",
    [
        subnet_on_our_table,
        endpoint_on_our_table,
        interface_of_an_instance_elsewhere,
        public_address_through_our_gateway,
        address_of_ours_in_use,
    ],
)
def test_what_leans_on_ours_is_named_before_anything_goes(
    user: Callable[[Any, str], str], vpc: str, aws: EmbeddedAws, ec2: Any, run_job: Run
) -> None:
    named = user(ec2, vpc)
    aws.requests.clear()
    assert named in run_job(network.JOB, DESTROY)["refused"]
    assert changes(aws.requests) == []


def test_what_others_have_beside_it_is_no_hindrance(vpc: str, ec2: Any, run_job: Run) -> None:
    launched(ec2, foreign_subnet(ec2, vpc))
    outcome = run_job(network.JOB, DESTROY)
    assert (outcome["refused"], outcome["failed"], outcome["remaining"]) == (None, 0, 0)
