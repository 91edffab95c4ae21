"""Tagging: instances get the tags of the policy's rules, their volumes and network interfaces get the instances'."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import batched

from nightshift.aws import instances, interfaces, volumes
from nightshift.aws.changes import carry_out
from nightshift.aws.faults import TAG_POLICY
from nightshift.aws.session import Aws
from nightshift.aws.tagging import create_tags
from nightshift.errors import AwsError, Fault
from nightshift.fleet import Instance, Interface, Tags, Volume
from nightshift.job import Job, no_guard
from nightshift.outcome import Action, Change, Decision, Plan, Result, Status
from nightshift.plan.tag_rules import Place, TagVerdict, by_rules, propagated
from nightshift.policy import Policy, Tagging
from nightshift.request import FleetRequest

# CreateTags takes 1,000 resources, but "we recommend breaking up this request into smaller batches" (API reference).
MOST_AT_ONCE = 200

# Refusals that one resource can bring upon all that are named in the same call.
_OF_SOME_RESOURCE = (Fault.GONE, Fault.TAGS, Fault.PERMANENT)

NOTHING_TO_DO = "the policy has no tagging rules and propagates nothing"
AS_WANTED = "its tags are as the policy wants them"


@dataclass(frozen=True, slots=True)
class Inventory:
    """instances: those in scope, and whatever else has a volume of theirs attached (Multi-Attach)."""

    place: Place
    instances: Mapping[str, Instance] = field(default_factory=dict)
    volumes: Sequence[Volume] = ()
    interfaces: Sequence[Interface] = ()


@dataclass(frozen=True, slots=True)
class SetTags(Change):
    """One CreateTags call."""

    resource_ids: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]


def read(aws: Aws, request: FleetRequest, policy: Policy, _now: datetime) -> Inventory:
    """Nothing that the policy has no use for; narrowed by id, as nothing here is judged by its share of the whole."""
    place = Place(aws.region, aws.account)
    if _asks_nothing(policy.tagging):
        return Inventory(place)
    if request.instance_ids is None:
        fleet = instances.all_instances(aws)
        return Inventory(place, _by_id(fleet), *_attached_to_any(aws, policy.tagging))
    fleet = instances.with_ids(aws, request.instance_ids)
    disks, nics = _attached_to(aws, fleet, policy.tagging)
    sharing = {id_ for disk in disks for id_ in disk.instance_ids} - {instance.id for instance in fleet}
    return Inventory(place, _by_id([*fleet, *instances.with_ids(aws, sorted(sharing))]), disks, nics)


def _attached_to_any(aws: Aws, wanted: Tagging) -> tuple[Sequence[Volume], Sequence[Interface]]:
    return (volumes.all_volumes(aws), interfaces.all_attached(aws)) if wanted.propagate else ((), ())


def _attached_to(aws: Aws, fleet: Sequence[Instance], wanted: Tagging) -> tuple[Sequence[Volume], Sequence[Interface]]:
    ids = [instance.id for instance in fleet]
    return (volumes.of_instances(aws, ids), interfaces.of_instances(aws, ids)) if wanted.propagate else ((), ())


def plan(inventory: Inventory, request: FleetRequest, policy: Policy, _now: datetime) -> Plan:
    """One decision for each instance in scope and, where there is something to propagate, for what is attached."""
    if _asks_nothing(policy.tagging):
        return Plan([], [NOTHING_TO_DO])
    judge = _Judge(inventory, request, policy.tagging)
    verdicts = judge.verdicts()
    changes = _changes(verdicts)
    decisions = [
        *(_decision(id_, verdict, changes.get(id_), judge.unclaimed(id_)) for id_, verdict in verdicts.items()),
        *(Decision(id_, Action.SKIP, reason) for id_, reason in judge.left_alone()),
    ]
    return Plan(decisions, [] if decisions else [f"there is no instance in {inventory.place.region}"])


def apply(aws: Aws, decisions: Sequence[Decision]) -> Sequence[Result]:
    """What is refused for several resources is sent again in parts, until those that are to blame stand alone."""
    results: list[Result] = []
    waiting = list(decisions)
    while waiting:
        parts: list[Decision] = []
        results += carry_out(aws, waiting, partial(_tag_or_split, parts))
        waiting = parts
    return results


def _tag_or_split(parts: list[Decision], aws: Aws, group: Sequence[Decision], _attempt: int) -> Sequence[Result]:
    """parts: takes up the decisions that are to be sent again in smaller calls; they have no result yet."""
    try:
        return _tag(aws, group)
    except AwsError as error:
        smaller = _smaller(group, error)
        if len(smaller) <= 1:
            raise
        parts.extend(decision for part in smaller for decision in _as_one_call(part))
        return []


def _tag(aws: Aws, group: Sequence[Decision]) -> Sequence[Result]:
    change = group[0].change
    if not isinstance(change, SetTags):
        raise TypeError(f"no tagging: {change}")
    try:
        create_tags(aws, change.resource_ids, dict(change.tags))
    except AwsError as error:
        if error.fault is not Fault.GONE or len(group) > 1:
            raise
        gone = replace(group[0], action=Action.SKIP)
        return [Result.of(gone, Status.SKIPPED, error.code, "it is gone since it was read")]
    return [Result.of(decision, Status.DONE) for decision in group]


def _smaller(group: Sequence[Decision], error: AwsError) -> list[Sequence[Decision]]:
    """The parts in which a call that was refused may do better; one part where none will."""
    if error.code == TAG_POLICY:
        kinds: dict[str, list[Decision]] = defaultdict(list)
        for decision in group:
            kinds[decision.resource.partition("-")[0]].append(decision)
        return list(kinds.values())
    if error.fault in _OF_SOME_RESOURCE:
        return list(batched(group, (len(group) + 1) // 2, strict=False))
    return [group]


def _as_one_call(group: Sequence[Decision]) -> Iterator[Decision]:
    ids = tuple(decision.resource for decision in group)
    for decision in group:
        if isinstance(decision.change, SetTags):
            yield replace(decision, change=replace(decision.change, resource_ids=ids))


@dataclass(frozen=True, slots=True)
class _Attached:
    """A volume or a network interface, and the instances of the inventory that it is attached to."""

    id: str
    tags: Tags
    owners: Sequence[Instance]


@dataclass(frozen=True, slots=True)
class _Judge:
    """What each resource in scope gets, and which are left alone for what they are."""

    inventory: Inventory
    request: FleetRequest
    wanted: Tagging

    def verdicts(self) -> dict[str, TagVerdict]:
        """By resource id, of all in scope that can be tagged."""
        fleet = self.inventory.instances
        on_instances = {
            id_: by_rules(instance, self.inventory.place, self.wanted.rules)
            for id_, instance in fleet.items()
            if not instance.ending
        }
        in_scope = {id_: verdict for id_, verdict in on_instances.items() if self._in_scope(id_)}
        for attached in self._attached():
            tags_to_be = {owner.id: on_instances[owner.id].after for owner in attached.owners if not owner.ending}
            if tags_to_be:
                in_scope[attached.id] = propagated(attached.tags, tags_to_be, self.wanted.propagate)
        return in_scope

    def unclaimed(self, resource_id: str) -> str:
        """Why nobody says anything about the tags of a resource."""
        if resource_id in self.inventory.instances:
            return "no rule applies to it"
        return f"its instance has none of {', '.join(self.wanted.propagate)}"

    def left_alone(self) -> Iterator[tuple[str, str]]:
        """Ids and reasons."""
        fleet = self.inventory.instances
        for instance in fleet.values():
            if instance.ending and self._in_scope(instance.id):
                yield instance.id, f"it is {instance.state}"
        for attached in self._attached():
            if all(owner.ending for owner in attached.owners):
                yield attached.id, f"its instance {attached.owners[0].id} is {attached.owners[0].state}"
        for id_ in dict.fromkeys(self.request.instance_ids or ()):
            if id_ not in fleet:
                yield id_, f"not found in {self.inventory.place.region}"

    def _attached(self) -> Iterator[_Attached]:
        fleet = self.inventory.instances
        everything = [
            *((volume.id, volume.tags, volume.instance_ids) for volume in self.inventory.volumes),
            *((nic.id, nic.tags, (nic.instance_id,)) for nic in self.inventory.interfaces),
        ]
        for id_, tags, instance_ids in everything:
            owners = [fleet[instance_id] for instance_id in sorted(instance_ids) if instance_id in fleet]
            if any(self._in_scope(owner.id) for owner in owners):
                yield _Attached(id_, tags, owners)

    def _in_scope(self, instance_id: str) -> bool:
        return self.request.instance_ids is None or instance_id in self.request.instance_ids


def _asks_nothing(wanted: Tagging) -> bool:
    return not wanted.rules and not wanted.propagate


def _by_id(fleet: Sequence[Instance]) -> dict[str, Instance]:
    return {instance.id: instance for instance in fleet}


def _changes(verdicts: Mapping[str, TagVerdict]) -> dict[str, SetTags]:
    """By resource id; resources that get the same tags share a call."""
    groups: dict[tuple[tuple[str, str], ...], list[str]] = defaultdict(list)
    for id_, verdict in sorted(verdicts.items()):
        if verdict.to_write:
            groups[tuple(sorted(verdict.to_write.items()))].append(id_)
    return {
        id_: SetTags(ids, tags)
        for tags, all_ids in groups.items()
        for ids in batched(all_ids, MOST_AT_ONCE, strict=False)
        for id_ in ids
    }


def _decision(resource_id: str, verdict: TagVerdict, change: SetTags | None, unclaimed: str) -> Decision:
    action = Action.TAG if change or verdict.error else Action.SKIP
    reason = verdict.reason or (AS_WANTED if verdict.claimed else unclaimed)
    return Decision(resource_id, action, reason, change, verdict.error)


JOB = Job("tagging", FleetRequest, read, plan, no_guard, apply)
