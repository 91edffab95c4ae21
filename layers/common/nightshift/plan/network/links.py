"""The parts of a network that are no resources of their own: what links those that are, and what is set on them."""

from dataclasses import dataclass
from typing import ClassVar

from nightshift.plan.network.parts import InternetGateway, Part, RouteTable, Subnet, Vpc

ALL_IPV4, ALL_IPV6 = "0.0.0.0/0", "::/0"


@dataclass(frozen=True, slots=True)
class Block(Part):
    """A secondary block of the VPC."""

    cidr: str

    @property
    def key(self) -> str:
        return f"block/{self.cidr}"

    @property
    def words(self) -> str:
        return f"secondary block {self.cidr}"


@dataclass(frozen=True, slots=True)
class Ipv6Block(Part):
    """The block of IPv6 addresses, a /56, that Amazon gives to the VPC."""

    @property
    def key(self) -> str:
        return f"ipv6-block/{self.network}"

    @property
    def words(self) -> str:
        return "IPv6 block given by Amazon"


@dataclass(frozen=True, slots=True)
class Attachment(Part):
    """The internet gateway at its VPC."""

    @property
    def key(self) -> str:
        return f"attachment/{self.network}"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{Vpc.kind}/{self.network}", f"{InternetGateway.kind}/{self.network}")

    @property
    def words(self) -> str:
        return "internet gateway attached to the VPC"


@dataclass(frozen=True, slots=True)
class SubnetIpv6(Part):
    """A /64 of a subnet: which of the VPC's IPv6 block, counted from 0."""

    subnet: str
    number: int

    @property
    def key(self) -> str:
        return f"ipv6/{self.subnet}"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{Vpc.kind}/{self.network}", f"ipv6-block/{self.network}", f"{Subnet.kind}/{self.subnet}")

    @property
    def words(self) -> str:
        return f"/64 number {self.number} of the IPv6 block for subnet {self.subnet}"


@dataclass(frozen=True, slots=True)
class PublicAddresses(Part):
    """Whether instances get a public address when they are launched in a subnet."""

    subnet: str
    given: bool
    changeable: ClassVar[bool] = True

    @property
    def key(self) -> str:
        return f"public-addresses/{self.subnet}"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{Subnet.kind}/{self.subnet}",)

    @property
    def words(self) -> str:
        return f"{'a' if self.given else 'no'} public address for what is launched in subnet {self.subnet}"


@dataclass(frozen=True, slots=True)
class Association(Part):
    """A subnet's route table: a key, or the id of one that is not of this network."""

    subnet: str
    table: str
    changeable: ClassVar[bool] = True

    @property
    def key(self) -> str:
        return f"association/{self.subnet}"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{Subnet.kind}/{self.subnet}", self.table)

    @property
    def words(self) -> str:
        return f"subnet {self.subnet} uses {self.table}"


@dataclass(frozen=True, slots=True)
class Route(Part):
    """table: the name of a route table. target: a key, or the id of what is not of this network."""

    table: str
    destination: str
    target: str
    changeable: ClassVar[bool] = True

    @property
    def key(self) -> str:
        return f"route/{self.table}/{self.destination}"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{RouteTable.kind}/{self.table}", self.target)

    @property
    def words(self) -> str:
        return f"{self.destination} to {self.target} in route table {self.table}"
