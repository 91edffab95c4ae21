"""What there is of one network: its parts are found in a region by our tags, and what links them beside them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv6Network

from nightshift.fleet import Tags
from nightshift.plan.network import links, parts, region
from nightshift.plan.network.parts import Part
from nightshift.plan.network.region import Record, Region
from nightshift.plan.tags import ADOPTED, NETWORK, NETWORK_STACK, RESOURCE

# NAT gateways and endpoints are still described for a while after their end; others are gone at once.
_OVER = frozenset({"deleted", "failed", "rejected", "expired"})
_SUBNET_BITS = 64


class Held(Enum):
    """How a part came to the network."""

    MADE = "made by it"
    ADOPTED = "adopted"
    TO_ADOPT = "to be adopted"


@dataclass(frozen=True, slots=True)
class Present:
    """A part that is there. id: AWS's handle of it. ready: it can be built on. ending: it is being deleted."""

    part: Part
    id: str
    ready: bool = True
    ending: bool = False
    held: Held = Held.MADE
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Survey:
    """parts: by key. faults: why nothing may be built on it. former: ids of what failed or was deleted, by key."""

    parts: Mapping[str, Present]
    faults: Sequence[str] = ()
    former: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def id_of(self, key: str) -> str | None:
        present = self.parts.get(key)
        return present.id if present else None


def is_ours(tags: Tags, network: str, stack_tag: str) -> bool:
    """A part of this network, of this installation."""
    return tags.get(NETWORK) == network and tags.get(NETWORK_STACK) == stack_tag


def survey(found: Region, network: str, adopt: Mapping[str, str]) -> Survey:
    """adopt: the ids of what is to become part of the network, by key."""
    return _Surveyor(found, network, adopt).survey()


class _Surveyor:
    def __init__(self, found: Region, network: str, adopt: Mapping[str, str]) -> None:
        self._region, self._network, self._adopt = found, network, adopt
        self._faults: list[str] = []
        self._records: dict[str, Record] = {}
        self._key_of: dict[str, str] = {}

    def survey(self) -> Survey:
        former = self._gather()
        self._take_in()
        self._key_of = {record.id: key for key, record in self._records.items()}
        self._check_home()
        present = {each.part.key: each for each in (*self._resources(), *self._links())}
        return Survey(present, self._faults, former)

    def _gather(self) -> dict[str, tuple[str, ...]]:
        """Each resource of ours under its key; the ids of those that are no more."""
        found: dict[str, list[Record]] = defaultdict(list)
        former: dict[str, tuple[str, ...]] = {}
        for record in _all(self._region):
            key = record.tags.get(RESOURCE)
            if key is None or not is_ours(record.tags, self._network, self._region.stack_tag):
                continue
            if record.state.lower() in _OVER:
                former[key] = tuple(sorted((*former.get(key, ()), record.id)))
            else:
                found[key].append(record)
        for key, records in found.items():
            if len(records) > 1:
                ids = " and ".join(sorted(record.id for record in records))
                self._faults.append(
                    f"{ids} are both {key} of network {self._network}: two runs were under way at once. Delete the "
                    f"one that is not used, or take the tag {RESOURCE} off it"
                )
        self._records = {key: min(records, key=lambda record: record.id) for key, records in found.items()}
        return former

    def _take_in(self) -> None:
        by_id = {record.id: record for record in _all(self._region)}
        for key, id_ in self._adopt.items():
            already = self._records.get(key)
            record = by_id.get(id_)
            if already and already.id != id_:
                self._faults.append(f"{key} is {already.id} already: {id_} cannot be adopted in its place")
            elif record is None:
                self._faults.append(f"{id_} was not found in {self._region.name}: it cannot be adopted as {key}")
            elif already is None and NETWORK in record.tags:
                owner = f"{record.tags[NETWORK]} ({record.tags.get(RESOURCE, 'no part')})"
                self._faults.append(f"{id_} is of network {owner}: it cannot be adopted as {key}")
            elif already is None and (unfit := self._unfit(key.partition("/")[2], record)):
                self._faults.append(f"{id_} {unfit}: it cannot be adopted as {key}")
            elif already is None:
                self._records[key] = record

    def _unfit(self, name: str, record: Record) -> str | None:
        """Why this can never be what the network needs."""
        service = f"com.amazonaws.{self._region.name}.{name}"
        match record:
            case region.NatGateway(public=False):
                return "is a private NAT gateway, which leads to no Internet"
            case region.Endpoint() if record.type != "Gateway" or record.service != service:
                return f"is an endpoint of type {record.type} for {record.service}"
        return f"is {record.state}" if record.state.lower() in (*_OVER, "deleting") else None

    def _check_home(self) -> None:
        """What carries our tags must be in the VPC that does; else a second VPC would be built beside it."""
        vpc = self._records.get(f"vpc/{self._network}")
        for key, record in self._records.items():
            if record.vpc_id is None or (vpc and record.vpc_id == vpc.id):
                continue
            where = f"not in {vpc.id}" if vpc else f"and no VPC carries the tags of {self._network}"
            self._faults.append(
                f"{record.id} ({key}) is in {record.vpc_id}, {where}: "
                f'adopt the VPC that is meant ("adopt": {{"vpc": "..."}}), or delete what is left over'
            )

    def _resources(self) -> Iterator[Present]:
        for key, record in self._records.items():
            part = self._part(key.partition("/")[2], record)
            if part.key != key:
                self._faults.append(f"{record.id} carries {RESOURCE}={key}, but is a {part.key.partition('/')[0]}")
                continue
            yield Present(
                part,
                record.id,
                record.state.lower() == "available",
                record.state.lower() == "deleting",
                self._held(key),
                record.tags,
            )

    def _held(self, key: str) -> Held:
        tags = self._records[key].tags
        if not is_ours(tags, self._network, self._region.stack_tag):
            return Held.TO_ADOPT
        return Held.ADOPTED if ADOPTED in tags else Held.MADE

    def _part(self, name: str, record: Record) -> Part:
        network = self._network
        part: Part
        match record:
            case region.Vpc():
                part = parts.Vpc(network, record.cidr)
            case region.Subnet():
                part = parts.Subnet(network, name, record.cidr, record.zone)
            case region.Gateway():
                egress = record in self._region.egress_only_gateways
                part = parts.EgressOnlyGateway(network) if egress else parts.InternetGateway(network)
            case region.RouteTable():
                part = parts.RouteTable(network, name)
            case region.Address():
                part = parts.Address(network, name)
            case region.NatGateway():
                part = parts.NatGateway(network, name, self._named(record.subnet_id))
            case region.Endpoint():
                tables = sorted(self._key_of[id_] for id_ in record.table_ids if id_ in self._key_of)
                part = parts.Endpoint(network, name, tuple(tables))
            case _:
                raise TypeError(f"no part of a network: {record}")
        return part

    def _links(self) -> Iterator[Present]:
        for record in self._records.values():
            match record:
                case region.Vpc():
                    yield from self._blocks(record)
                case region.Gateway() if record.vpc_id and record in self._region.internet_gateways:
                    yield Present(links.Attachment(self._network), record.id)
                case region.RouteTable():
                    yield from self._routes(record)
                case region.Subnet():
                    yield from self._of_subnet(record)

    def _blocks(self, vpc: region.Vpc) -> Iterator[Present]:
        for block in vpc.blocks:
            if not block.live or block.cidr == vpc.cidr:
                continue
            part = links.Ipv6Block(self._network) if block.ipv6 else links.Block(self._network, block.cidr)
            yield Present(part, block.id, block.state == "associated")

    def _routes(self, table: region.RouteTable) -> Iterator[Present]:
        name = self._named(table.id).partition("/")[2]
        for route in table.routes:
            yield Present(links.Route(self._network, name, route.destination, self._named(route.target)), table.id)

    def _of_subnet(self, subnet: region.Subnet) -> Iterator[Present]:
        network, name = self._network, self._named(subnet.id).partition("/")[2]
        if subnet.gives_public_addresses:
            yield Present(links.PublicAddresses(network, name, given=True), subnet.id)
        vpc = next((each for each in self._region.vpcs if each.id == subnet.vpc_id), None)
        if subnet.ipv6 and vpc and vpc.ipv6 and vpc.ipv6.cidr:
            yield Present(links.SubnetIpv6(network, name, _number(subnet.ipv6, vpc.ipv6.cidr)), subnet.ipv6)
        for table in self._region.route_tables:
            for association in table.associations:
                if association.subnet_id == subnet.id:
                    yield Present(links.Association(network, name, self._named(table.id)), association.id)

    def _named(self, id_: str) -> str:
        """The key of what is ours, else the id itself."""
        return self._key_of.get(id_, id_)


def _all(found: Region) -> Iterator[Record]:
    groups: Iterable[Sequence[Record]] = (
        found.vpcs,
        found.internet_gateways,
        found.egress_only_gateways,
        found.subnets,
        found.route_tables,
        found.addresses,
        found.nat_gateways,
        found.endpoints,
    )
    return (record for group in groups for record in group)


def _number(of_subnet: str, of_vpc: str) -> int:
    start = int(IPv6Network(of_subnet).network_address) - int(IPv6Network(of_vpc).network_address)
    return start >> _SUBNET_BITS


def ipv6_block(of_vpc: str, number: int) -> str:
    """The /64 of this number of a VPC's IPv6 block."""
    start = int(IPv6Network(of_vpc).network_address) + (number << _SUBNET_BITS)
    return str(IPv6Network((start, _SUBNET_BITS)))
