"""Destroying a network: only what it made itself, never while somebody uses it; and adopting what is there already."""

from collections.abc import Callable
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.world import world
from nightshift.jobs import network
from tests.integration.conftest import Run
from tests.integration.nets import DESTROY, SMALL, WHOLE, WITH_NAT, ZONE, id_of, of_network
from tests.integration.scenes import changes, counts, tags_of
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


@pytest.fixture
def legacy(ec2: Any) -> dict[str, str]:
    """A VPC that somebody made by hand, with a subnet and an internet gateway."""
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.0.0/24", AvailabilityZone=ZONE)["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.create_tags(Resources=[vpc, made, gateway], Tags=[{"Key": "Name", "Value": "by hand"}])
    return {"vpc": vpc, "subnet": made, "internet_gateway": gateway}


def adopting(legacy: dict[str, str]) -> dict[str, Any]:
    adopt = {"vpc": legacy["vpc"], "subnets": {"web": legacy["subnet"]}, "internet_gateway": legacy["internet_gateway"]}
    return WITH_NAT | {"vpc": WITH_NAT["vpc"] | {"tags": {"env": "prod"}}, "adopt": adopt}


def test_what_exists_is_adopted_and_built_on(legacy: dict[str, str], ec2: Any, run_job: Run) -> None:
    outcome = run_job(network.JOB, adopting(legacy))
    assert outcome["failed"] == outcome["remaining"] == 0
    adopted = {key for key, each in by_resource(outcome).items() if each["action"] == "adopt"}
    assert adopted == {"vpc/main", "subnet/web", "internet-gateway/main"}
    assert (id_of(ec2, "vpc/main"), id_of(ec2, "subnet/web")) == (legacy["vpc"], legacy["subnet"])
    assert tags_of(of_network(ec2)["vpc/main"][0]) == {
        "Name": "by hand",
        "nightshift:network": "main",
        "nightshift:resource": "vpc/main",
        "nightshift:network-stack": "nightshift",
        "nightshift:adopted": "2026-11-24T12:00:00Z",
    }
    assert run_job(network.JOB, adopting(legacy))["planned"] == 0


def test_what_was_adopted_is_never_destroyed(legacy: dict[str, str], ec2: Any, run_job: Run) -> None:
    """Ours goes, the adopted things stay as they were, without our tags; what others have in them is no hindrance."""
    ec2.create_network_interface(SubnetId=legacy["subnet"], Description="somebody's")
    run_job(network.JOB, adopting(legacy))
    outcome = run_job(network.JOB, DESTROY)
    assert outcome["refused"] is None
    assert outcome["failed"] == outcome["remaining"] == 0
    assert of_network(ec2) == {}
    [vpc] = ec2.describe_vpcs(VpcIds=[legacy["vpc"]])["Vpcs"]
    [kept] = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [legacy["vpc"]]}])["Subnets"]
    [gateway] = ec2.describe_internet_gateways(InternetGatewayIds=[legacy["internet_gateway"]])["InternetGateways"]
    assert kept["SubnetId"] == legacy["subnet"]
    assert gateway["Attachments"][0]["VpcId"] == legacy["vpc"]
    assert tags_of(vpc) == tags_of(kept) == tags_of(gateway) == {"Name": "by hand"}
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [legacy["vpc"]]}])["RouteTables"]
    assert [each["Associations"][0]["Main"] for each in tables] == [True]


@pytest.mark.parametrize(
    ("adopt", "event", "wanted"),
    [
        ({"vpc": "vpc-0123456789abcdef0"}, {}, "vpc-0123456789abcdef0 was not found in eu-central-1"),
        ({"vpc": "{vpc}"}, {"vpc": {"name": "main", "cidr": "10.20.0.0/17"}}, "is VPC 10.20.0.0/16"),
        (
            {"vpc": "{vpc}", "subnets": {"web": "{subnet}"}},
            {"subnets": [{"name": "web", "cidr": "10.20.1.0/24", "zone": ZONE, "public": True}]},
            "is subnet 10.20.0.0/24",
        ),
    ],
)
def test_what_does_not_fit_is_not_adopted(
    adopt: dict[str, Any],
    event: dict[str, Any],
    wanted: str,
    legacy: dict[str, str],
    aws: EmbeddedAws,
    run_job: Run,
) -> None:
    ids = {"{vpc}": legacy["vpc"], "{subnet}": legacy["subnet"]}
    named = {
        kind: {name: ids.get(id_, id_) for name, id_ in value.items()}
        if isinstance(value, dict)
        else ids.get(value, value)
        for kind, value in adopt.items()
    }
    aws.requests.clear()
    outcome = run_job(network.JOB, {"vpc": SMALL["vpc"], "internet_gateway": True} | event | {"adopt": named})
    assert wanted in outcome["refused"]
    assert changes(aws.requests) == []


def test_a_part_of_another_network_is_not_adopted(aws: EmbeddedAws, ec2: Any, run_job: Run) -> None:
    run_job(network.JOB, SMALL)
    vpc = id_of(ec2, "vpc/main")
    aws.requests.clear()
    event = {"vpc": {"name": "other", "cidr": "10.20.0.0/16"}, "adopt": {"vpc": vpc}}
    assert f"{vpc} is of network main (vpc/main)" in run_job(network.JOB, event)["refused"]
    assert changes(aws.requests) == []
    other = {"vpc": SMALL["vpc"], "adopt": {"vpc": "vpc-0123456789abcdef0"}}
    assert f"vpc/main is {vpc} already" in run_job(network.JOB, other)["refused"]
