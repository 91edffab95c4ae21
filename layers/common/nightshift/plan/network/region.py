"""What a region holds of networks, as AWS describes it: frozen records. Whose they are is judged elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Protocol

from nightshift.fleet import Tags

# A block in one of these states is no part of its VPC, or soon none (API reference, VpcCidrBlockState).
_NO_BLOCK = frozenset({"disassociating", "disassociated", "failing", "failed"})


class Record(Protocol):
    """What all that carries tags has in common; vpc_id is None for what is in no VPC."""

    @property
    def id(self) -> str: ...
    @property
    def vpc_id(self) -> str | None: ...
    @property
    def state(self) -> str: ...
    @property
    def tags(self) -> Tags: ...


@dataclass(frozen=True, slots=True)
class VpcBlock:
    """A block of addresses of a VPC; cidr may be empty while an IPv6 one is being given."""

    id: str
    cidr: str
    state: str
    ipv6: bool = False

    @property
    def live(self) -> bool:
        return self.state not in _NO_BLOCK


@dataclass(frozen=True, slots=True)
class Vpc:
    id: str
    cidr: str
    blocks: tuple[VpcBlock, ...]
    state: str
    is_default: bool
    tags: Tags = field(default_factory=dict, hash=False)

    @property
    def vpc_id(self) -> str:
        return self.id

    @property
    def ipv4(self) -> list[str]:
        """Its live IPv4 blocks."""
        return [block.cidr for block in self.blocks if block.live and not block.ipv6]

    @property
    def ipv6(self) -> VpcBlock | None:
        return next((block for block in self.blocks if block.live and block.ipv6), None)


@dataclass(frozen=True, slots=True)
class Subnet:
    """free: unused IPv4 addresses. ipv6: its live IPv6 block."""

    id: str
    vpc_id: str
    cidr: str
    zone: str
    state: str
    free: int
    gives_public_addresses: bool
    ipv6: str | None
    tags: Tags = field(default_factory=dict, hash=False)

    @property
    def size(self) -> int:
        """How many addresses it has, those of AWS too; an IPv6-only one has no IPv4 block."""
        return IPv4Network(self.cidr).num_addresses if self.cidr else 0


@dataclass(frozen=True, slots=True)
class Gateway:
    """An internet gateway or an egress-only one; vpc_id: where it is attached."""

    id: str
    vpc_id: str | None
    tags: Tags = field(default_factory=dict, hash=False)
    state: str = "available"


@dataclass(frozen=True, slots=True)
class NatGateway:
    """failure: AWS's words where its state is failed. public: it leads to the Internet."""

    id: str
    vpc_id: str
    subnet_id: str
    state: str
    interface_ids: tuple[str, ...]
    tags: Tags = field(default_factory=dict, hash=False)
    failure: str = ""
    public: bool = True


@dataclass(frozen=True, slots=True)
class Address:
    """An Elastic IP address; id is that of its allocation. used_by: the interface that it is associated with."""

    id: str
    public_ip: str
    tags: Tags = field(default_factory=dict, hash=False)
    used_by: str | None = None
    vpc_id: None = None
    state: str = "available"


@dataclass(frozen=True, slots=True)
class Route:
    """destination: a CIDR block. target: an id. Only what somebody created, not what AWS put there."""

    destination: str
    target: str


@dataclass(frozen=True, slots=True)
class Association:
    id: str
    subnet_id: str


@dataclass(frozen=True, slots=True)
class RouteTable:
    id: str
    vpc_id: str
    main: bool
    associations: tuple[Association, ...]
    routes: tuple[Route, ...]
    tags: Tags = field(default_factory=dict, hash=False)
    state: str = "available"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """service: AWS's whole name, as com.amazonaws.eu-central-1.s3. type: Gateway, Interface, ..."""

    id: str
    vpc_id: str
    service: str
    state: str
    table_ids: tuple[str, ...]
    tags: Tags = field(default_factory=dict, hash=False)
    type: str = "Gateway"


@dataclass(frozen=True, slots=True)
class Other:
    """What may stand in a VPC and is never made by this job: an instance, an interface, a security group, ...

    name: its Name tag or its description. used_by: the id of what it is a part of, where AWS says so. public: whether a
    public address is mapped to it.
    """

    kind: str
    id: str
    vpc_id: str
    name: str
    subnet_id: str | None = None
    used_by: str | None = None
    public: bool = False


@dataclass(frozen=True, slots=True)
class Region:
    """zones: those that are available. stack_tag: of this installation."""

    name: str
    stack_tag: str
    zones: Sequence[str] = ()
    vpcs: Sequence[Vpc] = ()
    subnets: Sequence[Subnet] = ()
    internet_gateways: Sequence[Gateway] = ()
    egress_only_gateways: Sequence[Gateway] = ()
    nat_gateways: Sequence[NatGateway] = ()
    addresses: Sequence[Address] = ()
    route_tables: Sequence[RouteTable] = ()
    endpoints: Sequence[Endpoint] = ()
    others: Sequence[Other] = ()

    def short(self, zone: str) -> str:
        """A zone's name without the region's: a for eu-central-1a."""
        return zone.removeprefix(self.name).strip("-") or zone
