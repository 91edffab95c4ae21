"""Contract: EKS clusters, node groups, their listings and tags (botocore's model of EKS, and its user guide)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from local import clusters
from local.embedded import EmbeddedAws
from local.world import world
from tests.local.conftest import REGION

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/eks"
NETWORK = {"subnetIds": ["subnet-0123456789abcdef0"]}


@pytest.fixture
def eks(client: Callable[[str], Any]) -> Any:
    return client("eks")


def created(eks: Any, name: str = "one", **parameters: Any) -> Any:
    return eks.create_cluster(name=name, roleArn=ROLE, resourcesVpcConfig=NETWORK, **parameters)["cluster"]


def described(eks: Any, name: str = "one") -> Any:
    return eks.describe_cluster(name=name)["cluster"]


def test_a_cluster_has_the_default_version(eks: Any) -> None:
    """CreateCluster, version: "the default version available in Amazon EKS is used"; DescribeClusterVersions has it."""
    created(eks)
    [default] = eks.describe_cluster_versions(defaultOnly=True)["clusterVersions"]
    assert described(eks)["version"] == default["clusterVersion"]


def test_a_cluster_is_made_at_its_time(eks: Any) -> None:
    """Cluster, createdAt: "the Unix epoch timestamp at object creation"; of the embedded AWS's own clock."""
    world.clock.set(NOON)
    created(eks)
    assert described(eks)["createdAt"] == NOON


def test_an_endpoint_is_public_unless_told_otherwise(eks: Any, recording: Callable[[str], Any]) -> None:
    """VpcConfigRequest: endpointPublicAccess is true by default, publicAccessCidrs 0.0.0.0/0, endpointPrivateAccess
    false; recording test_eks_metrics has the CIDRs."""
    created(eks)
    network = described(eks)["resourcesVpcConfig"]
    assert (network["endpointPublicAccess"], network["endpointPrivateAccess"]) == (True, False)
    recorded = recording("test_eks_metrics/eks.DescribeCluster_1.json")["cluster"]["resourcesVpcConfig"]
    assert network["publicAccessCidrs"] == recorded["publicAccessCidrs"] == ["0.0.0.0/0"]


def test_extended_support_is_on_by_default(eks: Any) -> None:
    """UpgradePolicyRequest, supportType: "The default value is EXTENDED"."""
    created(eks)
    assert described(eks)["upgradePolicy"] == {"supportType": "EXTENDED"}


def test_extended_support_can_be_off(eks: Any) -> None:
    """CreateCluster, upgradePolicy."""
    created(eks, upgradePolicy={"supportType": "STANDARD"})
    assert described(eks)["upgradePolicy"] == {"supportType": "STANDARD"}


def test_a_cluster_has_health(eks: Any, aws: EmbeddedAws) -> None:
    """Cluster, health: ClusterIssue with code, message and resourceIds."""
    backend = clusters.backend_of(REGION)
    clusters.cluster(backend, "one", issues=[("KmsKeyDisabled", "The key is disabled")])
    created(eks, "two")
    issue = {"code": "KmsKeyDisabled", "message": "The key is disabled", "resourceIds": []}
    assert described(eks)["health"] == {"issues": [issue]}
    assert described(eks, "two")["health"] == {"issues": []}


def test_a_node_group_has_the_version_of_its_cluster(eks: Any) -> None:
    """CreateNodegroup, version: "By default, the Kubernetes version of the cluster is used"."""
    created(eks, version="1.33")
    group = {"clusterName": "one", "nodegroupName": "web"}
    eks.create_nodegroup(**group, subnets=NETWORK["subnetIds"], nodeRole=ROLE)
    assert eks.describe_nodegroup(**group)["nodegroup"]["version"] == "1.33"


def test_each_node_group_has_its_own_health(aws: EmbeddedAws, eks: Any) -> None:
    """Nodegroup, health: "if there are issues with your node group's health, they are listed here"."""
    created(eks)
    for name in ("sick", "well"):
        eks.create_nodegroup(clusterName="one", nodegroupName=name, subnets=NETWORK["subnetIds"], nodeRole=ROLE)
    issue = {"code": "NodeCreationFailure", "message": "Instances failed to join", "resourceIds": ["i-1"]}
    clusters.backend_of(REGION).clusters["one"].nodegroups["sick"].health["issues"].append(issue)
    shown = {
        name: eks.describe_nodegroup(clusterName="one", nodegroupName=name)["nodegroup"]["health"]["issues"]
        for name in ("sick", "well")
    }
    assert shown == {"sick": [issue], "well": []}


@pytest.mark.parametrize("action", ["list_nodegroups", "list_fargate_profiles", "list_addons", "list_insights"])
def test_nothing_is_listed_of_a_cluster_that_is_not_there(eks: Any, action: str, refused: Any) -> None:
    """Errors of the four actions in the model: ResourceNotFoundException, HTTP 404."""
    with refused("ResourceNotFoundException", 404):
        getattr(eks, action)(clusterName="none")


@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("list_clusters", {}),
        ("list_nodegroups", {"clusterName": "one"}),
        ("list_fargate_profiles", {"clusterName": "one"}),
        ("list_addons", {"clusterName": "one"}),
        ("list_insights", {"clusterName": "one"}),
        ("describe_cluster_versions", {}),
        ("describe_addon_versions", {}),
    ],
)
def test_a_token_that_is_none_is_refused(eks: Any, action: str, parameters: dict[str, str], refused: Any) -> None:
    """Errors of these actions in the model: InvalidParameterException, HTTP 400."""
    created(eks)
    with refused("InvalidParameterException", 400):
        getattr(eks, action)(**parameters, nextToken="garbage")


def test_tags_of_nothing(eks: Any, refused: Any) -> None:
    """TagResource in the model: NotFoundException, HTTP 404, not ResourceNotFoundException as everywhere else."""
    with refused("NotFoundException", 404):
        eks.tag_resource(resourceArn=f"arn:aws:eks:{REGION}:123456789012:cluster/none", tags={"a": "b"})


@pytest.mark.parametrize(
    "tags",
    [{"aws:a": "b"}, {"a": "x" * 257}, {"x" * 129: "b"}, {str(number): "" for number in range(50)}],
    ids=["reserved", "long value", "long key", "too many"],
)
def test_tags_that_aws_does_not_take(eks: Any, tags: dict[str, str], refused: Any) -> None:
    """User guide, "Organize Amazon EKS resources with tags", Tag restrictions. TagResource in the model:
    BadRequestException, HTTP 400; which of them is which error is not verified."""
    arn = created(eks, tags={"Name": "one"})["arn"]
    with refused("BadRequestException", 400):
        eks.tag_resource(resourceArn=arn, tags=tags)
    assert described(eks)["tags"] == {"Name": "one"}
