"""AWS's token buckets, and our share of them.

Each action has a bucket per account and region that everyone in the account draws from ("Request throttling for
the EC2 API"). A run keeps below it, or the cluster's EBS driver starves while the night's backups go out.
"""

import math
import threading
from collections.abc import Sequence
from datetime import datetime

from nightshift.clock import Clock

# AWS publishes no buckets for EKS: these read a hundred clusters within a minute and leave room for others.
_EKS = (20, 10)

# (size, refill per second)
_BUCKETS: dict[str, tuple[float, float]] = {
    "CreateSnapshot": (100, 5),
    "CreateSnapshots": (100, 5),
    "DeleteSnapshot": (100, 5),
    "CreateTags": (100, 10),
    "DeleteTags": (100, 10),
    "StartInstances": (5, 2),
    "ListClusters": _EKS,
    "DescribeCluster": _EKS,
    "DescribeClusterVersions": _EKS,
    "ListNodegroups": _EKS,
    "DescribeNodegroup": _EKS,
    "ListFargateProfiles": _EKS,
    "DescribeFargateProfile": _EKS,
    "ListAddons": _EKS,
    "DescribeAddon": _EKS,
    "DescribeAddonVersions": _EKS,
    "ListInsights": _EKS,
    "DescribeInsight": _EKS,
    "TagResource": _EKS,
    "CreateNatGateway": (10, 1),
    "DeleteNatGateway": (10, 1),
    "CreateVpcEndpoint": (4, 0.3),
    "ModifyVpcEndpoint": (4, 0.3),
    "DeleteVpcEndpoints": (4, 0.3),
}
_READS = (100, 20)
_OTHER_CHANGES = (50, 5)

# So much of a full share goes at once. The rest follows faster than a share refills; at the default share of 80 %, as
# fast as AWS's bucket does. So a run that comes soon after another one, to a bucket that is not full, is not throttled.
AT_ONCE, HURRY = 0.5, 1.25


class Pacer:
    """Lets calls pass no faster than our share of AWS's buckets refills. Safe to share between threads."""

    def __init__(self, clock: Clock, share: float) -> None:
        self._clock, self._share = clock, share
        self._shares: dict[str, _Share] = {}
        self._lock = threading.Lock()

    def wait_for_token(self, action: str, at_most_seconds: float = math.inf) -> bool:
        """Return when the action may be sent; False, and at once, where that is not within so many seconds."""
        with self._lock:
            seconds = self._share_of(action).take(self._clock.now())
        if seconds > at_most_seconds:
            return False
        if seconds > 0:
            self._clock.sleep(seconds)
        return True

    def often_within(self, seconds: float, actions: Sequence[str]) -> int:
        """How many times these actions can be done one after the other in so much time, from full buckets."""
        with self._lock:
            shares = [self._share_of(action).buckets for action in actions]
        return min(_often(seconds, buckets) for buckets in zip(*shares, strict=True))

    def throttled(self, action: str) -> None:
        """AWS refused a call for its pace: the bucket is empty, whoever emptied it."""
        with self._lock:
            self._share_of(action).drain(self._clock.now())

    def _share_of(self, action: str) -> "_Share":
        if action not in self._shares:
            size, refill = _BUCKETS.get(action) or (_READS if is_read(action) else _OTHER_CHANGES)
            self._shares[action] = _Share(size * self._share, refill * self._share, self._clock.now())
        return self._shares[action]


class _Share:
    """Our share of one of AWS's buckets. buckets: of both a token must be there; a small one that fills fast, too."""

    def __init__(self, size: float, refill: float, now: datetime) -> None:
        self.buckets = (_Bucket(size, refill, now), _Bucket(size * AT_ONCE, refill * HURRY, now))

    def take(self, now: datetime) -> float:
        """Take one token of each; the seconds to wait until both are there."""
        return max([bucket.take(now) for bucket in self.buckets])

    def drain(self, now: datetime) -> None:
        for bucket in self.buckets:
            bucket.drain(now)


class _Bucket:
    """Tokens may be owed: whoever takes one that is not there yet waits until it would be."""

    def __init__(self, size: float, refill: float, now: datetime) -> None:
        self.size, self.refill, self._tokens, self._filled = size, refill, size, now

    def take(self, now: datetime) -> float:
        """Take one token; the seconds to wait until it is there."""
        self._fill(now)
        self._tokens -= 1
        return max(0.0, -self._tokens / self.refill)

    def drain(self, now: datetime) -> None:
        self._fill(now)
        self._tokens = min(self._tokens, 0.0)

    def _fill(self, now: datetime) -> None:
        passed = max(0.0, (now - self._filled).total_seconds())
        self._tokens = min(self.size, self._tokens + passed * self.refill)
        self._filled = now


def _often(seconds: float, buckets: Sequence[_Bucket]) -> int:
    """How many times a token of each can be had, one after the other, in so much time."""
    burst = min(bucket.size for bucket in buckets)
    return int(burst + max(0.0, seconds) / sum(1 / bucket.refill for bucket in buckets))


def is_read(action: str) -> bool:
    """Whether an action changes nothing."""
    return action.startswith(("Describe", "Get", "List"))
