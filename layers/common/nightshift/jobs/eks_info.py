"""EKS information: every cluster in one table, and a message when something is found or cleared."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nightshift.aws import eks
from nightshift.aws.changes import carry_out
from nightshift.aws.notify import publish
from nightshift.aws.session import Aws
from nightshift.clusters import Catalogue, Cluster, Unreadable
from nightshift.errors import AwsError, Fault
from nightshift.job import Job, no_guard
from nightshift.outcome import Action, Decision, Plan, Result, Status
from nightshift.plan.cluster_table import row, unreadable_row
from nightshift.plan.finding import Finding
from nightshift.plan.findings import Case, findings, judged, not_judged
from nightshift.plan.findings_told import News, changed, in_words, to_write, told
from nightshift.plan.mute import mute
from nightshift.plan.slots import slot_text
from nightshift.plan.support import Phase
from nightshift.plan.tags import FINDINGS
from nightshift.policy import Policy
from nightshift.report.cluster_message import compose, headline
from nightshift.request import ClusterRequest


@dataclass(frozen=True, slots=True)
class Inventory:
    """found: by name, what was listed or named; None: there is no such cluster (any more)."""

    region: str
    found: Mapping[str, Cluster | Unreadable | None]
    catalogue: Catalogue

    @property
    def clusters(self) -> list[Cluster]:
        return [each for each in self.found.values() if isinstance(each, Cluster)]


def read(aws: Aws, request: ClusterRequest, _policy: Policy, _now: datetime) -> Inventory:
    """Narrowed by name, as nothing here is judged by its share of the whole."""
    names = list(dict.fromkeys(request.cluster_names or ())) or eks.cluster_names(aws)
    found = dict(zip(names, eks.clusters(aws, names), strict=True))
    clusters = [each for each in found.values() if isinstance(each, Cluster)]
    return Inventory(aws.region, found, eks.catalogue(aws, clusters) if clusters else Catalogue())


def plan(inventory: Inventory, request: ClusterRequest, policy: Policy, now: datetime) -> Plan:
    """One decision and one row for each cluster of the region, or for each that is named."""
    cases = {each.name: Case(each, inventory.catalogue, now) for each in inventory.clusters}
    found = {name: findings(case) if judged(case.cluster) else [] for name, case in cases.items()}
    judge = _Judge(inventory.region, policy, now)
    decisions = [
        judge.on(cases[name], found[name]) if name in cases else judge.on_none(name, cluster)
        for name, cluster in inventory.found.items()
    ]
    return Plan(
        decisions,
        list(_notes(inventory, decisions)),
        {} if request.cluster_names else _gauges(inventory, cases, found),
        {"clusters": list(_rows(inventory, cases, found))},
    )


def apply(aws: Aws, decisions: Sequence[Decision]) -> Sequence[Result]:
    """The message first, then the tags that remember it: what crashes in between is told again."""
    message = compose([_news(decision) for decision in decisions], aws.region)
    if message is None:
        return []
    try:
        publish(aws, message.subject, message.text)
    except AwsError as error:
        note = f"nobody was told, so the next run tells it again: {error.message[:300]}"
        return [Result.of(decision, Status.FAILED, error.code, note) for decision in decisions]
    return carry_out(aws, decisions, _remember)


def _remember(aws: Aws, decisions: Sequence[Decision], _attempt: int) -> Sequence[Result]:
    [decision] = decisions
    news = _news(decision)
    try:
        eks.tag(aws, news.arn, dict(news.tags))
    except AwsError as error:
        if error.fault not in (Fault.GONE, Fault.TAGS, Fault.PERMANENT):
            raise
        return [_untagged(decision, error)]
    return [Result.of(decision, Status.DONE, note="announced")]


def _untagged(decision: Decision, error: AwsError) -> Result:
    if error.fault is Fault.GONE:
        return Result.of(decision, Status.DONE, note="announced; it is gone meanwhile")
    note = f"announced, but {FINDINGS} could not be written, so the next run tells it again: {error.message[:300]}"
    return Result.of(decision, Status.FAILED, error.code, note)


def _news(decision: Decision) -> News:
    if not isinstance(decision.change, News):
        raise TypeError(f"no news: {decision.change}")
    return decision.change


@dataclass(frozen=True, slots=True)
class _Judge:
    """Of which cluster people are told now, which one is left alone, and why."""

    region: str
    policy: Policy
    now: datetime

    def on(self, case: Case, found: Sequence[Finding]) -> Decision:
        cluster = case.cluster
        if not judged(cluster):
            return Decision(cluster.name, Action.KEEP, f"it is {cluster.status}, which changes nothing")
        before = told(cluster.tags)
        new, cleared, codes = changed(found, before, not_judged(case))
        muted = mute(cluster.tags, self.policy.zone, self.now)
        if not new and not cleared:
            words = f"told before: {', '.join(codes)}" if codes else "nothing is found"
            return Decision(cluster.name, Action.KEEP, _joined(words, muted.fault))
        news = News(
            cluster.name,
            cluster.arn,
            cluster.version,
            tuple(new),
            tuple(in_words(code) for code in cleared),
            tuple(code for code in codes if code in before),
            to_write(codes, cluster.tags),
        )
        if muted.until:
            words = f"{news.words}; told when its mute ends at {slot_text(muted.until)}"
            return Decision(cluster.name, Action.KEEP, words)
        return Decision(cluster.name, Action.ANNOUNCE, _joined(news.words, muted.fault), news)

    def on_none(self, name: str, cluster: Cluster | Unreadable | None) -> Decision:
        """Of a cluster that nothing is known of."""
        if isinstance(cluster, Unreadable):
            words = f"it could not be read: {cluster.message[:300] or cluster.code}"
            return Decision(name, Action.ANNOUNCE, words, error=cluster.code)
        return Decision(name, Action.SKIP, f"not found in {self.region}")


def _joined(*words: str) -> str:
    return "; ".join(filter(None, words))


def _rows(
    inventory: Inventory, cases: Mapping[str, Case], found: Mapping[str, Sequence[Finding]]
) -> Iterator[dict[str, Any]]:
    for name, cluster in inventory.found.items():
        if isinstance(cluster, Unreadable):
            yield unreadable_row(cluster)
        elif name in cases:
            yield row(cases[name], found[name])


def _gauges(inventory: Inventory, cases: Mapping[str, Case], found: Mapping[str, Sequence[Finding]]) -> dict[str, int]:
    """Of the whole region; what AWS did not say is no number."""
    gauges = {"Clusters": len(inventory.found), "Findings": sum(len(each) for each in found.values())}
    if inventory.catalogue.releases is None:
        return gauges
    out = sum(case.support.phase is not Phase.STANDARD for case in cases.values())
    return {**gauges, "ClustersOutOfStandardSupport": out}


def _notes(inventory: Inventory, decisions: Sequence[Decision]) -> Iterator[str]:
    if not inventory.found:
        yield f"no EKS cluster in {inventory.region}"
    if news := headline([_news(decision) for decision in decisions if decision.change]):
        yield f"to announce: {news}"
    yield from inventory.catalogue.gaps


JOB = Job("eks_info", ClusterRequest, read, plan, no_guard, apply)
