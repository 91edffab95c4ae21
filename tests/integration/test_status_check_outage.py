"""Remedies while an availability zone fails: none is begun, what was begun is ended, people are told as ever."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from local import seed
from local.embedded import EmbeddedAws
from local.world import world
from nightshift.jobs.status_check import JOB
from tests.integration.wards import POWER, sent, set_tags, slow_stop, state_of
from tests.support import NOW, by_resource

type Run = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.usefixtures("topic")

AN_HOUR_AGO = NOW - timedelta(hours=1)
OUTAGE = (
    "no remedy: 5 of 20 instances in eu-central-1a are impaired: more than 20 %, so this looks like an outage of the "
    "zone; no remedy until it is less"
)


@pytest.fixture
def fleet(backend: Any) -> Sequence[Any]:
    """20 instances of one zone that all opted in, five of them impaired for an hour."""
    boxes = [seed.instance(backend, {"nightshift:remedy": "stop-start"}) for _ in range(20)]
    for box in boxes[:5]:
        world.impair(box.id, "system", since=AN_HOUR_AGO)
    return boxes


def test_in_an_outage_of_the_zone_all_is_told_and_nothing_is_stopped(
    aws: EmbeddedAws, backend: Any, fleet: Sequence[Any], tick: Run
) -> None:
    elsewhere = seed.instance(backend, {"nightshift:remedy": "stop-start"}, zone="b")
    world.impair(elsewhere.id, "system", since=AN_HOUR_AGO)

    first = by_resource(tick())

    assert {first[box.id]["action"] for box in fleet[:5]} == {"announce"}
    assert all(OUTAGE in first[box.id]["reason"] for box in fleet[:5])
    assert (first[elsewhere.id]["action"], first[elsewhere.id]["outcome"]) == ("remedy", "done")
    assert world.messages[0].text.count(OUTAGE) == 5
    assert sent(aws, *POWER) == ["StopInstances", "StartInstances"]

    world.recover(fleet[0].id)
    less = by_resource(tick())
    assert all("Nightshift stops and starts it now" in less[box.id]["reason"] for box in fleet[1:5]), "four of 20"


def test_the_whole_zone_is_judged_where_one_instance_is_named(
    aws: EmbeddedAws, fleet: Sequence[Any], run_job: Run
) -> None:
    outcome = run_job(JOB, {"instance_ids": [fleet[0].id]})
    assert by_resource(outcome).keys() == {fleet[0].id}
    assert OUTAGE in outcome["decisions"][0]["reason"]
    assert sent(aws, *POWER) == []


def test_the_share_is_the_policy_s(
    aws: EmbeddedAws, fleet: Sequence[Any], run_job: Run, policy: Callable[[str], None]
) -> None:
    policy("status_check: {max_impaired_percent: 25}")
    assert by_resource(run_job(JOB, {"instance_ids": [fleet[0].id]}))[fleet[0].id]["action"] == "remedy"
    assert sent(aws, *POWER) == ["StopInstances", "StartInstances"]


def test_a_stop_start_that_was_begun_is_ended_in_an_outage_too(
    aws: EmbeddedAws, ec2: Any, backend: Any, run_job: Run, tick: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_stop(aws, monkeypatch, timedelta(minutes=2))
    begun, *others = (seed.instance(backend, {}) for _ in range(10))
    set_tags(backend, begun, nightshift__remedy="stop-start")
    world.impair(begun.id, "system", since=AN_HOUR_AGO)
    assert by_resource(run_job(JOB, {}, seconds=60))[begun.id]["outcome"] == "remaining"
    assert state_of(ec2, begun) == "stopping"
    for box in others:
        world.impair(box.id, "system", since=AN_HOUR_AGO)

    ended = by_resource(tick())[begun.id]

    assert (ended["action"], ended["outcome"]) == ("remedy", "done")
    assert state_of(ec2, begun) == "running"
    assert "looks like an outage" in by_resource(tick())[begun.id]["reason"], "of the next one it is kept"
