"""What must be done so that a network is as declared: the difference between what is wanted and what is there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from nightshift.outcome import Action, Decision
from nightshift.plan.network import links, parts
from nightshift.plan.network.drawing import Drawing
from nightshift.plan.network.neighbours import clashes
from nightshift.plan.network.parts import Part, Resource
from nightshift.plan.network.region import Region
from nightshift.plan.network.steps import Marks, Step, kept, known, numbered
from nightshift.plan.network.survey import Held, Present, Survey

MOST_NAMED = 10

# How a person removes by hand what is not declared any more; the handle stands at the end.
_BY_HAND: Mapping[type[Part], str] = {
    parts.Subnet: "delete-subnet --subnet-id",
    parts.RouteTable: "delete-route-table --route-table-id",
    parts.NatGateway: "delete-nat-gateway --nat-gateway-id",
    parts.Address: "release-address --allocation-id",
    parts.Endpoint: "delete-vpc-endpoints --vpc-endpoint-ids",
    parts.InternetGateway: "delete-internet-gateway --internet-gateway-id",
    parts.EgressOnlyGateway: "delete-egress-only-internet-gateway --egress-only-internet-gateway-id",
    links.Block: "disassociate-vpc-cidr-block --association-id",
    links.Association: "disassociate-route-table --association-id",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """decisions: one for each part. faults: why the whole is refused. notes: what no single part can say."""

    decisions: Sequence[Decision]
    faults: Sequence[str]
    notes: Sequence[str] = ()


def difference(drawing: Drawing, found: Region, present: Survey, marks: Marks, allow_overlap: bool) -> Difference:
    faults = [*present.faults, *drawing.faults]
    faults += [] if allow_overlap else _overlaps(drawing, found, present)
    faults += [fault for part in drawing.parts if (fault := _conflict(part, present.parts.get(part.key)))]
    faults += _foreign_gateway(drawing, found, present)
    wanted = {part.key for part in drawing.parts}
    decisions = [decision for part in drawing.parts for decision in _decisions(part, present, marks)]
    undeclared = [each for key, each in present.parts.items() if key not in wanted]
    faults += [_needless(each, drawing) for each in undeclared if each.held is Held.TO_ADOPT]
    decisions += [_undeclared(each) for each in undeclared]
    return Difference(numbered(decisions), faults, _left_over(undeclared))


def _left_over(undeclared: Sequence[Present]) -> list[str]:
    """Nothing goes because an event leaves it out; but it costs on."""
    made = [each for each in undeclared if isinstance(each.part, Resource) and each.held is Held.MADE]
    if not made:
        return []
    keys = ", ".join(each.part.key for each in made[:MOST_NAMED]) + (", ..." if len(made) > MOST_NAMED else "")
    return [
        f"made by an earlier event, not declared any more, and still there: {keys}; how to remove each is said at it"
    ]


def _decisions(part: Part, survey: Survey, marks: Marks) -> list[Decision]:
    """What must be done for one part; it may have to be changed and tagged."""
    present = survey.parts.get(part.key)
    if present is None:
        tags = marks.of_new(part) if isinstance(part, Resource) else {}
        step = Step(Action.CREATE, part, None, known(part, survey), tuple(tags.items()), marks.seed(part, survey))
        return [Decision(part.key, Action.CREATE, part.words, step)]
    # Our role may change only what carries our mark.
    changes = [*_marked(part, present, marks), *_changed(part, present, survey)]
    return changes or [kept(present, f"{part.words}, as declared")]


def _changed(part: Part, present: Present, survey: Survey) -> Iterator[Decision]:
    if not part.met_by(present.part):
        lacking = part.lacking(present.part)
        step = Step(Action.REPLACE, lacking, present.id, known(lacking, survey))
        yield Decision(part.key, Action.REPLACE, f"{part.words}; now: {present.part.words}", step)
    elif not present.ready:
        step = Step(Action.CREATE, part, present.id, known(part, survey))
        yield Decision(part.key, Action.CREATE, f"{part.words}: {present.id} was begun by an earlier run", step)


def _marked(part: Part, present: Present, marks: Marks) -> Iterator[Decision]:
    """With the tags that it should have; what was adopted keeps its own."""
    if not isinstance(part, Resource) or present.held is Held.ADOPTED:
        return
    if present.held is Held.TO_ADOPT:
        step = Step(Action.ADOPT, part, present.id, tags=tuple(marks.of_adopted(part).items()))
        yield Decision(part.key, Action.ADOPT, f"{present.id}, {part.words}, becomes part of the network", step)
        return
    lacking = {key: value for key, value in marks.of_new(part).items() if present.tags.get(key) != value}
    if lacking:
        words = f"{present.id} gets {', '.join(f'{key}={value}' for key, value in lacking.items())}"
        yield Decision(part.key, Action.TAG, words, Step(Action.TAG, part, present.id, tags=tuple(lacking.items())))


def _undeclared(present: Present) -> Decision:
    by_hand = _BY_HAND.get(type(present.part))
    how = f"; to remove it: aws ec2 {by_hand} {present.id}" if by_hand else ""
    return kept(present, f"{present.part.words}: not declared, left alone{how}")


def _needless(present: Present, drawing: Drawing) -> str:
    part = present.part
    alike = ", ".join(each.key for each in drawing.parts if type(each) is type(part)) or "none"
    return f"{present.id} cannot be adopted as {part.key}: the network has none; of this kind it has: {alike}"


def _conflict(part: Part, present: Present | None) -> str | None:
    """Why what is there can never become what is wanted."""
    if present is None:
        return None
    if present.ending:
        return f"{part.key}: {present.id} is being deleted; send the event again when it is gone, in a few minutes"
    if part.changeable or part.met_by(present.part):
        return None
    return (
        f"{part.key}: declared is {part.words}, but {present.id} is {present.part.words}, which AWS cannot change in "
        "place: declare it as it is, or give what you want another name and delete the old one when it is not used"
    )


def _overlaps(drawing: Drawing, found: Region, present: Survey) -> Iterator[str]:
    """Of blocks that the VPC is yet to get; those that it has are beyond a refusal."""
    to_be = [
        IPv4Network(part.cidr)
        for part in drawing.parts
        if isinstance(part, parts.Vpc | links.Block) and part.key not in present.parts
    ]
    vpc = next((each.id for each in present.parts.values() if isinstance(each.part, parts.Vpc)), None)
    for clash in clashes(found, to_be, vpc):
        yield f'{clash}: they could never be connected; choose another, adopt that VPC, or send "allow_overlap": true'


def _foreign_gateway(drawing: Drawing, found: Region, present: Survey) -> Iterator[str]:
    """A VPC has one internet gateway."""
    vpc = next((each.id for each in present.parts.values() if isinstance(each.part, parts.Vpc)), None)
    ours = {each.id for each in present.parts.values() if isinstance(each.part, parts.InternetGateway)}
    if not any(isinstance(part, parts.InternetGateway) for part in drawing.parts):
        return
    for gateway in found.internet_gateways:
        if vpc and gateway.vpc_id == vpc and gateway.id not in ours:
            yield (
                f"{vpc} has an internet gateway already, {gateway.id}: "
                f'adopt it ("adopt": {{"internet_gateway": "{gateway.id}"}}), or detach it'
            )
