"""Whole runs of status_check: who is told what, what is remembered in tags, what is remedied and what is not."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto.ec2.models.instances import Instance

from local import seed
from local.embedded import EmbeddedAws
from local.stage import client
from local.wire import Fault
from local.world import world
from nightshift.errors import ReadError, RequestError, RunFailed
from nightshift.jobs.status_check import JOB
from tests.support import NOW, REGION, by_resource, scheduled

type Run = Callable[..., dict[str, Any]]

EVENTS = Path(__file__).parents[2] / "events"
RETIREMENT = {
    "InstanceEventId": "instance-event-0d59937288b749b32",
    "Code": "instance-retirement",
    "Description": "The instance is running on degraded hardware",
    "NotBefore": NOW + timedelta(days=7),
}
POWER = ("RebootInstances", "StopInstances", "StartInstances")


@pytest.fixture(autouse=True)
def topic(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> str:
    made: str = client("sns", aws.url, REGION).create_topic(Name="alerts")["TopicArn"]
    monkeypatch.setenv("NIGHTSHIFT_TOPIC_ARN", made)
    aws.requests.clear()
    return made


@pytest.fixture
def web(backend: Any) -> Any:
    return seed.instance(backend, {"Name": "web"})


@pytest.fixture
def tick(run_job: Run) -> Callable[[], dict[str, Any]]:
    """The schedule's next run, five minutes later; its one decision on `web` or whatever there is."""

    def go(**minutes: float) -> dict[str, Any]:
        world.clock.advance(minutes=minutes.get("minutes", 5))
        return run_job(JOB, scheduled())

    return go


def tags(ec2: Any, instance: Any) -> dict[str, str]:
    described = ec2.describe_instances(InstanceIds=[instance.id])["Reservations"][0]["Instances"][0]
    return {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}


def status_of(ec2: Any, instance: Any) -> str | None:
    return tags(ec2, instance).get("nightshift:status")


def state_of(ec2: Any, instance: Any) -> str:
    described = ec2.describe_instances(InstanceIds=[instance.id])["Reservations"][0]["Instances"][0]
    name: str = described["State"]["Name"]
    return name


def sent(aws: EmbeddedAws, *actions: str) -> list[str]:
    return [action for _, action in aws.requests if action in actions]


def answers(aws: EmbeddedAws, action: str, code: str, status: int = 400, times: int = 1_000) -> None:
    """The next so many calls of this action are refused with this code."""
    left = [times]

    def hook(service: str, called: str, params: dict[str, Any]) -> Fault | None:
        if called != action or not left[0]:
            return None
        left[0] -= 1
        return Fault(code, status=status)

    aws.hooks.append(hook)


def set_tags(backend: Any, instance: Any, **tags: str) -> None:
    """Keys with _ for : and - of ours, as nightshift__mute_until."""
    seed.system_tags(backend, instance.id, {key.replace("__", ":").replace("_", "-"): v for key, v in tags.items()})


# ---------------------------------------------------------------- transitions


def test_a_healthy_fleet_is_left_alone(aws: EmbeddedAws, ec2: Any, web: Any, run_job: Run) -> None:
    outcome = run_job(JOB, {})
    assert (outcome["job"], outcome["planned"], outcome["skipped"]) == ("status_check", 0, 1)
    assert by_resource(outcome)[web.id] == {
        "resource": web.id,
        "action": "keep",
        "reason": "ok",
        "outcome": "skipped",
        "error": None,
    }
    assert outcome["calls"] == {"DescribeInstanceStatus": 1, "DescribeInstances": 1, "GetParameter": 1}
    assert status_of(ec2, web) is None
    assert world.messages == []


def test_impaired_is_told_once_and_recovered_once(ec2: Any, web: Any, topic: str, tick: Run) -> None:
    world.impair(web.id, "instance", since=NOW)
    first = by_resource(tick())[web.id]
    assert (first["action"], first["outcome"]) == ("announce", "done")
    assert first["reason"] == ("became impaired: instance status check fails, since 2026-11-24T12:00:00Z; announced")
    [message] = world.messages
    assert message.topic == topic
    assert message.subject == "Nightshift eu-central-1: web: became impaired: instance status check fails"
    assert f'{web.id} "web" in eu-central-1a' in message.text
    assert status_of(ec2, web) == "impaired:instance 2026-11-24T12:00:00Z"

    again = by_resource(tick())[web.id]
    assert (again["action"], again["outcome"]) == ("keep", "skipped")
    assert again["reason"] == "impaired: instance status check fails, since 2026-11-24T12:00:00Z"
    assert len(world.messages) == 1

    world.recover(web.id)
    recovered = by_resource(tick())[web.id]
    assert (recovered["action"], recovered["outcome"]) == ("announce", "done")
    assert status_of(ec2, web) == "ok 2026-11-24T12:15:00Z"
    assert "RECOVERED" in world.messages[1].text
    assert by_resource(tick())[web.id]["reason"] == "ok, since 2026-11-24T12:15:00Z"
    assert len(world.messages) == 2


def test_one_message_a_run_and_one_tag_call_for_equal_states(
    aws: EmbeddedAws, ec2: Any, backend: Any, run_job: Run
) -> None:
    fleet = [seed.instance(backend, {"Name": f"web-{number}"}) for number in range(205)]
    for each in fleet:
        world.impair(each.id, "system", since=NOW)
    outcome = run_job(JOB, scheduled())
    assert (outcome["planned"], outcome["done"], outcome["failed"]) == (205, 205, 0)
    assert outcome["calls"]["CreateTags"] == 2
    [message] = world.messages
    assert message.text.startswith(
        "eu-central-1: 205 instances became impaired, all in eu-central-1a: probably the zone\n"
    )
    assert {status_of(ec2, each) for each in fleet} == {"impaired:system 2026-11-24T12:00:00Z"}


@pytest.mark.parametrize("status", ["initializing", "insufficient-data"])
def test_what_tells_nothing_changes_nothing(ec2: Any, web: Any, tick: Run, status: str) -> None:
    world.set_check(web.id, "instance", status)
    assert by_resource(tick())[web.id]["reason"] == f"ok; instance is {status}, which changes nothing"
    world.impair(web.id)
    tick()
    world.set_check(web.id, "instance", status)
    assert by_resource(tick())[web.id]["action"] == "keep"
    assert status_of(ec2, web) == "impaired:instance 2026-11-24T12:05:00Z"
    assert len(world.messages) == 1


def test_an_event_is_told_once_and_once_when_it_is_over(ec2: Any, web: Any, tick: Run) -> None:
    world.events[web.id] = [RETIREMENT]
    tick()
    tick()
    [told] = world.messages
    assert "scheduled event instance-retirement: not before 2026-12-01T12:00:00Z" in told.text
    assert status_of(ec2, web) == "event:instance-retirement 2026-11-24T12:05:00Z"
    world.events[web.id] = [{**RETIREMENT, "Description": "[Completed] " + str(RETIREMENT["Description"])}]
    tick()
    tick()
    assert [message.text.splitlines()[0] for message in world.messages[1:]] == [
        "eu-central-1: 1 instance's scheduled event is over"
    ]
    assert status_of(ec2, web) == "ok 2026-11-24T12:15:00Z"


def test_neither_an_event_nor_an_impairment_hides_the_other(ec2: Any, web: Any, tick: Run) -> None:
    world.events[web.id] = [RETIREMENT]
    tick()
    world.impair(web.id, "system", since=NOW)
    tick()
    assert status_of(ec2, web) == "impaired:system+event:instance-retirement 2026-11-24T12:00:00Z"
    world.events[web.id] = []
    tick()
    assert status_of(ec2, web) == "impaired:system 2026-11-24T12:00:00Z"
    world.recover(web.id)
    tick()
    first_lines = [message.text.splitlines()[0].removeprefix("eu-central-1: ") for message in world.messages]
    assert first_lines == [
        "1 instance has a new scheduled event",
        "1 instance became impaired",
        "1 instance's scheduled event is over",
        "1 instance recovered",
    ]


def test_a_stop_is_no_recovery(ec2: Any, web: Any, tick: Run) -> None:
    world.impair(web.id, since=NOW)
    tick()
    web.stop()
    decision = by_resource(tick())[web.id]
    assert (decision["action"], len(world.messages)) == ("keep", 1)
    assert decision["reason"].startswith("it is stopped, which changes nothing; announced: impaired: instance")
    web.start()
    world.recover(web.id)
    tick()
    assert len(world.messages) == 2
    web.terminate()
    assert by_resource(tick())[web.id]["reason"].startswith("it is terminated, which changes nothing")


def test_running_without_any_status(ec2: Any, web: Any, run_job: Run) -> None:
    for check in ("system", "instance", "ebs"):
        world.set_check(web.id, check, "not-applicable")
    outcome = run_job(JOB, {})
    assert by_resource(outcome)[web.id]["reason"] == "AWS has no status of it"
    assert outcome["notes"] == ["1 running without any status at AWS"]


# ---------------------------------------------------------------- what fails is told again


def test_without_a_message_no_tag_and_so_it_is_told_at_the_next_run(
    aws: EmbeddedAws, ec2: Any, web: Any, tick: Run, run_job: Run
) -> None:
    world.impair(web.id)
    answers(aws, "Publish", "AuthorizationError", 403)
    with pytest.raises(RunFailed):
        tick()
    failed = by_resource(run_job(JOB, {}))[web.id]
    assert (failed["action"], failed["outcome"], failed["error"]) == ("announce", "failed", "AuthorizationError")
    assert "nobody was told" in failed["reason"]
    assert status_of(ec2, web) is None
    aws.hooks.clear()
    tick()
    assert len(world.messages) == 1
    assert status_of(ec2, web) is not None


def test_without_a_topic_it_fails_and_says_so(
    ec2: Any, web: Any, run_job: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NIGHTSHIFT_TOPIC_ARN")
    world.impair(web.id)
    decision = by_resource(run_job(JOB, {}))[web.id]
    assert (decision["outcome"], decision["error"]) == ("failed", "NoTopic")
    assert "NIGHTSHIFT_TOPIC_ARN is not set" in decision["reason"]
    assert status_of(ec2, web) is None


def test_one_instance_that_takes_no_tag_stops_no_other(ec2: Any, backend: Any, run_job: Run) -> None:
    full = seed.instance(backend, {f"key-{number}": "x" for number in range(50)})
    others = [seed.instance(backend, {}) for _ in range(4)]
    for each in (full, *others):
        world.impair(each.id, since=NOW)
    outcome = run_job(JOB, {})
    assert (outcome["done"], outcome["failed"]) == (4, 1)
    failed = by_resource(outcome)[full.id]
    assert failed["error"] == "TagLimitExceeded"
    assert "announced, but nightshift:status could not be written" in failed["reason"]
    assert {status_of(ec2, each) for each in others} == {"impaired:instance 2026-11-24T12:00:00Z"}


def test_what_cannot_be_read_whole_is_not_judged(aws: EmbeddedAws, web: Any, run_job: Run) -> None:
    world.impair(web.id)
    answers(aws, "DescribeInstanceStatus", "UnauthorizedOperation", 403)
    with pytest.raises(ReadError, match="UnauthorizedOperation"):
        run_job(JOB, {})
    assert world.messages == []


# ---------------------------------------------------------------- mute


def test_muted_is_told_when_the_mute_ends(ec2: Any, backend: Any, web: Any, tick: Run) -> None:
    set_tags(backend, web, nightshift__mute_until="2026-11-24T12:20:00Z", nightshift__remedy="reboot")
    world.impair(web.id, since=NOW - timedelta(hours=1))
    muted = by_resource(tick())[web.id]
    assert muted["action"] == "keep"
    assert "told when its mute ends at 2026-11-24T12:20:00Z; no remedy: muted until" in muted["reason"]
    assert (world.messages, status_of(ec2, web)) == ([], None)
    told = by_resource(tick(minutes=15))[web.id]
    assert (told["action"], told["outcome"], len(world.messages)) == ("remedy", "done", 1)


def test_what_came_and_went_while_muted_is_not_told(backend: Any, web: Any, tick: Run) -> None:
    set_tags(backend, web, nightshift__mute_until="2026-11-24T12:20:00Z")
    world.impair(web.id)
    tick()
    world.recover(web.id)
    tick(minutes=30)
    assert world.messages == []


def test_a_date_mutes_through_that_day_in_the_policy_s_zone(
    backend: Any, web: Any, tick: Run, policy: Callable[[str], None]
) -> None:
    policy("time_zone: Pacific/Auckland")  # where it is 01:00 of the 25th
    set_tags(backend, web, nightshift__mute_until="2026-11-24")
    world.impair(web.id)
    assert by_resource(tick())[web.id]["action"] == "announce"


def test_an_unreadable_mute_mutes_nothing(backend: Any, web: Any, tick: Run) -> None:
    set_tags(backend, web, nightshift__mute_until="tomorrow")
    world.impair(web.id)
    decision = by_resource(tick())[web.id]
    assert decision["action"] == "announce"
    assert "not muted: nightshift:mute-until is neither a date nor a time: 'tomorrow'" in decision["reason"]


# ---------------------------------------------------------------- remedies


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
    assert "remedied by Nightshift at 2026-11-24T13:15:00Z" in world.messages[1].text


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


# ---------------------------------------------------------------- dry runs, scope, requests


def test_a_dry_run_shows_all_and_changes_nothing(
    aws: EmbeddedAws, ec2: Any, backend: Any, web: Any, run_job: Run
) -> None:
    db = seed.instance(backend, {"Name": "db", "nightshift:remedy": "stop-start"})
    world.impair(web.id, since=NOW)
    world.impair(db.id, "system", since=NOW - timedelta(hours=1))
    event = json.loads((EVENTS / "status_check-dry-run.json").read_text())
    shown = run_job(JOB, event)
    assert (shown["planned"], shown["done"], shown["failed"], shown["remaining"]) == (2, 0, 0, 0)
    assert shown["notes"] == ["to announce: 2 instances became impaired"]
    assert {action for action in shown["calls"] if not action.startswith(("Describe", "Get"))} == set()
    assert (world.messages, status_of(ec2, web), status_of(ec2, db)) == ([], None, None)

    real = by_resource(run_job(JOB, {}))
    for resource, decision in by_resource(shown).items():
        assert decision["outcome"] == "planned"
        assert real[resource]["action"] == decision["action"]
        assert real[resource]["reason"].startswith(decision["reason"])


def test_a_paused_policy_changes_nothing(web: Any, run_job: Run, policy: Callable[[str], None]) -> None:
    policy("paused: true")
    world.impair(web.id)
    outcome = run_job(JOB, scheduled())
    assert (outcome["refused"], outcome["remaining"], world.messages) == ("paused by the policy", 1, [])


def test_only_the_instances_that_are_named(backend: Any, web: Any, run_job: Run) -> None:
    other, gone = seed.instance(backend, {}), "i-0123456789abcdef0"
    for each in (web, other):
        world.impair(each.id)
    outcome = run_job(JOB, {"instance_ids": [web.id, gone, gone]})
    decisions = by_resource(outcome)
    assert len(outcome["decisions"]) == 2
    assert decisions.keys() == {web.id, gone}
    assert (decisions[gone]["action"], decisions[gone]["reason"]) == ("skip", "not found in eu-central-1")
    assert other.id not in world.messages[0].text


def test_a_state_change_is_a_run_for_that_instance(backend: Any, web: Any, run_job: Run) -> None:
    seed.instance(backend, {})
    event = {
        **scheduled(),
        "source": "aws.ec2",
        "detail-type": "EC2 Instance State-change Notification",
        "detail": {"instance-id": web.id, "state": "running"},
    }
    assert by_resource(run_job(JOB, event)).keys() == {web.id}


@pytest.mark.parametrize("name", ["status_check", "status_check-dry-run", "status_check-instance"])
def test_the_events_in_the_repository_are_taken(web: Any, run_job: Run, name: str) -> None:
    outcome = run_job(JOB, json.loads((EVENTS / f"{name}.json").read_text()))
    assert outcome["dry_run"] == ("dry-run" in name)


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({"instance_id": "i-0123456789abcdef0"}, "instance_id"),
        ({"volume_ids": ["vol-0123456789abcdef0"]}, "volume_ids"),
        ({"plans": ["nightly"]}, "plans"),
        ({"confirm": 3}, "confirm"),
        ({"instance_ids": "i-0123456789abcdef0"}, "instance_ids"),
        ({"instance_ids": ["web-1"]}, "instance_ids"),
        ({"instance_ids": []}, "instance_ids"),
        ({"dry_run": "yes"}, "dry_run"),
        ({"policy": {"paused": True}}, "policy"),
    ],
)
def test_what_is_wrong_with_a_request_is_named_before_any_call(
    aws: EmbeddedAws, run_job: Run, event: dict[str, Any], field: str
) -> None:
    with pytest.raises(RequestError, match=field):
        run_job(JOB, event)
    assert aws.requests == []


def slow_stop(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch, duration: timedelta) -> None:
    """Instances are stopping for so long, in the world's time."""
    stopping: list[tuple[Any, datetime]] = []
    stop = Instance.stop

    def begin(self: Any) -> Any:
        before = stop(self)
        self._state.name, self._state.code = "stopping", 64
        stopping.append((self, world.now() + duration))
        return before

    def end(_service: str, _action: str, _params: dict[str, Any]) -> None:
        for instance, ends in stopping:
            if instance.state == "stopping" and world.now() >= ends:
                instance._state.name, instance._state.code = "stopped", 80

    monkeypatch.setattr(Instance, "stop", begin)
    aws.hooks.append(end)


def test_what_a_person_stops_after_a_remedy_stays_stopped(backend: Any, run_job: Run) -> None:
    """The remedy had worked, and nobody has been told of a recovery yet: the stop is none of ours."""
    box = instance(backend, {"nightshift:remedy": "stop-start"})
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
