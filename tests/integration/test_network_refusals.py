"""What does not fit what is there: refused as a whole, by name, with what to do, and nothing is changed."""

from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.world import world
from nightshift.jobs import network
from tests.integration.conftest import Run
from tests.integration.nets import DESTROY, SMALL, WITH_NAT, ZONE, id_of, of_network
from tests.integration.scenes import changes


def with_vpc(**fields: Any) -> dict[str, Any]:
    return SMALL | {"vpc": SMALL["vpc"] | fields}


def with_subnets(*subnets: dict[str, Any]) -> dict[str, Any]:
    return SMALL | {"subnets": list(subnets)}


WEB, APP = SMALL["subnets"]

# The event that is sent to SMALL, and what the refusal must say.
CONFLICTS: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"vpc": {"name": "main", "cidr": "10.30.0.0/16"}},
        [
            "vpc/main: declared is VPC 10.30.0.0/16",
            "is VPC 10.20.0.0/16",
            "AWS cannot change in place",
            "declare it as",
        ],
    ),
    (
        with_subnets(WEB | {"cidr": "10.20.9.0/24"}, APP),
        ["subnet/web: declared is subnet 10.20.9.0/24", "is subnet 10.20.0.0/24", "give what you want another name"],
    ),
    (
        with_subnets(WEB | {"zone": "eu-central-1b"}, APP),
        ["subnet/web", "in eu-central-1b", "in eu-central-1a, which AWS cannot change"],
    ),
    (
        with_subnets(WEB, APP | {"prefix_length": 24}),
        ["subnet app has 10.20.4.0/22, not a /24", "declare /22, or another subnet"],
    ),
    (
        with_subnets(WEB, {"name": "db", "cidr": "10.20.5.0/24", "zone": ZONE}),
        ["subnet db: 10.20.5.0/24 overlaps subnet-", "(10.20.4.0/22)", "give it another block, or adopt"],
    ),
    (
        with_subnets(WEB, {"name": "db", "prefix_length": 24, "zone": "eu-west-3a"}),
        ["subnet db: zone eu-west-3a is not available; these are: eu-central-1a, eu-central-1b, eu-central-1c"],
    ),
    (
        with_subnets(WEB, {"name": "big", "prefix_length": 16, "zone": ZONE}) | {"vpc": SMALL["vpc"]},
        ["subnets = ", "big: no room for a /16 in 10.20.0.0/16"],
    ),
    (
        with_subnets(WEB, {"name": "big", "prefix_length": 17}),
        ["there is no room for a /17 in 10.20.0.0/16: add a secondary block"],
    ),
    (
        SMALL | {"nat_gateway": "per_zone", "subnets": [WEB, APP | {"zone": "eu-central-1b", "name": "other"}]},
        ["needs a public subnet in eu-central-1b", "set nat_gateway to one"],
    ),
]


@pytest.mark.parametrize(("event", "wanted"), CONFLICTS, ids=[wanted[0][:30] for _, wanted in CONFLICTS])
def test_what_cannot_be_changed_is_refused_with_what_to_do(
    event: dict[str, Any], wanted: list[str], aws: EmbeddedAws, run_job: Run
) -> None:
    run_job(network.JOB, SMALL)
    aws.requests.clear()
    if wanted[0] == "subnets = ":
        with pytest.raises(Exception, match="no room for a /16"):
            run_job(network.JOB, event)
        return
    outcome = run_job(network.JOB, event)
    assert outcome["refused"].startswith("nothing was changed. ")
    assert [each for each in wanted if each not in outcome["refused"]] == []
    assert outcome["remaining"] == outcome["planned"]
    assert (outcome["done"], changes(aws.requests)) == (0, [])
    assert run_job(network.JOB, event | {"dry_run": True})["refused"] == outcome["refused"]


@pytest.mark.parametrize("cidr", ["172.31.0.0/16", "172.31.64.0/20", "10.40.0.0/16"])
def test_an_overlap_with_another_vpc_is_refused_unless_allowed(
    cidr: str, aws: EmbeddedAws, ec2: Any, run_job: Run
) -> None:
    """The default VPC counts, and so do secondary blocks of others."""
    other = ec2.create_vpc(CidrBlock="10.50.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[other], Tags=[{"Key": "Name", "Value": "office"}])
    ec2.associate_vpc_cidr_block(VpcId=other, CidrBlock="10.40.0.0/20")
    aws.requests.clear()
    event = {"vpc": {"name": "lab", "cidr": cidr}}
    outcome = run_job(network.JOB, event)
    clash = f"10.40.0.0/20 of {other} (office)" if cidr.startswith("10.") else "172.31.0.0/16 of vpc-"
    assert f"{cidr} overlaps {clash}" in outcome["refused"]
    assert '"allow_overlap": true' in outcome["refused"]
    assert changes(aws.requests) == []
    assert run_job(network.JOB, event | {"allow_overlap": True})["done"] == 1


def test_a_secondary_block_that_overlaps_is_refused_before_it_is_added(ec2: Any, run_job: Run) -> None:
    run_job(network.JOB, SMALL)
    ec2.create_vpc(CidrBlock="10.21.0.0/16")
    outcome = run_job(network.JOB, with_vpc(secondary_cidrs=["10.21.4.0/24"]))
    assert "10.21.4.0/24 overlaps 10.21.0.0/16 of vpc-" in outcome["refused"]


def test_an_overlap_that_came_later_refuses_nothing(ec2: Any, run_job: Run) -> None:
    run_job(network.JOB, SMALL)
    ec2.create_vpc(CidrBlock="10.20.0.0/16")
    assert run_job(network.JOB, SMALL)["refused"] is None


def test_a_subnet_with_a_nat_gateway_does_not_become_private(aws: EmbeddedAws, ec2: Any, run_job: Run) -> None:
    run_job(network.JOB, WITH_NAT)
    aws.requests.clear()
    other = WEB | {"name": "dmz", "cidr": "10.20.1.0/24"}
    outcome = run_job(network.JOB, WITH_NAT | {"subnets": [WEB | {"public": False}, other, APP]})
    assert "subnet/web cannot become private: NAT gateway a stands in it" in outcome["refused"]
    assert changes(aws.requests) == []


def test_while_a_nat_gateway_is_being_deleted_one_is_asked_to_wait(ec2: Any, run_job: Run) -> None:
    run_job(network.JOB, WITH_NAT)
    world.nat_gateway_seconds = 120
    ec2.delete_nat_gateway(NatGatewayId=id_of(ec2, "nat-gateway/a"))
    refused = run_job(network.JOB, WITH_NAT)["refused"]
    assert "is being deleted; send the event again when it is gone" in refused
    world.clock.advance(seconds=121)
    assert run_job(network.JOB, WITH_NAT)["failed"] == 0


def test_a_vpc_that_lost_its_tags_is_not_built_a_second_time(aws: EmbeddedAws, ec2: Any, run_job: Run) -> None:
    run_job(network.JOB, SMALL)
    vpc = id_of(ec2, "vpc/main")
    ec2.delete_tags(Resources=[vpc])
    aws.requests.clear()
    refused = run_job(network.JOB, SMALL)["refused"]
    assert f"(subnet/web) is in {vpc}, and no VPC carries the tags of main" in refused
    assert '"adopt": {"vpc": "..."}' in refused
    assert changes(aws.requests) == []
    assert run_job(network.JOB, SMALL | {"adopt": {"vpc": vpc}})["refused"] is None
    assert run_job(network.JOB, SMALL)["planned"] == 0


def test_a_foreign_internet_gateway_is_named(ec2: Any, run_job: Run) -> None:
    run_job(network.JOB, {"vpc": SMALL["vpc"]})
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=id_of(ec2, "vpc/main"))
    refused = run_job(network.JOB, SMALL)["refused"]
    assert f'"adopt": {{"internet_gateway": "{gateway}"}}' in refused
    assert run_job(network.JOB, SMALL | {"adopt": {"internet_gateway": gateway}})["failed"] == 0


def test_another_installation_s_network_of_that_name_is_another_network(
    monkeypatch: pytest.MonkeyPatch, ec2: Any, run_job: Run
) -> None:
    """Each finds only what it made itself."""
    run_job(network.JOB, SMALL)
    monkeypatch.setenv("NIGHTSHIFT_STACK_TAG", "staging")
    assert run_job(network.JOB, DESTROY)["skipped"] == 1
    assert "overlaps" in run_job(network.JOB, SMALL)["refused"]
    assert len(of_network(ec2)["vpc/main"]) == 1
