"""Cleanup: delete the snapshots that neither the policy nor a holder keeps."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import batched
from typing import Annotated

from pydantic import Field

from nightshift.aws import instances, snapshots, volumes
from nightshift.aws.changes import carry_out
from nightshift.aws.holders import MAY_BE_SHARED, held_outside, shared
from nightshift.aws.session import Aws
from nightshift.errors import AwsError, Fault
from nightshift.fleet import Instance, Snapshot, Volume
from nightshift.job import Job
from nightshift.outcome import Action, Change, Decision, Plan, Result, Status
from nightshift.plan.guard import refusal
from nightshift.plan.leftovers import left_behind
from nightshift.plan.protection import Holders, Protection, lineage, source_volume
from nightshift.plan.retention import Verdict, judge, points_of
from nightshift.plan.tags import HOLD_UNTIL, INSTANCE, slots_of
from nightshift.policy import Policy
from nightshift.request import PlanRequest

# Between two looks at the guard.
ASKED_AT_ONCE = 100


class CleanupRequest(PlanRequest):
    """confirm: how many deletions a person agrees to, after having read a refusal."""

    confirm: Annotated[int, Field(ge=0)] | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """snapshots: all that this application made in the region, in every state.

    unasked: candidates of which it is not known with whom they are shared; their turn comes in a later run.
    """

    region: str
    snapshots: Sequence[Snapshot]
    holders: Holders
    unasked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DeleteSnapshot(Change):
    snapshot_id: str


@dataclass(frozen=True, slots=True)
class DeleteLater(Change):
    """Not in this run: nobody has asked yet with whom the snapshot is shared."""

    snapshot_id: str


def read(aws: Aws, request: CleanupRequest, policy: Policy, now: datetime) -> Inventory:
    ours = snapshots.ours(aws)
    # Who holds a snapshot is asked only where something might be deleted, and only for that.
    if not any(_doomed(_decisions(ours, Holders(), policy, now))):
        return Inventory(aws.region, ours, Holders())
    disks = volumes.all_volumes(aws)
    if not disks:
        candidates = set(_doomed(_decisions(ours, Holders(), policy, now)))
        at_stake = [each for each in ours if each.id in candidates and lineage(each) == each.volume_id]
        volumes.confirm_none(aws, [each.volume_id for each in at_stake])
    holding: list[Instance | Volume] = [*disks, *instances.all_instances(aws, HOLD_UNTIL)]
    holders = Holders(
        holds={resource.id: resource.tags[HOLD_UNTIL] for resource in holding if HOLD_UNTIL in resource.tags},
        living=frozenset(volume.id for volume in disks),
        owners={volume.id: volume.instance_ids for volume in disks},
    )
    return _with_outside_holders(aws, Inventory(aws.region, ours, holders), request, policy, now)


def _with_outside_holders(
    aws: Aws, inventory: Inventory, request: CleanupRequest, policy: Policy, now: datetime
) -> Inventory:
    """Sharing costs a call each, so it is asked, oldest first, of as many as this run has time to delete, and no
    more when those that nobody shares are already too many for the guard."""
    held = held_outside(aws)
    inventory = replace(inventory, holders=replace(inventory.holders, outside=held))
    if not policy.cleanup.check_sharing:
        return inventory
    doomed = set(_doomed(_decisions(inventory.snapshots, inventory.holders, policy, now)))
    candidates = [each.id for each in _in_scope(inventory, request) if each.id in doomed]
    in_time = aws.pacer.often_within(aws.seconds_left, ["DescribeSnapshotAttribute", "DeleteSnapshot"])
    others: dict[str, str] = {}
    asked: list[str] = []
    for some in batched(candidates[:in_time], ASKED_AT_ONCE, strict=False):
        others |= shared(aws, some)
        asked += some
        if _refused(inventory, set(asked) - others.keys(), request, policy):
            break
    known = replace(inventory.holders, outside=held | others)
    return replace(inventory, holders=known, unasked=frozenset(candidates) - set(asked))


def plan(inventory: Inventory, request: CleanupRequest, policy: Policy, now: datetime) -> Plan:
    """One decision for each snapshot of ours in the request's scope: keep or delete, and why."""
    decided = {each.resource: each for each in _decisions(inventory.snapshots, inventory.holders, policy, now)}
    decisions = [_postponed(decided[snapshot.id], inventory) for snapshot in _in_scope(inventory, request)]
    kept = [snapshot for snapshot in inventory.snapshots if decided[snapshot.id].action is not Action.DELETE]
    gauges = {
        "Snapshots": len(inventory.snapshots),
        "SnapshotsInError": sum(snapshot.state == "error" for snapshot in inventory.snapshots),
    }
    return Plan([*decisions, *_not_found(inventory, request)], _notes(inventory, kept, policy), gauges)


def guard(inventory: Inventory, plan: Plan, request: CleanupRequest, policy: Policy) -> str | None:
    return _refused(inventory, set(_doomed(plan.decisions)), request, policy)


def _refused(inventory: Inventory, doomed: Collection[str], request: CleanupRequest, policy: Policy) -> str | None:
    """What is refused stays refused when more is to go."""
    return refusal(inventory.snapshots, doomed, policy, request.confirm, tried=request.policy is not None)


def apply(aws: Aws, decisions: Sequence[Decision]) -> Sequence[Result]:
    return carry_out(aws, [decision for decision in decisions if isinstance(decision.change, DeleteSnapshot)], _delete)


def _delete(aws: Aws, decisions: Sequence[Decision], _attempt: int) -> Sequence[Result]:
    decision = decisions[0]
    try:
        snapshots.delete(aws, decision.resource)
    except AwsError as error:
        if error.fault is Fault.GONE:
            return [Result.of(decision, Status.DONE, note="already gone")]
        if error.fault is Fault.IN_USE:
            kept = replace(decision, action=Action.KEEP)
            return [Result.of(kept, Status.SKIPPED, error.code, f"but AWS says: {error.message}")]
        raise
    return [Result.of(decision, Status.DONE)]


def _decisions(ours: Sequence[Snapshot], holders: Holders, policy: Policy, now: datetime) -> Iterator[Decision]:
    """The decision on every snapshot, one history after the other: none depends on another's."""
    histories: dict[str | None, list[Snapshot]] = defaultdict(list)
    for snapshot in ours:
        histories[lineage(snapshot)].append(snapshot)
    for name, history in histories.items():
        protection = Protection.of(history, holders, policy, now)
        verdicts = _verdicts(history, policy, now) if name else {}
        yield from (_decide(snapshot, verdicts, protection, policy) for snapshot in history)


def _verdicts(history: Sequence[Snapshot], policy: Policy, now: datetime) -> Mapping[str, Mapping[str, Verdict]]:
    """What the rules of each plan say of a volume's snapshots, by plan and snapshot id."""
    return {
        plan: judge(points_of(plan, history), rules.keep, policy.zone, now)
        for plan, rules in policy.backup.plans.items()
    }


def _decide(
    snapshot: Snapshot, verdicts: Mapping[str, Mapping[str, Verdict]], protection: Protection, policy: Policy
) -> Decision:
    """A snapshot that serves several plans goes when none keeps it; one of a plan that is gone stays."""
    slots = slots_of(snapshot)
    vanished = sorted(slots.keys() - policy.backup.plans.keys())
    if vanished and snapshot.state != "error":
        return _keep(snapshot, f"plan {', '.join(vanished)} is no longer in the policy: what it saved stays")
    judged = {plan: verdicts[plan][snapshot.id] for plan in sorted(slots) if snapshot.id in verdicts.get(plan, {})}
    kept = [f"{plan}: {', '.join(verdict.kept_by)}" for plan, verdict in judged.items() if verdict.kept_by]
    expired = protection.expired(snapshot)
    if kept and not expired:
        return _keep(snapshot, f"kept by {'; '.join(kept)}")
    because = expired or "; ".join(f"{plan}: {verdict.goes_because}" for plan, verdict in judged.items())
    because = because or f"{snapshot.state}: it is no backup"
    if protector := protection.protector(snapshot):
        return _keep(snapshot, f"{protector} ({because})")
    words = f"{because} (slot {min(slots.values()):%Y-%m-%d %H:%M} UTC of {snapshot.volume_id})"
    return Decision(snapshot.id, Action.DELETE, words, DeleteSnapshot(snapshot.id))


def _postponed(decision: Decision, inventory: Inventory) -> Decision:
    if decision.resource not in inventory.unasked:
        return decision
    words = f"{decision.reason}; a later run asks with whom it is shared, and deletes it if with nobody"
    return replace(decision, reason=words, change=DeleteLater(decision.resource))


def _keep(snapshot: Snapshot, reason: str) -> Decision:
    return Decision(snapshot.id, Action.KEEP, reason)


def _doomed(decisions: Iterable[Decision]) -> Iterator[str]:
    return (decision.resource for decision in decisions if decision.action is Action.DELETE)


def _in_scope(inventory: Inventory, request: CleanupRequest) -> list[Snapshot]:
    """From the oldest on: where the time does not suffice for all, the newest are left."""
    covered = [snapshot for snapshot in inventory.snapshots if _covers(request, snapshot)]
    return sorted(covered, key=lambda snapshot: (snapshot.started, snapshot.id))


def _covers(request: CleanupRequest, snapshot: Snapshot) -> bool:
    """Ids are united, plans intersect."""
    named = {*(request.instance_ids or ()), *(request.volume_ids or ())}
    by_id = not named or not named.isdisjoint({source_volume(snapshot), snapshot.tags.get(INSTANCE)})
    return by_id and (not request.plans or not slots_of(snapshot).keys().isdisjoint(request.plans))


def _not_found(inventory: Inventory, request: CleanupRequest) -> list[Decision]:
    known = {id_ for snapshot in inventory.snapshots for id_ in (source_volume(snapshot), snapshot.tags.get(INSTANCE))}
    named = dict.fromkeys([*(request.instance_ids or ()), *(request.volume_ids or ())])
    return [
        Decision(id_, Action.SKIP, f"not found in {inventory.region}: no snapshot of ours is of it")
        for id_ in named
        if id_ not in known
    ]


def _notes(inventory: Inventory, kept: Sequence[Snapshot], policy: Policy) -> list[str]:
    seen = {plan for snapshot in inventory.snapshots for plan in slots_of(snapshot)}
    unseen = [plan for plan in policy.backup.plans if plan not in seen]
    vanished = sorted(seen - policy.backup.plans.keys())
    return [
        *(f"no snapshot of plan {plan} is to be seen in {inventory.region}" for plan in unseen),
        *(f"plan {plan} is no longer in the policy: all that it saved stays" for plan in vanished),
        *_unanswered(inventory),
        *_of_the_gone(inventory, kept, policy),
    ]


def _unanswered(inventory: Inventory) -> list[str]:
    """A denial of the question keeps everything for ever, so it is said aloud."""
    unclear = sum(MAY_BE_SHARED in reason for reason in inventory.holders.outside.values())
    return [f"of {unclear} snapshots AWS would not say with whom they are shared: they stay"] if unclear else []


def _of_the_gone(inventory: Inventory, kept: Sequence[Snapshot], policy: Policy) -> list[str]:
    note = left_behind(kept, inventory.holders.living, policy)
    return [note] if note else []


JOB = Job("cleanup", CleanupRequest, read, plan, guard, apply)
