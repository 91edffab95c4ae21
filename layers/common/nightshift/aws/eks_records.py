"""What EKS describes, as records: one function a kind."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from nightshift.clusters import Addon, Cluster, Endpoint, FargateProfile, Insight, Issue, NodeGroup

type Described = Mapping[str, Any]


def cluster(described: Described, **parts: Any) -> Cluster:
    """parts: node_groups, fargate_profiles, addons and insights, which have calls of their own."""
    return Cluster(
        name=described["name"],
        arn=described["arn"],
        status=described["status"],
        version=described["version"],
        # "The default value is EXTENDED" (UpgradePolicyRequest); older answers do not have it.
        upgrade_policy=described.get("upgradePolicy", {}).get("supportType", "EXTENDED"),
        endpoint=_endpoint(described),
        platform_version=described.get("platformVersion", ""),
        log_types=tuple(_log_types(described)),
        secrets_key=next((_key(each) for each in described.get("encryptionConfig", ())), None),
        issues=_issues(described),
        tags=dict(described.get("tags", {})),
        **parts,
    )


def node_group(described: Described) -> NodeGroup:
    scaling = described.get("scalingConfig", {})
    return NodeGroup(
        name=described["nodegroupName"],
        status=described["status"],
        version=described.get("version", ""),
        ami_type=described.get("amiType", ""),
        ami_release=described.get("releaseVersion", ""),
        desired=scaling.get("desiredSize", 0),
        least=scaling.get("minSize", 0),
        most=scaling.get("maxSize", 0),
        issues=_issues(described),
    )


def fargate_profile(described: Described) -> FargateProfile:
    return FargateProfile(described["fargateProfileName"], described["status"], _issues(described))


def addon(described: Described) -> Addon:
    return Addon(described["addonName"], described["status"], described["addonVersion"], _issues(described))


def insight(described: Described) -> Insight:
    """Of a summary, or of a whole one: only that says when something was last used."""
    status = described.get("insightStatus", {})
    return Insight(
        id=described["id"],
        name=described["name"],
        category=described["category"],
        status=status.get("status", "UNKNOWN"),
        version=described.get("kubernetesVersion", ""),
        reason=status.get("reason", ""),
        recommendation=described.get("recommendation", ""),
        refreshed=_utc(described.get("lastRefreshTime")),
        since=_utc(described.get("lastTransitionTime")),
        last_used=max(_uses(described), default=None),
    )


def _endpoint(described: Described) -> Endpoint:
    network = described.get("resourcesVpcConfig", {})
    public = network.get("endpointPublicAccess", False)
    return Endpoint(
        url=described.get("endpoint", ""),
        public=public,
        private=network.get("endpointPrivateAccess", False),
        cidrs=tuple(network.get("publicAccessCidrs", ())) if public else (),
    )


def _key(encryption: Described) -> str:
    return str(encryption.get("provider", {}).get("keyArn", "a key that AWS does not name"))


def _log_types(described: Described) -> Iterator[str]:
    for setup in described.get("logging", {}).get("clusterLogging", ()):
        if setup.get("enabled"):
            yield from setup["types"]


def _issues(described: Described) -> tuple[Issue, ...]:
    return tuple(
        Issue(issue.get("code", ""), issue.get("message", ""), tuple(issue.get("resourceIds", ())))
        for issue in described.get("health", {}).get("issues", ())
    )


def _uses(described: Described) -> Iterator[datetime]:
    """ClientStat.lastRequestTime of every client of every deprecated resource."""
    for detail in described.get("categorySpecificSummary", {}).get("deprecationDetails", ()):
        for client in detail.get("clientStats", ()):
            if used := _utc(client.get("lastRequestTime")):
                yield used


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None
