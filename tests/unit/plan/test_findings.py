"""The findings of a cluster: one table a rule, and a cluster as it should be has none."""

from datetime import timedelta
from typing import Any

import pytest

from nightshift.clusters import Addon, Catalogue, Cluster, Endpoint, FargateProfile, Insight, Issue
from nightshift.plan.finding import Finding, Severity
from nightshift.plan.findings import findings, judged, not_judged, probably_fixed, skew
from tests.builders import at
from tests.cluster_builders import NOON, a_case, a_catalogue, a_cluster, a_node_group, an_insight

CRITICAL, WARNING, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO
REPLICAS = Issue("InsufficientNumberOfReplicas", "too few")


def found(cluster: Cluster, catalogue: Catalogue | None = None) -> list[tuple[str, Severity]]:
    catalogue = catalogue or a_catalogue(cluster.version)
    return [(each.code, each.severity) for each in findings(a_case(cluster, catalogue))]


def only(cluster: Cluster) -> Finding:
    [finding] = findings(a_case(cluster, a_catalogue(cluster.version)))
    return finding


def test_a_cluster_as_it_should_be() -> None:
    cluster = a_cluster(
        node_groups=(a_node_group(), a_node_group("behind", "1.33")),
        addons=(Addon("coredns", "ACTIVE", "v1.11.4-eksbuild.24"), Addon("vpc-cni", "UPDATING", "v1.21.1-eksbuild.3")),
        fargate_profiles=(FargateProfile("batch", "ACTIVE"),),
        insights=(an_insight("PASSING"), an_insight("UNKNOWN")),
        log_types=(),
    )
    assert found(cluster) == []


@pytest.mark.parametrize(
    ("different", "code", "severity"),
    [
        # skew: Kubernetes supports three minor versions, before 1.25 two
        ({"node_groups": (a_node_group("web", "1.32"),)}, "skew-2:web", WARNING),
        ({"node_groups": (a_node_group("web", "1.31"),)}, "skew-3:web", WARNING),
        ({"node_groups": (a_node_group("web", "1.30"),)}, "skew-4:web", CRITICAL),
        ({"version": "1.28", "node_groups": (a_node_group("web", "1.25"),)}, "skew-3:web", WARNING),
        ({"version": "1.28", "node_groups": (a_node_group("web", "1.24"),)}, "skew-4:web", CRITICAL),
        # health
        ({"status": "FAILED"}, "failed", CRITICAL),
        ({"issues": (Issue("KmsKeyDisabled", "off"), Issue("KmsKeyDisabled"))}, "issue:KmsKeyDisabled", CRITICAL),
        ({"node_groups": (a_node_group(status="DEGRADED"),)}, "nodegroup:web", WARNING),
        ({"node_groups": (a_node_group(status="CREATE_FAILED", version=""),)}, "nodegroup:web", WARNING),
        ({"node_groups": (a_node_group(issues=(Issue("AccessDenied"),)),)}, "nodegroup:web", WARNING),
        ({"addons": (Addon("coredns", "DEGRADED", "v1.1", (REPLICAS,)),)}, "addon:coredns", WARNING),
        ({"addons": (Addon("coredns", "UPDATE_FAILED", "v1.1"),)}, "addon:coredns", WARNING),
        ({"fargate_profiles": (FargateProfile("batch", "DELETE_FAILED"),)}, "fargate:batch", WARNING),
        # endpoint
        ({"endpoint": Endpoint("", public=True, private=True, cidrs=("0.0.0.0/1", "128.0.0.0/1"))}, "public", WARNING),
        ({"endpoint": Endpoint("", public=True, private=True, cidrs=("10.0.0.0/8", "::/0"))}, "public", WARNING),
        ({"endpoint": Endpoint("", public=True, private=True, cidrs=("10.0.0.0/8", "0.0.0.0/0"))}, "public", WARNING),
        ({"endpoint": Endpoint("", public=True, private=False, cidrs=("::/0",))}, "public", WARNING),
        # secrets: from 1.28 on AWS's own key encrypts them
        ({"secrets_key": None}, "encryption-aws", INFO),
        ({"secrets_key": None, "version": "1.28"}, "encryption-aws", INFO),
        ({"secrets_key": None, "version": "1.27"}, "encryption-none", WARNING),
        # insights
        ({"insights": (an_insight("ERROR"),)}, "insight-error:a1b2c3d4", WARNING),
        ({"insights": (an_insight("WARNING"),)}, "insight-warning:a1b2c3d4", INFO),
        ({"insights": (an_insight("ERROR", category="MISCONFIGURATION"),)}, "insight-error:a1b2c3d4", WARNING),
    ],
)
def test_each_rule(different: dict[str, Any], code: str, severity: Severity) -> None:
    finding = only(a_cluster(**different))
    assert (finding.code, finding.severity) == (code, severity)
    assert finding.what
    assert finding.to_do


@pytest.mark.parametrize(
    "different",
    [
        {"endpoint": Endpoint("", public=True, private=True, cidrs=("203.0.113.0/24",))},
        {"endpoint": Endpoint("", public=False, private=True, cidrs=("0.0.0.0/0",))},
        {"node_groups": (a_node_group(status="UPDATING"), a_node_group("new", "1.35"))},
        {"insights": (an_insight("ERROR", category="ROLLBACK_READINESS"),)},
    ],
)
def test_what_is_no_finding(different: dict[str, Any]) -> None:
    assert found(a_cluster(**different)) == []


def test_the_most_severe_first() -> None:
    cluster = a_cluster(secrets_key=None, status="FAILED", node_groups=(a_node_group(status="DEGRADED"),))
    assert [code for code, _ in found(cluster)] == ["failed", "nodegroup:web", "encryption-aws"]


def test_the_end_of_support_is_one_of_them() -> None:
    ends = at("2026-12-02 00:00")
    assert found(a_cluster(), a_catalogue(standard=ends)) == [("eos-30", WARNING)]
    assert found(a_cluster(version="1.22"), a_catalogue("1.34")) == [("eos-x0", CRITICAL)]


def test_what_aws_did_not_say_is_neither_there_nor_not_there() -> None:
    silent = Catalogue(releases=None, gaps=("when support ends is not known",))
    assert found(a_cluster(), silent) == []
    assert not_judged(a_case(catalogue=silent)) == {"eos"}
    assert not_judged(a_case()) == frozenset()


@pytest.mark.parametrize("status", ["CREATING", "PENDING", "DELETING"])
def test_what_comes_or_goes_is_not_judged(status: str) -> None:
    assert not judged(a_cluster(status=status))


@pytest.mark.parametrize("status", ["ACTIVE", "UPDATING", "FAILED"])
def test_what_is_there_is_judged(status: str) -> None:
    assert judged(a_cluster(status=status))


def test_issues_are_told_in_aws_s_words() -> None:
    cluster = a_cluster(issues=(Issue("KmsKeyDisabled", "off"), Issue("KmsKeyDisabled", "off again")))
    assert only(cluster).what == "cluster health: KmsKeyDisabled: off; KmsKeyDisabled: off again"


@pytest.mark.parametrize(
    ("newest", "to_do"),
    [
        ({("coredns", "1.34"): "v1.13.1"}, "update the add-on to v1.13.1"),
        ({("coredns", "1.34"): "v1.11.4"}, "update the add-on, or install it anew"),
        ({("coredns", "1.35"): "v1.13.1"}, "update the add-on, or install it anew"),
    ],
)
def test_an_add_on_is_to_be_updated_to_the_newest_that_fits(newest: dict[tuple[str, str], str], to_do: str) -> None:
    cluster = a_cluster(addons=(Addon("coredns", "DEGRADED", "v1.11.4", (REPLICAS,)),))
    [finding] = findings(a_case(cluster, a_catalogue(addons=newest)))
    assert finding.what.endswith("is DEGRADED: InsufficientNumberOfReplicas: too few")
    assert finding.to_do.endswith(to_do)


@pytest.mark.parametrize(
    ("quiet", "fixed"),
    [(timedelta(days=8), True), (timedelta(days=8) - timedelta(seconds=1), False), (timedelta(0), False)],
)
def test_an_insight_is_probably_fixed_when_nobody_has_used_it_for_more_than_a_week(
    quiet: timedelta, fixed: bool
) -> None:
    insight = an_insight(last_used=at("2026-11-24 03:00") - quiet)
    assert probably_fixed(insight) is fixed
    finding = only(a_cluster(insights=(insight,)))
    assert finding.severity is (INFO if fixed else WARNING)
    assert finding.code == "insight-error:a1b2c3d4"
    assert ("probably fixed" in finding.what) is fixed


def test_when_aws_drops_an_insight_that_is_probably_fixed() -> None:
    what = only(a_cluster(insights=(an_insight(last_used=at("2026-11-10 12:00")),))).what
    assert what == (
        'insight "Deprecated APIs": ERROR for 10 days, last used on 2026-11-10: probably fixed, '
        "AWS drops it after 2026-12-10"
    )


@pytest.mark.parametrize(
    "insight",
    [an_insight(), an_insight(last_used=at("2026-01-01 00:00"), refreshed=None)],
)
def test_without_both_times_nobody_knows_whether_it_is_fixed(insight: Insight) -> None:
    assert not probably_fixed(insight)


@pytest.mark.parametrize(("version", "expected"), [("1.34", 0), ("1.31", 3), ("1.35", -1), ("", None)])
def test_skew(version: str, expected: int | None) -> None:
    assert skew(a_cluster(), a_node_group(version=version)) == expected


def test_now_is_given() -> None:
    later = a_case(a_cluster(insights=(an_insight(),)), now=NOON + timedelta(days=5))
    assert "for 15 days" in findings(later)[0].what
