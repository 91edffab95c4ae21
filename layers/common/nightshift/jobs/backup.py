"""Backup: a snapshot of every volume that opted in, for each slot of its plans."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from nightshift.aws import instances, snapshots, volumes
from nightshift.aws.changes import carry_out
from nightshift.aws.session import Aws
from nightshift.aws.snapshot_calls import Saving
from nightshift.fleet import Instance, Snapshot, Volume
from nightshift.job import Job, no_guard
from nightshift.outcome import Action, Decision, Plan, Result
from nightshift.plan.coverage import Coverage, cannot_be_saved, comes_or_goes, covered, doubts_told
from nightshift.plan.due import Due, PlanSlots, by_volume, due, history_wanted, slots_at
from nightshift.plan.gaps import Gaps, Promise, promises_at
from nightshift.plan.slots import slot_text
from nightshift.plan.snapshot_calls import Wanted, snapshot_decisions
from nightshift.policy import Policy
from nightshift.request import PlanRequest


class BackupRequest(PlanRequest):
    """now: one more snapshot, whose slot is this moment; the volume stays due."""

    now: bool = False

    @property
    def takes_untagged(self) -> bool:
        """A person who names ids and plans means just these volumes, whatever their tags say."""
        return self.now and bool(self.plans) and bool(self.instance_ids or self.volume_ids)


@dataclass(frozen=True, slots=True)
class Inventory:
    """saved: of each plan, by volume, the snapshots of its current, previous and promised slot, and of every slot
    where a volume lacks the previous one or the promise is broken."""

    region: str
    stack_tag: str
    instances: Mapping[str, Instance]
    volumes: Mapping[str, Volume]
    saved: Mapping[str, Mapping[str, Sequence[Snapshot]]]

    def owners(self, volume: Volume) -> list[Instance]:
        return [self.instances[id_] for id_ in sorted(volume.instance_ids) if id_ in self.instances]

    def coverage(self, volume: Volume, policy: Policy) -> Coverage | None:
        return covered(volume, self.owners(volume), policy.backup.tag, policy.backup.plans)

    def coverages(self, policy: Policy) -> list[Coverage]:
        """Of all volumes that carry the tag, on themselves or on their instance."""
        return [cover for volume in self.volumes.values() if (cover := self.coverage(volume, policy))]


def read(aws: Aws, _request: BackupRequest, policy: Policy, now: datetime) -> Inventory:
    fleet = {instance.id: instance for instance in instances.all_instances(aws)}
    disks = {volume.id: volume for volume in volumes.all_volumes(aws)}
    if not disks:
        volumes.confirm_none(aws, [disk.volume_id for each in fleet.values() if not each.ending for disk in each.disks])
    unsaved = Inventory(aws.region, aws.settings.stack_tag, fleet, disks, saved={})
    coverages = unsaved.coverages(policy)
    promises = promises_at(policy, now)
    saved = {
        name: _saved(aws, promises[name], slots, [cover.volume for cover in coverages if name in cover.plans])
        for name, slots in slots_at(policy, now).items()
    }
    return replace(unsaved, saved=saved)


def _saved(aws: Aws, promise: Promise, slots: PlanSlots, of: Sequence[Volume]) -> Mapping[str, Sequence[Snapshot]]:
    if not of or not slots.current:
        return {}
    asked = [slot_text(slot) for slot in dict.fromkeys((slots.current, slots.previous, promise.slot)) if slot]
    of_slots = snapshots.of_slots(aws, promise.plan, asked)
    recent = by_volume(of_slots)
    unclear = [volume.id for volume in of if _unclear(promise, slots, volume, recent.get(volume.id, ()))]
    return by_volume([*of_slots, *snapshots.of_volumes(aws, unclear, promise.plan)])


def _unclear(promise: Promise, slots: PlanSlots, volume: Volume, recent: Sequence[Snapshot]) -> bool:
    """Whether only snapshots of other slots can tell what this volume has."""
    return history_wanted(promise.plan, slots, volume, recent) or promise.broken_for(volume, recent)


def plan(inventory: Inventory, request: BackupRequest, policy: Policy, now: datetime) -> Plan:
    """One decision for each volume that carries the tag, on itself or on its instance, or that is named by id."""
    judge = _Judge(inventory, request, policy, slots_at(policy, now), now)
    verdicts = [verdict for volume in inventory.volumes.values() if (verdict := judge.verdict(volume))]
    wanted = [verdict.wanted for verdict in verdicts if verdict.wanted]
    decisions = [
        *snapshot_decisions(wanted, inventory.volumes, inventory.stack_tag),
        *(_skip(verdict.volume.id, verdict.reason) for verdict in verdicts if not verdict.wanted),
        *(_skip(instance.id, _why_nothing(instance)) for instance in judge.without_volumes()),
        *(_skip(id_, f"not found in {inventory.region}") for id_ in judge.not_found()),
    ]
    opted_in = inventory.coverages(policy)
    found = _gaps(inventory, opted_in, policy, now)
    doubts = [cover.doubts for cover in opted_in if cover.doubts]
    return Plan(
        decisions,
        [*judge.notes(decisions), *doubts_told(doubts), *(gaps.note for gaps in found if gaps.uncovered)],
        gauges={"SlotsMissed": sum(verdict.missed for verdict in verdicts), "NamesNoPlan": len(doubts)},
        tables={
            "coverage": {gaps.promise.plan: gaps.table for gaps in found},
            "not_opted_in": len(inventory.volumes) - len(opted_in),
        },
        plan_gauges={gaps.promise.plan: {"Uncovered": len(gaps.uncovered)} for gaps in found},
    )


def _gaps(inventory: Inventory, opted_in: Sequence[Coverage], policy: Policy, now: datetime) -> list[Gaps]:
    """Of each plan, over the whole region, whatever the request asked for. What opted in and is never saved (on an
    Outpost, or another service's) is a gap too: a tag that says ignore ends it."""
    there = [cover for cover in opted_in if not comes_or_goes(cover.volume, inventory.owners(cover.volume))]
    return [
        Gaps.of(
            promise,
            {cover.volume: inventory.saved[name].get(cover.volume.id, ()) for cover in there if name in cover.plans},
        )
        for name, promise in promises_at(policy, now).items()
    ]


def apply(aws: Aws, decisions: Sequence[Decision]) -> Sequence[Result]:
    return carry_out(aws, decisions, Saving().save)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """wanted is None where the volume is left alone; missed: slots that passed without a snapshot."""

    volume: Volume
    wanted: Wanted | None
    reason: str
    missed: int = 0


@dataclass(frozen=True, slots=True)
class _Judge:
    """Who gets a snapshot now, who does not, and why."""

    inventory: Inventory
    request: BackupRequest
    policy: Policy
    slots: Mapping[str, PlanSlots]
    now: datetime

    def verdict(self, volume: Volume) -> _Verdict | None:
        """None: out of scope."""
        owners = self.inventory.owners(volume)
        if self._ids_named and not self._names(volume):
            return None
        cover = self.inventory.coverage(volume, self.policy)
        if cover is None and self.request.takes_untagged:
            cover = Coverage(volume, tuple(self.request.plans or ()), by_own_tag=True)
        if cover is None:
            return _Verdict(volume, None, self._not_opted_in(owners)) if self._ids_named else None
        plans = [name for name in cover.plans if name in (self.request.plans or cover.plans)]
        if cover.plans and not plans:
            words = f"its plans are {', '.join(cover.plans)}, none of those that were asked for"
            return _Verdict(volume, None, words) if self._ids_named else None
        if reason := cover.why_not or cannot_be_saved(volume, owners):
            return _Verdict(volume, None, reason)
        return self._by_slots(volume, owners, cover, plans)

    def _by_slots(self, volume: Volume, owners: Sequence[Instance], cover: Coverage, plans: Sequence[str]) -> _Verdict:
        dues = {name: self._due(name, volume) for name in plans}
        reason = "; ".join([*(due.reason for due in dues.values()), *filter(None, [cover.doubts])])
        missed = sum(due.missed for due in dues.values())
        slots = tuple((name, due.slot) for name, due in sorted(dues.items()) if due.slot)
        if not slots:
            return _Verdict(volume, None, reason, missed)
        owner = next((instance for instance in owners if not instance.ending), None)
        return _Verdict(volume, Wanted(volume, owner, slots, reason, cover.by_own_tag), reason, missed)

    def _due(self, name: str, volume: Volume) -> Due:
        if self.request.now:
            moment = self.now.replace(microsecond=0)
            return Due(moment, f"asked for now, for {name} {slot_text(moment)}")
        saved = self.inventory.saved[name].get(volume.id, ())
        return due(name, self.policy.backup.plans[name], self.slots[name], saved, self.now)

    @property
    def _ids_named(self) -> bool:
        return bool(self.request.instance_ids or self.request.volume_ids)

    def _names(self, volume: Volume) -> bool:
        named_instances = set(self.request.instance_ids or ())
        return volume.id in (self.request.volume_ids or ()) or not named_instances.isdisjoint(volume.instance_ids)

    def _not_opted_in(self, owners: Sequence[Instance]) -> str:
        nor = f", nor does {', '.join(owner.id for owner in owners)}" if owners else ""
        hint = "; name plans as well to back it up all the same" if self.request.now else ""
        return f"not opted in: it does not carry the tag {self.policy.backup.tag}{nor}{hint}"

    def without_volumes(self) -> list[Instance]:
        """Instances in scope that have nothing to snapshot; those that end count only where they are named."""
        named = self.request.instance_ids or ()
        tag = self.policy.backup.tag
        return [
            instance
            for instance in self.inventory.instances.values()
            if not instance.disks
            if instance.id in named or (not self._ids_named and tag in instance.tags and not instance.ending)
        ]

    def not_found(self) -> list[str]:
        known = self.inventory.instances.keys() | self.inventory.volumes.keys()
        named = dict.fromkeys([*(self.request.instance_ids or ()), *(self.request.volume_ids or ())])
        return [id_ for id_ in named if id_ not in known]

    def notes(self, decisions: Sequence[Decision]) -> list[str]:
        if self.request.now and not any(decision.change for decision in decisions):
            return ["nothing was asked for that can be backed up: each decision says why"]
        if decisions:
            return []
        if self.request.plans:
            return [f"nothing in {self.inventory.region} has the plan {' or '.join(self.request.plans)}"]
        return [f"no instance or volume in {self.inventory.region} carries the tag {self.policy.backup.tag}"]


def _why_nothing(instance: Instance) -> str:
    if instance.ending:
        return "it is being terminated"
    return "it has no EBS volume: an instance store cannot be snapshotted"


def _skip(resource: str, reason: str) -> Decision:
    return Decision(resource, Action.SKIP, reason)


JOB = Job("backup", BackupRequest, read, plan, no_guard, apply)
