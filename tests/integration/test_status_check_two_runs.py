"""Remedies when two runs of status_check are on their way at one time: one of them does it, at most."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.world import Check, world
from nightshift.jobs.status_check import JOB
from tests.integration.wards import POWER, sent, set_tags, state_of, tags
from tests.support import NOW, by_resource

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
