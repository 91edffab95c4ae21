"""Builders of EKS clusters in the states that real ones have, written straight into the embedded AWS."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.eks.models import eks_backends

from local.corrections.clock import naive
from local.corrections.patch import own
from local.eks_catalogue import AS_OF, RELEASES

ACCOUNT: str = DEFAULT_ACCOUNT_ID
ROLE = f"arn:aws:iam::{ACCOUNT}:role/eks"
LATEST = RELEASES[0].version
LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")

type Issues = Iterable[tuple[str, str]]


def backend_of(region: str, account: str = ACCOUNT) -> Any:
    return eks_backends[account][region]


def cluster(
    backend: Any,
    name: str,
    version: str = LATEST,
    *,
    policy: str = "EXTENDED",
    cidrs: Sequence[str] = (),
    key: str | None = None,
    log_types: Sequence[str] = (),
    status: str = "ACTIVE",
    issues: Issues = (),
    tags: Mapping[str, str] | None = None,
) -> Any:
    """A cluster with a private endpoint, or one that is public for these CIDRs. key: the ARN of its owner's key."""
    made = backend.create_cluster(
        name=name,
        role_arn=ROLE,
        version=version,
        resources_vpc_config={
            "subnetIds": ["subnet-0123456789abcdef0"],
            "endpointPublicAccess": bool(cidrs),
            "endpointPrivateAccess": True,
            "publicAccessCidrs": list(cidrs),
        },
        logging={"clusterLogging": _log_setup(log_types)},
        encryption_config=[{"resources": ["secrets"], "provider": {"keyArn": key}}] if key else [],
        tags=dict(tags or {}),
    )
    made.upgrade_policy = {"supportType": policy}
    made.health = _health(issues)
    made.status = status
    return made


def _log_setup(enabled: Sequence[str]) -> list[dict[str, Any]]:
    """As AWS shows it: those that are on, and those that are off (recording test_eks_tag_and_remove_tag)."""
    off = [each for each in LOG_TYPES if each not in enabled]
    setups = ({"types": list(enabled), "enabled": True}, {"types": off, "enabled": False})
    return [setup for setup in setups if setup["types"]]


def node_group(
    backend: Any,
    cluster: Any,
    name: str,
    version: str | None = None,
    *,
    status: str = "ACTIVE",
    issues: Issues = (),
    sizes: tuple[int, int, int] = (2, 3, 6),
    ami_type: str = "AL2023_x86_64_STANDARD",
) -> Any:
    """sizes: min, desired, max."""
    version = version or cluster.version
    least, desired, most = sizes
    made = backend.create_nodegroup(
        cluster_name=cluster.name,
        node_role=ROLE,
        nodegroup_name=name,
        subnets=["subnet-0123456789abcdef0"],
        version=version,
        release_version=f"{version}.4-20261110",
        ami_type=ami_type,
        scaling_config={"minSize": least, "desiredSize": desired, "maxSize": most},
    )
    made.status, made.health = status, _health(issues)
    return made


def fargate_profile(backend: Any, cluster: Any, name: str, *, status: str = "ACTIVE", issues: Issues = ()) -> Any:
    made = backend.create_fargate_profile(
        cluster_name=cluster.name,
        fargate_profile_name=name,
        pod_execution_role_arn=ROLE,
        selectors=[{"namespace": name}],
    )
    made.status, made.health = status, _health(issues)
    return made


def addon(cluster: Any, name: str, version: str, *, status: str = "ACTIVE", issues: Issues = ()) -> dict[str, Any]:
    made = own(cluster, "addons")[name] = {
        "addonName": name,
        "clusterName": cluster.name,
        "status": status,
        "addonVersion": version,
        "health": _health(issues),
        "addonArn": f"{cluster.arn.replace(':cluster/', ':addon/')}/{name}/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
    }
    return made


def insight(
    cluster: Any,
    id_: str,
    name: str,
    status: str,
    refreshed: datetime,
    since: datetime,
    *,
    category: str = "UPGRADE_READINESS",
    last_used: datetime | None = None,
) -> dict[str, Any]:
    """last_used: when a client last sent a request with what the insight complains about."""
    uses = (
        [{"userAgent": "batch/v2", "numberOfRequestsLast30Days": 12, "lastRequestTime": naive(last_used)}]
        if last_used
        else []
    )
    made = own(cluster, "insights")[id_] = {
        "id": id_,
        "name": name,
        "category": category,
        "kubernetesVersion": "1.36",
        "lastRefreshTime": naive(refreshed),
        "lastTransitionTime": naive(since),
        "description": name,
        "insightStatus": {"status": status, "reason": f"the check says {status}"},
        "recommendation": "use the newer version of what it names",
        "categorySpecificSummary": {
            "deprecationDetails": [{"usage": "/apis/batch/v1beta1/cronjobs", "clientStats": uses}],
        },
    }
    return made


def _health(issues: Issues) -> dict[str, Any]:
    return {"issues": [{"code": code, "message": message, "resourceIds": []} for code, message in issues]}


def seed_demo_clusters(region: str, now: datetime) -> dict[str, Any]:
    """Four clusters in place of all that the region's EKS holds, by name; AWS's calendar is moved so that the picture
    is the same on every day."""
    backend = backend_of(region)
    backend.reset()
    own(backend, "cluster_versions").update({each.version: each.shown(now, now - AS_OF) for each in RELEASES})
    return {
        made.name: made
        for made in (_orders(backend, now), _legacy(backend, now), _platform(backend), _sandbox(backend))
    }


def _orders(backend: Any, now: datetime) -> Any:
    """Eight days before the end of standard support, with a deprecated API that nobody has used for two weeks."""
    made = cluster(backend, "orders", "1.34", key=_key("orders"), log_types=("api", "audit"), tags={"env": "prod"})
    node_group(backend, made, "workers")
    fargate_profile(backend, made, "batch")
    addon(made, "vpc-cni", "v1.21.1-eksbuild.3")
    addon(made, "kube-proxy", "v1.34.3-eksbuild.2")
    unused = now - timedelta(days=14)
    insight(
        made,
        "a1b2c3d4-0000-1111-2222-333344445555",
        "Deprecated APIs removed in Kubernetes v1.36",
        "ERROR",
        now - timedelta(hours=9),
        now - timedelta(days=29),
        last_used=unused,
    )
    insight(
        made,
        "b2c3d4e5-0000-1111-2222-333344445555",
        "Kubelet version skew",
        "PASSING",
        now - timedelta(hours=9),
        now - timedelta(days=200),
    )
    return made


def _legacy(backend: Any, now: datetime) -> Any:
    """In extended support for a year, with nodes that are behind and a node group that cannot grow."""
    made = cluster(backend, "legacy", "1.31", key=_key("legacy"), log_types=LOG_TYPES, tags={"env": "prod"})
    node_group(backend, made, "batch", "1.29", ami_type="AL2_x86_64")
    message = "Could not launch instances: InsufficientFreeAddressesInSubnet"
    node_group(backend, made, "web", status="DEGRADED", issues=[("AsgInstanceLaunchFailures", message)])
    addon(made, "vpc-cni", "v1.19.6-eksbuild.7")
    insight(
        made,
        "c3d4e5f6-0000-1111-2222-333344445555",
        "Kubelet version skew",
        "WARNING",
        now - timedelta(hours=20),
        now - timedelta(days=40),
    )
    return made


def _platform(backend: Any) -> Any:
    """As it should be."""
    made = cluster(backend, "platform", key=_key("platform"), policy="STANDARD", log_types=LOG_TYPES)
    node_group(backend, made, "workers")
    addon(made, "vpc-cni", "v1.21.1-eksbuild.3")
    return made


def _sandbox(backend: Any) -> Any:
    """Open to everyone, with no key of its owner and an add-on of the year before."""
    made = cluster(backend, "sandbox", policy="STANDARD", cidrs=("0.0.0.0/0",), tags={"env": "dev"})
    node_group(backend, made, "spot", sizes=(0, 1, 4))
    addon(made, "coredns", "v1.12.4-eksbuild.1")
    message = "The add-on is unhealthy because it doesn't have the desired number of replicas."
    addon(
        made,
        "aws-ebs-csi-driver",
        "v1.48.0-eksbuild.2",
        status="DEGRADED",
        issues=[("InsufficientNumberOfReplicas", message)],
    )
    return made


def _key(name: str) -> str:
    return f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/{name}"
