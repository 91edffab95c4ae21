"""EKS information: when people are told, and when not."""

from datetime import timedelta
from typing import Any

import pytest

from local import clusters
from local.embedded import EmbeddedAws
from local.world import world
from nightshift.jobs.eks_info import JOB
from tests.integration.conftest import Run
from tests.integration.eks_scenes import (
    FINDINGS,
    LAST_MONTH,
    YESTERDAY,
    degraded,
    messages,
    tags_of,
    told,
    tomorrow,
    well,
)
from tests.integration.scenes import changes, counts
from tests.support import NOW, REGION, by_resource, scheduled

pytestmark = pytest.mark.usefixtures("topic")


def test_what_is_new_is_told_once(aws: EmbeddedAws, run_job: Run) -> None:
    degraded(well("one", tags={"env": "prod"}))
    first = run_job(JOB, scheduled())
    assert counts(first) == {"planned": 1, "done": 1}
    assert (first["decisions"][0]["action"], first["decisions"][0]["outcome"]) == ("announce", "done")
    assert first["notes"] == ["to announce: 1 new finding on 1 EKS cluster"]
    [message] = messages()
    assert message.subject == f"Nightshift {REGION}: one: node group web is DEGRADED"
    assert "no rights" in message.text
    assert tags_of("one") == {"env": "prod", FINDINGS: "nodegroup:web"}

    tomorrow()
    aws.requests.clear()
    second = run_job(JOB, scheduled())
    assert by_resource(second)["one"]["reason"] == "told before: nodegroup:web"
    assert (counts(second), messages(), changes(aws.requests)) == ({"skipped": 1}, [], [])


def test_one_message_for_all_clusters(run_job: Run) -> None:
    for name in ("one", "two"):
        degraded(well(name))
    run_job(JOB, scheduled())
    [message] = messages()
    assert message.subject == f"Nightshift {REGION}: 2 new findings on 2 EKS clusters"


def test_what_is_cleared_is_told_once(run_job: Run) -> None:
    group = degraded(well("one"))
    run_job(JOB, scheduled())
    messages()
    group.status, group.health = "ACTIVE", {"issues": []}
    tomorrow()
    outcome = run_job(JOB, scheduled())
    assert by_resource(outcome)["one"]["reason"] == "cleared: node group degraded (web); announced"
    [message] = messages()
    assert message.subject == f"Nightshift {REGION}: one: cleared: node group degraded (web)"
    assert told("one") == "none"
    tomorrow()
    assert counts(run_job(JOB, scheduled())) == {"skipped": 1}
    assert messages() == []


def test_the_end_of_support_is_told_step_by_step(run_job: Run) -> None:
    """8 days before it, 7, 6, and on the day; each step once, and no step counts as the end of the one before."""
    well("one", version="1.34")
    steps = []
    for day in (0, 1, 2, 8):
        world.clock.set(NOW + timedelta(days=day))
        run_job(JOB, scheduled())
        steps += [(day, told("one"), "CLEARED" in message.text) for message in messages()]
    assert steps == [(0, "eos-30", False), (1, "eos-7", False), (8, "eos-0", False)]


def test_more_findings_than_fit_into_a_tag(run_job: Run) -> None:
    made = well("one")
    groups = [degraded(made, f"{'workers-' * 6}{number}") for number in range(12)]
    run_job(JOB, scheduled())
    assert len(messages()) == 1
    assert all(len(value) <= 256 for value in tags_of("one").values())
    assert len(tags_of("one")) > 1
    tomorrow()
    assert counts(run_job(JOB, scheduled())) == {"skipped": 1}
    for group in groups[1:]:
        group.status, group.health = "ACTIVE", {"issues": []}
    run_job(JOB, scheduled())
    assert messages()[0].text.count("CLEARED") == 11
    assert sorted(set(tags_of("one").values())) == [f"nodegroup:{groups[0].nodegroup_name}", "none"]


@pytest.mark.parametrize(
    ("until", "says"),
    [("2026-11-25", "2026-11-26T00:00:00Z"), ("2026-11-24T18:00:00+01:00", "2026-11-24T17:00:00Z")],
)
def test_a_muted_cluster_is_told_when_its_mute_ends(run_job: Run, until: str, says: str) -> None:
    degraded(well("one", tags={"nightshift:mute-until": until}))
    muted = run_job(JOB, scheduled())
    assert by_resource(muted)["one"]["reason"].endswith(f"no rights; told when its mute ends at {says}")
    assert (messages(), told("one")) == ([], None)
    world.clock.set(NOW + timedelta(days=2))
    assert counts(run_job(JOB, scheduled())) == {"planned": 1, "done": 1}
    assert len(messages()) == 1


def test_a_mute_that_cannot_be_read_mutes_nothing(run_job: Run) -> None:
    degraded(well("one", tags={"nightshift:mute-until": "soon"}))
    outcome = run_job(JOB, scheduled())
    assert "not muted: nightshift:mute-until is neither a date nor a time: 'soon'" in outcome["decisions"][0]["reason"]
    assert len(messages()) == 1


def test_a_dry_run_shows_the_same_and_tells_nobody(aws: EmbeddedAws, run_job: Run) -> None:
    degraded(well("one"))
    dry = run_job(JOB, {"dry_run": True})
    assert (counts(dry), changes(aws.requests), messages()) == ({"planned": 1}, [], [])
    real = run_job(JOB, {})
    assert real["decisions"][0]["reason"] == f"{dry['decisions'][0]['reason']}; announced"
    assert real["clusters"] == dry["clusters"]


def test_a_paused_policy_tells_nobody(aws: EmbeddedAws, run_job: Run, policy: Any) -> None:
    policy("paused: true")
    degraded(well("one"))
    aws.requests.clear()
    outcome = run_job(JOB, scheduled())
    assert (outcome["refused"], counts(outcome)) == ("paused by the policy", {"planned": 1, "remaining": 1})
    assert changes(aws.requests) == []


INSIGHT = "a1b2c3d4-0000-1111-2222-333344445555"


def test_what_aws_could_not_check_just_now_is_neither_cleared_nor_told_again(run_job: Run) -> None:
    insight = clusters.insight(well("one"), INSIGHT, "Deprecated APIs", "ERROR", YESTERDAY, LAST_MONTH)
    run_job(JOB, scheduled())
    assert len(messages()) == 1
    for status in ("UNKNOWN", "ERROR"):
        insight["insightStatus"] = {"status": status, "reason": ""}
        tomorrow()
        run_job(JOB, scheduled())
        assert (messages(), told("one")) == ([], "insight-error:a1b2c3d4")


def test_a_cluster_that_failed_clears_no_insight(run_job: Run) -> None:
    made = well("one")
    clusters.insight(made, INSIGHT, "Deprecated APIs", "ERROR", YESTERDAY, LAST_MONTH)
    run_job(JOB, scheduled())
    messages()
    made.status = "FAILED"
    tomorrow()
    run_job(JOB, scheduled())
    [message] = messages()
    assert "FAILED" in message.text
    assert "CLEARED" not in message.text
