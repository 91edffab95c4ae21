"""Looking at a part again: whether a call took effect, and whether what it made can be built on yet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import singledispatch

from nightshift.aws.network import reads
from nightshift.aws.network.creations import Site, wanted_ipv6
from nightshift.aws.session import Aws
from nightshift.plan.network import links, parts
from nightshift.plan.network.parts import Part, Resource
from nightshift.plan.network.region import NatGateway, Record
from nightshift.plan.tags import NETWORK, NETWORK_STACK, RESOURCE

_READERS: dict[type[Resource], Callable[[Aws, reads.Conditions], Sequence[Record]]] = {
    parts.Vpc: reads.vpcs,
    parts.InternetGateway: reads.internet_gateways,
    parts.EgressOnlyGateway: reads.egress_only_gateways,
    parts.Subnet: reads.subnets,
    parts.RouteTable: reads.route_tables,
    parts.Address: reads.addresses,
    parts.NatGateway: reads.nat_gateways,
    parts.Endpoint: reads.endpoints,
}

_OVER = frozenset({"failed", "failing", "deleted", "rejected", "expired", "disassociating", "disassociated"})


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of a part. state: AWS's word in small letters. why: AWS's words where it failed."""

    id: str
    state: str
    why: str = ""

    @property
    def ready(self) -> bool:
        return self.state in ("available", "associated")

    @property
    def over(self) -> bool:
        return self.state in _OVER


@singledispatch
def look(part: Part, site: Site) -> list[Sight]:
    """All that bears the identity of a part, usually one. Of a link nothing: AWS's yes is enough."""
    raise TypeError(f"not to be seen by itself: {part} {site}")


@look.register
def _resource(part: Resource, site: Site) -> list[Sight]:
    identity = {NETWORK: part.network, RESOURCE: part.key, NETWORK_STACK: site.aws.settings.stack_tag}
    conditions = {f"tag:{key}": [value] for key, value in identity.items()}
    found = _READERS[type(part)](site.aws, conditions)
    return [Sight(each.id, each.state.lower(), each.failure if isinstance(each, NatGateway) else "") for each in found]


@look.register
def _block(part: links.Block | links.Ipv6Block, site: Site) -> list[Sight]:
    ipv6 = isinstance(part, links.Ipv6Block)
    return [
        Sight(block.id, block.state)
        for vpc in reads.vpcs(site.aws, {"vpc-id": [site.vpc_of(part)]})
        for block in vpc.blocks
        if block.ipv6 is ipv6 and (ipv6 or (isinstance(part, links.Block) and block.cidr == part.cidr))
    ]


@singledispatch
def holds(_part: Part, _site: Site) -> bool:
    """Whether a link is there as wanted, though the call that should make it was refused."""
    return False


@holds.register
def _attachment(part: links.Attachment, site: Site) -> bool:
    gateway = site.id_of(f"internet-gateway/{part.network}")
    found = reads.internet_gateways(site.aws, {"internet-gateway-id": [gateway]})
    return any(each.vpc_id == site.vpc_of(part) for each in found)


@holds.register
def _association(part: links.Association, site: Site) -> bool:
    subnet = site.id_of(f"subnet/{part.subnet}")
    found = reads.route_tables(site.aws, {"association.subnet-id": [subnet]})
    return any(table.id == site.id_of(part.table) for table in found)


@holds.register
def _route(part: links.Route, site: Site) -> bool:
    found = reads.route_tables(site.aws, {"route-table-id": [site.id_of(f"route-table/{part.table}")]})
    wanted = part.destination, site.id_of(part.target)
    return any((route.destination, route.target) == wanted for table in found for route in table.routes)


@holds.register
def _subnet_ipv6(part: links.SubnetIpv6, site: Site) -> bool:
    found = reads.subnets(site.aws, {"subnet-id": [site.id_of(f"subnet/{part.subnet}")]})
    return any(subnet.ipv6 == wanted_ipv6(part, site) for subnet in found)
