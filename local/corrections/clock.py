"""The world's clock in moto: every time that moto writes comes from it."""

from datetime import datetime

from moto.ec2.models import amis, elastic_block_store, instances

from local.corrections.patch import replaces
from local.world import world


def utcnow() -> datetime:
    """moto's own times are UTC without a time zone."""
    return world.now().replace(tzinfo=None)


def naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


for module in (amis, elastic_block_store, instances):
    replaces(module, "utcnow", utcnow)
