"""Network on the embedded AWS: built as declared, built once, changed by the difference, shown."""

from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.world import world
from nightshift.jobs import network
from tests.integration.conftest import Run
from tests.integration.nets import SMALL, WHOLE, WITH_NAT, ZONE, id_of, of_network, picture
from tests.integration.scenes import changes, counts, tags_of
from tests.support import by_resource

EVERYTHING = [
    "address/a",
    "egress-only-gateway/main",
    "endpoint/s3",
    "internet-gateway/main",
    "nat-gateway/a",
    "route-table/private-a",
    "route-table/public",
    "subnet/app",
    "subnet/web",
    "vpc/main",
]


def test_it_is_built_as_declared(ec2: Any, run_job: Run) -> None:
    outcome = run_job(network.JOB, WHOLE)
    assert counts(outcome) == {"planned": outcome["planned"], "done": outcome["planned"]}
    seen = picture(ec2)
    assert list(seen) == EVERYTHING
    assert seen["vpc/main"]["blocks"] == ["10.20.0.0/16", "10.21.0.0/20"]
    assert seen["vpc/main"]["ipv6"] == seen["subnet/web"]["ipv6"] == seen["subnet/app"]["ipv6"] == 1
    web, app = seen["subnet/web"], seen["subnet/app"]
    assert (web["CidrBlock"], web["AvailabilityZone"], web["MapPublicIpOnLaunch"]) == ("10.20.0.0/24", ZONE, True)
    assert (app["CidrBlock"], app["AvailabilityZone"], app["MapPublicIpOnLaunch"]) == ("10.20.4.0/22", ZONE, False)
    assert seen["nat-gateway/a"]["SubnetId"] == "subnet/web"
    assert seen["nat-gateway/a"]["addresses"] == ["address/a"]
    assert seen["route-table/public"]["subnets"] == ["subnet/web"]
    assert seen["route-table/private-a"]["subnets"] == ["subnet/app"]
    assert {"0.0.0.0/0 internet-gateway/main", "ipv6 internet-gateway/main"} <= {*seen["route-table/public"]["routes"]}
    private = {*seen["route-table/private-a"]["routes"]}
    assert {"0.0.0.0/0 nat-gateway/a", "ipv6 egress-only-gateway/main"} <= private
    assert any(route.endswith(" endpoint/s3") for route in private)
    assert seen["endpoint/s3"]["tables"] == ["route-table/private-a", "route-table/public"]
    assert seen["internet-gateway/main"]["attached"] == seen["egress-only-gateway/main"]["attached"] == ["vpc/main"]


def test_whatever_it_makes_says_whose_it_is(ec2: Any, run_job: Run) -> None:
    run_job(network.JOB, WHOLE)
    for key, [record] in of_network(ec2).items():
        tags = tags_of(record)
        title = tags.pop("Name")
        assert title.startswith("main")
        assert tags == {
            "env": "prod",
            "nightshift:network": "main",
            "nightshift:resource": key,
            "nightshift:network-stack": "nightshift",
        }


def test_a_second_run_does_nothing(aws: EmbeddedAws, ec2: Any, run_job: Run) -> None:
    run_job(network.JOB, WHOLE)
    before = picture(ec2)
    aws.requests.clear()
    again = run_job(network.JOB, WHOLE)
    assert counts(again) == {"skipped": len(again["decisions"])}
    assert changes(aws.requests) == []
    assert picture(ec2) == before
    assert id_of(ec2, "vpc/main") in by_resource(again)["vpc/main"]["reason"]


def test_the_steps_are_numbered_in_their_order(run_job: Run) -> None:
    outcome = run_job(network.JOB, SMALL | {"dry_run": True})
    total = outcome["planned"]
    number = {}
    for decision in outcome["decisions"]:
        words = decision["reason"].partition(":")[0].split()
        assert words[0] == "step"
        assert words[2:] == ["of", str(total)]
        number[decision["resource"]] = int(words[1])
    assert sorted(number.values()) == list(range(1, total + 1))
    assert number["vpc/main"] < number["subnet/web"] < number["association/web"]
    assert number["attachment/main"] < number["route/public/0.0.0.0/0"]


def test_a_dry_run_shows_it_and_changes_nothing(aws: EmbeddedAws, ec2: Any, run_job: Run) -> None:
    shown = run_job(network.JOB, WHOLE | {"dry_run": True})
    assert changes(aws.requests) == []
    assert of_network(ec2) == {}
    done = run_job(network.JOB, WHOLE)
    assert {(each["resource"], each["action"]) for each in shown["decisions"]} == {
        (each["resource"], each["action"]) for each in done["decisions"]
    }


def test_a_changed_declaration_changes_the_difference_only(aws: EmbeddedAws, ec2: Any, run_job: Run) -> None:
    run_job(network.JOB, WITH_NAT)
    before = picture(ec2)
    aws.requests.clear()
    more = WITH_NAT | {
        "vpc": SMALL["vpc"] | {"tags": {"team": "net"}},
        "subnets": [
            SMALL["subnets"][0],
            {"name": "db", "prefix_length": 26, "zone": "eu-central-1b"},
            SMALL["subnets"][1],
        ],
    }
    outcome = run_job(network.JOB, more)
    assert outcome["failed"] == outcome["remaining"] == 0
    seen = picture(ec2)
    assert seen["subnet/db"]["CidrBlock"] == "10.20.1.0/26"
    assert {key: seen[key]["CidrBlock"] for key in ("subnet/web", "subnet/app")} == {
        key: before[key]["CidrBlock"] for key in ("subnet/web", "subnet/app")
    }
    assert "0.0.0.0/0 nat-gateway/a" in seen["route-table/private-b"]["routes"]
    assert seen["endpoint/s3"]["tables"] == ["route-table/private-a", "route-table/private-b", "route-table/public"]
    assert all(told["tags"]["team"] == "net" for told in seen.values())
    made = [action for action in changes(aws.requests) if action.startswith(("Create", "Allocate"))]
    assert sorted(made) == ["CreateRoute", "CreateRouteTable", "CreateSubnet", *["CreateTags"] * len(before)]


def test_a_subnet_becomes_public_and_private_again(ec2: Any, run_job: Run) -> None:
    run_job(network.JOB, SMALL)
    other = SMALL | {"subnets": [SMALL["subnets"][0], SMALL["subnets"][1] | {"public": True}]}
    outcome = run_job(network.JOB, other)
    assert by_resource(outcome)["association/app"]["action"] == "replace"
    seen = picture(ec2)
    assert seen["route-table/public"]["subnets"] == ["subnet/app", "subnet/web"]
    assert seen["subnet/app"]["MapPublicIpOnLaunch"]
    run_job(network.JOB, SMALL)
    seen = picture(ec2)
    assert seen["route-table/private-a"]["subnets"] == ["subnet/app"]
    assert not seen["subnet/app"]["MapPublicIpOnLaunch"]


def test_a_route_that_leads_nowhere_is_mended(ec2: Any, run_job: Run) -> None:
    """Somebody deleted the NAT gateway by hand: a new one, on the same address, and the route leads to it."""
    run_job(network.JOB, WITH_NAT)
    former = id_of(ec2, "nat-gateway/a")
    ec2.delete_nat_gateway(NatGatewayId=former)
    outcome = run_job(network.JOB, WITH_NAT)
    assert counts(outcome)["done"] == 2
    assert by_resource(outcome)["route/private-a/0.0.0.0/0"]["action"] == "replace"
    assert id_of(ec2, "nat-gateway/a") != former
    assert "0.0.0.0/0 nat-gateway/a" in picture(ec2)["route-table/private-a"]["routes"]


def test_what_is_not_declared_any_more_stays_and_is_named(aws: EmbeddedAws, ec2: Any, run_job: Run) -> None:
    run_job(network.JOB, WITH_NAT)
    before = picture(ec2)
    aws.requests.clear()
    outcome = run_job(network.JOB, {"vpc": SMALL["vpc"], "subnets": SMALL["subnets"][:1], "internet_gateway": True})
    assert changes(aws.requests) == []
    assert picture(ec2) == before
    nat = by_resource(outcome)["nat-gateway/a"]
    assert (nat["action"], nat["outcome"]) == ("keep", "skipped")
    assert "not declared, left alone" in nat["reason"]
    assert f"aws ec2 delete-nat-gateway --nat-gateway-id {id_of(ec2, 'nat-gateway/a')}" in nat["reason"]


@pytest.mark.parametrize("kind", ["one", "per_zone"])
def test_spread_makes_a_subnet_in_each_zone(kind: str, ec2: Any, run_job: Run) -> None:
    event = SMALL | {
        "subnets": [{"name": "web", "prefix_length": 24, "public": True}, {"name": "app", "prefix_length": 24}],
        "nat_gateway": kind,
    }
    run_job(network.JOB, event)
    seen = picture(ec2)
    zones = {key: told["AvailabilityZone"] for key, told in seen.items() if key.startswith("subnet/")}
    assert zones == {f"subnet/{name}-{zone}": f"eu-central-1{zone}" for name in ("app", "web") for zone in "abc"}
    for zone in "abc":
        gateway = f"nat-gateway/{zone if kind == 'per_zone' else 'a'}"
        assert f"0.0.0.0/0 {gateway}" in seen[f"route-table/private-{zone}"]["routes"]
    assert [key for key in seen if key.startswith("nat-gateway/")] == [
        f"nat-gateway/{zone}" for zone in ("abc" if kind == "per_zone" else "a")
    ]


def test_a_nat_gateway_is_waited_for_and_a_cut_wait_is_gone_on_with(ec2: Any, run_job: Run) -> None:
    world.nat_gateway_seconds = 120
    first = run_job(network.JOB, WITH_NAT, seconds=60)
    waiting = by_resource(first)["nat-gateway/a"]
    assert (waiting["outcome"], waiting["error"]) == ("remaining", "NotReadyYet")
    assert "is pending" in waiting["reason"]
    gateway = id_of(ec2, "nat-gateway/a")
    second = run_job(network.JOB, WITH_NAT)
    assert second["failed"] == second["remaining"] == 0
    assert id_of(ec2, "nat-gateway/a") == gateway
    assert "CreateNatGateway" not in second["calls"]


def test_a_nat_gateway_that_failed_says_why_and_the_next_run_makes_another(ec2: Any, run_job: Run) -> None:
    run_job(network.JOB, SMALL)
    world.failing_subnets.add(id_of(ec2, "subnet/web"))
    failed = by_resource(run_job(network.JOB, WITH_NAT))["nat-gateway/a"]
    assert (failed["outcome"], failed["error"]) == ("failed", "failed")
    assert "has insufficient free addresses" in failed["reason"]
    world.failing_subnets.clear()
    assert run_job(network.JOB, WITH_NAT)["failed"] == 0
    assert list(picture(ec2)).count("nat-gateway/a") == 1


@pytest.mark.parametrize("event", [{}, {"show": True}, {"show": True, "dry_run": True}])
def test_show_lists_vpcs_blocks_free_addresses_and_overlaps(
    event: dict[str, Any], ec2: Any, aws: EmbeddedAws, run_job: Run
) -> None:
    run_job(network.JOB, WHOLE)
    other = ec2.create_vpc(CidrBlock="10.20.128.0/20")["Vpc"]["VpcId"]
    aws.requests.clear()
    outcome = run_job(network.JOB, event)
    main = id_of(ec2, "vpc/main")
    vpc = next(each for each in outcome["vpcs"] if each["id"] == main)
    assert (vpc["name"], vpc["network"], vpc["cidr"]) == ("main", "main", "10.20.0.0/16")
    assert [block["state"] for block in vpc["blocks"]] == ["associated"] * 3
    assert vpc["blocks"][2]["cidr"].endswith("::/56")
    web = next(each for each in outcome["subnets"] if each["id"] == id_of(ec2, "subnet/web"))
    assert (web["vpc"], web["zone"], web["cidr"], web["size"]) == (main, ZONE, "10.20.0.0/24", 251)
    assert web["free"] <= 251
    assert web["ipv6"].endswith("/64")
    [pair] = outcome["overlaps"]
    assert {pair["vpc"], pair["other_vpc"]} == {main, other}
    assert {pair["block"], pair["other_block"]} == {"10.20.0.0/16", "10.20.128.0/20"}
    assert any(main in note and other in note for note in outcome["notes"])
    assert {each["action"] for each in outcome["decisions"]} == {"keep"}
    assert outcome["skipped"] == len(outcome["vpcs"]) == 3
    assert changes(aws.requests) == []


def test_what_is_declared_no_more_stays_and_is_said(run_job: Run) -> None:
    run_job(network.JOB, WITH_NAT)
    [note] = run_job(network.JOB, WITH_NAT | {"nat_gateway": "none"})["notes"]
    assert "not declared any more, and still there: address/a, nat-gateway/a; how to remove each is said" in note
