"""Declarations of networks, any that could be written."""

from typing import Any

from hypothesis import strategies as st

from tests.unit.plan.network.model import ZONES

DESTROY = {"destroy": True, "vpc": {"name": "main"}}


@st.composite
def subnets(draw: st.DrawFn) -> list[dict[str, Any]]:
    names = draw(st.lists(st.sampled_from(["web", "app", "db", "dmz", "ops"]), max_size=4, unique=True))
    return [
        {
            "name": name,
            "prefix_length": draw(st.integers(24, 28)),
            "zone": draw(st.sampled_from([*ZONES, "spread"])),
            "public": draw(st.booleans()),
        }
        for name in names
    ]


@st.composite
def declarations(draw: st.DrawFn) -> dict[str, Any]:
    """A network by the name of main, in 10.20.0.0/16 or a part of it."""
    its = draw(subnets())
    public = {subnet["public"] for subnet in its}
    nat = draw(st.sampled_from(["none", "one", "per_zone"])) if public == {True, False} else "none"
    return {
        "vpc": {
            "name": "main",
            "cidr": draw(st.sampled_from(["10.20.0.0/16", "10.20.0.0/20", "10.20.0.0/22"])),
            "secondary_cidrs": draw(st.sampled_from([[], ["10.21.0.0/20"], ["10.21.0.0/20", "10.22.0.0/24"]])),
            "ipv6": draw(st.booleans()),
            "tags": draw(st.sampled_from([{}, {"env": "prod"}, {"env": "test", "team": "net"}])),
        },
        "subnets": its,
        "internet_gateway": True in public or draw(st.booleans()),
        "nat_gateway": nat,
        "endpoints": draw(st.sampled_from([[], ["s3"], ["s3", "dynamodb"]])),
    }
