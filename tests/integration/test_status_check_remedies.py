"""Whole runs of status_check: what is remedied, what is not, and what was interrupted."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from moto.ec2.models.instances import Instance

from local import seed
from local.embedded import EmbeddedAws
from local.world import world
from nightshift.jobs.status_check import JOB
from tests.integration.wards import POWER, RETIREMENT, answers, sent, set_tags, slow_stop, state_of, status_of, tags
from tests.support import NOW, by_resource

type Run = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.usefixtures("topic")


def test_a_reboot_after_its_time_and_never_twice_within_an_hour(
    aws: EmbeddedAws, ec2: Any, backend: Any, web: Any, tick: Run
) -> None:
    set_tags(backend, web, nightshift__remedy="reboot")
    world.impair(web.id, "instance", since=NOW)
    waits = by_resource(tick())[web.id]
    assert (waits["action"], sent(aws, *POWER)) == ("announce", [])
    assert "no remedy: not before 2026-11-24T12:15:00Z" in waits["reason"]
    assert "no remedy: not before 2026-11-24T12:15:00Z" in world.messages[0].text

    done = by_resource(tick(minutes=10))[web.id]
    assert (done["action"], done["outcome"]) == ("remedy", "done")
    assert done["reason"].endswith("Nightshift reboots it now; rebooted")
    assert tags(ec2, web)["nightshift:remedied"] == "2026-11-24T12:15:00Z"
    order = sent(aws, "CreateTags", *POWER)
    assert order[-2:] == ["CreateTags", "RebootInstances"]

    for _ in range(11):
        again = by_resource(tick())[web.id]
        assert again["action"] == "keep"
        assert "the last one was at 2026-11-24T12:15:00Z, and two are at least an hour apart" in again["reason"]
    assert sent(aws, *POWER) == ["RebootInstances"]
    assert by_resource(tick())[web.id]["action"] == "remedy"
    assert sent(aws, *POWER) == ["RebootInstances"] * 2
    assert len(world.messages) == 1

    world.recover(web.id)
    tick()
    assert "remedied by Nightshift at 2026-11-24T13:15:10Z" in world.messages[1].text


def test_told_and_remedied_in_one_run_is_one_decision(ec2: Any, backend: Any, web: Any, tick: Run) -> None:
    set_tags(backend, web, nightshift__remedy="stop-start")
    world.impair(web.id, "system", since=NOW - timedelta(hours=1))
    decision = by_resource(tick())[web.id]
    assert (decision["action"], decision["outcome"]) == ("remedy", "done")
    assert decision["reason"] == (
        "became impaired: system status check fails, since 2026-11-24T11:00:00Z; "
        "Nightshift stops and starts it now; announced; started, it is running"
    )
    assert "Nightshift stops and starts it now" in world.messages[0].text
    assert state_of(ec2, web) == "running"
    assert tags(ec2, web).keys() >= {"nightshift:status", "nightshift:remedied"}


def test_a_stop_that_takes_its_time_is_waited_for(
    aws: EmbeddedAws, ec2: Any, backend: Any, web: Any, tick: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_stop(aws, monkeypatch, timedelta(minutes=2))
    set_tags(backend, web, nightshift__remedy="stop-start")
    world.impair(web.id, "system", since=NOW - timedelta(hours=1))
    assert by_resource(tick())[web.id]["outcome"] == "done"
    assert sent(aws, *POWER) == ["StopInstances", "StartInstances"]
    assert state_of(ec2, web) == "running"


def test_an_interrupted_stop_start_is_continued_by_the_next_run(
    aws: EmbeddedAws, ec2: Any, backend: Any, web: Any, run_job: Run, tick: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_stop(aws, monkeypatch, timedelta(minutes=2))
    set_tags(backend, web, nightshift__remedy="stop-start")
    world.impair(web.id, "system", since=NOW - timedelta(hours=1))
    cut = by_resource(run_job(JOB, {}, seconds=60))[web.id]
    assert (cut["action"], cut["outcome"], cut["error"]) == ("remedy", "remaining", "IncorrectInstanceState")
    assert "stopping" in cut["reason"]
    assert state_of(ec2, web) == "stopping"

    continued = by_resource(tick())[web.id]
    assert (continued["action"], continued["outcome"]) == ("remedy", "done")
    assert "the stop-start of 2026-11-24T12:00:00Z was interrupted: Nightshift starts it now" in continued["reason"]
    assert state_of(ec2, web) == "running"
    assert sent(aws, *POWER) == ["StopInstances", "StartInstances"]
    assert by_resource(tick())[web.id]["action"] == "keep"


def test_a_start_without_capacity_is_tried_until_it_works(
    aws: EmbeddedAws, ec2: Any, backend: Any, web: Any, run_job: Run
) -> None:
    set_tags(backend, web, nightshift__remedy="stop-start")
    world.impair(web.id, "system", since=NOW - timedelta(hours=1))
    answers(aws, "StartInstances", "InsufficientInstanceCapacity", 500)
    for _ in range(20):  # far more than an hour
        failed = by_resource(run_job(JOB, {}))[web.id]
        assert (failed["action"], failed["outcome"]) == ("remedy", "failed")
        assert failed["error"] == "InsufficientInstanceCapacity"
        world.clock.advance(minutes=5)
    aws.hooks.clear()
    assert by_resource(run_job(JOB, {}))[web.id]["outcome"] == "done"
    assert state_of(ec2, web) == "running"
    assert sent(aws, "StopInstances") == ["StopInstances"]


def test_one_that_falls_back_to_stopped_has_failed(
    ec2: Any, backend: Any, web: Any, run_job: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A volume whose key is disabled: AWS answers the start with yes."""

    def start(self: Any) -> Any:
        self.state_reason.code = "Client.InternalError"
        self.state_reason.message = "Client.InternalError: Client error on launch"
        return self._state

    monkeypatch.setattr(Instance, "start", start)
    set_tags(backend, web, nightshift__remedy="stop-start")
    world.impair(web.id, "system", since=NOW - timedelta(hours=1))
    decision = by_resource(run_job(JOB, {}))[web.id]
    assert (decision["action"], decision["outcome"]) == ("remedy", "failed")
    assert decision["error"] == "Client.InternalError"


def test_one_that_somebody_else_stopped_stays_stopped(backend: Any, web: Any, tick: Run) -> None:
    set_tags(backend, web, nightshift__remedy="stop-start")
    web.stop()
    assert by_resource(tick())[web.id]["action"] == "keep"
    set_tags(backend, web, nightshift__remedied="2026-11-24T12:00:00Z", nightshift__status="ok 2026-11-24T12:05:00Z")
    assert by_resource(tick())[web.id]["action"] == "keep"
    set_tags(
        backend,
        web,
        nightshift__remedied="2026-11-24T11:00:00Z",
        nightshift__status="impaired:system 2026-11-24T10:00:00Z",
    )
    assert by_resource(tick())[web.id]["action"] == "keep"


def test_an_unclear_answer_to_a_reboot_is_no_reason_to_reboot_again(
    aws: EmbeddedAws, backend: Any, web: Any, run_job: Run
) -> None:
    set_tags(backend, web, nightshift__remedy="reboot")
    world.impair(web.id, since=NOW - timedelta(hours=1))
    answers(aws, "RebootInstances", "InternalError", 500)
    decision = by_resource(run_job(JOB, {}))[web.id]
    assert (decision["action"], decision["outcome"], decision["error"]) == ("remedy", "failed", "InternalError")
    assert len(sent(aws, "RebootInstances")) == 1
    assert by_resource(run_job(JOB, {}))[web.id]["action"] == "keep"


def test_no_remedy_when_it_cannot_be_written_down_first(aws: EmbeddedAws, backend: Any, web: Any, run_job: Run) -> None:
    set_tags(backend, web, nightshift__remedy="reboot", nightshift__status="impaired:instance 2026-11-24T11:00:00Z")
    world.impair(web.id, since=NOW - timedelta(hours=1))
    answers(aws, "CreateTags", "UnauthorizedOperation", 403)
    decision = by_resource(run_job(JOB, {}))[web.id]
    assert (decision["outcome"], decision["error"]) == ("failed", "UnauthorizedOperation")
    assert sent(aws, *POWER) == []


def test_a_message_that_fails_keeps_no_remedy_back(
    aws: EmbeddedAws, ec2: Any, backend: Any, web: Any, run_job: Run
) -> None:
    set_tags(backend, web, nightshift__remedy="reboot")
    world.impair(web.id, since=NOW - timedelta(hours=1))
    answers(aws, "Publish", "AuthorizationError", 403)
    decision = by_resource(run_job(JOB, {}))[web.id]
    assert (decision["action"], decision["outcome"], decision["error"]) == ("remedy", "failed", "AuthorizationError")
    assert "nobody was told" in decision["reason"]
    assert decision["reason"].endswith("rebooted")
    assert status_of(ec2, web) is None


def test_the_second_of_two_runs_at_a_time_leaves_the_remedy_to_the_first(
    aws: EmbeddedAws, backend: Any, web: Any, run_job: Run
) -> None:
    set_tags(backend, web, nightshift__remedy="reboot")
    world.impair(web.id, since=NOW - timedelta(hours=1))

    def another_run(_service: str, action: str, _params: dict[str, Any]) -> None:
        if action == "Publish":
            set_tags(backend, web, nightshift__remedied="2026-11-24T12:00:00Z")

    aws.hooks.append(another_run)
    decision = by_resource(run_job(JOB, {}))[web.id]
    assert (decision["action"], decision["outcome"]) == ("announce", "done")
    assert "another run was first" in decision["reason"]
    assert sent(aws, *POWER) == []


@pytest.mark.parametrize(
    ("made", "check", "tags", "reason"),
    [
        (
            {},
            "instance",
            {"nightshift:remedy": "restart"},
            "nightshift:remedy is 'restart'; expected reboot or stop-start",
        ),
        ({}, "ebs", {}, "only the attached-EBS check fails"),
        ({}, "system", {"nightshift:remedy": "reboot"}, "the system check fails and a reboot stays on the same host"),
        ({}, "instance", {"aws:autoscaling:groupName": "web-asg"}, "the Auto Scaling group web-asg replaces it"),
        ({"type": "m5d.large"}, "instance", {}, "m5d.large has instance-store volumes"),
        ({}, "instance", {"nightshift:mute-until": "2026-11-25"}, "muted until 2026-11-26T00:00:00Z"),
        ({}, "instance", {"nightshift:remedied": "2026-11-24T11:30:00Z"}, "the last one was at 2026-11-24T11:30:00Z"),
        ({}, "instance", {"nightshift:remedied": "just now"}, "nightshift:remedied is no time: 'just now'"),
    ],
)
def test_each_refusal_says_why(
    aws: EmbeddedAws, backend: Any, run_job: Run, made: Any, check: Any, tags: dict[str, str], reason: str
) -> None:
    instance = seed.instance(backend, {}, **made)
    seed.system_tags(backend, instance.id, {"nightshift:remedy": "stop-start", **tags})
    world.impair(instance.id, check, since=NOW - timedelta(hours=1))
    decision = by_resource(run_job(JOB, {}))[instance.id]
    assert decision["action"] in ("announce", "keep")
    assert f"no remedy: {reason}" in decision["reason"]
    assert sent(aws, *POWER) == []


def test_an_event_alone_is_no_ground_for_a_remedy(aws: EmbeddedAws, backend: Any, web: Any, run_job: Run) -> None:
    set_tags(backend, web, nightshift__remedy="stop-start")
    world.events[web.id] = [RETIREMENT]
    assert "no remedy: a scheduled event is none of its grounds" in by_resource(run_job(JOB, {}))[web.id]["reason"]
    assert sent(aws, *POWER, "DescribeInstanceTypes") == []


def test_remedy_after_is_the_policy_s(
    aws: EmbeddedAws, backend: Any, web: Any, run_job: Run, policy: Callable[[str], None]
) -> None:
    policy("status_check: {remedy_after: 2h}")
    set_tags(backend, web, nightshift__remedy="reboot")
    world.impair(web.id, since=NOW - timedelta(hours=1))
    assert "not before 2026-11-24T13:00:00Z" in by_resource(run_job(JOB, {}))[web.id]["reason"]
    assert sent(aws, *POWER) == []


def test_what_a_person_stops_after_a_remedy_stays_stopped(backend: Any, run_job: Run) -> None:
    """The remedy had worked, and nobody has been told of a recovery yet: the stop is none of ours."""
    box = seed.instance(backend, {"nightshift:remedy": "stop-start"})
    world.impair(box.id, "system", NOW - timedelta(hours=1))
    assert by_resource(run_job(JOB, {}))[box.id]["outcome"] == "done"
    world.set_check(box.id, "system", "initializing")
    world.clock.advance(minutes=10)
    backend.stop_instances([box.id])
    box._state.name, box._state.code = "stopped", 80
    world.clock.advance(minutes=5)

    decision = by_resource(run_job(JOB, {}))[box.id]

    assert decision["action"] == "keep"
    assert "somebody stopped it" in decision["reason"]
