"""Contract: DescribeClusterVersions, add-ons and insights of EKS (botocore's model), none of which moto has."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local import clusters
from local.embedded import EmbeddedAws
from local.world import world
from tests.local.conftest import REGION

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
COREDNS = "v1.12.4-eksbuild.1"


@pytest.fixture
def eks(client: Callable[[str], Any]) -> Any:
    world.clock.set(NOON)
    return client("eks")


@pytest.fixture
def one(aws: EmbeddedAws) -> Any:
    return clusters.cluster(clusters.backend_of(REGION), "one")


def versions(eks: Any, **wanted: Any) -> dict[str, Any]:
    return {each["clusterVersion"]: each for each in eks.describe_cluster_versions(**wanted)["clusterVersions"]}


def test_versions_have_their_days(eks: Any) -> None:
    """ClusterVersionInformation; the days are those of the user guide's release calendar."""
    shown = versions(eks)["1.34"]
    assert shown["endOfStandardSupportDate"] == datetime(2026, 12, 2, tzinfo=UTC)
    assert shown["endOfExtendedSupportDate"] == datetime(2027, 12, 2, tzinfo=UTC)
    assert (shown["clusterType"], shown["status"], shown["versionStatus"]) == (
        "eks",
        "standard-support",
        "STANDARD_SUPPORT",
    )


def test_versions_out_of_support_are_shown_on_request(eks: Any) -> None:
    """DescribeClusterVersions, includeAll: "include all available versions in the response"; versionStatus."""
    assert "1.30" not in versions(eks)
    assert versions(eks, includeAll=True)["1.30"]["versionStatus"] == "UNSUPPORTED"
    assert versions(eks, includeAll=True, versionStatus="EXTENDED_SUPPORT").keys() == {"1.31", "1.32", "1.33"}


def test_single_versions(eks: Any) -> None:
    """DescribeClusterVersions, clusterVersions: "list of specific cluster versions to describe"."""
    assert versions(eks, clusterVersions=["1.33", "1.35"]).keys() == {"1.33", "1.35"}


def test_versions_come_in_pages(eks: Any) -> None:
    """DescribeClusterVersions, maxResults and nextToken; botocore has a paginator for it."""
    pages = list(eks.get_paginator("describe_cluster_versions").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["clusterVersions"]) for page in pages] == [2, 2, 1]


def test_add_ons(eks: Any, one: Any) -> None:
    """ListAddons; DescribeAddon: status, addonVersion, health with AddonIssue."""
    code, message = "InsufficientNumberOfReplicas", "too few"
    issue = {"code": code, "message": message, "resourceIds": []}
    clusters.addon(one, "coredns", COREDNS, status="DEGRADED", issues=[(code, message)])
    clusters.addon(one, "vpc-cni", "v1.21.1-eksbuild.3")
    assert eks.list_addons(clusterName="one")["addons"] == ["coredns", "vpc-cni"]
    shown = eks.describe_addon(clusterName="one", addonName="coredns")["addon"]
    assert (shown["status"], shown["addonVersion"], shown["health"]["issues"]) == ("DEGRADED", COREDNS, [issue])


def test_an_add_on_that_is_not_there(eks: Any, one: Any, refused: Any) -> None:
    """DescribeAddon: ResourceNotFoundException, HTTP 404."""
    with refused("ResourceNotFoundException", 404):
        eks.describe_addon(clusterName="one", addonName="coredns")


def test_versions_of_an_add_on(eks: Any) -> None:
    """DescribeAddonVersions, kubernetesVersion: "the Kubernetes versions that you can use the add-on with"."""

    def offered(kubernetes: str) -> list[str]:
        [addon] = eks.describe_addon_versions(addonName="coredns", kubernetesVersion=kubernetes)["addons"]
        for version in addon["addonVersions"]:
            assert [each["clusterVersion"] for each in version["compatibilities"]] == [kubernetes]
        return [version["addonVersion"] for version in addon["addonVersions"]]

    assert offered("1.35") == ["v1.13.1-eksbuild.1", COREDNS]
    assert offered("1.31") == ["v1.11.4-eksbuild.24"]


def test_an_add_on_that_aws_does_not_have(eks: Any, refused: Any) -> None:
    """DescribeAddonVersions: ResourceNotFoundException, HTTP 404; that it is for this is not verified."""
    with refused("ResourceNotFoundException", 404):
        eks.describe_addon_versions(addonName="nonsense")


@pytest.fixture
def insights(one: Any) -> None:
    for number, status in enumerate(("PASSING", "ERROR", "WARNING")):
        id_ = f"{number}1b2c3d4-0000-1111-2222-333344445555"
        clusters.insight(one, id_, status, status, NOON, NOON - timedelta(days=3), last_used=NOON - timedelta(days=9))


@pytest.mark.usefixtures("insights")
def test_insights(eks: Any) -> None:
    """ListInsights: InsightSummary, with filter.statuses; times are numbers on the wire."""
    [shown] = eks.list_insights(clusterName="one", filter={"statuses": ["ERROR"]})["insights"]
    assert shown["insightStatus"]["status"] == "ERROR"
    assert (shown["lastRefreshTime"], shown["lastTransitionTime"]) == (NOON, NOON - timedelta(days=3))
    assert "categorySpecificSummary" not in shown
    assert eks.list_insights(clusterName="one", filter={"categories": ["MISCONFIGURATION"]})["insights"] == []


@pytest.mark.usefixtures("insights")
def test_the_last_use_of_what_an_insight_complains_about(eks: Any) -> None:
    """DescribeInsight: DeprecationDetail, ClientStat.lastRequestTime."""
    [summary] = eks.list_insights(clusterName="one", filter={"statuses": ["ERROR"]})["insights"]
    insight = eks.describe_insight(clusterName="one", id=summary["id"])["insight"]
    [detail] = insight["categorySpecificSummary"]["deprecationDetails"]
    assert [client["lastRequestTime"] for client in detail["clientStats"]] == [NOON - timedelta(days=9)]


@pytest.mark.usefixtures("insights")
def test_insights_come_in_pages(eks: Any) -> None:
    """ListInsights, maxResults and nextToken."""
    pages = list(eks.get_paginator("list_insights").paginate(clusterName="one", PaginationConfig={"PageSize": 2}))
    assert [len(page["insights"]) for page in pages] == [2, 1]


def test_an_insight_that_is_not_there(eks: Any, one: Any, refused: Any) -> None:
    """DescribeInsight: ResourceNotFoundException, HTTP 404."""
    with refused("ResourceNotFoundException", 404):
        eks.describe_insight(clusterName="one", id="none")
