"""Every point that can be restored: of when, of which volumes, why it is kept still, and until when."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from nightshift.fleet import Snapshot
from nightshift.plan.protection import lineage
from nightshift.plan.restore_points import RestorePoint
from nightshift.plan.retention import Point, judge, points_of
from nightshift.plan.slots import next_slot, slot_text
from nightshift.policy import Policy

# So many slots are looked ahead: three years of nights.
MOST_SLOTS = 1100

NOT_IN_SIGHT = "longer than can be foreseen"
NO_MORE_SLOTS = "as long as no newer ones come"


def listed(
    points: Sequence[RestorePoint], snapshots: Sequence[Snapshot], living: frozenset[str], policy: Policy, now: datetime
) -> list[dict[str, Any]]:
    """The points, newest first, as the answer shows them. living: volumes that are still there, and so saved on."""
    kept = _kept(snapshots, living, policy, now)
    return [
        {
            "slots": {plan: slot_text(slot) for plan, slot in point.slots.items()},
            "started": slot_text(point.started),
            "age_hours": round((now - point.started) / timedelta(hours=1), 1),
            "one_instant": point.one_instant,
            "missing": [disk.volume_id for disk in point.missing],
            "never_saved": [disk.volume_id for disk in point.never_saved],
            "volumes": [
                {
                    "volume": part.volume_id,
                    "device": part.disk.device if part.disk else None,
                    "snapshot": part.snapshot.id,
                    "state": part.snapshot.state,
                    "size_gib": part.snapshot.size_gib,
                    "kept": kept.get(part.snapshot.id, {}),
                }
                for part in point.parts
            ],
        }
        for point in points
    ]


def _kept(
    snapshots: Sequence[Snapshot], living: frozenset[str], policy: Policy, now: datetime
) -> dict[str, dict[str, Any]]:
    """By snapshot and plan: why it is kept (by none: it goes at the next cleanup), and until when."""
    kept: dict[str, dict[str, Any]] = {}
    for history in sorted({each for snapshot in snapshots if (each := lineage(snapshot))}):
        of_volume = [snapshot for snapshot in snapshots if lineage(snapshot) == history]
        for plan in policy.backup.plans:
            points = points_of(plan, of_volume)
            ends = _ends(plan, points, history in living, policy, now)
            for id_, verdict in judge(points, policy.backup.plans[plan].keep, policy.zone, now).items():
                why = list(verdict.kept_by) or [verdict.goes_because]
                until = ends.get(id_, NOT_IN_SIGHT) if verdict.kept_by else "the next cleanup"
                kept.setdefault(id_, {})[plan] = {"why": why, "until": until}
    return kept


def _ends(plan: str, points: Sequence[Point], lives_on: bool, policy: Policy, now: datetime) -> Mapping[str, str]:
    """When each snapshot is kept no longer, if every slot to come is saved and cleaned up after."""
    rules = policy.backup.plans[plan]
    if rules.schedule is None or not lives_on:
        return {point.snapshot.id: NO_MORE_SLOTS for point in points}
    ends: dict[str, str] = {}
    open_points, moment = list(points), now
    known = {point.snapshot.id for point in points}
    for number in range(MOST_SLOTS):
        slot = next_slot(rules.schedule, policy.zone, moment)
        if slot is None or not known:
            break
        moment = slot
        to_come = replace(points[0].snapshot, id=f"slot-{number}", started=slot) if points else None
        if to_come is None:
            break
        verdicts = judge([*open_points, Point(to_come, slot)], rules.keep, policy.zone, slot)
        open_points = [each for each in [*open_points, Point(to_come, slot)] if verdicts[each.snapshot.id].kept_by]
        gone = known - {each.snapshot.id for each in open_points}
        ends |= {id_: slot_text(slot) for id_ in gone}
        known -= gone
    return ends
