"""Records of EKS clusters for tests of pure code: what a test does not care about is as it should be."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from nightshift.clusters import Catalogue, Cluster, Endpoint, Insight, NodeGroup, Release
from nightshift.plan.findings import Case
from tests.builders import at

NOON = at("2026-11-24 12:00")
STANDARD_ENDS = at("2027-11-24 00:00")
KEY = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d"
PRIVATE = Endpoint("https://one.eks.amazonaws.com", public=False, private=True)


def a_cluster(**different: Any) -> Cluster:
    cluster = Cluster(
        name="one",
        arn="arn:aws:eks:eu-central-1:123456789012:cluster/one",
        status="ACTIVE",
        version="1.34",
        upgrade_policy="EXTENDED",
        endpoint=PRIVATE,
        secrets_key=KEY,
    )
    return replace(cluster, **different)


def a_node_group(name: str = "web", version: str = "1.34", **different: Any) -> NodeGroup:
    group = NodeGroup(name, "ACTIVE", version, "AL2023_x86_64_STANDARD", f"{version}.4-20261110", 3, 2, 6)
    return replace(group, **different)


def an_insight(status: str = "ERROR", **different: Any) -> Insight:
    insight = Insight(
        id="a1b2c3d4-0000-1111-2222-333344445555",
        name="Deprecated APIs",
        category="UPGRADE_READINESS",
        status=status,
        recommendation="use v1",
        refreshed=at("2026-11-24 03:00"),
        since=at("2026-11-14 03:00"),
    )
    return replace(insight, **different)


def a_catalogue(version: str = "1.34", standard: datetime = STANDARD_ENDS, **different: Any) -> Catalogue:
    """AWS has this one version, whose extended support ends a year after the standard one."""
    release = Release(version, standard, standard.replace(year=standard.year + 1))
    return replace(Catalogue({version: release}), **different)


def a_case(cluster: Cluster | None = None, catalogue: Catalogue | None = None, now: datetime = NOON) -> Case:
    return Case(cluster or a_cluster(), catalogue or a_catalogue(), now)
