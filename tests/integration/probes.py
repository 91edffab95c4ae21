"""What the roles are tried with: a call on something that is the role's to change, and the same on what is not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local import seed
from local.seed import Disk
from tests.support import NOW

type Tags = Mapping[str, str]
# Ids by kind.
type Things = Mapping[str, str]
# A call of a client, on these things, that asks for these tags.
type Call = Callable[[Any, Things, Tags], object]


@dataclass(frozen=True)
class Probe:
    """A call that is allowed on things tagged `own` when it asks for `asked`, and refused with any of the others."""

    job: str
    action: str
    call: Call
    own: Tags
    asked: Tags
    foreign: Sequence[Tags] = ()
    never: Sequence[Tags] = ()

    def __str__(self) -> str:
        return f"{self.job} {self.action}"

    @property
    def cases(self) -> list[tuple[Tags, Tags]]:
        """The tags of the things, and those that are asked for, which are not the role's."""
        return [*((tags, self.asked) for tags in self.foreign), *((self.own, tags) for tags in self.never)]


def machine(backend: Any, tags: Tags) -> dict[str, str]:
    """An instance with its disk, a loose volume, a snapshot and a network interface, each with these tags."""
    box = seed.instance(backend, tags, [Disk(tags=tags)])
    [disk] = seed.volumes_of(backend, box).values()
    loose = seed.volume(backend, Disk("", 10, tags=tags))
    saved = seed.snapshot(backend, disk, NOW, tags)
    seed.system_tags(backend, box.nics[0].id, tags)
    return {
        "instance": box.id,
        "disk": disk.id,
        "volume": loose.id,
        "snapshot": saved.id,
        "interface": box.nics[0].id,
    }


def estate(ec2: Any, tags: Tags) -> dict[str, str]:
    """A network of every kind of part, each with these tags."""
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    web = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.0.0/24")["Subnet"]["SubnetId"]
    lone = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.1.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    egress = ec2.create_egress_only_internet_gateway(VpcId=vpc)["EgressOnlyInternetGateway"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = {
        "vpc": vpc,
        "subnet": web,
        "lone": lone,
        "gateway": gateway,
        "egress": egress["EgressOnlyInternetGatewayId"],
        "table": table,
        "other": ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"],
        "address": address,
        "spare": ec2.allocate_address(Domain="vpc")["AllocationId"],
        "nat": ec2.create_nat_gateway(SubnetId=web, AllocationId=address)["NatGateway"]["NatGatewayId"],
        "endpoint": ec2.create_vpc_endpoint(
            VpcEndpointType="Gateway", VpcId=vpc, ServiceName="com.amazonaws.eu-central-1.s3", RouteTableIds=[table]
        )["VpcEndpoint"]["VpcEndpointId"],
    }
    if tags:
        ec2.create_tags(Resources=list(made.values()), Tags=pairs(tags))
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=web)["AssociationId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    return {**made, "association": association}


def pairs(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def specified(kind: str, tags: Tags) -> dict[str, Any]:
    """TagSpecifications; nothing where there are no tags."""
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": pairs(tags)}]} if tags else {}
