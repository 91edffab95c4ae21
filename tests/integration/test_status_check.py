"""Whole runs of status_check: who is told what, and what is remembered in tags."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from local import seed
from local.embedded import EmbeddedAws
from local.world import world
from nightshift.errors import ReadError, RunFailed
from nightshift.jobs.status_check import JOB
from tests.integration.wards import RETIREMENT, answers, set_tags, status_of
from tests.support import NOW, by_resource, scheduled

type Run = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.usefixtures("topic")

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
