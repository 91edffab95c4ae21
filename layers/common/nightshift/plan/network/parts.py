"""The parts of a network: what each is, what it builds on, and the key by which a later run finds it again.

A part names others by key, never by AWS's id: so a part that is wanted and one that is there can be compared.
"""

from dataclasses import dataclass, replace
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Part:
    """One thing of a network; network is the name that its VPC was declared with."""

    network: str
    # Whether it can become another without being made anew.
    changeable: ClassVar[bool] = False

    @property
    def key(self) -> str:
        """<kind>/<name>, as in the tag nightshift:resource."""
        raise NotImplementedError

    @property
    def needs(self) -> tuple[str, ...]:
        """The keys of the parts that must be there first."""
        return (f"{Vpc.kind}/{self.network}",)

    @property
    def words(self) -> str:
        """What it is, for people."""
        raise NotImplementedError

    def met_by(self, present: "Part") -> bool:
        """Whether what is there is what is wanted."""
        return self == present

    def lacking(self, _present: "Part") -> "Part":
        """What of it must be made where something is there."""
        return self


@dataclass(frozen=True, slots=True)
class Resource(Part):
    """A part that is a resource of its own at AWS and carries tags."""

    kind: ClassVar[str]
    # AWS's name of it in TagSpecifications.
    tagged_as: ClassVar[str]

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.network}"

    @property
    def title(self) -> str:
        """Its Name tag."""
        return self.network


@dataclass(frozen=True, slots=True)
class Named(Resource):
    """One of several of its kind in a network."""

    name: str

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.name}"

    @property
    def title(self) -> str:
        return f"{self.network}-{self.kind}-{self.name}"


@dataclass(frozen=True, slots=True)
class Vpc(Resource):
    cidr: str
    kind: ClassVar[str] = "vpc"
    tagged_as: ClassVar[str] = "vpc"

    @property
    def needs(self) -> tuple[str, ...]:
        return ()

    @property
    def words(self) -> str:
        return f"VPC {self.cidr}"


@dataclass(frozen=True, slots=True)
class InternetGateway(Resource):
    kind: ClassVar[str] = "internet-gateway"
    tagged_as: ClassVar[str] = "internet-gateway"

    @property
    def needs(self) -> tuple[str, ...]:
        return ()

    @property
    def words(self) -> str:
        return "internet gateway"


@dataclass(frozen=True, slots=True)
class EgressOnlyGateway(Resource):
    kind: ClassVar[str] = "egress-only-gateway"
    tagged_as: ClassVar[str] = "egress-only-internet-gateway"

    @property
    def words(self) -> str:
        return "egress-only internet gateway"


@dataclass(frozen=True, slots=True)
class Subnet(Named):
    cidr: str
    zone: str
    kind: ClassVar[str] = "subnet"
    tagged_as: ClassVar[str] = "subnet"

    @property
    def title(self) -> str:
        return f"{self.network}-{self.name}"

    @property
    def words(self) -> str:
        return f"subnet {self.cidr} in {self.zone}"


@dataclass(frozen=True, slots=True)
class RouteTable(Named):
    kind: ClassVar[str] = "route-table"
    tagged_as: ClassVar[str] = "route-table"

    @property
    def words(self) -> str:
        return f"route table {self.name}"


@dataclass(frozen=True, slots=True)
class Address(Named):
    """The Elastic IP address of a NAT gateway of the same name."""

    kind: ClassVar[str] = "address"
    tagged_as: ClassVar[str] = "elastic-ip"

    @property
    def needs(self) -> tuple[str, ...]:
        return ()

    @property
    def words(self) -> str:
        return f"Elastic IP address of NAT gateway {self.name}"


@dataclass(frozen=True, slots=True)
class NatGateway(Named):
    """subnet: a key, or the id of one that is not of this network."""

    subnet: str
    kind: ClassVar[str] = "nat-gateway"
    tagged_as: ClassVar[str] = "natgateway"

    @property
    def needs(self) -> tuple[str, ...]:
        # AWS creates it only where the VPC has an internet gateway.
        return (self.subnet, f"{Address.kind}/{self.name}", f"attachment/{self.network}")

    @property
    def words(self) -> str:
        return f"NAT gateway in {self.subnet}"


@dataclass(frozen=True, slots=True)
class Endpoint(Named):
    """A gateway endpoint (S3, DynamoDB); tables: the keys of the route tables that lead to it."""

    tables: tuple[str, ...]
    kind: ClassVar[str] = "endpoint"
    tagged_as: ClassVar[str] = "vpc-endpoint"
    changeable: ClassVar[bool] = True

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{Vpc.kind}/{self.network}", *self.tables)

    @property
    def words(self) -> str:
        return f"gateway endpoint for {self.name} in {', '.join(self.tables) or 'no route table'}"

    def met_by(self, present: Part) -> bool:
        return isinstance(present, Endpoint) and set(self.tables) <= set(present.tables)

    def lacking(self, present: Part) -> Part:
        has = present.tables if isinstance(present, Endpoint) else ()
        return replace(self, tables=tuple(key for key in self.tables if key not in has))
