"""AWS's token buckets over the embedded AWS: what comes too fast is answered RequestLimitExceeded."""

from collections.abc import Mapping
from typing import Any

from local import buckets
from local.wire import Fault
from local.world import world

THROTTLE = Fault("RequestLimitExceeded", "Request limit exceeded.", 503)


class Buckets:
    """A hook of the embedded AWS. refused: how many calls came too fast."""

    def __init__(self) -> None:
        self._buckets = buckets.Buckets(world.now)
        self.refused = 0

    def __call__(self, service: str, action: str, _params: Mapping[str, Any]) -> Fault | None:
        if service != "ec2" or self._buckets.take(action):
            return None
        self.refused += 1
        return THROTTLE
