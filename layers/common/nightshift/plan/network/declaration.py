"""What may be asked of the network job: the declaration of a network, to show what there is, to destroy."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from nightshift.plan.network.blocks import LARGEST, SMALLEST, free_block, overlaps, overlaps_among
from nightshift.plan.network.parts import (
    EgressOnlyGateway,
    Endpoint,
    InternetGateway,
    NatGateway,
    RouteTable,
    Subnet,
    Vpc,
)
from nightshift.plan.tags import MOST_TAGS, MOST_VALUE, PREFIX
from nightshift.request import (
    EgressOnlyGatewayId,
    EndpointId,
    InternetGatewayId,
    NatGatewayId,
    Request,
    RouteTableId,
    SubnetId,
    VpcId,
)

SPREAD = "spread"
ADDED_TAGS = 4  # Name, and three of ours
MOST_KEY = 128
# "Amazon VPC quotas": 5 blocks a VPC, 50 on request; 200 subnets, more on request.
MOST_BLOCKS, MOST_SUBNETS = 50, 500
MOST_AVOIDED = 1000
# This host, loopback, link-local with AWS's own services, multicast and reserved ("Special-Purpose Address Registry").
_NO_VPC = [IPv4Network(each) for each in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")]
_NAME = re.compile(r"[a-z0-9-]{1,32}")


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("expected 1 to 32 of a-z, 0-9, -")
    return text


def _any_block(text: str) -> str:
    try:
        IPv4Network(text)
    except ValueError as error:
        raise ValueError(f"expected a block of IPv4 addresses, as 10.0.0.0/16: {error}") from error
    return str(IPv4Network(text))


def _sized_block(text: str) -> str:
    block = _any_block(text)
    if not LARGEST <= IPv4Network(block).prefixlen <= SMALLEST:
        raise ValueError(f"expected a block from /{LARGEST} to /{SMALLEST}, which is what AWS allows")
    special = next((each for each in _NO_VPC if IPv4Network(block).overlaps(each)), None)
    if special:
        raise ValueError(f"expected a block that hosts can have: {special} has a meaning of its own on every network")
    return block


def _tag_key(text: str) -> str:
    if text.lower().startswith(("aws:", PREFIX)) or text == "Name" or not 0 < len(text) <= MOST_KEY:
        raise ValueError(f"expected a key of up to {MOST_KEY} characters that is not Name and not of aws: or {PREFIX}")
    return text


Name = Annotated[str, AfterValidator(_name)]
AnyBlock = Annotated[str, AfterValidator(_any_block)]
SizedBlock = Annotated[str, AfterValidator(_sized_block)]
PrefixLength = Annotated[int, Field(ge=LARGEST, le=SMALLEST)]
Tags = dict[Annotated[str, AfterValidator(_tag_key)], Annotated[str, Field(max_length=MOST_VALUE)]]


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class VpcDeclaration(_Declared):
    """The VPC. tags: on all that is made for the network."""

    name: Name
    cidr: SizedBlock | None = None
    secondary_cidrs: Annotated[list[SizedBlock], Field(max_length=MOST_BLOCKS - 1)] = []
    ipv6: bool = False
    tags: Annotated[Tags, Field(max_length=MOST_TAGS - ADDED_TAGS)] = {}

    @field_validator("secondary_cidrs")
    @classmethod
    def _apart(cls, secondary: list[str], info: ValidationInfo) -> list[str]:
        first = [info.data["cidr"]] if info.data.get("cidr") else []
        for one, other in overlaps_among(map(IPv4Network, [*first, *secondary])):
            raise ValueError(f"{other} overlaps {one} of the same VPC")
        return secondary

    @property
    def blocks(self) -> list[IPv4Network]:
        return [IPv4Network(text) for text in (self.cidr, *self.secondary_cidrs) if text]


class SubnetDeclaration(_Declared):
    """A subnet; or with the zone "spread" one in each available zone, of a prefix length."""

    name: Name
    cidr: SizedBlock | None = None
    prefix_length: PrefixLength | None = None
    zone: str = SPREAD
    public: bool = False

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if (self.cidr is None) == (self.prefix_length is None):
            raise ValueError("expected either cidr or prefix_length")
        if self.cidr and self.zone == SPREAD:
            raise ValueError(
                "a cidr needs a zone, as eu-central-1a; to spread over all zones, give prefix_length instead"
            )
        return self

    @property
    def block(self) -> IPv4Network | None:
        return IPv4Network(self.cidr) if self.cidr else None


class Adoption(_Declared):
    """What exists without our tags and is to become part of the network, by id; of several of a kind, by its name.

    Subnets have their declared names, route tables and NAT gateways those that a dry run shows (public, private-a; a),
    endpoints their service.
    """

    vpc: VpcId | None = None
    internet_gateway: InternetGatewayId | None = None
    egress_only_gateway: EgressOnlyGatewayId | None = None
    subnets: dict[Name, SubnetId] = {}
    route_tables: dict[Name, RouteTableId] = {}
    nat_gateways: dict[Name, NatGatewayId] = {}
    endpoints: dict[Literal["s3", "dynamodb"], EndpointId] = {}

    def by_key(self, network: str) -> dict[str, str]:
        """The ids by the keys that they get, as in the tag nightshift:resource."""
        ids: dict[str, str | None] = {
            f"{Vpc.kind}/{network}": self.vpc,
            f"{InternetGateway.kind}/{network}": self.internet_gateway,
            f"{EgressOnlyGateway.kind}/{network}": self.egress_only_gateway,
        }
        ids |= {f"{Subnet.kind}/{name}": id_ for name, id_ in self.subnets.items()}
        ids |= {f"{RouteTable.kind}/{name}": id_ for name, id_ in self.route_tables.items()}
        ids |= {f"{NatGateway.kind}/{name}": id_ for name, id_ in self.nat_gateways.items()}
        ids |= {f"{Endpoint.kind}/{service}": id_ for service, id_ in self.endpoints.items()}
        return {key: id_ for key, id_ in ids.items() if id_}


class NetworkRequest(Request):
    """One of three: show (also an empty event), destroy with a VPC's name, or a declaration.

    avoid: blocks that must not overlap the VPC's. allow_overlap: with other VPCs of the region.
    """

    show: bool = False
    destroy: bool = False
    avoid: list[AnyBlock] = Field(default=[], max_length=MOST_AVOIDED)
    allow_overlap: bool = False
    vpc: VpcDeclaration | None = None
    subnets: list[SubnetDeclaration] = Field(default=[], max_length=MOST_SUBNETS)
    internet_gateway: bool = Field(default=False, validate_default=True)
    nat_gateway: Literal["none", "one", "per_zone"] = Field(default="none", validate_default=True)
    endpoints: list[Literal["s3", "dynamodb"]] = Field(default=[])
    adopt: Adoption = Adoption()

    @field_validator("vpc")
    @classmethod
    def _whole(cls, vpc: VpcDeclaration | None, info: ValidationInfo) -> VpcDeclaration | None:
        if vpc is None:
            return vpc
        if info.data.get("destroy"):
            if vpc.model_fields_set != {"name"}:
                raise ValueError("to destroy, give nothing but its name")
            return vpc
        if vpc.cidr is None:
            raise ValueError("cidr is missing, as 10.0.0.0/16")
        for one, other in overlaps(vpc.blocks, [IPv4Network(text) for text in info.data.get("avoid", ())]):
            raise ValueError(f"{one} overlaps {other}, which is to be avoided")
        return vpc

    @field_validator("subnets")
    @classmethod
    def _within(cls, subnets: list[SubnetDeclaration], info: ValidationInfo) -> list[SubnetDeclaration]:
        vpc: VpcDeclaration | None = info.data.get("vpc")
        for fault in _faults(subnets, vpc.blocks) if vpc and vpc.cidr else ():
            raise ValueError(fault)
        return subnets

    @field_validator("internet_gateway")
    @classmethod
    def _for_public_ones(cls, wanted: bool, info: ValidationInfo) -> bool:
        public = [subnet.name for subnet in info.data.get("subnets", ()) if subnet.public]
        if public and not wanted:
            raise ValueError(f"expected true, for the public subnets {', '.join(public)}")
        return wanted

    @field_validator("nat_gateway")
    @classmethod
    def _for_private_ones(cls, wanted: str, info: ValidationInfo) -> str:
        kinds = {subnet.public for subnet in info.data.get("subnets", ())}
        if wanted != "none" and "subnets" in info.data and kinds != {True, False}:
            raise ValueError("it stands in a public subnet and serves private ones: expected at least one of each")
        return wanted

    @field_validator("endpoints")
    @classmethod
    def _once(cls, services: list[Any]) -> list[Any]:
        if len(set(services)) < len(services):
            raise ValueError("each only once")
        return services

    @field_validator("adopt")
    @classmethod
    def _declared(cls, adopt: Adoption, info: ValidationInfo) -> Adoption:
        names = {subnet.name for subnet in info.data.get("subnets", ()) if subnet.zone != SPREAD}
        for name in adopt.subnets if "subnets" in info.data else ():
            if name not in names:
                raise ValueError(f"subnets.{name}: expected the name of a declared subnet with a zone of its own")
        if adopt.internet_gateway and info.data.get("internet_gateway") is False:
            raise ValueError('an internet gateway is adopted only with "internet_gateway": true')
        return adopt

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        declared = self.model_fields_set - {"dry_run", "policy", "show", "destroy", "vpc"}
        if self.destroy and (self.show or self.vpc is None or declared):
            raise ValueError('to destroy, send {"destroy": true, "vpc": {"name": "..."}} and nothing else')
        if self.show and (self.vpc or declared):
            raise ValueError('to show what there is, send {"show": true} and nothing else')
        if declared and self.vpc is None:
            raise ValueError(f"vpc is missing, but there is {', '.join(sorted(declared))}")
        return self

    @property
    def name(self) -> str | None:
        """The network's; None: show."""
        return self.vpc.name if self.vpc else None


def _faults(subnets: list[SubnetDeclaration], blocks: list[IPv4Network]) -> Iterator[str]:
    """What is wrong whatever the region holds: a spread subnet needs room at least once."""
    taken: list[IPv4Network] = []
    seen: set[str] = set()
    for subnet in subnets:
        if subnet.name in seen:
            yield f"{subnet.name} is declared twice"
        seen.add(subnet.name)
        if subnet.block and not any(subnet.block.subnet_of(block) for block in blocks):
            yield f"{subnet.name}: {subnet.block} is outside of the VPC's {', '.join(map(str, blocks))}"
    for one, other in _pairs(subnets):
        yield f"{one.name} ({one.cidr}) overlaps {other.name} ({other.cidr})"
    taken = [subnet.block for subnet in subnets if subnet.block]
    for subnet in subnets:
        if subnet.prefix_length:
            room = free_block(blocks, taken, subnet.prefix_length)
            if room is None:
                yield f"{subnet.name}: no room for a /{subnet.prefix_length} in {', '.join(map(str, blocks))}"
                return
            taken.append(room)


def _pairs(subnets: list[SubnetDeclaration]) -> Iterator[tuple[SubnetDeclaration, SubnetDeclaration]]:
    fixed = [(subnet, subnet.block) for subnet in subnets if subnet.block]
    for index, (one, block) in enumerate(fixed):
        yield from ((one, other) for other, its in fixed[index + 1 :] if block.overlaps(its))
