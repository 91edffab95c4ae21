"""Adopting what does not fit the declaration: refused by name, from the records alone."""

from dataclasses import replace

from nightshift.plan.network.region import Subnet, Vpc, VpcBlock
from tests.unit.plan.network.model import EMPTY, refused


def test_a_subnet_without_ipv4_is_not_what_was_declared() -> None:
    vpc = Vpc(
        "vpc-01234567", "10.20.0.0/16", (VpcBlock("a", "10.20.0.0/16", "associated"),), "available", is_default=False
    )
    six = Subnet("subnet-01234567", "vpc-01234567", "", "eu-central-1a", "available", 0, False, "2a05:d014:0:4700::/64")
    event = {
        "vpc": {"name": "main", "cidr": "10.20.0.0/16"},
        "subnets": [{"name": "six", "cidr": "10.20.0.0/24", "zone": "eu-central-1a"}],
        "adopt": {"vpc": "vpc-01234567", "subnets": {"six": "subnet-01234567"}},
    }
    words = refused(replace(EMPTY, vpcs=[vpc], subnets=[six]), event)
    assert words is not None
    assert "subnet/six: declared is subnet 10.20.0.0/24 in eu-central-1a, but subnet-01234567 is" in words
