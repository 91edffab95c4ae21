"""Adopting what is there already: it becomes part of the network, and is never destroyed with it."""

from typing import Any

import pytest

from local.embedded import EmbeddedAws
from nightshift.jobs import network
from tests.integration.conftest import Run
from tests.integration.nets import DESTROY, SMALL, WITH_NAT, ZONE, id_of, of_network
from tests.integration.scenes import changes, tags_of
from tests.support import by_resource


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


@pytest.fixture
def whole(legacy: dict[str, str], ec2: Any) -> dict[str, Any]:
    """All that WITH_NAT wants, made by hand: the event that adopts it."""
    vpc, web = legacy["vpc"], legacy["subnet"]
    app = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.4.0/22", AvailabilityZone=ZONE)["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=web, AllocationId=address)["NatGateway"]["NatGatewayId"]
    ways = {"public": (web, {"GatewayId": legacy["internet_gateway"]}), "private-a": (app, {"NatGatewayId": nat})}
    tables = {}
    for name, (subnet, way) in ways.items():
        tables[name] = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=tables[name], SubnetId=subnet)
        ec2.create_route(RouteTableId=tables[name], DestinationCidrBlock="0.0.0.0/0", **way)
    endpoint = ec2.create_vpc_endpoint(
        VpcEndpointType="Gateway",
        VpcId=vpc,
        ServiceName="com.amazonaws.eu-central-1.s3",
        RouteTableIds=[tables["private-a"]],
    )["VpcEndpoint"]["VpcEndpointId"]
    return WITH_NAT | {
        "adopt": {
            "vpc": vpc,
            "subnets": {"web": web, "app": app},
            "internet_gateway": legacy["internet_gateway"],
            "nat_gateways": {"a": nat},
            "route_tables": tables,
            "endpoints": {"s3": endpoint},
        }
    }


def test_all_that_can_be_adopted_is_used_as_it_is(
    whole: dict[str, Any], aws: EmbeddedAws, ec2: Any, run_job: Run
) -> None:
    """Nothing is made but what is missing: public addresses, and the endpoint's second table, after it is ours."""
    aws.requests.clear()
    outcome = run_job(network.JOB, whole)
    assert outcome["failed"] == outcome["remaining"] == 0
    adopted = {"vpc/main", "internet-gateway/main", "subnet/web", "subnet/app", "nat-gateway/a", "endpoint/s3"}
    adopted |= {"route-table/public", "route-table/private-a"}
    steps = {(each["resource"], each["action"]) for each in outcome["decisions"] if each["action"] != "keep"}
    assert steps == {(key, "adopt") for key in adopted} | {
        ("public-addresses/web", "create"),
        ("endpoint/s3", "replace"),
    }
    assert changes(aws.requests)[-1] == "ModifyVpcEndpoint"
    assert run_job(network.JOB, whole)["planned"] == 0


def test_all_that_was_adopted_outlives_the_network(whole: dict[str, Any], ec2: Any, run_job: Run) -> None:
    run_job(network.JOB, whole)
    outcome = run_job(network.JOB, DESTROY)
    assert outcome["refused"] is None
    assert outcome["failed"] == outcome["remaining"] == 0
    assert {each["action"] for each in outcome["decisions"]} == {"keep", "detach"}
    assert of_network(ec2) == {}
    for table in whole["adopt"]["route_tables"].values():
        [seen] = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        assert seen["Associations"]
        assert "0.0.0.0/0" in [route.get("DestinationCidrBlock") for route in seen["Routes"]]
    [nat] = ec2.describe_nat_gateways()["NatGateways"]
    assert nat["State"] == "available"


def test_others_on_an_adopted_table_that_leads_to_ours_hold_the_network(
    legacy: dict[str, str], ec2: Any, run_job: Run
) -> None:
    """Their subnet would lose its way out with our NAT gateway."""
    table = ec2.create_route_table(VpcId=legacy["vpc"])["RouteTable"]["RouteTableId"]
    theirs = ec2.create_subnet(VpcId=legacy["vpc"], CidrBlock="10.20.9.0/24")["Subnet"]["SubnetId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=theirs)
    event = adopting(legacy)
    event["adopt"]["route_tables"] = {"private-a": table}
    assert run_job(network.JOB, event)["failed"] == 0
    refused = run_job(network.JOB, DESTROY)["refused"]
    assert f"subnet {theirs}, whose route table {table} leads to nat-gateway/a" in refused


@pytest.mark.parametrize(
    ("adopt", "wanted"),
    [
        ({"endpoints": {"dynamodb": "{endpoint}"}}, "is an endpoint of type Gateway for com.amazonaws.eu-central-1.s3"),
        ({"route_tables": {"privat": "{table}"}}, "it has: route-table/public, route-table/private-a"),
        ({"nat_gateways": {"a": "{nat}"}}, "is a private NAT gateway, which leads to no Internet"),
    ],
)
def test_what_the_network_cannot_use_is_refused_by_name(
    adopt: dict[str, dict[str, str]], wanted: str, whole: dict[str, Any], aws: EmbeddedAws, ec2: Any, run_job: Run
) -> None:
    private = ec2.create_nat_gateway(SubnetId=whole["adopt"]["subnets"]["app"], ConnectivityType="private")
    ids = {
        "{endpoint}": whole["adopt"]["endpoints"]["s3"],
        "{table}": whole["adopt"]["route_tables"]["private-a"],
        "{nat}": private["NatGateway"]["NatGatewayId"],
    }
    meant = {kind: {name: ids[id_] for name, id_ in named.items()} for kind, named in adopt.items()}
    event = whole | {"adopt": {**whole["adopt"], "route_tables": {}, "endpoints": {}, "nat_gateways": {}} | meant}
    aws.requests.clear()
    assert wanted in run_job(network.JOB, event)["refused"]
    assert changes(aws.requests) == []
