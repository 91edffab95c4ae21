"""Destroying a network: only what it made itself, never while somebody uses it; and adopting what is there already."""

from collections.abc import Callable
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.world import world
from nightshift.jobs import network
from tests.integration.conftest import Run
from tests.integration.nets import DESTROY, SMALL, WHOLE, WITH_NAT, ZONE, id_of, of_network
from tests.integration.scenes import changes, counts
from tests.support import by_resource

type User = Callable[[Any], str]


def instance(ec2: Any) -> str:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "billing"}]}]
    launched = ec2.run_instances(
        ImageId="ami-0a1b2c3d4e5f60718",
        MinCount=1,
        MaxCount=1,
        SubnetId=id_of(ec2, "subnet/app"),
        TagSpecifications=tags,
    )
    return f'instance {launched["Instances"][0]["InstanceId"]} "billing" in subnet/app'


def interface(ec2: Any) -> str:
    made = ec2.create_network_interface(SubnetId=id_of(ec2, "subnet/app"), Description="ELB app/shop")
    return f'network interface {made["NetworkInterface"]["NetworkInterfaceId"]} "ELB app/shop" in subnet/app'


def security_group(ec2: Any) -> str:
    made = ec2.create_security_group(GroupName="shop", Description="of the shop", VpcId=id_of(ec2, "vpc/main"))
    return f'security group {made["GroupId"]} "shop"'


def subnet(ec2: Any) -> str:
    made = ec2.create_subnet(VpcId=id_of(ec2, "vpc/main"), CidrBlock="10.20.200.0/24", AvailabilityZone=ZONE)
    return f"subnet {made['Subnet']['SubnetId']}"


def route_table(ec2: Any) -> str:
    return f"route table {ec2.create_route_table(VpcId=id_of(ec2, 'vpc/main'))['RouteTable']['RouteTableId']}"


def route(ec2: Any) -> str:
    """From the main route table, which is AWS's."""
    filters = [
        {"Name": "vpc-id", "Values": [id_of(ec2, "vpc/main")]},
        {"Name": "association.main", "Values": ["true"]},
    ]
    [table] = ec2.describe_route_tables(Filters=filters)["RouteTables"]
    gateway = id_of(ec2, "internet-gateway/main")
    ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    return f"route table {table['RouteTableId']} with a route to internet-gateway/main"


def endpoint(ec2: Any) -> str:
    service = "com.amazonaws.eu-central-1.dynamodb"
    made = ec2.create_vpc_endpoint(VpcId=id_of(ec2, "vpc/main"), ServiceName=service, VpcEndpointType="Gateway")
    return f"endpoint {made['VpcEndpoint']['VpcEndpointId']}"


def egress_only_gateway(ec2: Any) -> str:
    made = ec2.create_egress_only_internet_gateway(VpcId=id_of(ec2, "vpc/main"))["EgressOnlyInternetGateway"]
    return f"egress-only internet gateway {made['EgressOnlyInternetGatewayId']}"


def peering(ec2: Any) -> str:
    other = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_vpc_peering_connection(VpcId=other, PeerVpcId=id_of(ec2, "vpc/main"))
    return f"peering connection {made['VpcPeeringConnection']['VpcPeeringConnectionId']}"


def network_acl(ec2: Any) -> str:
    return f"network ACL {ec2.create_network_acl(VpcId=id_of(ec2, 'vpc/main'))['NetworkAcl']['NetworkAclId']}"


def vpn_gateway(ec2: Any) -> str:
    made = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpnGatewayId=made, VpcId=id_of(ec2, "vpc/main"))
    return f"VPN gateway {made}"


USERS = [
    instance,
    interface,
    security_group,
    subnet,
    route_table,
    route,
    endpoint,
    egress_only_gateway,
    peering,
    network_acl,
    vpn_gateway,
]


@pytest.mark.parametrize("user", USERS, ids=lambda user: user.__name__)
def test_it_refuses_while_something_uses_it_and_names_it(user: User, aws: EmbeddedAws, ec2: Any, run_job: Run) -> None:
    run_job(network.JOB, SMALL)
    name = user(ec2)
    aws.requests.clear()
    outcome = run_job(network.JOB, DESTROY)
    assert outcome["refused"] == (
        f"nothing was changed. main is in use by {name}: remove what is named and send the event again"
    )
    assert changes(aws.requests) == []
    assert outcome["remaining"] == outcome["planned"] > 0


def test_when_the_instance_is_gone_it_goes(ec2: Any, run_job: Run) -> None:
    run_job(network.JOB, SMALL)
    id_ = instance(ec2).split()[1]
    assert id_ in run_job(network.JOB, DESTROY)["refused"]
    ec2.terminate_instances(InstanceIds=[id_])
    outcome = run_job(network.JOB, DESTROY)
    assert (outcome["refused"], outcome["failed"], outcome["remaining"]) == (None, 0, 0)
    assert of_network(ec2) == {}


def test_everything_it_made_goes_and_nothing_else(ec2: Any, run_job: Run) -> None:
    before = [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    run_job(network.JOB, WHOLE)
    outcome = run_job(network.JOB, DESTROY)
    assert counts(outcome) == {"planned": outcome["planned"], "done": outcome["planned"]}
    assert of_network(ec2) == {}
    assert [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]] == before
    assert [each["AllocationId"] for each in ec2.describe_addresses()["Addresses"]] == [address]
    again = run_job(network.JOB, DESTROY)
    assert counts(again) == {"skipped": 1}
    assert "not found in eu-central-1" in by_resource(again)["vpc/main"]["reason"]


def test_a_nat_gateway_is_waited_for_before_its_address_is_released(aws: EmbeddedAws, ec2: Any, run_job: Run) -> None:
    world.nat_gateway_seconds = 90
    run_job(network.JOB, WITH_NAT)
    aws.requests.clear()
    outcome = run_job(network.JOB, DESTROY)
    assert outcome["failed"] == outcome["remaining"] == 0
    assert changes(aws.requests).count("ReleaseAddress") == 1
    assert outcome["seconds"] >= 90


def test_a_destruction_whose_time_is_up_goes_on_in_the_next_run(ec2: Any, run_job: Run) -> None:
    world.nat_gateway_seconds = 90
    run_job(network.JOB, WITH_NAT)
    first = run_job(network.JOB, DESTROY, seconds=60)
    assert by_resource(first)["nat-gateway/a"]["error"] == "NotGoneYet"
    second = run_job(network.JOB, DESTROY)
    assert second["failed"] == second["remaining"] == 0
    assert "DeleteNatGateway" not in second["calls"]
    assert of_network(ec2) == {}


def test_what_somebody_puts_in_meanwhile_fails_after_some_minutes(aws: EmbeddedAws, ec2: Any, run_job: Run) -> None:
    """AWS says DependencyViolation also while it has not noticed yet: that is given five minutes."""
    run_job(network.JOB, SMALL)
    made: list[str] = []

    def meanwhile(service: str, action: str, params: Any) -> None:
        if action == "DeleteRouteTable" and not made:
            made.append(interface(ec2))

    aws.hooks.append(meanwhile)
    outcome = run_job(network.JOB, DESTROY)
    failed = by_resource(outcome)["subnet/app"]
    assert (failed["outcome"], failed["error"]) == ("failed", "DependencyViolation")
    assert 300 <= outcome["seconds"] < 400
