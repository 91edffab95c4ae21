"""AWS as a small pure model: it takes the steps of a plan and says what a region holds after them.

It refuses what AWS would refuse: a part before what it builds on, and taking away what something stands on.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network
from itertools import count
from typing import Any

from nightshift.jobs import network as job
from nightshift.outcome import Action, Decision
from nightshift.plan.network import links, parts, region
from nightshift.plan.network.declaration import NetworkRequest
from nightshift.plan.network.parts import Part
from nightshift.plan.network.region import Region
from nightshift.plan.network.steps import IDENTITY, Step
from nightshift.plan.network.survey import ipv6_block
from nightshift.policy import Policy
from tests.support import NOW

ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")
IPV6 = "2a05:d014:0:4700::/56"
EMPTY = Region("eu-central-1", "nightshift", ZONES)


def planned(found: Region, event: dict[str, Any]) -> list[Decision]:
    return list(job.plan(found, NetworkRequest.model_validate(event), Policy(), NOW).decisions)


def refused(found: Region, event: dict[str, Any]) -> str | None:
    request = NetworkRequest.model_validate(event)
    return job.guard(found, job.plan(found, request, Policy(), NOW), request, Policy())


def steps(found: Region, event: dict[str, Any]) -> list[Step]:
    return [decision.change for decision in planned(found, event) if isinstance(decision.change, Step)]


def built(found: Region, event: dict[str, Any]) -> Region:
    return after(found, steps(found, event))


def after(found: Region, some: Iterable[Step]) -> Region:
    """The region when these steps of one run have been taken."""
    world = _World(found)
    for step in some:
        world.take(step)
    return world.region


@dataclass
class _World:
    region: Region
    # Of the run: ids by key.
    ids: dict[str, str] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(1))

    def take(self, step: Step) -> None:
        ids = dict(step.known) | self.ids
        match step.action:
            case Action.CREATE | Action.REPLACE:
                missing = [key for key in step.part.needs if key not in ids]
                assert not missing, f"{step.part.key} before {missing}"
                self.ids[step.part.key] = self._make(step, ids)
            case Action.TAG | Action.ADOPT:
                self._retag(step.id, lambda tags: {**tags, **dict(step.tags)})
            case Action.DETACH:
                self._retag(step.id, lambda tags: {key: tags[key] for key in tags if key not in IDENTITY})
            case Action.DELETE:
                assert step.id
                self._delete(step.part, step.id)
            case _:
                raise AssertionError(step)

    def _new(self, prefix: str) -> str:
        existing = {record.id for group in _groups(self.region).values() for record in group}
        return next(id_ for number in self.numbers if (id_ := f"{prefix}-{number:08x}") not in existing)

    def _set(self, group: str, records: list[Any]) -> None:
        changed: dict[str, Any] = {group: records}
        self.region = replace(self.region, **changed)

    def _add(self, group: str, record: Any) -> str:
        self._set(group, [*getattr(self.region, group), record])
        return str(record.id)

    def _edit(self, group: str, id_: str, **changes: Any) -> str:
        records = getattr(self.region, group)
        assert any(record.id == id_ for record in records), id_
        edited = [replace(record, **changes) if record.id == id_ else record for record in records]
        self._set(group, edited)
        return id_

    def _get(self, group: str, id_: str) -> Any:
        return next(record for record in getattr(self.region, group) if record.id == id_)

    def _retag(self, id_: str | None, change: Any) -> None:
        for group, records in _groups(self.region).items():
            for record in records:
                if record.id == id_:
                    self._edit(group, record.id, tags=change(record.tags))

    def _make(self, step: Step, ids: dict[str, str]) -> str:
        part, tags, vpc = step.part, dict(step.tags), ids.get(f"vpc/{step.part.network}", "")
        match part:
            case parts.Vpc():
                block = region.VpcBlock("vpc-cidr-1", part.cidr, "associated")
                made = self._add("vpcs", region.Vpc(self._new("vpc"), part.cidr, (block,), "available", False, tags))
            case links.Block() | links.Ipv6Block():
                cidr = part.cidr if isinstance(part, links.Block) else IPV6
                new = region.VpcBlock(f"vpc-cidr-{cidr}", cidr, "associated", isinstance(part, links.Ipv6Block))
                made = self._edit("vpcs", vpc, blocks=(*self._get("vpcs", vpc).blocks, new))
            case parts.InternetGateway():
                made = self._add("internet_gateways", region.Gateway(self._new("igw"), None, tags))
            case links.Attachment():
                made = self._edit("internet_gateways", ids[f"internet-gateway/{part.network}"], vpc_id=vpc)
            case parts.EgressOnlyGateway():
                made = self._add("egress_only_gateways", region.Gateway(self._new("eigw"), vpc, tags))
            case parts.Subnet() | links.SubnetIpv6() | links.PublicAddresses():
                made = self._make_subnet(part, ids, vpc, tags)
            case _:
                made = self._make_ways(step, part, ids, vpc, tags)
        return made

    def _make_subnet(self, part: Part, ids: dict[str, str], vpc: str, tags: dict[str, str]) -> str:
        match part:
            case parts.Subnet():
                self._check_room(part, vpc)
                id_ = self._new("subnet")
                subnet = region.Subnet(id_, vpc, part.cidr, part.zone, "available", 1, False, None, tags)
                return self._add("subnets", subnet)
            case links.SubnetIpv6():
                block = ipv6_block(IPV6, part.number)
                assert block not in {subnet.ipv6 for subnet in self.region.subnets}
                return self._edit("subnets", ids[f"subnet/{part.subnet}"], ipv6=block)
            case links.PublicAddresses():
                return self._edit("subnets", ids[f"subnet/{part.subnet}"], gives_public_addresses=part.given)
        raise AssertionError(part)

    def _make_ways(self, step: Step, part: Part, ids: dict[str, str], vpc: str, tags: dict[str, str]) -> str:
        match part:
            case parts.RouteTable():
                return self._add("route_tables", region.RouteTable(self._new("rtb"), vpc, False, (), (), tags))
            case links.Association():
                self._drop_associations(ids[f"subnet/{part.subnet}"])
                table = self._get("route_tables", ids[part.table])
                new = region.Association(f"rtbassoc-{part.subnet}", ids[f"subnet/{part.subnet}"])
                return self._edit("route_tables", table.id, associations=(*table.associations, new))
            case parts.Address():
                return self._add("addresses", region.Address(self._new("eipalloc"), "192.0.2.1", tags))
            case parts.NatGateway():
                eni = (f"eni-{part.name}",)
                gateway = region.NatGateway(self._new("nat"), vpc, ids[part.subnet], "available", eni, tags)
                return self._add("nat_gateways", gateway)
            case links.Route():
                table = self._get("route_tables", ids[f"route-table/{part.table}"])
                others = [route for route in table.routes if route.destination != part.destination]
                new_route = region.Route(part.destination, ids[part.target])
                return self._edit("route_tables", table.id, routes=(*others, new_route))
            case parts.Endpoint():
                return self._make_endpoint(step, part, ids, vpc)
        raise AssertionError(part)

    def _make_endpoint(self, step: Step, part: parts.Endpoint, ids: dict[str, str], vpc: str) -> str:
        tables = tuple(ids[key] for key in part.tables)
        if step.id:
            there = self._get("endpoints", step.id)
            return self._edit("endpoints", step.id, table_ids=(*there.table_ids, *tables))
        service = f"com.amazonaws.eu-central-1.{part.name}"
        new = region.Endpoint(self._new("vpce"), vpc, service, "available", tables, dict(step.tags))
        return self._add("endpoints", new)

    def _check_room(self, part: parts.Subnet, vpc: str) -> None:
        block = IPv4Network(part.cidr)
        assert any(block.subnet_of(IPv4Network(each)) for each in self._get("vpcs", vpc).ipv4)
        taken = [IPv4Network(each.cidr) for each in self.region.subnets if each.vpc_id == vpc]
        assert not any(block.overlaps(each) for each in taken)

    def _drop_associations(self, subnet_id: str) -> None:
        for table in self.region.route_tables:
            left = tuple(each for each in table.associations if each.subnet_id != subnet_id)
            self._edit("route_tables", table.id, associations=left)

    def _delete(self, part: Part, id_: str) -> None:
        here = self.region
        match part:
            case links.Attachment():
                assert not here.nat_gateways, "public addresses are mapped"
                self._edit("internet_gateways", id_, vpc_id=None)
                return
            case links.Association():
                for table in here.route_tables:
                    left = tuple(each for each in table.associations if each.id != id_)
                    self._edit("route_tables", table.id, associations=left)
                return
            case parts.Subnet():
                assert not [each for each in here.nat_gateways if each.subnet_id == id_]
            case parts.Address():
                assert not here.nat_gateways, "a NAT gateway holds it"
            case parts.RouteTable():
                assert not self._get("route_tables", id_).associations
            case parts.InternetGateway():
                assert self._get("internet_gateways", id_).vpc_id is None
            case parts.Vpc():
                groups = _groups(here)
                groups.pop("vpcs")
                assert not [each.id for group in groups.values() for each in group if each.vpc_id == id_]
            case _:
                pass
        for group, records in _groups(here).items():
            self._set(group, [each for each in records if each.id != id_])


def _groups(found: Region) -> dict[str, list[Any]]:
    names = (
        "vpcs",
        "subnets",
        "internet_gateways",
        "egress_only_gateways",
        "nat_gateways",
        "addresses",
        "route_tables",
        "endpoints",
    )
    return {name: list(getattr(found, name)) for name in names}


def is_empty(found: Region) -> bool:
    return not any(_groups(found).values())
