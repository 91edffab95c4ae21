"""Snapshot locks: LockSnapshot, UnlockSnapshot, DescribeLockedSnapshots. moto has none of them.

AWS: API reference of the three actions. Not verified: the error codes of a refused lock or unlock.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from local.corrections.clock import naive
from local.corrections.filters import matches
from local.corrections.paging import paged
from local.corrections.patch import corrects, own, refusal
from local.world import world

MAX_DAYS = 36_500
MAX_COOL_OFF_HOURS = 72


@dataclass(frozen=True)
class Lock:
    mode: str
    created: datetime
    expires: datetime
    days: int
    cool_off_hours: int = 0

    @property
    def cool_off_until(self) -> datetime:
        return self.created + timedelta(hours=self.cool_off_hours)

    @property
    def state(self) -> str:
        now = world.now()
        if now >= self.expires:
            return "expired"
        if self.mode == "compliance" and now < self.cool_off_until:
            return "compliance-cooloff"
        return self.mode


def put_lock(backend: Any, snapshot_id: str, lock: Lock) -> None:
    own(backend, "locks")[snapshot_id] = lock


def is_locked(backend: Any, snapshot_id: str) -> bool:
    lock: Lock | None = own(backend, "locks").get(snapshot_id)
    return lock is not None and lock.state != "expired"


def _shown(response: Any, snapshot_id: str, lock: Lock) -> dict[str, Any]:
    cool_off = lock.cool_off_hours or None
    return {
        "OwnerId": response.current_account,
        "SnapshotId": snapshot_id,
        "LockState": lock.state,
        "LockDuration": lock.days,
        "CoolOffPeriod": cool_off,
        "CoolOffPeriodExpiresOn": naive(lock.cool_off_until) if cool_off else None,
        "LockCreatedOn": naive(lock.created),
        "LockDurationStartTime": naive(lock.created),
        "LockExpiresOn": naive(lock.expires),
    }


@corrects(ElasticBlockStore)
def lock_snapshot(self: Any) -> ActionResult:
    snapshot_id = self._get_param("SnapshotId")
    lock = _requested(self)
    _existing(self.ec2_backend, snapshot_id)
    before: Lock | None = own(self.ec2_backend, "locks").get(snapshot_id)
    if before and before.state == "compliance" and (lock.mode != "compliance" or lock.expires < before.expires):
        raise refusal("OperationNotPermitted", "A lock in compliance mode can only be extended.")
    self.error_on_dryrun()
    put_lock(self.ec2_backend, snapshot_id, lock)
    return ActionResult(_shown(self, snapshot_id, lock))


def _requested(response: Any) -> Lock:
    now, days, until = world.now(), response._get_param("LockDuration"), response._get_param("ExpirationDate")
    if (days is None) == (until is None):
        raise refusal("InvalidParameterCombination", "Specify either a lock duration or an expiration date.")
    if until is not None:
        expires = until if until.tzinfo else until.replace(tzinfo=now.tzinfo)
        days = max(1, (expires - now).days)
    else:
        expires = now + timedelta(days=int(days))
    if not 1 <= int(days) <= MAX_DAYS:
        raise refusal("InvalidParameterValue", f"The lock duration must be between 1 and {MAX_DAYS} days.")
    hours = int(response._get_param("CoolOffPeriod") or 0)
    if not 0 <= hours <= MAX_COOL_OFF_HOURS:
        raise refusal("InvalidParameterValue", f"The cool-off period is at most {MAX_COOL_OFF_HOURS} hours.")
    return Lock(response._get_param("LockMode"), now, expires, int(days), hours)


def _existing(backend: Any, snapshot_id: str) -> None:
    if snapshot_id not in backend.snapshots:
        raise refusal("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")


@corrects(ElasticBlockStore)
def unlock_snapshot(self: Any) -> ActionResult:
    snapshot_id = self._get_param("SnapshotId")
    _existing(self.ec2_backend, snapshot_id)
    locks = own(self.ec2_backend, "locks")
    if snapshot_id not in locks:
        raise refusal("IncorrectState", f"The snapshot '{snapshot_id}' is not locked.")
    if locks[snapshot_id].state == "compliance":
        raise refusal("OperationNotPermitted", "A lock in compliance mode cannot be removed after its cool-off period.")
    self.error_on_dryrun()
    del locks[snapshot_id]
    return ActionResult({"SnapshotId": snapshot_id})


@corrects(ElasticBlockStore)
@paged("Snapshots", key=lambda shown: shown["SnapshotId"])
def describe_locked_snapshots(self: Any) -> ActionResult:
    wanted = self._get_param("SnapshotIds", [])
    states = self._filters_from_querystring().get("lock-state", ["*"])
    locks = {id: lock for id, lock in own(self.ec2_backend, "locks").items() if id in self.ec2_backend.snapshots}
    shown = [_shown(self, id, lock) for id, lock in locks.items() if not wanted or id in wanted]
    return ActionResult({"Snapshots": [each for each in shown if matches(each["LockState"], states)]})
