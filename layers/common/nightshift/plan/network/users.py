"""Who else uses what a network has made: as long as somebody does, nothing of it goes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nightshift.plan.network import parts
from nightshift.plan.network.region import Other, Record, Region
from nightshift.plan.network.survey import Held, Survey


def users_of(found: Region, survey: Survey) -> Iterator[str]:
    """Each by its kind, id and name, and what it uses."""
    resources = {key: each for key, each in survey.parts.items() if isinstance(each.part, parts.Resource)}
    vpc = next((each for each in resources.values() if isinstance(each.part, parts.Vpc)), None)
    ours = frozenset(each.id for each in survey.parts.values())
    going = {each.id: key for key, each in resources.items() if each.held is not Held.ADOPTED}
    users = _Users(
        found,
        ours,
        going,
        in_vpc=vpc.id if vpc and vpc.held is not Held.ADOPTED else None,
        nat_interfaces=frozenset(id_ for each in found.nat_gateways if each.id in going for id_ in each.interface_ids),
    )
    yield from users.inside()
    yield from users.through_gateways()
    yield from users.on_addresses()
    yield from users.on_route_tables()


@dataclass(frozen=True, slots=True)
class _Users:
    """ours: the ids of the network. going: the parts of it that would go, by id. in_vpc: the VPC, where it goes too.

    nat_interfaces: those of the NAT gateways that would go.
    """

    found: Region
    ours: frozenset[str]
    going: Mapping[str, str]
    in_vpc: str | None
    nat_interfaces: frozenset[str]

    def inside(self) -> Iterator[str]:
        """What stands in the VPC, or in one of its subnets; an interface of an instance that is named goes with it."""
        named = {other.id for other in self.found.others if self._is_inside(other)}
        for other in self.found.others:
            if other.id in named and other.used_by not in named:
                yield _called(other, self.going.get(other.subnet_id or ""))
        for kind, record in _strangers(self.found):
            if record.id not in self.ours and record.vpc_id is not None and record.vpc_id == self.in_vpc:
                yield _named(kind, record)

    def through_gateways(self) -> Iterator[str]:
        """Public addresses in a VPC that stays hold its internet gateway: AWS does not detach it then."""
        vpc_ids = {each.vpc_id for each in self.found.internet_gateways if each.id in self.going} - {self.in_vpc}
        for other in self.found.others:
            if other.public and other.vpc_id in vpc_ids and other.id not in self.nat_interfaces:
                yield f"{_called(other, None)}{_of(other)}, whose public address needs the internet gateway"

    def on_addresses(self) -> Iterator[str]:
        for address in self.found.addresses:
            if address.id in self.going and address.used_by and address.used_by not in self.nat_interfaces:
                yield f"network interface {address.used_by}, which has {self.going[address.id]} {address.public_ip}"

    def on_route_tables(self) -> Iterator[str]:
        """Others' subnets and endpoints on a table that would go; others' tables that lead to what would go, and
        others' subnets on one that was adopted and does."""
        for table in self.found.route_tables:
            if table.id in self.going:
                yield from (
                    f"subnet {each.subnet_id}, which uses {self.going[table.id]}"
                    for each in table.associations
                    if each.subnet_id not in self.ours
                )
                continue
            led_to = [self.going[route.target] for route in table.routes if route.target in self.going]
            if led_to and table.id not in self.ours:
                yield f"{_named('route table', table)} with a route to {', '.join(led_to)}"
            elif led_to:
                yield from (
                    f"subnet {each.subnet_id}, whose route table {table.id} leads to {', '.join(led_to)}"
                    for each in table.associations
                    if each.subnet_id not in self.ours
                )
        for endpoint in self.found.endpoints:
            used = [self.going[id_] for id_ in endpoint.table_ids if id_ in self.going]
            foreign = endpoint.id not in self.ours and endpoint.vpc_id != self.in_vpc
            if foreign and used and endpoint.state.lower() != "deleted":
                yield f"{_named('endpoint', endpoint)}, which uses {', '.join(used)}"

    def _is_inside(self, other: Other) -> bool:
        if other.id in self.nat_interfaces:
            return False
        return other.vpc_id == self.in_vpc or other.subnet_id in self.going


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


def _of(other: Other) -> str:
    return f" of {other.used_by}" if other.used_by else ""
