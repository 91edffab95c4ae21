"""EKS information on AWS's bad days: one cluster that fails is one row, and nobody is told what is not known."""

from collections.abc import Mapping
from typing import Any

import pytest

from local import clusters
from local.corrections.patch import own
from local.eks_catalogue import RELEASES
from local.embedded import EmbeddedAws
from local.wire import Answer, Fault
from local.world import world
from nightshift.errors import ReadError, RunFailed
from nightshift.jobs.eks_info import JOB
from tests.integration.conftest import Run
from tests.integration.eks_scenes import FINDINGS, backend, codes, degraded, messages, row, told, tomorrow, well
from tests.integration.scenes import Trouble, changes, counts
from tests.support import by_resource, scheduled

pytestmark = pytest.mark.usefixtures("topic")

DENIED = Fault("AccessDeniedException", "User is not authorized to perform this", 403)
NOT_THERE = Fault("ResourceNotFoundException", "No such thing", 404)
THROTTLED = Fault("ThrottlingException", "Rate exceeded", 429)
BROKEN = Fault("ServerException", "Internal error", 500)
MANY = 1000

OF_A_CLUSTER = [
    "DescribeCluster",
    "ListNodegroups",
    "DescribeNodegroup",
    "ListFargateProfiles",
    "DescribeFargateProfile",
    "ListAddons",
    "DescribeAddon",
    "ListInsights",
    "DescribeInsight",
]


def full(name: str) -> Any:
    """A cluster with one of everything."""
    made = well(name)
    degraded(made)
    clusters.fargate_profile(backend(), made, "jobs")
    clusters.addon(made, "coredns", "v1.13.1-eksbuild.1")
    now = world.now()
    clusters.insight(made, "a1b2c3d4-0000-1111-2222-333344445555", "Deprecated APIs", "ERROR", now, now)
    return made


@pytest.mark.parametrize("action", OF_A_CLUSTER)
def test_a_cluster_that_is_denied_is_one_failed_row(aws: EmbeddedAws, run_job: Run, action: str) -> None:
    full("one")
    full("two")
    aws.hooks.append(Trouble(action, DENIED, MANY, of="one"))
    outcome = run_job(JOB, {})
    assert counts(outcome) == {"planned": 2, "done": 1, "failed": 1}
    denied = by_resource(outcome)["one"]
    assert (denied["outcome"], denied["error"]) == ("failed", "AccessDeniedException")
    assert denied["reason"] == "it could not be read: User is not authorized to perform this"
    assert row(outcome, "one") == {
        "name": "one",
        "error": "AccessDeniedException",
        "message": "User is not authorized to perform this",
    }
    assert codes(outcome, "two") == ["nodegroup:web", "insight-error:a1b2c3d4"]
    assert told("one") is None


def test_a_scheduled_run_with_a_denied_cluster_raises_after_the_others_are_told(aws: EmbeddedAws, run_job: Run) -> None:
    full("one")
    full("two")
    aws.hooks.append(Trouble("DescribeCluster", DENIED, MANY, of="one"))
    with pytest.raises(RunFailed, match="1 done, 1 failed"):
        run_job(JOB, scheduled())
    assert len(messages()) == 1
    assert told("two") == "nodegroup:web insight-error:a1b2c3d4"


def test_a_denied_cluster_keeps_what_was_told_of_it(aws: EmbeddedAws, run_job: Run) -> None:
    full("one")
    run_job(JOB, {})
    before = told("one")
    messages()
    aws.hooks.append(Trouble("ListAddons", DENIED))
    assert counts(run_job(JOB, {})) == {"planned": 1, "failed": 1}
    assert (told("one"), messages()) == (before, [])


@pytest.mark.parametrize("answer", [THROTTLED, BROKEN, Answer(drop=True)], ids=["throttled", "broken", "dropped"])
@pytest.mark.parametrize("action", ["ListClusters", "DescribeCluster", "DescribeAddonVersions", "TagResource"])
def test_what_may_work_later_is_sent_again(aws: EmbeddedAws, run_job: Run, action: str, answer: Fault | Answer) -> None:
    full("one")
    aws.hooks.append(Trouble(action, answer, 2))
    outcome = run_job(JOB, scheduled())
    assert counts(outcome) == {"planned": 1, "done": 1}
    assert outcome["calls"][action] == 3


@pytest.mark.parametrize("answer", [DENIED, BROKEN])
def test_without_the_list_nothing_is_planned(aws: EmbeddedAws, run_job: Run, answer: Fault) -> None:
    full("one")
    aws.hooks.append(Trouble("ListClusters", answer, MANY))
    with pytest.raises(ReadError, match=f"nothing was planned.*{answer.code}"):
        run_job(JOB, {})
    assert (changes(aws.requests), messages()) == ([], [])


def test_without_aws_s_calendar_the_days_are_unknown_and_nothing_counts_as_cleared(
    aws: EmbeddedAws, run_job: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    well("one", version="1.34")
    run_job(JOB, scheduled())
    assert told("one") == "eos-30"
    messages()
    capsys.readouterr()
    trouble = Trouble("DescribeClusterVersions", DENIED)
    aws.hooks.append(trouble)
    outcome = run_job(JOB, scheduled())
    assert trouble.met == 1
    assert outcome["notes"] == ["when support ends is not known: AWS answered AccessDeniedException"]
    support = row(outcome, "one")["support"]
    assert (support["phase"], support["standard_until"], support["extended_days_left"]) == ("unknown", None, None)
    assert by_resource(outcome)["one"]["reason"] == "told before: eos-30"
    assert (told("one"), messages()) == ("eos-30", [])
    assert "ClustersOutOfStandardSupport" not in capsys.readouterr().out


def test_without_versions_of_add_ons_the_newest_are_unknown(aws: EmbeddedAws, run_job: Run) -> None:
    for name in ("one", "two"):
        made = well(name)
        for addon in ("coredns", "vpc-cni"):
            clusters.addon(made, addon, "v1.0.0-eksbuild.1")
    aws.hooks.append(Trouble("DescribeAddonVersions", DENIED, MANY))
    outcome = run_job(JOB, {})
    assert outcome["notes"] == ["the newest versions of add-ons are not known: AWS answered AccessDeniedException"]
    assert [(each["newest"], each["newer"]) for each in row(outcome, "one")["addons"]] == [(None, None)] * 2
    assert outcome["failed"] == 0


def test_an_add_on_that_aws_does_not_have_any_more_is_no_gap(run_job: Run) -> None:
    clusters.addon(well("one"), "retired", "v1.0.0-eksbuild.1")
    outcome = run_job(JOB, {})
    assert (outcome["notes"], row(outcome, "one")["addons"][0]["newest"]) == ([], None)


@pytest.mark.parametrize(
    ("action", "part"),
    [
        ("DescribeNodegroup", "node_groups"),
        ("DescribeFargateProfile", "fargate_profiles"),
        ("DescribeAddon", "addons"),
        ("DescribeInsight", "insights"),
    ],
)
def test_what_is_gone_since_it_was_listed_is_left_out(aws: EmbeddedAws, run_job: Run, action: str, part: str) -> None:
    full("one")
    aws.hooks.append(Trouble(action, NOT_THERE))
    outcome = run_job(JOB, {})
    assert (outcome["failed"], row(outcome, "one")[part]) == (0, [])


@pytest.mark.parametrize("action", ["DescribeCluster", "ListAddons"])
def test_a_cluster_that_is_gone_since_it_was_listed_is_skipped(aws: EmbeddedAws, run_job: Run, action: str) -> None:
    full("one")
    aws.hooks.append(Trouble(action, NOT_THERE))
    outcome = run_job(JOB, {})
    assert (counts(outcome), outcome["clusters"]) == ({"skipped": 1}, [])


def test_no_time_left_to_read_is_no_row_but_the_end(run_job: Run) -> None:
    full("one")
    with pytest.raises(ReadError, match="OutOfTimeError"):
        run_job(JOB, {}, seconds=5)


# ---------------------------------------------------------------- telling and remembering


def test_a_lost_message_is_told_by_the_next_run(aws: EmbeddedAws, run_job: Run) -> None:
    degraded(well("one"))
    aws.hooks.append(Trouble("Publish", Fault("AuthorizationError", "not allowed", 403)))
    first = run_job(JOB, {})
    assert counts(first) == {"planned": 1, "failed": 1}
    assert first["decisions"][0]["error"] == "AuthorizationError"
    assert "nobody was told, so the next run tells it again: not allowed" in first["decisions"][0]["reason"]
    assert told("one") is None
    assert counts(run_job(JOB, {})) == {"planned": 1, "done": 1}
    assert len(messages()) == 1


def test_without_a_topic_nothing_is_remembered(run_job: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NIGHTSHIFT_TOPIC_ARN")
    degraded(well("one"))
    outcome = run_job(JOB, {})
    assert (outcome["decisions"][0]["error"], told("one")) == ("NoTopic", None)


def test_a_tag_that_cannot_be_written_is_said(run_job: Run) -> None:
    degraded(well("one", tags={f"key-{number}": "" for number in range(50)}))
    degraded(well("two"))
    outcome = run_job(JOB, {})
    assert counts(outcome) == {"planned": 2, "done": 1, "failed": 1}
    failed = by_resource(outcome)["one"]
    assert failed["error"] == "BadRequestException"
    assert f"announced, but {FINDINGS} could not be written, so the next run tells it again" in failed["reason"]
    messages()
    tomorrow()
    run_job(JOB, {})
    assert ["two" in message.text for message in messages()] == [False]


def test_a_cluster_that_is_gone_before_its_tag_is_done(aws: EmbeddedAws, run_job: Run) -> None:
    degraded(well("one"))
    aws.hooks.append(Trouble("TagResource", Fault("NotFoundException", "gone", 404)))
    outcome = run_job(JOB, {})
    assert counts(outcome) == {"planned": 1, "done": 1}
    assert outcome["decisions"][0]["reason"].endswith("announced; it is gone meanwhile")


def test_only_our_tags_are_sent(aws: EmbeddedAws, run_job: Run) -> None:
    """The role may write no other key."""
    sent: list[Mapping[str, Any]] = []
    aws.hooks.append(lambda _, action, params: sent.append(params) if action == "TagResource" else None)
    degraded(well("one", tags={"env": "prod"}))
    run_job(JOB, {})
    [params] = sent
    assert params["tags"] == {FINDINGS: "nodegroup:web"}
    assert params["resourceArn"] == backend().clusters["one"].arn


def test_what_an_answer_lacks_is_no_reason_to_stop(run_job: Run) -> None:
    """The model of EKS promises neither the dates of a version nor the key of an encryption."""
    made = well("one")
    made.encryption_config = [{"resources": ["secrets"]}]
    [release] = [each.shown(world.now()) for each in RELEASES if each.version == made.version]
    dateless = {key: value for key, value in release.items() if not key.startswith("endOf")}
    own(backend(), "cluster_versions").update({made.version: dateless})
    outcome = run_job(JOB, scheduled())
    assert codes(outcome, "one") == []
    assert row(outcome, "one")["support"]["phase"] == "unknown"


def test_a_calendar_without_a_version_says_nothing(aws: EmbeddedAws, run_job: Run) -> None:
    well("one")
    empty = Answer(body=b'{"clusterVersions": []}', content_type="application/json")
    aws.hooks.append(lambda _service, action, _params: empty if action == "DescribeClusterVersions" else None)
    assert codes(run_job(JOB, scheduled()), "one") == []


def test_an_add_on_that_is_ahead_of_the_list_is_not_set_back(run_job: Run) -> None:
    clusters.addon(well("one"), "coredns", "v1.99.0-eksbuild.1")
    [addon] = row(run_job(JOB, {"dry_run": True}), "one")["addons"]
    assert addon["newer"] is False
