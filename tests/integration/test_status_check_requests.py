"""Whole runs of status_check: dry runs, scope, and what is wrong with a request."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from local import seed
from local.embedded import EmbeddedAws
from local.world import world
from nightshift.errors import RequestError
from nightshift.jobs.status_check import JOB
from tests.integration.wards import EVENTS, status_of
from tests.support import NOW, by_resource, scheduled

type Run = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.usefixtures("topic")


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
