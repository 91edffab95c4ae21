"""EKS: clusters with all that is theirs, and what AWS offers for them. TagResource is the one change."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, Any

from nightshift.aws.describe import pages
from nightshift.aws.eks_records import addon, cluster, fargate_profile, insight, node_group
from nightshift.aws.faults import aws_errors
from nightshift.aws.session import Aws
from nightshift.clusters import Catalogue, Cluster, Insight, Release, Unreadable, addon_order
from nightshift.errors import AwsError, Fault

if TYPE_CHECKING:
    from mypy_boto3_eks import EKSClient

# EKS, every listing: maxResults of 1 to 100.
_A_PAGE = 100

# AWS checks a cluster in these states; in others ListInsights is an InvalidRequestException.
_CHECKED = ("ACTIVE", "UPDATING")

# "Currently only returned with certain insights having category UPGRADE_READINESS" (InsightCategorySpecificSummary).
_WITH_USES = "UPGRADE_READINESS"


def cluster_names(aws: Aws) -> list[str]:
    """Every cluster of the region. AwsError: they cannot be listed whole."""
    return _names(aws, "list_clusters", "clusters")


def clusters(aws: Aws, names: Sequence[str]) -> list[Cluster | Unreadable | None]:
    """These clusters, in their order; None: it is not there. One that AWS denies holds up no other."""
    # The client is made here, or every thread would make one.
    return _side_by_side(aws, partial(_cluster, aws, aws.eks), names)


def catalogue(aws: Aws, found: Iterable[Cluster]) -> Catalogue:
    """The versions that AWS has, and the newest of each add-on of these clusters. What AWS denies is a gap."""
    gaps: list[str] = []
    listed: dict[str, Release | None] = _told("when support ends is not known", lambda: _releases(aws), {}, gaps)
    dated = {version: release for version, release in listed.items() if release}
    pairs = sorted({(addon.name, cluster.version) for cluster in found for addon in cluster.addons})
    versions = _side_by_side(
        aws,
        lambda pair: _told("the newest versions of add-ons are not known", lambda: _newest(aws, *pair), None, gaps),
        pairs,
    )
    newest = {pair: version for pair, version in zip(pairs, versions, strict=True) if version}
    return Catalogue(dated or None, frozenset(listed.keys() - dated.keys()), newest, tuple(dict.fromkeys(gaps)))


def tag(aws: Aws, arn: str, tags: Mapping[str, str]) -> None:
    """Set these tags, over what is there. AwsError: none of them is set, or nobody knows."""
    with aws_errors():
        aws.eks.tag_resource(resourceArn=arn, tags=dict(tags))


def _side_by_side[A, T](aws: Aws, ask: Callable[[A], T], about: Sequence[A]) -> list[T]:
    with ThreadPoolExecutor(aws.settings.workers) as pool:
        return list(pool.map(ask, about))


def _cluster(aws: Aws, eks: "EKSClient", name: str) -> Cluster | Unreadable | None:
    """A cluster and its parts, one call after the other; several clusters are read side by side."""
    of_it = {"clusterName": name}
    try:
        with aws_errors():
            described = eks.describe_cluster(name=name)["cluster"]
        return cluster(
            described,
            insights=_insights(aws, name) if described["status"] in _CHECKED else (),
            node_groups=_parts(
                _names(aws, "list_nodegroups", "nodegroups", **of_it),
                lambda part: node_group(eks.describe_nodegroup(**of_it, nodegroupName=part)["nodegroup"]),
            ),
            fargate_profiles=_parts(
                _names(aws, "list_fargate_profiles", "fargateProfileNames", **of_it),
                lambda part: fargate_profile(
                    eks.describe_fargate_profile(**of_it, fargateProfileName=part)["fargateProfile"]
                ),
            ),
            addons=_parts(
                _names(aws, "list_addons", "addons", **of_it),
                lambda part: addon(eks.describe_addon(**of_it, addonName=part)["addon"]),
            ),
        )
    except AwsError as error:
        if error.fault is Fault.STOP:
            raise
        return None if error.fault is Fault.GONE else Unreadable(name, error.code, error.message)


def _insights(aws: Aws, name: str) -> tuple[Insight, ...]:
    """Those that complain first; with details where these may tell when what they complain about was last used."""
    listed = [
        described
        for page in pages(aws.eks, "list_insights", _A_PAGE, clusterName=name)
        for described in page["insights"]
    ]
    plain = [insight(each) for each in listed]
    telling = [each.id for each in plain if each.complains and each.category == _WITH_USES]
    detailed = _parts(telling, lambda id_: insight(aws.eks.describe_insight(clusterName=name, id=id_)["insight"]))
    others = (each for each in plain if each.id not in telling)
    return tuple(sorted((*detailed, *others), key=lambda each: not each.complains))


def _parts[T](names: Iterable[str], describe: Callable[[str], T]) -> tuple[T, ...]:
    """The parts of a cluster, without those that are gone since they were listed."""
    return tuple(part for name in names for part in _part(name, describe))


def _part[T](name: str, describe: Callable[[str], T]) -> list[T]:
    try:
        with aws_errors():
            return [describe(name)]
    except AwsError as error:
        if error.fault is not Fault.GONE:
            raise
        return []


def _releases(aws: Aws) -> dict[str, Release | None]:
    """By version; unsupported ones too, as long as AWS lists them. None: it says no dates, which its model allows."""
    return {
        described["clusterVersion"]: _release(described)
        for page in pages(aws.eks, "describe_cluster_versions", _A_PAGE, includeAll=True)
        for described in page["clusterVersions"]
        if described.get("clusterType", "eks") == "eks"
    }


def _release(described: Mapping[str, Any]) -> Release | None:
    standard, extended = (described.get(f"endOf{kind}SupportDate") for kind in ("Standard", "Extended"))
    if standard is None or extended is None:
        return None
    return Release(described["clusterVersion"], standard.astimezone(UTC), extended.astimezone(UTC))


def _newest(aws: Aws, addon_name: str, kubernetes_version: str) -> str | None:
    """The newest version of an add-on for a Kubernetes version; None where AWS has none."""
    wanted = {"addonName": addon_name, "kubernetesVersion": kubernetes_version}
    versions = [
        version["addonVersion"]
        for page in pages(aws.eks, "describe_addon_versions", _A_PAGE, **wanted)
        for described in page["addons"]
        for version in described["addonVersions"]
    ]
    return max(versions, key=addon_order, default=None)


def _told[T](what: str, ask: Callable[[], T], otherwise: T, gaps: list[str]) -> T:
    """What AWS tells; what it does not tell is written down in gaps."""
    try:
        return ask()
    except AwsError as error:
        if error.fault is Fault.STOP:
            raise
        if error.fault is not Fault.GONE:
            gaps.append(f"{what}: AWS answered {error.code}")
        return otherwise


def _names(aws: Aws, operation: str, result: str, **parameters: str) -> list[str]:
    return [name for page in pages(aws.eks, operation, _A_PAGE, **parameters) for name in page[result]]
