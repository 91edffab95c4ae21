"""What there is of networks in a region, as tables: VPCs with the states of their blocks, subnets, overlaps."""

from typing import Any

from nightshift.outcome import Action, Decision, Plan
from nightshift.plan.network.blocks import KEPT_BY_AWS
from nightshift.plan.network.neighbours import named, overlapping
from nightshift.plan.network.region import Region, Subnet, Vpc
from nightshift.plan.tags import NETWORK


def show(found: Region) -> Plan:
    """One decision for each VPC; the tables say the rest."""
    overlaps = list(overlapping(found))
    decisions = [Decision(vpc.id, Action.KEEP, _words(vpc, found)) for vpc in found.vpcs]
    notes = [
        f"{pair['vpc']} ({pair['block']}) overlaps {pair['other_vpc']} ({pair['other_block']}): no peering"
        for pair in overlaps
    ]
    tables = {
        "vpcs": [_vpc(vpc) for vpc in sorted(found.vpcs, key=lambda vpc: vpc.id)],
        "subnets": [
            _subnet(each) for each in sorted(found.subnets, key=lambda each: (each.vpc_id, each.zone, each.id))
        ],
        "overlaps": overlaps,
    }
    return Plan(decisions, notes or [f"no VPCs of {found.name} overlap"], tables=tables)


def _words(vpc: Vpc, found: Region) -> str:
    count = sum(subnet.vpc_id == vpc.id for subnet in found.subnets)
    return f"{named(vpc)}, {', '.join(vpc.ipv4)}, {count} subnets"


def _vpc(vpc: Vpc) -> dict[str, Any]:
    return {
        "id": vpc.id,
        "name": vpc.tags.get("Name", ""),
        "network": vpc.tags.get(NETWORK),
        "default": vpc.is_default,
        "state": vpc.state,
        "cidr": vpc.cidr,
        "blocks": [{"cidr": block.cidr, "state": block.state, "id": block.id} for block in vpc.blocks],
    }


def _subnet(subnet: Subnet) -> dict[str, Any]:
    """size: the addresses that AWS does not keep for itself."""
    return {
        "id": subnet.id,
        "name": subnet.tags.get("Name", ""),
        "vpc": subnet.vpc_id,
        "zone": subnet.zone,
        "cidr": subnet.cidr,
        "ipv6": subnet.ipv6,
        "size": _size(subnet),
        "free": subnet.free,
        "public_addresses": subnet.gives_public_addresses,
    }


def _size(subnet: Subnet) -> int:
    return max(0, subnet.size - KEPT_BY_AWS)
