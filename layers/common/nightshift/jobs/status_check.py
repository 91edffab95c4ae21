"""Status check: who became impaired or recovered since people were last told; and a remedy where they opted in."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import batched

from nightshift.aws import instances, status
from nightshift.aws.changes import carry_out
from nightshift.aws.faults import TAG_POLICY
from nightshift.aws.notify import publish
from nightshift.aws.power import Power
from nightshift.aws.session import Aws
from nightshift.aws.tagging import create_tags
from nightshift.errors import AwsError, Fault
from nightshift.fleet import Instance
from nightshift.job import Job, no_guard
from nightshift.outcome import Action, Change, Decision, Plan, Result, Status
from nightshift.plan.health import Announced, Health, in_words, unclear
from nightshift.plan.mute import Mute, mute
from nightshift.plan.outage import outages
from nightshift.plan.remedies import (
    Care,
    Case,
    Verdict,
    could_help,
    interrupted,
    opted_in,
    remedied_at,
    remedy_for,
    stopped_by_remedy,
)
from nightshift.plan.slots import slot_text
from nightshift.plan.tags import REMEDIED, STATUS
from nightshift.plan.transition import Transition, left_stopped, transition
from nightshift.policy import Policy
from nightshift.report.message import compose, headline
from nightshift.request import FleetRequest

# AWS recommends smaller batches than the 1,000 resources that CreateTags takes.
MOST_TAGGED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Inventory:
    """health: by instance. instance_storage: by instance type, of those that may get a remedy."""

    region: str
    instances: Mapping[str, Instance]
    health: Mapping[str, Health]
    instance_storage: Mapping[str, bool | None]

    def health_of(self, instance: Instance) -> Health:
        return self.health.get(instance.id) or Health(instance.id)


def read(aws: Aws, _request: FleetRequest, _policy: Policy, _now: datetime) -> Inventory:
    fleet = {instance.id: instance for instance in instances.all_instances(aws)}
    health = {each.instance_id: each for each in status.all_health(aws)}
    types = {
        instance.type
        for instance in fleet.values()
        if opted_in(instance) and instance.id in health and could_help(health[instance.id])
    }
    return Inventory(aws.region, fleet, health, status.instance_storage(aws, types) if types else {})


def plan(inventory: Inventory, request: FleetRequest, policy: Policy, now: datetime) -> Plan:
    """One decision for each instance of the region, or for each that is named by id."""
    named = request.instance_ids
    ill = outages(inventory.instances.values(), inventory.health, policy.status_check.max_impaired_percent)
    judge = _Judge(inventory, policy, now, ill)
    in_scope = [each for each in inventory.instances.values() if named is None or each.id in named]
    decisions = [judge.decision(instance) for instance in in_scope]
    decisions += [
        Decision(id_, Action.SKIP, f"not found in {inventory.region}")
        for id_ in dict.fromkeys(named or ())
        if id_ not in inventory.instances
    ]
    running = [inventory.health_of(instance) for instance in in_scope if instance.state == "running"]
    gauges = {
        "Impaired": sum(bool(health.failing) for health in running),
        "WithoutStatus": sum(health.told_nothing for health in running),
    }
    return Plan(decisions, _notes(inventory, decisions, gauges["WithoutStatus"]), gauges)


def apply(aws: Aws, decisions: Sequence[Decision]) -> Sequence[Result]:
    """The message first, then the state in the tags, then the remedies: what crashes in between is told again."""
    told = {result.resource: result for result in _announce(aws, decisions)}
    remedies = [_after(told.get(decision.resource), decision) for decision in decisions if _care(decision).remedy]
    treated = {result.resource: result for result in carry_out(aws, remedies, Power().remedy)}
    both = [(told.get(decision.resource), treated.get(decision.resource)) for decision in decisions]
    return [result for first, then in both if (result := _as_one(first, then))]


def _announce(aws: Aws, decisions: Sequence[Decision]) -> Sequence[Result]:
    news = [decision for decision in decisions if _care(decision).transition]
    message = compose([_care(decision) for decision in news], aws.region)
    if message is None:
        return []
    try:
        publish(aws, message.subject, message.text)
    except AwsError as error:
        note = f"nobody was told, so the next run tells it again: {error.message[:300]}"
        return [Result.of(decision, Status.FAILED, error.code, note) for decision in news]
    return carry_out(aws, _tag_writes(news), _write_tag)


@dataclass(frozen=True, slots=True)
class _StatusTag(Change):
    """One value of nightshift:status for up to 200 instances."""

    value: str
    batch: int


def _tag_writes(news: Sequence[Decision]) -> list[Decision]:
    """The same decisions, those of one value sharing a call."""
    by_value: dict[str, list[Decision]] = defaultdict(list)
    for decision in news:
        if change := _care(decision).transition:
            by_value[change.tag_value].append(decision)
    return [
        Decision(decision.resource, decision.action, decision.reason, _StatusTag(value, number))
        for value, sharing in by_value.items()
        for number, batch in enumerate(batched(sharing, MOST_TAGGED_AT_ONCE, strict=False))
        for decision in batch
    ]


def _write_tag(aws: Aws, decisions: Sequence[Decision], attempt: int) -> Sequence[Result]:
    """One that AWS refuses (gone, or 50 tags already) must not let the others be announced again: halve and halve.

    What an organization's tag policy refuses for one instance it refuses for all.
    """
    change = decisions[0].change
    if not isinstance(change, _StatusTag):
        raise TypeError(f"no status tag: {change}")
    try:
        create_tags(aws, [decision.resource for decision in decisions], {STATUS: change.value})
    except AwsError as error:
        if error.fault not in (Fault.GONE, Fault.TAGS, Fault.PERMANENT):
            raise
        if len(decisions) == 1 or error.code == TAG_POLICY or not aws.time_for(0):
            return [_untagged(decision, error) for decision in decisions]
        half = len(decisions) // 2
        return [*_write_tag(aws, decisions[:half], attempt), *_write_tag(aws, decisions[half:], attempt)]
    return [Result.of(decision, Status.DONE, note="announced") for decision in decisions]


def _untagged(decision: Decision, error: AwsError) -> Result:
    if error.fault is Fault.GONE:
        return Result.of(decision, Status.DONE, note="announced; it is gone meanwhile")
    note = f"announced, but {STATUS} could not be written, so the next run tells it again: {error.message[:300]}"
    return Result.of(decision, Status.FAILED, error.code, note)


def _after(told: Result | None, decision: Decision) -> Decision:
    """The decision on a remedy, with what became of its message."""
    return replace(decision, reason=told.reason) if told else decision


def _as_one(told: Result | None, treated: Result | None) -> Result | None:
    """One result for the message and the remedy: the remedy's, unless only the message failed or was done."""
    if told is None or treated is None:
        return told or treated
    if treated.outcome not in (Status.DONE, Status.SKIPPED):
        return treated
    if told.outcome is not Status.DONE:
        return replace(treated, action=Action.REMEDY, outcome=told.outcome, error=told.error)
    return replace(treated, action=Action.ANNOUNCE, outcome=Status.DONE) if _skipped(treated) else treated


def _skipped(result: Result) -> bool:
    return result.outcome is Status.SKIPPED


def _care(decision: Decision) -> Care:
    if not isinstance(decision.change, Care):
        raise TypeError(f"no care: {decision.change}")
    return decision.change


@dataclass(frozen=True, slots=True)
class _Judge:
    """Of which instance people are told now, which one gets a remedy, which is left alone, and why.

    outages: by zone, those of the whole region, also where only some instances are named.
    """

    inventory: Inventory
    policy: Policy
    now: datetime
    outages: Mapping[str, str]

    def decision(self, instance: Instance) -> Decision:
        announced = Announced.of(instance.tags)
        muted = mute(instance.tags, self.policy.zone, self.now)
        doubts = [muted.fault, "" if announced.readable else f"{STATUS} cannot be read and counts as ok"]
        if instance.state != "running":
            return self._not_running(instance, announced, muted, doubts)
        health = self.inventory.health_of(instance)
        change = transition(announced, health, self.now, remedied_at(instance.tags))
        verdict = self._remedy(instance, health, muted)
        if change is None or muted.until:
            words = self._left_as_it_is(announced, health, change, muted)
            return _decision(instance, [*words, verdict.reason, *doubts], None, verdict)
        return _decision(instance, [change.words, unclear(health), verdict.reason, *doubts], change, verdict)

    def _remedy(self, instance: Instance, health: Health, muted: Mute) -> Verdict:
        after, outage = self.policy.status_check.remedy_after_time, self.outages.get(instance.zone, "")
        return remedy_for(Case(instance, health, after, muted.until, self.inventory.instance_storage, self.now, outage))

    @staticmethod
    def _left_as_it_is(announced: Announced, health: Health, change: Transition | None, muted: Mute) -> list[str]:
        if later := _told_later(change, muted):
            return later
        if health.told_nothing:
            return ["AWS has no status of it", "" if announced.since is None else f"announced: {_state(announced)}"]
        return [_state(announced), unclear(health)]

    def _not_running(self, instance: Instance, announced: Announced, muted: Mute, doubts: Sequence[str]) -> Decision:
        """A stop is no recovery: what was announced stands until the instance runs and is checked again."""
        verdict = interrupted(instance, announced, muted.until, self.now)
        remedied = stopped_by_remedy(instance, announced, self.now)
        change = left_stopped(announced, remedied) if remedied else None
        if change and not muted.until:
            return _decision(instance, [change.words, *doubts], change, verdict)
        stands = f"; announced: {_state(announced)}" if announced.since else ""
        words = [f"it is {instance.state}, which changes nothing{stands}", *_told_later(change, muted), verdict.reason]
        return _decision(instance, [*words, *doubts], None, verdict)


def _told_later(change: Transition | None, muted: Mute) -> list[str]:
    """What people are not told yet."""
    if change is None or muted.until is None:
        return []
    return [f"{change.words}; told when its mute ends at {slot_text(muted.until)}"]


def _decision(instance: Instance, words: Sequence[str], change: Transition | None, verdict: Verdict) -> Decision:
    reason = "; ".join(filter(None, words))
    if change is None and verdict.remedy is None:
        return Decision(instance.id, Action.KEEP, reason)
    action = Action.REMEDY if verdict.remedy else Action.ANNOUNCE
    care = Care(
        instance.id,
        instance.tags.get("Name", ""),
        instance.zone,
        change,
        verdict.remedy,
        instance.tags.get(REMEDIED),
        verdict.reason,
    )
    return Decision(instance.id, action, reason, care)


def _state(announced: Announced) -> str:
    since = f", since {slot_text(announced.since)}" if announced.since else ""
    return f"{in_words(announced.state)}{since}"


def _notes(inventory: Inventory, decisions: Sequence[Decision], without_status: int) -> list[str]:
    if not decisions:
        return [f"there is no instance in {inventory.region}"]
    news = headline(decision.change for decision in decisions if isinstance(decision.change, Care))
    silent = f"{without_status} running without any status at AWS" if without_status else ""
    return [*filter(None, [f"to announce: {news}" if news else "", silent])]


JOB = Job("status_check", FleetRequest, read, plan, no_guard, apply)
