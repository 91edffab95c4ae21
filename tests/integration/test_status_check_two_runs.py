"""Remedies when two runs of status_check are on their way at one time: one of them does it, at most."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.world import Check, world
from nightshift.jobs.status_check import JOB
from tests.integration.wards import POWER, sent, set_tags, state_of, tags
from tests.support import NOW, MortalClock, RunDied, by_resource

type Run = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.usefixtures("topic")


@pytest.fixture(params=["reboot", "stop-start"])
def ill(request: pytest.FixtureRequest, backend: Any, web: Any) -> Any:
    """An instance of which people know, and that gets a remedy now."""
    check: Check = "system" if request.param == "stop-start" else "instance"
    known = f"impaired:{check} 2026-11-24T11:00:00Z"
    set_tags(backend, web, nightshift__remedy=request.param, nightshift__status=known)
    world.impair(web.id, check, since=NOW - timedelta(hours=1))
    return web


def at_call(aws: EmbeddedAws, action: str, number: int, happens: Callable[[], object]) -> None:
    """Something else happens just before the k-th call of this action arrives."""
    met: list[str] = []

    def hook(_service: str, called: str, _params: Any) -> None:
        met.extend([called] if called == action else [])
        if called == action and len(met) == number:
            happens()

    aws.hooks.append(hook)


def left(run_job: Run, box: Any) -> str:
    decision = by_resource(run_job(JOB, {}))[box.id]
    assert (decision["action"], decision["outcome"]) == ("keep", "skipped")
    reason: str = decision["reason"]
    return reason


def test_it_is_written_down_by_whom_and_done_when_all_others_have_seen_it(
    aws: EmbeddedAws, ec2: Any, ill: Any, run_job: Run
) -> None:
    assert by_resource(run_job(JOB, {}))[ill.id]["outcome"] == "done"
    assert tags(ec2, ill)["nightshift:remedied"] == "2026-11-24T12:00:00Z"
    assert len(tags(ec2, ill)["nightshift:remedied-by"]) == 16
    assert world.now() >= NOW + timedelta(seconds=10)
    calls = [action for _, action in aws.requests]
    first = next(action for action in calls if action in POWER)
    assert calls[: calls.index(first)][-3:] == ["DescribeInstances", "CreateTags", "DescribeInstances"]


def test_of_two_that_write_it_down_in_one_second_the_last_one_does_it(
    aws: EmbeddedAws, backend: Any, ill: Any, run_job: Run
) -> None:
    """Reads: all instances, then this one before it is written down, then after it."""
    other = {"nightshift__remedied": "2026-11-24T12:00:00Z", "nightshift__remedied_by": "another"}
    at_call(aws, "DescribeInstances", 3, lambda: set_tags(backend, ill, **other))
    assert "left alone: another run was first: nightshift:remedied is 2026-11-24T12:00:00Z now" in left(run_job, ill)
    assert sent(aws, *POWER) == []


def test_one_that_is_slow_to_write_it_down_leaves_it(aws: EmbeddedAws, ill: Any, run_job: Run) -> None:
    at_call(aws, "CreateTags", 1, lambda: world.clock.advance(seconds=6))
    assert "left alone: it took too long to write nightshift:remedied" in left(run_job, ill)
    assert sent(aws, *POWER) == []


def test_one_that_is_stopped_meanwhile_is_left_alone(aws: EmbeddedAws, ill: Any, run_job: Run) -> None:
    at_call(aws, "DescribeInstances", 3, ill.stop)
    assert "left alone: meanwhile it is stopped" in left(run_job, ill)
    assert sent(aws, *POWER) == []


def test_nothing_is_begun_that_the_time_does_not_suffice_for(
    aws: EmbeddedAws, ec2: Any, ill: Any, run_job: Run
) -> None:
    decision = by_resource(run_job(JOB, {}, seconds=20))[ill.id]
    assert (decision["action"], decision["outcome"], decision["error"]) == ("remedy", "remaining", "OutOfTime")
    assert "nightshift:remedied" not in tags(ec2, ill)
    assert by_resource(run_job(JOB, {}))[ill.id]["outcome"] == "done"


def test_who_has_stopped_it_starts_it_whatever_another_run_writes(
    aws: EmbeddedAws, ec2: Any, backend: Any, web: Any, run_job: Run
) -> None:
    set_tags(backend, web, nightshift__remedy="stop-start")
    world.impair(web.id, "system", since=NOW - timedelta(hours=1))
    other = {"nightshift__remedied": "2026-11-24T12:00:11Z", "nightshift__remedied_by": "another"}
    at_call(aws, "StopInstances", 1, lambda: set_tags(backend, web, **other))
    assert by_resource(run_job(JOB, {}))[web.id]["outcome"] == "done"
    assert sent(aws, *POWER) == ["StopInstances", "StartInstances"]
    assert state_of(ec2, web) == "running"


STRANDED = "stopped by the remedy of 2026-11-24T12:00:00Z and not started again: start it"


@pytest.fixture
def stranded(aws: EmbeddedAws, ec2: Any, backend: Any, web: Any, run_job: Run) -> Any:
    """An instance that a run stopped, and then died."""
    set_tags(backend, web, nightshift__remedy="stop-start")
    world.impair(web.id, "system", since=NOW - timedelta(hours=1))
    clock = MortalClock()

    def die() -> None:
        clock.dead = True

    at_call(aws, "StopInstances", 1, die)
    with pytest.raises(RunDied):
        run_job(JOB, {}, clock=clock)
    aws.hooks.clear()
    assert state_of(ec2, web) == "stopped"
    return web


def test_what_a_dead_run_left_stopped_is_told_after_an_hour_once_and_that_it_runs_again(
    aws: EmbeddedAws, ec2: Any, backend: Any, stranded: Any, tick: Run
) -> None:
    first = by_resource(tick(minutes=60))[stranded.id]
    assert (first["action"], first["outcome"], first["reason"]) == ("announce", "done", f"{STRANDED}; announced")
    assert STRANDED in world.messages[-1].text
    assert tags(ec2, stranded)["nightshift:status"] == "impaired:system+stopped 2026-11-24T11:00:00Z"

    again = by_resource(tick())[stranded.id]
    assert (again["action"], again["outcome"]) == ("keep", "skipped")
    assert "left stopped by a remedy" in again["reason"]
    assert sent(aws, *POWER) == ["StopInstances"]

    world.recover(stranded.id)
    backend.start_instances([stranded.id])
    assert "runs again" in by_resource(tick())[stranded.id]["reason"]
    assert by_resource(tick())[stranded.id]["action"] == "keep"
    assert len(world.messages) == 3


def test_within_the_hour_it_is_started_instead(ec2: Any, stranded: Any, tick: Run) -> None:
    started = by_resource(tick(minutes=55))[stranded.id]
    assert (started["action"], started["outcome"]) == ("remedy", "done")
    assert state_of(ec2, stranded) == "running"


def test_a_mute_keeps_it_till_its_end(backend: Any, stranded: Any, tick: Run) -> None:
    set_tags(backend, stranded, nightshift__mute_until="2026-11-24T14:00:00Z")
    muted = by_resource(tick(minutes=90))[stranded.id]
    assert (muted["action"], len(world.messages)) == ("keep", 1)
    assert f"{STRANDED}; told when its mute ends at 2026-11-24T14:00:00Z" in muted["reason"]
    assert by_resource(tick(minutes=40))[stranded.id]["action"] == "announce"
