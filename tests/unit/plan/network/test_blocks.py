"""Blocks of addresses: where there is room, and what overlaps."""

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.plan.network.blocks import free_block, overlaps, overlaps_among
from nightshift.plan.network.survey import ipv6_block


def nets(*texts: str) -> list[IPv4Network]:
    return [IPv4Network(text) for text in texts]


ROOM = [
    # (within, taken, prefix length, the first free block)
    (["10.0.0.0/16"], [], 24, "10.0.0.0/24"),
    (["10.0.0.0/16"], ["10.0.0.0/24"], 24, "10.0.1.0/24"),
    (["10.0.0.0/16"], ["10.0.1.0/24"], 24, "10.0.0.0/24"),
    (["10.0.0.0/16"], ["10.0.0.0/28"], 22, "10.0.4.0/22"),
    (["10.0.0.0/16"], ["10.0.0.0/22", "10.0.4.0/28"], 28, "10.0.4.16/28"),
    (["10.0.0.0/24", "10.9.0.0/20"], ["10.0.0.0/24"], 24, "10.9.0.0/24"),
    (["10.0.0.0/24", "10.9.0.0/20"], [], 22, "10.9.0.0/22"),
    (["10.0.0.0/28"], [], 28, "10.0.0.0/28"),
    (["10.0.0.0/28"], ["10.0.0.0/28"], 28, None),
    (["10.0.0.0/24"], [], 23, None),
    (["255.255.0.0/16"], ["255.255.0.0/17"], 17, "255.255.128.0/17"),
    ([], [], 24, None),
]


@pytest.mark.parametrize(("within", "taken", "length", "wanted"), ROOM)
def test_the_first_free_block(within: list[str], taken: list[str], length: int, wanted: str | None) -> None:
    found = free_block(nets(*within), nets(*taken), length)
    assert found == (IPv4Network(wanted) if wanted else None)


blocks = st.builds(
    lambda start, length: IPv4Network((int(IPv4Network("10.0.0.0/16").network_address) + start, length), strict=False),
    st.integers(0, 2**16 - 1),
    st.integers(20, 28),
)


@given(st.lists(blocks, max_size=12), st.integers(20, 28))
def test_it_is_the_first_by_trying_them_all(taken: list[IPv4Network], length: int) -> None:
    vpc = IPv4Network("10.0.0.0/16")
    tried = (each for each in vpc.subnets(new_prefix=length) if not any(each.overlaps(one) for one in taken))
    assert free_block([vpc], taken, length) == next(tried, None)


def test_overlaps() -> None:
    one, two, three = nets("10.0.0.0/16", "10.0.4.0/24", "10.1.0.0/16")
    assert list(overlaps([one, three], [two])) == [(one, two)]
    assert list(overlaps_among([one, two, three])) == [(one, two)]
    assert list(overlaps_among([two, three])) == []


@pytest.mark.parametrize(
    ("number", "wanted"), [(0, "2a05:d014:0:4700::/64"), (1, "2a05:d014:0:4701::/64"), (255, "2a05:d014:0:47ff::/64")]
)
def test_ipv6_blocks_are_counted_from_the_vpc_s(number: int, wanted: str) -> None:
    assert ipv6_block("2a05:d014:0:4700::/56", number) == wanted
