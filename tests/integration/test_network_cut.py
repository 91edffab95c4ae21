"""A network whose run is cut, or whose answers are lost, at any call: nothing is ever there twice."""

from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.wire import Answer
from local.world import world
from nightshift.jobs import network
from tests.integration.conftest import Run
from tests.integration.cuts import Cut, Stumble
from tests.integration.nets import DESTROY, SMALL, WHOLE, of_network, picture
from tests.integration.scenes import BROKEN, LOST, changes, counts
from tests.support import by_resource

# How many changes an undisturbed run makes: the tests see to it that these are all.
CALLS_OF_WHOLE = 22
CALLS_OF_SMALL = 11
CALLS_OF_DESTROY = 13

# Dead before a change arrives is dead after the one before it took effect: only the first is cut both ways.
CUTS_OF_WHOLE = [(1, False), *((number, True) for number in range(1, CALLS_OF_WHOLE + 1))]

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def pictures() -> dict[str, Any]:
    """Of undisturbed runs, each made once."""
    return {}


@pytest.fixture
def whole(pictures: dict[str, Any], aws: EmbeddedAws, ec2: Any, run_job: Run) -> Any:
    if "whole" not in pictures:
        run_job(network.JOB, WHOLE)
        pictures["whole"] = picture(ec2)
        assert len(changes(aws.requests)) == CALLS_OF_WHOLE
        run_job(network.JOB, DESTROY)
        aws.requests.clear()
    return pictures["whole"]


@pytest.mark.parametrize(("number", "after"), CUTS_OF_WHOLE)
def test_a_run_that_dies_at_any_change_is_completed_by_the_next(
    number: int, after: bool, whole: Any, aws: EmbeddedAws, ec2: Any, run_job: Run
) -> None:
    cut = Cut(number, after=after)
    aws.hooks.append(cut)
    first = run_job(network.JOB, WHOLE)
    assert first["remaining"] > 0
    assert (first["done"], cut.met) == (number - 1, number)
    aws.hooks.clear()
    second = run_job(network.JOB, WHOLE)
    assert second["failed"] == second["remaining"] == 0
    assert picture(ec2) == whole


@pytest.mark.parametrize("answer", [LOST, BROKEN], ids=["lost", "broken"])
@pytest.mark.parametrize("number", range(1, CALLS_OF_SMALL + 1))
def test_an_answer_that_says_nothing_makes_nothing_twice(
    number: int, answer: Any, aws: EmbeddedAws, ec2: Any, run_job: Run
) -> None:
    """The call took effect, and the run goes on: it looks before it makes anything again."""
    stumble = Stumble(number, answer)
    aws.hooks.append(stumble)
    outcome = run_job(network.JOB, SMALL)
    assert counts(outcome) == {"planned": outcome["planned"], "done": outcome["planned"]}
    assert stumble.met >= CALLS_OF_SMALL
    seen = picture(ec2)
    aws.hooks.clear()
    assert run_job(network.JOB, SMALL)["planned"] == 0
    assert picture(ec2) == seen


@pytest.mark.parametrize("number", range(1, CALLS_OF_SMALL + 1))
def test_a_call_that_never_arrived_is_made_in_the_same_run(
    number: int, aws: EmbeddedAws, ec2: Any, run_job: Run
) -> None:
    aws.hooks.append(Stumble(number, Answer(drop=True)))
    outcome = run_job(network.JOB, SMALL)
    assert counts(outcome) == {"planned": outcome["planned"], "done": outcome["planned"]}
    picture(ec2)


@pytest.mark.parametrize("key", ["vpc/main", "subnet/web", "internet-gateway/main"])
def test_what_is_not_to_be_seen_yet_is_waited_for(key: str, aws: EmbeddedAws, ec2: Any, run_job: Run) -> None:
    """The answer is lost, and what was made appears only after two minutes: no second one is made meanwhile."""
    action = {"vpc/main": "CreateVpc", "subnet/web": "CreateSubnet", "internet-gateway/main": "CreateInternetGateway"}
    world.visibility_seconds = 120
    lost: list[str] = []

    def lose(service: str, called: str, params: Any) -> Any:
        if called != action[key] or lost:
            return None
        lost.append(called)
        return LOST

    aws.hooks.append(lose)
    outcome = run_job(network.JOB, SMALL)
    assert "was found after an unclear answer" in by_resource(outcome)[key]["reason"]
    assert outcome["failed"] == outcome["remaining"] == 0
    assert len(of_network(ec2)[key]) == 1


def test_another_table_whose_answer_is_lost_is_looked_at(aws: EmbeddedAws, run_job: Run) -> None:
    """It took effect, and the association has another id now."""
    run_job(network.JOB, SMALL)
    lost: list[str] = []

    def lose(_service: str, called: str, _params: Any) -> Any:
        if called != "ReplaceRouteTableAssociation" or lost:
            return None
        lost.append(called)
        return LOST

    aws.hooks.append(lose)
    web, app = SMALL["subnets"]
    outcome = run_job(network.JOB, SMALL | {"subnets": [web, app | {"public": True}]})
    assert "it is so already" in by_resource(outcome)["association/app"]["reason"]
    assert outcome["failed"] == outcome["remaining"] == 0


@pytest.mark.parametrize("ours_lags", [False, True], ids=["both seen", "ours not seen yet"])
def test_two_events_at_the_same_time_never_use_two_vpcs(
    ours_lags: bool, aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run
) -> None:
    """The other run makes its VPC in the moment before ours does: ours sees it and stops; so does every later run."""
    others: list[str] = []
    world.visibility_seconds = 60 * ours_lags

    def meanwhile(service: str, action: str, params: Any) -> None:
        if action == "CreateVpc" and not others:
            tags = {"nightshift:network": "main", "nightshift:resource": "vpc/main"}
            tags |= {"nightshift:network-stack": "nightshift"}
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            others.append(action)
            made = ec2.create_vpc(CidrBlock="10.20.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": pairs}])
            del backend.vpcs[made["Vpc"]["VpcId"]].created_at

    aws.hooks.append(meanwhile)
    outcome = run_job(network.JOB, SMALL)
    decision = by_resource(outcome)["vpc/main"]
    assert (decision["outcome"], decision["error"]) == ("failed", "SameIdentity")
    world.visibility_seconds = 0
    both = {vpc["VpcId"] for vpc in of_network(ec2)["vpc/main"]}
    assert len(both) == 2
    assert all(id_ in decision["reason"] for id_ in both)
    assert "CreateSubnet" not in outcome["calls"]
    aws.hooks.clear()
    aws.requests.clear()
    again = run_job(network.JOB, SMALL)
    assert all(id_ in again["refused"] for id_ in both)
    assert changes(aws.requests) == []


def test_a_part_that_was_deleted_by_hand_is_made_anew_in_the_next_hour(
    aws: EmbeddedAws, ec2: Any, run_job: Run
) -> None:
    """Within the hour AWS answers the ClientToken of before with what is gone: the run says so, and makes nothing."""
    declared = SMALL | {"endpoints": ["s3"]}
    run_job(network.JOB, declared)
    [endpoint] = of_network(ec2)["endpoint/s3"]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
    outcome = run_job(network.JOB, declared)
    decision = by_resource(outcome)["endpoint/s3"]
    assert (decision["outcome"], outcome["remaining"]) == ("remaining", 1)
    assert "If it was deleted by hand, a run in the next hour makes it anew" in decision["reason"]
    world.clock.advance(hours=1)
    assert run_job(network.JOB, declared)["done"] == 1
    assert len(of_network(ec2)["endpoint/s3"]) == 1


@pytest.mark.parametrize("number", range(1, CALLS_OF_DESTROY + 1))
def test_a_destruction_that_dies_after_any_call_is_completed_by_the_next(
    number: int, aws: EmbeddedAws, ec2: Any, run_job: Run
) -> None:
    run_job(network.JOB, WHOLE)
    cut = Cut(number, after=True)
    aws.hooks.append(cut)
    first = run_job(network.JOB, DESTROY)
    assert first["remaining"] > 0
    assert (first["done"], cut.met) == (number - 1, number)
    aws.hooks.clear()
    second = run_job(network.JOB, DESTROY)
    assert second["failed"] == second["remaining"] == 0
    assert of_network(ec2) == {}
    assert len(ec2.describe_vpcs()["Vpcs"]) == 1
    assert ec2.describe_addresses()["Addresses"] == []
