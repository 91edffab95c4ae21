"""Every point that can be restored: of when, of which volumes, why it is kept still, and until when."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from nightshift.fleet import Snapshot
from nightshift.plan.protection import Holders, Protection, lineage
from nightshift.plan.restore_points import RestorePoint
from nightshift.plan.retention import Point, judge, points_of
from nightshift.plan.slots import next_slot, slot_text
from nightshift.plan.tags import slots_of
from nightshift.policy import Keep, Policy

# So many slots are looked ahead: three years of nights.
MOST_SLOTS = 1100

NEXT_CLEANUP = "the next cleanup"
FOR_EVER = "no rule ends it"
NO_MORE_SLOTS = "as long as no newer ones come"


def listed(
    points: Sequence[RestorePoint], snapshots: Sequence[Snapshot], holders: Holders, policy: Policy, now: datetime
) -> list[dict[str, Any]]:
    """The points, newest first, as the answer shows them.

    snapshots: all of ours of their volumes. holders: the volumes there are, which are saved on, and the holds on them;
    images, shares and locks outside are not asked for.
    """
    protection = Protection.of(snapshots, holders, policy, now)
    kept = _kept(snapshots, protection)
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
                    "protected": protection.protector(part.snapshot),
                }
                for part in point.parts
            ],
        }
        for point in points
    ]


def _kept(snapshots: Sequence[Snapshot], protection: Protection) -> dict[str, dict[str, Any]]:
    """By snapshot and plan: why it is kept (or why not), and until when by that plan's rules."""
    kept: dict[str, dict[str, Any]] = {}
    plans = protection.policy.backup.plans
    for snapshot in snapshots:
        gone = slots_of(snapshot).keys() - plans.keys()
        kept[snapshot.id] = {plan: _told(["the plan is no longer in the policy"], FOR_EVER) for plan in sorted(gone)}
    for history in sorted({each for snapshot in snapshots if (each := lineage(snapshot))}):
        of_volume = [snapshot for snapshot in snapshots if lineage(snapshot) == history]
        for plan in plans:
            points = points_of(plan, of_volume)
            ends = _ends(plan, points, protection)
            for id_, verdict in judge(points, plans[plan].keep, protection.policy.zone, protection.now).items():
                kept[id_][plan] = _told(verdict.kept_by or [verdict.goes_because], ends[id_])
    return kept


def _told(why: Sequence[str], until: str) -> dict[str, Any]:
    return {"why": list(why), "until": until}


def _ends(plan: str, points: Sequence[Point], protection: Protection) -> Mapping[str, str]:
    """When each snapshot is kept no longer, if every slot to come is saved, and cleaned up after."""
    policy, now = protection.policy, protection.now
    rules = policy.backup.plans[plan]
    verdicts = judge(points, rules.keep, policy.zone, now)
    stays = [point for point in points if verdicts[point.snapshot.id].kept_by]
    ends = {point.snapshot.id: NEXT_CLEANUP for point in points if point not in stays}
    if not stays:
        return ends
    if rules.keep.empty:
        return ends | {point.snapshot.id: FOR_EVER for point in stays}
    if protection.is_gone(stays[0].snapshot):
        end = protection.expiry(stays[0].snapshot)
        return ends | {point.snapshot.id: slot_text(end) if end else NO_MORE_SLOTS for point in stays}
    return ends | _looked_ahead(stays, rules.schedule, rules.keep, policy.zone, now)


def _looked_ahead(stays: Sequence[Point], schedule: str, keep: Keep, zone: ZoneInfo, now: datetime) -> dict[str, str]:
    """Slot by slot: one snapshot more, then what no rule keeps goes."""
    left, known, moment = list(stays), {point.snapshot.id for point in stays}, now
    ends: dict[str, str] = {}
    for number in range(MOST_SLOTS):
        slot = next_slot(schedule, zone, moment)
        if slot is None:
            return ends | dict.fromkeys(known, NO_MORE_SLOTS)
        to_come = Point(replace(stays[0].snapshot, id=f"slot {number}", started=slot), slot)
        verdicts = judge([*left, to_come], keep, zone, slot)
        left = [point for point in [*left, to_come] if verdicts[point.snapshot.id].kept_by]
        gone = known - {point.snapshot.id for point in left}
        ends |= {id_: slot_text(slot) for id_ in gone}
        known, moment = known - gone, slot
        if not known:
            return ends
    return ends | {id_: f"later than {slot_text(moment)}" for id_ in known}
