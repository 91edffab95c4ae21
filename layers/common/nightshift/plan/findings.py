"""The findings of a cluster: a table of rules."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

from nightshift.clusters import Catalogue, Cluster, Insight, Issue, NodeGroup, addon_order, minor
from nightshift.plan.finding import Finding, Severity
from nightshift.plan.support import Support, end_of_support

# From so many minor versions on, nodes that are behind their control plane are a finding.
SKEWED = 2

# "Version Skew Policy" of Kubernetes: a kubelet may be three minor versions older, before 1.25 two.
_MOST_SKEW, _MOST_SKEW_BEFORE, _WIDENED = 3, 2, 25

# From this version on EKS encrypts all of the API's data with a key of AWS's own, unless there is one of the owner.
_ENCRYPTED_BY_AWS = 28

# "ROLLBACK_READINESS" says what would be in the way of going back, which is no fault of the cluster.
_JUDGED_INSIGHTS = ("UPGRADE_READINESS", "MISCONFIGURATION")

# An insight stays for 30 days after the last use of what it complains about (containers-roadmap #2569). What runs
# weekly has been seen by then.
_QUIET = timedelta(days=8)
_KEPT = timedelta(days=30)

# Neither there yet nor there for long.
_IN_BETWEEN = ("CREATING", "PENDING", "DELETING")


@dataclass(frozen=True, slots=True)
class Case:
    cluster: Cluster
    catalogue: Catalogue
    now: datetime

    @property
    def knows_support(self) -> bool:
        return self.catalogue.releases is not None and self.cluster.version not in self.catalogue.undated

    @property
    def support(self) -> Support:
        version, releases = self.cluster.version, self.catalogue.releases or {}
        return Support(version, self.cluster.upgrade_policy, releases.get(version), self.now)


def findings(case: Case) -> list[Finding]:
    """The most severe first; of one severity in the order of the rules."""
    found = [finding for rule in RULES for finding in rule(case)]
    return sorted(found, key=lambda finding: finding.severity.rank)


def judged(cluster: Cluster) -> bool:
    """Whether there is a cluster to judge: not one that is being made or deleted."""
    return cluster.status not in _IN_BETWEEN


def not_judged(case: Case) -> frozenset[str]:
    """The findings of which nothing is known in this run, neither that they are nor that they are not.

    By kind (eos), or by kind and subject (insight:a1b2c3d4). AWS asks for no insights of a cluster that is FAILED, and
    of one that it could not check just now it says UNKNOWN.
    """
    unknown = [f"insight:{each.id[:8]}" for each in case.cluster.insights if each.status == "UNKNOWN"]
    return frozenset(
        [
            *([] if case.knows_support else ["eos"]),
            *(["insight"] if case.cluster.status == "FAILED" else unknown),
        ]
    )


def skew(cluster: Cluster, group: NodeGroup) -> int | None:
    """Minor versions that a node group is behind its control plane; None where AWS says no version."""
    return minor(cluster.version) - minor(group.version) if group.version else None


def probably_fixed(insight: Insight) -> bool:
    """What it complains about had not been used for a while when AWS last looked."""
    if not insight.last_used or not insight.refreshed:
        return False
    return insight.refreshed - insight.last_used >= _QUIET


def _end_of_support(case: Case) -> Iterator[Finding]:
    if case.knows_support and (finding := end_of_support(case.support)):
        yield finding


def _skew(case: Case) -> Iterator[Finding]:
    for group in case.cluster.node_groups:
        behind = skew(case.cluster, group)
        if behind is None or behind < SKEWED:
            continue
        most = _MOST_SKEW if minor(group.version) >= _WIDENED else _MOST_SKEW_BEFORE
        too_far = f": Kubernetes supports {most}" if behind > most else ""
        yield Finding(
            "skew",
            Severity.CRITICAL if too_far else Severity.WARNING,
            f"node group {group.name} runs Kubernetes {group.version}, {behind} minor versions behind its control "
            f"plane{too_far}",
            f"update the node group to {case.cluster.version}, before the control plane goes on",
            str(behind),
            group.name,
        )


def _cluster_health(case: Case) -> Iterator[Finding]:
    if case.cluster.status == "FAILED":
        yield Finding("failed", Severity.CRITICAL, "the cluster is FAILED", "look at its health issues; create it anew")
    for code, told in _by_code(case.cluster.issues).items():
        to_do = "remove the cause; until then AWS may be unable to update the cluster"
        yield Finding("issue", Severity.CRITICAL, f"cluster health: {told}", to_do, subject=code)


def _by_code(issues: tuple[Issue, ...]) -> dict[str, str]:
    """The words of all issues of a code."""
    return {code: _in_words([each for each in issues if each.code == code]) for code in (each.code for each in issues)}


def _node_groups(case: Case) -> Iterator[Finding]:
    for group in case.cluster.node_groups:
        if _bad(group.status, group.issues):
            what = f"node group {group.name} is {group.status}{_because(group.issues)}"
            to_do = "remove the cause; then update the node group, or replace it"
            yield Finding("nodegroup", Severity.WARNING, what, to_do, subject=group.name)


def _addons(case: Case) -> Iterator[Finding]:
    for addon in case.cluster.addons:
        if _bad(addon.status, addon.issues):
            newest = case.catalogue.addons.get((addon.name, case.cluster.version), addon.version)
            to = f" to {newest}" if addon_order(newest) > addon_order(addon.version) else ", or install it anew"
            what = f"add-on {addon.name} {addon.version} is {addon.status}{_because(addon.issues)}"
            to_do = f"remove the cause; then update the add-on{to}"
            yield Finding("addon", Severity.WARNING, what, to_do, subject=addon.name)


def _fargate_profiles(case: Case) -> Iterator[Finding]:
    for profile in case.cluster.fargate_profiles:
        if _bad(profile.status, profile.issues):
            what = f"Fargate profile {profile.name} is {profile.status}{_because(profile.issues)}"
            to_do = "remove the cause; then delete the profile and create it anew"
            yield Finding("fargate", Severity.WARNING, what, to_do, subject=profile.name)


def _bad(status: str, issues: tuple[Issue, ...]) -> bool:
    return bool(issues) or status == "DEGRADED" or status.endswith("_FAILED")


def _because(issues: tuple[Issue, ...]) -> str:
    return f": {_in_words(issues)}" if issues else ""


def _in_words(issues: tuple[Issue, ...] | list[Issue]) -> str:
    return "; ".join(": ".join(filter(None, (issue.code, issue.message))) for issue in issues)


def _public(case: Case) -> Iterator[Finding]:
    endpoint = case.cluster.endpoint
    if endpoint.public and _open_to_all(endpoint.cidrs):
        what = "its endpoint is public and open to everyone (0.0.0.0/0)"
        to_do = "narrow publicAccessCidrs to where people and nodes are, or make the endpoint private"
        yield Finding("public", Severity.WARNING, what, to_do)


def _open_to_all(cidrs: Iterable[str]) -> bool:
    """Together too: 0.0.0.0/1 and 128.0.0.0/1 are everyone."""
    nets = [ip_network(cidr, strict=False) for cidr in cidrs]
    of_four = list(collapse_addresses([net for net in nets if isinstance(net, IPv4Network)]))
    of_six = list(collapse_addresses([net for net in nets if isinstance(net, IPv6Network)]))
    return of_four == [IPv4Network("0.0.0.0/0")] or of_six == [IPv6Network("::/0")]


def _encryption(case: Case) -> Iterator[Finding]:
    if case.cluster.secrets_key:
        return
    to_do = "associate an encryption configuration with a KMS key; it can be added to a running cluster, never removed"
    if minor(case.cluster.version) < _ENCRYPTED_BY_AWS:
        what = "no KMS key encrypts its secrets"
        yield Finding("encryption", Severity.WARNING, what, to_do, "none")
    else:
        what = "no KMS key of yours encrypts its secrets, only one of AWS's own"
        yield Finding("encryption", Severity.INFO, what, f"if you must hold the key: {to_do}", "aws")


def _insights(case: Case) -> Iterator[Finding]:
    for insight in case.cluster.insights:
        if not insight.complains or insight.category not in _JUDGED_INSIGHTS:
            continue
        yield Finding(
            "insight",
            Severity.WARNING if insight.status == "ERROR" and not probably_fixed(insight) else Severity.INFO,
            f'insight "{insight.name}": {insight.status}{_age(insight, case.now)}{_fixed(insight)}',
            insight.recommendation or insight.reason or "open the cluster's insights in the console",
            insight.status.lower(),
            insight.id[:8],
        )


def _age(insight: Insight, now: datetime) -> str:
    return f" for {(now - insight.since).days} days" if insight.since else ""


def _fixed(insight: Insight) -> str:
    if not insight.last_used:
        return ""
    used = f", last used on {insight.last_used:%Y-%m-%d}"
    if not probably_fixed(insight):
        return used
    return f"{used}: probably fixed, AWS drops it after {insight.last_used + _KEPT:%Y-%m-%d}"


type Rule = Callable[[Case], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    _cluster_health,
    _end_of_support,
    _skew,
    _node_groups,
    _addons,
    _fargate_profiles,
    _public,
    _encryption,
    _insights,
)
