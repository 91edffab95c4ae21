"""EKS clusters as frozen records, in AWS's words: statuses and codes as the API has them, times in UTC."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from nightshift.fleet import Tags


@dataclass(frozen=True, slots=True)
class Issue:
    """What AWS finds wrong with a cluster, a node group, an add-on or a Fargate profile."""

    code: str
    message: str = ""
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeGroup:
    """sizes: in nodes. ami_release: of the EKS optimized AMI, or the id of a custom AMI."""

    name: str
    status: str
    version: str
    ami_type: str
    ami_release: str
    desired: int
    least: int
    most: int
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class FargateProfile:
    name: str
    status: str
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Addon:
    name: str
    status: str
    version: str
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Insight:
    """One of AWS's recurring checks of a cluster.

    refreshed: when AWS last checked. since: when its status last changed. last_used: of what it complains about (a
    deprecated API), where AWS has seen a use of it.
    """

    id: str
    name: str
    category: str
    status: str
    version: str = ""
    reason: str = ""
    recommendation: str = ""
    refreshed: datetime | None = None
    since: datetime | None = None
    last_used: datetime | None = None

    @property
    def complains(self) -> bool:
        return self.status in ("ERROR", "WARNING")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The Kubernetes API server. cidrs: from where the public endpoint may be reached, if there is one."""

    url: str
    public: bool
    private: bool
    cidrs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """version: of its control plane, as 1.34. upgrade_policy: STANDARD or EXTENDED. secrets_key: ARN of the KMS key
    of its owner, if there is one."""

    name: str
    arn: str
    status: str
    version: str
    upgrade_policy: str
    endpoint: Endpoint
    platform_version: str = ""
    log_types: tuple[str, ...] = ()
    secrets_key: str | None = None
    issues: tuple[Issue, ...] = ()
    insights: tuple[Insight, ...] = ()
    node_groups: tuple[NodeGroup, ...] = ()
    fargate_profiles: tuple[FargateProfile, ...] = ()
    addons: tuple[Addon, ...] = ()
    tags: Tags = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cluster that could not be read: code and message are AWS's."""

    name: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Release:
    """A Kubernetes version on EKS, and when its support ends."""

    version: str
    end_of_standard: datetime
    end_of_extended: datetime


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What AWS offers.

    releases: by Kubernetes version; one that is missing is not offered any more; None: AWS did not say. undated: the
    versions that it offers without saying until when. addons: the newest version, by add-on and Kubernetes version, as
    far as AWS said. gaps: what it did not say, in words.
    """

    releases: Mapping[str, Release] | None = None
    undated: frozenset[str] = frozenset()
    addons: Mapping[tuple[str, str], str] = field(default_factory=dict, hash=False)
    gaps: tuple[str, ...] = ()


def minor(version: str) -> int:
    """34 of 1.34; of the many 1.x there is no 2 yet."""
    return int(version.split(".")[1])


def addon_order(version: str) -> list[int]:
    """By which v1.20.4-eksbuild.10 and its like are sorted; AWS promises no order."""
    return [int(number) for number in re.findall(r"\d+", version)]
