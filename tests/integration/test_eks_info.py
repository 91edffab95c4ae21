"""EKS information: the table, the findings, and when people are told."""

from datetime import timedelta
from typing import Any

import pytest

from local import clusters
from local.embedded import EmbeddedAws
from nightshift.aws import eks
from nightshift.jobs.eks_info import JOB
from tests.integration.conftest import Run
from tests.integration.eks_scenes import (
    FINDINGS,
    KEY,
    LAST_MONTH,
    YESTERDAY,
    backend,
    codes,
    degraded,
    messages,
    row,
    told,
    well,
)
from tests.support import NOW, REGION, by_resource, scheduled

pytestmark = pytest.mark.usefixtures("topic")

ID = "a1b2c3d4-0000-1111-2222-333344445555"


# ---------------------------------------------------------------- the table


def test_the_row_of_a_cluster(run_job: Run) -> None:
    made = well("one", version="1.34", log_types=("api", "audit"), cidrs=("203.0.113.0/24",), tags={"env": "prod"})
    clusters.node_group(backend(), made, "web", "1.33", sizes=(1, 2, 5))
    clusters.fargate_profile(backend(), made, "jobs")
    clusters.addon(made, "coredns", "v1.12.4-eksbuild.1")
    shown = row(run_job(JOB, {"dry_run": True}), "one")
    url = shown["endpoint"].pop("url")
    assert url.startswith("https://")
    assert shown == {
        "name": "one",
        "status": "ACTIVE",
        "version": "1.34",
        "platform_version": "eks.4",
        "support": {
            "policy": "EXTENDED",
            "phase": "standard",
            "standard_until": "2026-12-02",
            "standard_days_left": 8,
            "extended_until": "2027-12-02",
            "extended_days_left": 373,
            "extended_support": {"extra_dollars_a_month": 365, "from": "2026-12-02", "now": False},
        },
        "endpoint": {"public": True, "private": True, "public_cidrs": ["203.0.113.0/24"]},
        "logging": ["api", "audit"],
        "secrets_key": KEY,
        "health": [],
        "insights": [],
        "node_groups": [
            {
                "name": "web",
                "status": "ACTIVE",
                "version": "1.33",
                "skew": 1,
                "ami_type": "AL2023_x86_64_STANDARD",
                "ami_release": "1.33.4-20261110",
                "desired": 2,
                "min": 1,
                "max": 5,
                "health": [],
            }
        ],
        "fargate_profiles": [{"name": "jobs", "status": "ACTIVE", "health": []}],
        "addons": [
            {
                "name": "coredns",
                "status": "ACTIVE",
                "version": "v1.12.4-eksbuild.1",
                "newest": "v1.13.1-eksbuild.1",
                "newer": True,
                "health": [],
            }
        ],
        "findings": [
            {
                "code": "eos-30",
                "severity": "warning",
                "what": "standard support of Kubernetes 1.34 ends on 2026-12-02, in 8 days: from then on it costs "
                "$365 a month more",
                "to_do": "look at its upgrade insights, bring its nodes to 1.34, then upgrade its control plane to "
                "1.35 and on, one minor version at a time",
            }
        ],
        "tags": {"env": "prod"},
    }


@pytest.mark.parametrize(
    ("version", "policy", "support", "found"),
    [
        ("1.35", "STANDARD", {"phase": "standard", "extended_support": None}, []),
        (
            "1.33",
            "EXTENDED",
            {
                "phase": "extended",
                "extended_support": {"extra_dollars_a_month": 365, "from": "2026-07-29", "now": True},
            },
            ["eos-0"],
        ),
        ("1.33", "STANDARD", {"phase": "extended", "extended_support": None}, ["eos-0"]),
        ("1.31", "EXTENDED", {"phase": "extended", "extended_days_left": 2}, ["eos-x7"]),
        ("1.30", "EXTENDED", {"phase": "ended", "extended_days_left": -124, "extended_support": None}, ["eos-x0"]),
        ("1.22", "EXTENDED", {"phase": "unknown", "standard_until": None, "standard_days_left": None}, ["eos-x0"]),
    ],
)
def test_support(run_job: Run, version: str, policy: str, support: dict[str, Any], found: list[str]) -> None:
    clusters.cluster(backend(), "one", version, policy=policy, key=KEY)
    outcome = run_job(JOB, {"dry_run": True})
    assert row(outcome, "one")["support"].items() >= support.items()
    assert [code for code in codes(outcome, "one") if code.startswith("eos")] == found


def test_an_add_on_is_compared_by_numbers(run_job: Run) -> None:
    """v1.20.4-eksbuild.10 is newer than eksbuild.2, v1.21 newer than v1.9."""
    newest = {}
    for version in ("1.30", "1.31"):
        clusters.addon(well(f"of-{version[2:]}", version=version), "vpc-cni", "v1.20.4-eksbuild.2")
    outcome = run_job(JOB, {"dry_run": True})
    for name in ("of-30", "of-31"):
        [addon] = row(outcome, name)["addons"]
        newest[name] = addon["newest"]
    assert newest == {"of-30": "v1.20.4-eksbuild.10", "of-31": "v1.21.1-eksbuild.3"}


def test_an_insight_whose_api_nobody_uses_any_more_is_probably_fixed(run_job: Run) -> None:
    made = well("one")
    clusters.insight(made, ID, "Deprecated APIs", "ERROR", YESTERDAY, LAST_MONTH, last_used=NOW - timedelta(days=14))
    clusters.insight(made, "b" + ID[1:], "Add-ons", "PASSING", YESTERDAY, LAST_MONTH)
    outcome = run_job(JOB, {"dry_run": True})
    insights = {each["name"]: each for each in row(outcome, "one")["insights"]}
    assert insights["Deprecated APIs"] == {
        "name": "Deprecated APIs",
        "category": "UPGRADE_READINESS",
        "status": "ERROR",
        "version": "1.36",
        "reason": "the check says ERROR",
        "since": "2026-10-26T12:00:00Z",
        "days": 29,
        "refreshed": "2026-11-23T12:00:00Z",
        "last_used": "2026-11-10T12:00:00Z",
        "probably_fixed": True,
    }
    assert (insights["Add-ons"]["status"], insights["Add-ons"]["probably_fixed"]) == ("PASSING", False)
    [finding] = row(outcome, "one")["findings"]
    assert (finding["code"], finding["severity"]) == ("insight-error:a1b2c3d4", "info")


def test_everything_is_read_in_pages(run_job: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page holds at most a hundred; here two, to be quick."""
    monkeypatch.setattr(eks, "_A_PAGE", 2)
    for name in ("one", "two", "three"):
        well(name)
    many = backend().clusters["one"]
    for number in range(3):
        clusters.node_group(backend(), many, f"group-{number}")
        clusters.fargate_profile(backend(), many, f"profile-{number}")
        clusters.insight(many, f"id-{number}", "all well", "PASSING", YESTERDAY, LAST_MONTH)
    for addon in ("coredns", "kube-proxy", "vpc-cni"):
        clusters.addon(many, addon, "v1.0.0-eksbuild.1")
    outcome = run_job(JOB, {"dry_run": True})
    assert len(outcome["clusters"]) == len(outcome["decisions"]) == 3
    parts = ("node_groups", "fargate_profiles", "addons", "insights")
    assert [len(row(outcome, "one")[part]) for part in parts] == [3, 3, 3, 3]
    assert (outcome["calls"]["ListClusters"], outcome["calls"]["DescribeClusterVersions"]) == (2, 4)


def test_an_empty_region_says_so(run_job: Run) -> None:
    outcome = run_job(JOB, scheduled())
    assert outcome["notes"] == [f"no EKS cluster in {REGION}"]
    assert (outcome["clusters"], outcome["decisions"], messages()) == ([], [], [])


def test_metrics_of_the_region(run_job: Run, capsys: pytest.CaptureFixture[str]) -> None:
    well("one", version="1.33")
    degraded(well("two"))
    run_job(JOB, scheduled())
    out = capsys.readouterr().out
    assert '"Clusters":[2.0]' in out
    assert '"Findings":[2.0]' in out
    assert '"ClustersOutOfStandardSupport":[1.0]' in out


def test_a_part_of_the_region_is_no_metric(run_job: Run, capsys: pytest.CaptureFixture[str]) -> None:
    well("one")
    run_job(JOB, {"cluster_names": ["one"]})
    assert '"Clusters"' not in capsys.readouterr().out


# ---------------------------------------------------------------- which clusters


def test_named_clusters_only(aws: EmbeddedAws, run_job: Run) -> None:
    for name in ("one", "two", "three"):
        well(name)
    aws.requests.clear()
    outcome = run_job(JOB, {"cluster_names": ["two", "one", "two", "gone"]})
    assert {name: each["reason"] for name, each in by_resource(outcome).items()} == {
        "one": "nothing is found",
        "two": "nothing is found",
        "gone": f"not found in {REGION}",
    }
    assert by_resource(outcome)["gone"]["action"] == "skip"
    assert [each["name"] for each in outcome["clusters"]] == ["two", "one"]
    assert outcome["calls"]["DescribeCluster"] == 3
    assert "ListClusters" not in outcome["calls"]


@pytest.mark.parametrize("status", ["CREATING", "DELETING"])
def test_a_cluster_that_comes_or_goes_changes_nothing(run_job: Run, status: str) -> None:
    well("one", status=status, tags={FINDINGS: "public"}, key=None)
    outcome = run_job(JOB, scheduled())
    assert by_resource(outcome)["one"]["reason"] == f"it is {status}, which changes nothing"
    assert "ListInsights" not in outcome["calls"]
    assert (row(outcome, "one")["findings"], told("one")) == ([], "public")
