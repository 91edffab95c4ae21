"""The network as it was declared: every part of it, in the order in which they build on each other.

Whatever is there already keeps its place: addresses, zones and the subnets of NAT gateways never move.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from nightshift.plan.network import links, parts
from nightshift.plan.network.blocks import free_block, overlaps
from nightshift.plan.network.declaration import SPREAD, NetworkRequest, SubnetDeclaration, VpcDeclaration
from nightshift.plan.network.links import ALL_IPV4, ALL_IPV6
from nightshift.plan.network.parts import Part
from nightshift.plan.network.region import Region
from nightshift.plan.network.survey import Held, Survey

PUBLIC = "public"
MOST_IPV6_SUBNETS = 256  # a /56 has so many /64


@dataclass(frozen=True, slots=True)
class Drawing:
    """faults: why it cannot be built as declared, and what to do."""

    parts: Sequence[Part]
    faults: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Plot:
    """One subnet that is to be: a declared one, or one of those that are spread over the zones."""

    name: str
    declared: SubnetDeclaration
    zone: str

    @property
    def key(self) -> str:
        return f"{parts.Subnet.kind}/{self.name}"


def draw(request: NetworkRequest, vpc: VpcDeclaration, found: Region, present: Survey) -> Drawing:
    return _Drawer(request, vpc, found, present).draw()


class _Drawer:
    def __init__(self, request: NetworkRequest, vpc: VpcDeclaration, found: Region, present: Survey) -> None:
        self._request, self._vpc, self._region, self._present = request, vpc, found, present
        self._network = vpc.name
        self._faults: list[str] = []

    def draw(self) -> Drawing:
        placed = self._placed(self._plots())
        subnets = [subnet for _, subnet in placed]
        public = [subnet for plot, subnet in placed if plot.declared.public]
        private = [subnet for plot, subnet in placed if not plot.declared.public]
        gateways = self._nat_gateways(public, private)
        tables = self._tables(public, private)
        wanted = [
            *self._outline(private),
            *subnets,
            *self._ipv6_of(subnets),
            *self._public_addresses(public, private),
            *(parts.RouteTable(self._network, name) for name in tables),
            *(
                links.Association(self._network, subnet.name, f"route-table/{name}")
                for name in tables
                for subnet in tables[name]
            ),
            *self._addresses(gateways),
            *gateways,
            *self._routes(tables, gateways),
            *self._endpoints(tables),
        ]
        return Drawing(wanted, self._faults)

    def _outline(self, private: Sequence[parts.Subnet]) -> Iterator[Part]:
        """The VPC and its ways out."""
        yield parts.Vpc(self._network, str(self._vpc.blocks[0]))
        yield from (links.Block(self._network, str(block)) for block in self._vpc.blocks[1:])
        if self._vpc.ipv6:
            yield links.Ipv6Block(self._network)
        if self._request.internet_gateway:
            yield parts.InternetGateway(self._network)
            yield links.Attachment(self._network)
        if self._vpc.ipv6 and private:
            yield parts.EgressOnlyGateway(self._network)

    def _plots(self) -> list[_Plot]:
        plots = [plot for declared in self._request.subnets for plot in self._spread(declared)]
        names = [plot.name for plot in plots]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._faults.append(f"subnet {name} is declared twice, once by spreading another over the zones: rename it")
        return plots

    def _spread(self, declared: SubnetDeclaration) -> Iterator[_Plot]:
        if declared.zone != SPREAD:
            if declared.zone not in {*self._region.zones, self._zone_of(declared.name)}:
                known = ", ".join(sorted(self._region.zones))
                self._faults.append(
                    f"subnet {declared.name}: zone {declared.zone} is not available; these are: {known}"
                )
            yield _Plot(declared.name, declared, declared.zone)
            return
        names = {f"{declared.name}-{self._region.short(zone)}": zone for zone in self._region.zones}
        # Where a zone is not available any more, its subnet is still declared.
        names |= {
            subnet.name: subnet.zone
            for subnet in self._subnets_there()
            if subnet.name == f"{declared.name}-{self._region.short(subnet.zone)}"
        }
        yield from (_Plot(name, declared, zone) for name, zone in sorted(names.items(), key=lambda pair: pair[1]))

    def _subnets_there(self) -> Iterator[parts.Subnet]:
        return (each.part for each in self._present.parts.values() if isinstance(each.part, parts.Subnet))

    def _zone_of(self, name: str) -> str | None:
        return next((subnet.zone for subnet in self._subnets_there() if subnet.name == name), None)

    def _placed(self, plots: Sequence[_Plot]) -> list[tuple[_Plot, parts.Subnet]]:
        """Each plot with its subnet, in the block that it has, the declared one, or the first that is free."""
        there = {subnet.key: IPv4Network(subnet.cidr) for subnet in self._subnets_there() if subnet.cidr}
        vpc_id = self._present.id_of(f"vpc/{self._network}")
        in_vpc = {
            each.id: IPv4Network(each.cidr) for each in self._region.subnets if each.cidr and each.vpc_id == vpc_id
        }
        declared = [plot.declared.block for plot in plots if plot.declared.block]
        taken = [*in_vpc.values(), *declared]
        placed: list[tuple[_Plot, parts.Subnet]] = []
        for plot in plots:
            block = plot.declared.block or there.get(plot.key)
            length = plot.declared.prefix_length
            if block is None and length:
                block = free_block(self._vpc.blocks, taken, length)
            if block is None:
                among = ", ".join(map(str, self._vpc.blocks))
                self._faults.append(
                    f"subnet {plot.name}: there is no room for a /{length} in {among}: add a secondary block"
                )
                continue
            if length and block.prefixlen != length:
                self._faults.append(
                    f"subnet {plot.name} has {block}, not a /{length}: a subnet's size cannot be changed; declare /"
                    f"{block.prefixlen}, or another subnet"
                )
            if plot.key not in there:
                self._check_free(plot, block, in_vpc)
            taken.append(block)
            placed.append((plot, parts.Subnet(self._network, plot.name, str(block), plot.zone)))
        return placed

    def _check_free(self, plot: _Plot, block: IPv4Network, in_vpc: Mapping[str, IPv4Network]) -> None:
        for id_, other in in_vpc.items():
            if any(overlaps([block], [other])):
                self._faults.append(
                    f"subnet {plot.name}: {block} overlaps {id_} ({other}): give it another block, or adopt that subnet"
                )

    def _ipv6_of(self, subnets: Sequence[parts.Subnet]) -> Iterator[Part]:
        if not self._vpc.ipv6:
            return
        there = {
            each.part.subnet: each.part.number
            for each in self._present.parts.values()
            if isinstance(each.part, links.SubnetIpv6)
        }
        free = (number for number in range(MOST_IPV6_SUBNETS) if number not in there.values())
        for subnet in subnets:
            number = there[subnet.name] if subnet.name in there else next(free, None)
            if number is None:
                self._faults.append(f"subnet {subnet.name}: the IPv6 block has room for {MOST_IPV6_SUBNETS} subnets")
                return
            yield links.SubnetIpv6(self._network, subnet.name, number)

    def _public_addresses(self, public: Sequence[parts.Subnet], private: Sequence[parts.Subnet]) -> Iterator[Part]:
        """A new subnet gives none by itself."""
        yield from (links.PublicAddresses(self._network, subnet.name, given=True) for subnet in public)
        for subnet in private:
            part = links.PublicAddresses(self._network, subnet.name, given=False)
            if part.key in self._present.parts:
                yield part

    def _tables(self, public: Sequence[parts.Subnet], private: Sequence[parts.Subnet]) -> dict[str, list[parts.Subnet]]:
        """The subnets of each route table, by its name: one for all public ones, one a zone for private ones."""
        tables: dict[str, list[parts.Subnet]] = {PUBLIC: list(public)} if public else {}
        for subnet in sorted(private, key=lambda subnet: subnet.zone):
            tables.setdefault(self._private_table(subnet.zone), []).append(subnet)
        return tables

    def _private_table(self, zone: str) -> str:
        return f"private-{self._region.short(zone)}"

    def _nat_gateways(self, public: Sequence[parts.Subnet], private: Sequence[parts.Subnet]) -> list[parts.NatGateway]:
        kind = self._request.nat_gateway
        if kind == "none" or not public:
            return []
        there = {
            each.part.name: each.part
            for each in self._present.parts.values()
            if isinstance(each.part, parts.NatGateway)
        }
        for gateway in there.values():
            if gateway.subnet in {subnet.key for subnet in private}:
                self._faults.append(
                    f"{gateway.subnet} cannot become private: NAT gateway {gateway.name} stands in it; "
                    "declare it public, or set nat_gateway to none and delete the gateway first"
                )
        if kind == "one":
            return [min(there.values(), key=lambda gateway: gateway.name)] if there else [self._nat_in(public[0])]
        by_zone: dict[str, list[parts.Subnet]] = defaultdict(list)
        for subnet in public:
            by_zone[subnet.zone].append(subnet)
        gateways = []
        for zone in sorted({subnet.zone for subnet in private}):
            if self._region.short(zone) in there:
                gateways.append(there[self._region.short(zone)])
            elif by_zone[zone]:
                gateways.append(self._nat_in(by_zone[zone][0]))
            else:
                self._faults.append(
                    f"a NAT gateway per zone needs a public subnet in {zone}, where there are private ones: "
                    "declare one, or set nat_gateway to one"
                )
        return gateways

    def _nat_in(self, subnet: parts.Subnet) -> parts.NatGateway:
        return parts.NatGateway(self._network, self._region.short(subnet.zone), subnet.key)

    def _addresses(self, gateways: Sequence[parts.NatGateway]) -> Iterator[Part]:
        """A NAT gateway that was adopted has an address of its own."""
        for gateway in gateways:
            address = parts.Address(self._network, gateway.name)
            present = self._present.parts.get(gateway.key)
            if present is None or present.held is Held.MADE or address.key in self._present.parts:
                yield address

    def _routes(
        self, tables: Mapping[str, Sequence[parts.Subnet]], gateways: Sequence[parts.NatGateway]
    ) -> Iterator[Part]:
        internet = f"{parts.InternetGateway.kind}/{self._network}"
        of_table = {f"private-{gateway.name}": gateway.key for gateway in gateways}
        for name in tables:
            out = internet if name == PUBLIC else of_table.get(name) or (gateways[0].key if gateways else None)
            if out:
                yield links.Route(self._network, name, ALL_IPV4, out)
            if self._vpc.ipv6:
                egress = f"{parts.EgressOnlyGateway.kind}/{self._network}"
                yield links.Route(self._network, name, ALL_IPV6, internet if name == PUBLIC else egress)

    def _endpoints(self, tables: Mapping[str, Sequence[parts.Subnet]]) -> Iterator[Part]:
        keys = tuple(sorted(f"{parts.RouteTable.kind}/{name}" for name in tables))
        return (parts.Endpoint(self._network, service, keys) for service in self._request.endpoints)
