"""How many snapshots AWS lets one make, and how fast. moto knows no such limit.

AWS: docs/aws.md, Snapshot limits (Service Quotas, ERR). All but SnapshotLimitExceeded mean "wait", and botocore does
not send again.
"""

from typing import Any

from local.corrections.patch import own, refusal
from local.world import world

HDD = ("st1", "sc1")


def check(backend: Any, volumes: list[Any]) -> None:
    """Refuses the whole call, before anything is made."""
    if not world.limits.enabled:
        return
    _region_is_full(backend, len(volumes))
    unfinished = _unfinished(backend)
    _too_many_pending(unfinished, len(volumes))
    for volume in volumes:
        _too_soon(volume)
        _too_many_of_volume(volume, [each for each in unfinished if each.volume.id == volume.id])


def _unfinished(backend: Any) -> list[Any]:
    """Pending and error ones; one that was deleted while pending counts until it would have completed."""
    candidates = list(own(backend, "unfinished").values())
    return [
        each
        for each in candidates
        if each.status == "pending" or (each.status == "error" and each.id in backend.snapshots)
    ]


def _region_is_full(backend: Any, more: int) -> None:
    limit = world.limits.snapshots_per_region
    if len(backend.snapshots) + more > limit:
        raise refusal("SnapshotLimitExceeded", f"You have exceeded your limit of {limit} snapshots.")


def _too_many_pending(unfinished: list[Any], more: int) -> None:
    limit = world.limits.pending_per_account
    if sum(each.status == "pending" for each in unfinished) + more > limit:
        raise refusal("PendingSnapshotLimitExceeded", f"Maximum of {limit} pending snapshots exceeded.")


def _too_soon(volume: Any) -> None:
    last = vars(volume).get("last_snapshot_at")
    pause = world.limits.seconds_between_snapshots_of_a_volume
    if last is not None and (world.now() - last).total_seconds() < pause:
        raise refusal(
            "SnapshotCreationPerVolumeRateExceeded",
            "The maximum per volume CreateSnapshot request rate has been exceeded. "
            "Use an increasing or variable sleep interval between requests.",
        )


def _too_many_of_volume(volume: Any, unfinished: list[Any]) -> None:
    """Errors count as well as pending ones (ERR): one failed snapshot blocks an st1 or sc1 volume."""
    limits = world.limits
    limit = limits.concurrent_per_hdd_volume if volume.volume_type in HDD else limits.concurrent_per_volume
    if len(unfinished) >= limit:
        raise refusal(
            "ConcurrentSnapshotLimitExceeded", "Maximum allowed in-progress snapshots for a single volume exceeded."
        )
