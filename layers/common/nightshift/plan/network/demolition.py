"""Destroy a network: what it made goes, the last first; what it adopted stays and loses our tags.

Nothing is touched while somebody else's thing depends on what would go.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from nightshift.outcome import Action, Decision
from nightshift.plan.network import links, parts
from nightshift.plan.network.region import Region
from nightshift.plan.network.steps import Step, kept, known, numbered
from nightshift.plan.network.survey import Held, Present, Survey
from nightshift.plan.network.users import users_of
from nightshift.text import first_few

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
    notes: Sequence[str] = ()


def demolition(found: Region, network: str, present: Survey) -> Demolition:
    if not present.parts and not present.faults:
        nothing = f"not found in {found.name}: nothing carries the tags of network {network}"
        return Demolition([Decision(f"vpc/{network}", Action.SKIP, nothing)], [])
    there = sorted(present.parts.values(), key=lambda each: each.part.key)
    decisions = [_decision(each, present) for kind in _ORDER for each in there if type(each.part) is kind]
    users = [*users_of(found, present)]
    faults = list(present.faults)
    if users:
        named = first_few(users, MOST_NAMED)
        faults.append(f"{network} is in use by {named}: remove what is named and send the event again")
    return Demolition(numbered(decisions), faults)


def _decision(present: Present, survey: Survey) -> Decision:
    part = present.part
    if isinstance(part, links.Attachment | links.Association) and _stays(survey, *part.needs):
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
