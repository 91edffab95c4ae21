"""AWS's token buckets, as the account sees them: what comes faster than they fill is answered RequestLimitExceeded.

"Request throttling for the EC2 API": each action of an account and region has a bucket. Written apart from the
buckets by which a run paces itself, which it is to hold against.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from local.wire import Fault
from local.world import world

THROTTLE = Fault("RequestLimitExceeded", "Request limit exceeded.", 503)

# (size, tokens a second)
_BUCKETS = {
    "CreateSnapshot": (100.0, 5.0),
    "CreateSnapshots": (100.0, 5.0),
    "DeleteSnapshot": (100.0, 5.0),
    "CreateTags": (100.0, 10.0),
    "DeleteTags": (100.0, 10.0),
    "StartInstances": (5.0, 2.0),
}
_READING = (100.0, 20.0)
_CHANGING = (50.0, 5.0)


class Buckets:
    """A hook of the embedded AWS. refused: how many calls came too fast."""

    def __init__(self) -> None:
        self._filled: dict[str, tuple[float, datetime]] = {}
        self.refused = 0

    def __call__(self, service: str, action: str, _params: Mapping[str, Any]) -> Fault | None:
        if service != "ec2":
            return None
        size, refill = _BUCKETS.get(action) or (_READING if action.startswith("Describe") else _CHANGING)
        now = world.now()
        tokens, since = self._filled.get(action, (size, now))
        tokens = min(size, tokens + refill * max(0.0, (now - since).total_seconds()))
        if tokens < 1:
            self._filled[action] = tokens, now
            self.refused += 1
            return THROTTLE
        self._filled[action] = tokens - 1, now
        return None
