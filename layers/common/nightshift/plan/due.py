"""Due: whether a plan still wants a snapshot of a volume, and what passed without one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from nightshift.fleet import Snapshot, Volume
from nightshift.plan.slots import current_slot, next_slot, previous_slot, slot_text
from nightshift.plan.tags import slots_of
from nightshift.policy import BackupPlan, Policy


@dataclass(frozen=True, slots=True)
class PlanSlots:
    """The slots of one plan at a moment, in UTC; current is None where the schedule has had none yet."""

    current: datetime | None
    previous: datetime | None
    next: datetime | None

    @property
    def next_text(self) -> str:
        return f"next at {slot_text(self.next)}" if self.next else "and no time after that"


@dataclass(frozen=True, slots=True)
class Due:
    """Whether a plan wants a snapshot of a volume now, and why; missed: slots that passed without one."""

    slot: datetime | None
    reason: str
    missed: int = 0


def slots_at(policy: Policy, now: datetime) -> dict[str, PlanSlots]:
    """The slots of every plan at this moment."""
    return {name: _plan_slots(policy, plan, now) for name, plan in policy.backup.plans.items()}


def due(name: str, plan: BackupPlan, slots: PlanSlots, snapshots: Sequence[Snapshot], now: datetime) -> Due:
    """Whether a volume is due for a plan, by the live snapshots that it has of the plan.

    Due is a volume without a live snapshot of the current slot, as long as the slot may be started; one that the
    plan has never saved is always due.
    """
    saved = _by_slot(name, snapshots)
    if slots.current is None:
        return Due(None, f"the schedule of {name} has had no time yet")
    earlier = [slot for slot in saved if slot < slots.current]
    missed = _previous_missed(slots, saved)
    if slots.current in saved:
        snapshot = saved[slots.current]
        words = f"{name} {slot_text(slots.current)} is in {snapshot.id} ({snapshot.state})"
        return Due(None, f"{words}, {slots.next_text}", missed)
    window = plan.start_within_time
    if window is not None and earlier and now > slots.current + window:
        words = f"{name} {slot_text(slots.current)} passed unfinished: not started within {plan.start_within}"
        younger = _younger(slots.current, saved, now)
        but = f", but {younger.id} is younger" if younger else ""
        return Due(None, f"{words}{but}, {slots.next_text}", missed + int(younger is None))
    if failed := _failed(name, slots.current, snapshots):
        late = now > slots.current + plan.complete_within_time
        return Due(slots.current, f"due for {name} {slot_text(slots.current)} again: {failed}", missed or int(late))
    after = f", {slot_text(slots.previous)} passed unfinished" if missed and slots.previous else ""
    return Due(slots.current, f"due for {name} {slot_text(slots.current)}{after}", missed)


def _younger(current: datetime, saved: Mapping[datetime, Snapshot], now: datetime) -> Snapshot | None:
    """The newest snapshot of a later time than the current slot: a person asked for it, or the schedule was another,
    and the slot is one that nobody knew of when it passed."""
    later = [slot for slot in saved if current < slot <= now]
    return saved[max(later)] if later else None


def _failed(name: str, slot: datetime, snapshots: Sequence[Snapshot]) -> str:
    """The snapshots of a slot that were made and failed; empty where there are none. Two reads may show one twice."""
    failed = [each for each in snapshots if each.state == "error" and slots_of(each).get(name) == slot]
    why = "; ".join(sorted({each.message for each in failed if each.message}))
    said = f" ({why})" if why else ""
    return f"{', '.join(sorted({each.id for each in failed}))} failed{said}" if failed else ""


def by_volume(snapshots: Sequence[Snapshot]) -> Mapping[str, list[Snapshot]]:
    """The snapshots of each volume."""
    found: dict[str, list[Snapshot]] = {}
    for snapshot in snapshots:
        found.setdefault(snapshot.volume_id, []).append(snapshot)
    return found


def _plan_slots(policy: Policy, plan: BackupPlan, now: datetime) -> PlanSlots:
    current = current_slot(plan.schedule, policy.zone, now)
    previous = previous_slot(plan.schedule, policy.zone, current) if current else None
    return PlanSlots(current, previous, next_slot(plan.schedule, policy.zone, now))


def _by_slot(name: str, snapshots: Sequence[Snapshot]) -> dict[datetime, Snapshot]:
    live = [snapshot for snapshot in snapshots if snapshot.live]
    return {slot: snapshot for snapshot in live if (slot := slots_of(snapshot).get(name))}


def _previous_missed(slots: PlanSlots, saved: Mapping[datetime, Snapshot]) -> int:
    """1 where the slot before went by without a snapshot, although the plan had saved the volume before that.

    Any slot since then makes up for it: after a change of the schedule the times are others.
    """
    if slots.previous is None or slots.current is None:
        return 0
    made_up = any(slots.previous <= slot < slots.current for slot in saved)
    return int(not made_up and any(slot < slots.previous for slot in saved))


def history_wanted(name: str, slots: PlanSlots, volume: Volume, recent: Sequence[Snapshot]) -> bool:
    """Whether older snapshots must be read to know if the plan ever saved this volume: it lacks the slot before."""
    if slots.previous is None or volume.created > slots.previous:
        return False
    return slots.previous not in _by_slot(name, recent)
