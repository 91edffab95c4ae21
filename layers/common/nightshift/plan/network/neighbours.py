"""VPCs beside each other: whose addresses overlap. Such VPCs can never be connected."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations

from nightshift.plan.network.blocks import overlaps
from nightshift.plan.network.region import Region, Vpc


def clashes(found: Region, blocks: list[IPv4Network], besides: str | None) -> Iterator[str]:
    """Where these blocks overlap a VPC of the region; besides: the id of the VPC that they are for."""
    for vpc in found.vpcs:
        if vpc.id != besides:
            for one, other in overlaps(blocks, _blocks(vpc)):
                yield f"{one} overlaps {other} of {named(vpc)}"


def overlapping(found: Region) -> Iterator[dict[str, str]]:
    """Each pair of VPCs and blocks that overlap."""
    for one, other in combinations(sorted(found.vpcs, key=lambda vpc: vpc.id), 2):
        for first, second in overlaps(_blocks(one), _blocks(other)):
            yield {"vpc": one.id, "block": str(first), "other_vpc": other.id, "other_block": str(second)}


def named(vpc: Vpc) -> str:
    name = "default" if vpc.is_default else vpc.tags.get("Name")
    return f"{vpc.id} ({name})" if name else vpc.id


def _blocks(vpc: Vpc) -> list[IPv4Network]:
    return [IPv4Network(text) for text in vpc.ipv4]
