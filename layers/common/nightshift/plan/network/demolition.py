"""Destroy a network: what it made goes, the last first; what it adopted stays and loses our tags.

Nothing is touched while somebody else's thing depends on what would go.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nightshift.outcome import Action, Decision
from nightshift.plan.network import links, parts
from nightshift.plan.network.region import Other, Record, Region
from nightshift.plan.network.steps import Step, kept, known, numbered
from nightshift.plan.network.survey import Held, Present, Survey

# The first go first. What is not named here goes with what it belongs to.
_ORDER = (
    parts.Endpoint,
    parts.NatGateway,
    parts.Address,
    links.Association,
    parts.RouteTable,
    parts.Subnet,
    parts.EgressOnlyGateway,
    links.Attachment,
    parts.InternetGateway,
    parts.Vpc,
)
MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Demolition:
    """faults: why nothing is destroyed."""

    decisions: Sequence[Decision]
    faults: Sequence[str]


def demolition(found: Region, network: str, present: Survey) -> Demolition:
    if not present.parts and not present.faults:
        nothing = f"not found in {found.name}: nothing carries the tags of network {network}"
        return Demolition([Decision(f"vpc/{network}", Action.SKIP, nothing)], [])
    there = sorted(present.parts.values(), key=lambda each: each.part.key)
    decisions = [_decision(each, present) for kind in _ORDER for each in there if type(each.part) is kind]
    users = [*_users(found, present)]
    faults = list(present.faults)
    if users:
        more = f" and {len(users) - MOST_NAMED} more" if len(users) > MOST_NAMED else ""
        faults.append(
            f"{network} is in use by {', '.join(users[:MOST_NAMED])}{more}: "
            "remove what is named and send the event again"
        )
    return Demolition(numbered(decisions), faults)


def _decision(present: Present, survey: Survey) -> Decision:
    part = present.part
    if isinstance(part, links.Attachment) and _stays(survey, *part.needs):
        return kept(present, "both ends were adopted, so it stays")
    if present.held is Held.ADOPTED:
        step = Step(Action.DETACH, part, present.id)
        return Decision(
            part.key, Action.DETACH, f"{present.id} was adopted: it stays, and our tags are taken off", step
        )
    # What it is attached to has an id of its own.
    step = Step(Action.DELETE, part, present.id, known(part, survey))
    going = "is being deleted: wait for its end" if present.ending else part.words
    return Decision(part.key, Action.DELETE, f"{present.id}, {going}", step)


def _stays(survey: Survey, *keys: str) -> bool:
    return all(key in survey.parts and survey.parts[key].held is Held.ADOPTED for key in keys)


def _users(found: Region, survey: Survey) -> Iterator[str]:
    """Whatever is not of this network and stands in what would go, or leads to it."""
    resources = {key: each for key, each in survey.parts.items() if isinstance(each.part, parts.Resource)}
    going = {each.id: key for key, each in resources.items() if each.held is not Held.ADOPTED}
    vpc = next((each for each in survey.parts.values() if isinstance(each.part, parts.Vpc)), None)
    in_vpc = vpc.id if vpc and vpc.held is not Held.ADOPTED else None
    ours = {each.id for each in survey.parts.values()}
    of_ours = {id_ for gateway in found.nat_gateways if gateway.id in ours for id_ in gateway.interface_ids}
    machines = {other.id for other in found.others if other.kind == "instance"}
    for other in found.others:
        part_of_known = other.id in of_ours or other.used_by in machines
        if not part_of_known and (other.vpc_id == in_vpc or other.subnet_id in going):
            yield _called(other, going.get(other.subnet_id or ""))
    for kind, record in _strangers(found):
        if record.id not in ours and record.vpc_id is not None and record.vpc_id == in_vpc:
            yield _named(kind, record)
    yield from _routes_to(found, going, ours)


def _routes_to(found: Region, going: dict[str, str], ours: set[str]) -> Iterator[str]:
    """Route tables of others that lead to a gateway of the network, or are used by one of its subnets."""
    for table in found.route_tables:
        for route in table.routes:
            if table.id not in ours and route.target in going:
                yield f"{_named('route table', table)} with a route to {going[route.target]}"


def _strangers(found: Region) -> Iterator[tuple[str, Record]]:
    yield from (("subnet", each) for each in found.subnets)
    yield from (("route table", each) for each in found.route_tables if not each.main)
    yield from (("internet gateway", each) for each in found.internet_gateways)
    yield from (("egress-only internet gateway", each) for each in found.egress_only_gateways)
    yield from (("endpoint", each) for each in found.endpoints if each.state.lower() != "deleted")
    yield from (("NAT gateway", each) for each in found.nat_gateways if each.state not in ("deleted", "failed"))


def _named(kind: str, record: Record) -> str:
    name = record.tags.get("Name")
    return f'{kind} {record.id} "{name}"' if name else f"{kind} {record.id}"


def _called(other: Other, subnet: str | None) -> str:
    name = f' "{other.name}"' if other.name else ""
    where = f" in {subnet}" if subnet else ""
    return f"{other.kind} {other.id}{name}{where}"
