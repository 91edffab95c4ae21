"""The table of clusters in the answer of eks_info: one row a cluster, as plain JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from nightshift.clusters import Addon, Cluster, Insight, Issue, Unreadable, addon_order
from nightshift.plan.finding import Finding
from nightshift.plan.findings import Case, probably_fixed, skew
from nightshift.plan.slots import slot_text
from nightshift.plan.support import EXTRA_A_MONTH, Phase, Support

type Row = dict[str, Any]


def unreadable_row(cluster: Unreadable) -> Row:
    return {"name": cluster.name, "error": cluster.code, "message": cluster.message}


def row(case: Case, found: Sequence[Finding]) -> Row:
    cluster = case.cluster
    return {
        "name": cluster.name,
        "status": cluster.status,
        "version": cluster.version,
        "platform_version": cluster.platform_version,
        "support": _support(case.support),
        "endpoint": {
            "url": cluster.endpoint.url,
            "public": cluster.endpoint.public,
            "private": cluster.endpoint.private,
            "public_cidrs": list(cluster.endpoint.cidrs),
        },
        "logging": list(cluster.log_types),
        "secrets_key": cluster.secrets_key,
        "health": _issues(cluster.issues),
        "insights": [_insight(insight, case.now) for insight in cluster.insights],
        "node_groups": _node_groups(cluster),
        "fargate_profiles": [
            {"name": profile.name, "status": profile.status, "health": _issues(profile.issues)}
            for profile in cluster.fargate_profiles
        ],
        "addons": [_addon(addon, case) for addon in cluster.addons],
        "findings": [
            {"code": each.code, "severity": each.severity, "what": each.what, "to_do": each.to_do} for each in found
        ],
        "tags": dict(sorted(cluster.tags.items())),
    }


def _support(support: Support) -> Row:
    """Days left are negative when support has ended; null: AWS does not say."""
    release = support.release
    return {
        "policy": support.policy,
        "phase": support.phase.value,
        **_until(support, "standard", release.end_of_standard if release else None),
        **_until(support, "extended", release.end_of_extended if release else None),
        "extended_support": _costs(support),
    }


def _until(support: Support, kind: str, end: datetime | None) -> Row:
    return {f"{kind}_until": _day(end), f"{kind}_days_left": support.days_until(end) if end else None}


def _costs(support: Support) -> Row | None:
    """What extended support costs beyond standard support, and from when; null: the cluster never enters it."""
    if support.release is None or support.phase is Phase.ENDED or not support.enters_extended:
        return None
    return {"extra_dollars_a_month": EXTRA_A_MONTH, "from": _day(support.release.end_of_standard), "now": support.pays}


def _insight(insight: Insight, now: datetime) -> Row:
    return {
        "name": insight.name,
        "category": insight.category,
        "status": insight.status,
        "version": insight.version,
        "reason": insight.reason,
        "since": _time(insight.since),
        "days": (now - insight.since).days if insight.since else None,
        "refreshed": _time(insight.refreshed),
        "last_used": _time(insight.last_used),
        "probably_fixed": insight.complains and probably_fixed(insight),
    }


def _node_groups(cluster: Cluster) -> list[Row]:
    return [
        {
            "name": group.name,
            "status": group.status,
            "version": group.version,
            "skew": skew(cluster, group),
            "ami_type": group.ami_type,
            "ami_release": group.ami_release,
            "desired": group.desired,
            "min": group.least,
            "max": group.most,
            "health": _issues(group.issues),
        }
        for group in cluster.node_groups
    ]


def _addon(addon: Addon, case: Case) -> Row:
    newest = case.catalogue.addons.get((addon.name, case.cluster.version))
    return {
        "name": addon.name,
        "status": addon.status,
        "version": addon.version,
        "newest": newest,
        "newer": None if newest is None else addon_order(newest) > addon_order(addon.version),
        "health": _issues(addon.issues),
    }


def _issues(issues: Sequence[Issue]) -> list[Row]:
    return [{"code": each.code, "message": each.message, "resources": list(each.resources)} for each in issues]


def _time(moment: datetime | None) -> str | None:
    return slot_text(moment) if moment else None


def _day(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%d}" if moment else None
