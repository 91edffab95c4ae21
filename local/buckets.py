"""AWS's token buckets, as the account sees them: what comes faster than they fill is refused.

"Request throttling for the EC2 API": each action of an account and region has a bucket. Written apart from the
buckets by which a run paces itself, which it is to hold against.
"""

from collections.abc import Callable
from datetime import datetime

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
    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._filled: dict[str, tuple[float, datetime]] = {}

    def take(self, action: str) -> bool:
        """Whether the bucket has a token for this call, which then is gone."""
        size, refill = _BUCKETS.get(action) or (_READING if action.startswith("Describe") else _CHANGING)
        now = self._now()
        tokens, since = self._filled.get(action, (size, now))
        tokens = min(size, tokens + refill * max(0.0, (now - since).total_seconds()))
        there = tokens >= 1
        self._filled[action] = tokens - there, now
        return there
