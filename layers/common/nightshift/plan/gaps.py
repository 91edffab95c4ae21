"""Gaps: volumes that opted in and have no completed snapshot where their plan promises one.

Seen from what is there, not from what a run was told: a snapshot that failed after the run, was deleted by hand or
is pending for ever leaves the same gap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from nightshift.fleet import Snapshot, Volume
from nightshift.plan.slots import current_slot, slot_text
from nightshift.plan.tags import slots_of
from nightshift.policy import Policy
from nightshift.text import first_few

# 24 bytes each, for each of at most 20 plans: half a megabyte.
MOST_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class Promise:
    """What a plan promises at a moment: of each of its volumes a completed snapshot of this slot or a later one.

    slot: None where the plan has not promised anything yet. patience_since: a volume that is younger is given time,
    and so is the first snapshot of one that has just opted in.
    """

    plan: str
    slot: datetime | None
    patience_since: datetime
    now: datetime

    def broken_for(self, volume: Volume, snapshots: Sequence[Snapshot]) -> bool:
        """snapshots: those of the volume that might keep the promise, and any others of it."""
        if self.slot is None or volume.created > self.patience_since:
            return False
        completed = [slot for each in snapshots if each.state == "completed" and (slot := self._slot_of(each))]
        if completed:
            return max(completed) < self.slot
        return not any(each.state == "pending" and each.started > self.patience_since for each in snapshots)

    def _slot_of(self, snapshot: Snapshot) -> datetime | None:
        """None where it does not serve the plan. One of the future, of a wrong clock or hand, proves nothing."""
        slot = slots_of(snapshot).get(self.plan)
        return slot if slot and slot <= self.now else None


@dataclass(frozen=True, slots=True)
class Gaps:
    """Of so many volumes of a plan, those for which its promise is broken."""

    promise: Promise
    volumes: int
    uncovered: Sequence[str]

    @classmethod
    def of(cls, promise: Promise, saved: Mapping[Volume, Sequence[Snapshot]]) -> "Gaps":
        """saved: for each volume that has the plan, the snapshots that might keep the promise."""
        broken = [volume.id for volume, snapshots in saved.items() if promise.broken_for(volume, snapshots)]
        return cls(promise, len(saved), sorted(broken))

    @property
    def _since(self) -> str | None:
        return slot_text(self.promise.slot) if self.promise.slot else None

    @property
    def table(self) -> dict[str, object]:
        """As the answer shows it, which Lambda bounds: how many are uncovered, and the ids of the first thousand."""
        shown = list(self.uncovered[:MOST_SHOWN])
        return {"since": self._since, "volumes": self.volumes, "uncovered": len(self.uncovered), "volume_ids": shown}

    @property
    def note(self) -> str:
        """One line, of the plan that has gaps."""
        return (
            f"plan {self.promise.plan}: {len(self.uncovered):,} of {self.volumes:,} volumes have no completed snapshot "
            f"of {self._since} or later: {first_few(self.uncovered)}"
        )


def promises_at(policy: Policy, now: datetime) -> dict[str, Promise]:
    """What each plan promises at this moment: its newest slot that was complete_within ago."""
    return {
        name: Promise(name, current_slot(plan.schedule, policy.zone, since), since, now)
        for name, plan in policy.backup.plans.items()
        for since in [now - plan.complete_within_time]
    }
