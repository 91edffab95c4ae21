"""Network: a VPC and what belongs to it, built as declared, shown, or destroyed. It remembers nothing but tags."""

from collections.abc import Sequence
from datetime import datetime

from nightshift.aws.network import others, reads
from nightshift.aws.network.works import Works
from nightshift.aws.session import Aws
from nightshift.aws.steps import in_order
from nightshift.durations import THE_BEGINNING
from nightshift.job import Job
from nightshift.outcome import Decision, Plan, Result
from nightshift.plan.network.declaration import NetworkRequest
from nightshift.plan.network.demolition import Demolition, demolition
from nightshift.plan.network.difference import Difference, difference
from nightshift.plan.network.drawing import draw
from nightshift.plan.network.region import Region
from nightshift.plan.network.steps import Marks
from nightshift.plan.network.survey import is_ours, survey
from nightshift.plan.network.tables import show
from nightshift.policy import Policy

EVERYTHING: dict[str, Sequence[str]] = {}


def read(aws: Aws, request: NetworkRequest, _policy: Policy, _now: datetime) -> Region:
    """The whole region: whose addresses overlap, and what stands in a VPC, is judged by the plan."""
    vpcs, subnets = reads.vpcs(aws, EVERYTHING), reads.subnets(aws, EVERYTHING)
    if request.name is None:
        return Region(aws.region, aws.settings.stack_tag, vpcs=vpcs, subnets=subnets)
    mine = [vpc.id for vpc in vpcs if is_ours(vpc.tags, request.name, aws.settings.stack_tag)]
    return Region(
        aws.region,
        aws.settings.stack_tag,
        () if request.destroy else reads.zones(aws),
        vpcs,
        subnets,
        reads.internet_gateways(aws, EVERYTHING),
        reads.egress_only_gateways(aws, EVERYTHING),
        reads.nat_gateways(aws, EVERYTHING),
        reads.addresses(aws, EVERYTHING),
        reads.route_tables(aws, EVERYTHING),
        reads.endpoints(aws, EVERYTHING),
        [other for id_ in mine for other in others.in_vpc(aws, id_)] if request.destroy else (),
    )


def plan(inventory: Region, request: NetworkRequest, _policy: Policy, now: datetime) -> Plan:
    """One decision for each part of the network, in the order of the steps; to show, one for each VPC."""
    if request.name is None:
        return show(inventory)
    planned = _planned(inventory, request, now)
    return Plan(planned.decisions, planned.notes)


def guard(inventory: Region, _plan: Plan, request: NetworkRequest, _policy: Policy) -> str | None:
    """A declaration that does not fit what is there, or a network that is in use, is refused as a whole."""
    if request.name is None:
        return None
    faults = _planned(inventory, request, THE_BEGINNING).faults
    return f"nothing was changed. {'. '.join(dict.fromkeys(faults))}" if faults else None


def apply(aws: Aws, decisions: Sequence[Decision]) -> Sequence[Result]:
    """One step after the other, up to the first that does not work; the same event again goes on from there."""
    return in_order(aws, decisions, Works().carry_out)


def _planned(inventory: Region, request: NetworkRequest, now: datetime) -> Difference | Demolition:
    if request.vpc is None:
        raise TypeError(f"no network is named: {request}")
    name = request.vpc.name
    present = survey(inventory, name, request.adopt.by_key(name))
    if request.destroy:
        return demolition(inventory, name, present)
    drawing = draw(request, request.vpc, inventory, present)
    marks = Marks(inventory.stack_tag, request.vpc.tags, now)
    return difference(drawing, inventory, present, marks, request.allow_overlap)


JOB = Job("network", NetworkRequest, read, plan, guard, apply, stepwise=True)
