"""Blocks of IPv4 addresses: which overlap, and where there is room for another."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from ipaddress import IPv4Network
from itertools import combinations

# "VPC CIDR blocks" and "Subnet sizing" in the Amazon VPC User Guide; AWS keeps five addresses of every subnet.
LARGEST, SMALLEST = 16, 28
KEPT_BY_AWS = 5


def overlaps(some: Iterable[IPv4Network], others: Collection[IPv4Network]) -> Iterator[tuple[IPv4Network, IPv4Network]]:
    """The pairs that have addresses in common."""
    return ((one, other) for one in some for other in others if one.overlaps(other))


def overlaps_among(blocks: Iterable[IPv4Network]) -> Iterator[tuple[IPv4Network, IPv4Network]]:
    """The pairs of one list that have addresses in common."""
    return ((one, other) for one, other in combinations(blocks, 2) if one.overlaps(other))


def free_block(within: Sequence[IPv4Network], taken: Collection[IPv4Network], length: int) -> IPv4Network | None:
    """The first block of this prefix length that overlaps none of those taken; None: there is no room."""
    size = 1 << (IPv4Network(0).max_prefixlen - length)
    busy = sorted((int(each.network_address), int(each.broadcast_address)) for each in taken)
    for block in within:
        start = int(block.network_address)
        for first, last in busy:
            if first >= start + size:
                break
            if last >= start:
                start = _aligned(last + 1, size)
        if start + size <= int(block.network_address) + block.num_addresses:
            return IPv4Network((start, length))
    return None


def _aligned(address: int, size: int) -> int:
    return -(-address // size) * size
