"""Backup against AWS's limits: what means "wait" waits, and what does not fit is left for the next run."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.seed import Disk
from local.wire import Fault
from local.world import world
from nightshift.jobs.backup import JOB
from tests.integration.scenes import (
    LOST,
    NIGHTLY,
    ROOT,
    SLOT,
    THROTTLE,
    Trouble,
    counts,
    data_disks,
    disk_of,
    lone_volume,
    machine,
    saved,
    saved_volumes,
    snapshots,
    volume_ids,
)
from tests.support import NOW, by_resource, scheduled

type Run = Callable[..., dict[str, Any]]

DAY = timedelta(days=1)


def test_a_full_account_is_waited_for(backend: Any, ec2: Any, run_job: Run) -> None:
    """Two snapshots at a time, each pending for 90 s."""
    world.limits.pending_per_account, world.snapshot_seconds = 2, 90
    boxes = [machine(backend) for _ in range(6)]

    outcome = run_job(JOB, scheduled())

    assert counts(outcome) == {"planned": 6, "done": 6}
    assert saved_volumes(ec2) == sorted(volume_ids(box)[0] for box in boxes)
    assert 180 < outcome["seconds"] < 400
    assert outcome["calls"]["CreateSnapshots"] <= 6 + outcome["seconds"] / 20 * 8


def test_what_a_full_account_leaves_no_time_for_remains_for_the_next_run(backend: Any, ec2: Any, run_job: Run) -> None:
    world.limits.pending_per_account, world.snapshot_seconds = 2, 300
    boxes = [machine(backend) for _ in range(6)]

    first = run_job(JOB, scheduled(), seconds=120)

    assert counts(first) == {"planned": 6, "done": 2, "remaining": 4}
    assert world.now() <= NOW + timedelta(seconds=110)
    left = [each for each in first["decisions"] if each["outcome"] == "remaining"]
    assert {each["error"] for each in left if each["error"]} == {"PendingSnapshotLimitExceeded"}
    assert any("Maximum of 2 pending snapshots exceeded" in each["reason"] for each in left)

    world.clock.set(NOW + timedelta(minutes=15))
    assert counts(run_job(JOB, scheduled())) == {"planned": 4, "done": 4, "skipped": 2}
    assert saved_volumes(ec2) == sorted(volume_ids(box)[0] for box in boxes)


def test_an_instance_with_more_volumes_than_may_be_pending_is_saved_one_by_one(
    backend: Any, ec2: Any, run_job: Run
) -> None:
    """AWS refuses a call for more than 100, whenever it comes."""
    world.snapshot_seconds = 90
    big = machine(backend, disks=[ROOT, *data_disks(100)])
    other = machine(backend)

    outcome = run_job(JOB, scheduled())

    assert counts(outcome) == {"planned": 102, "done": 102}
    assert saved_volumes(ec2) == sorted([*volume_ids(big), *volume_ids(other)])
    assert "not one instant: more than the 100" in by_resource(outcome)[volume_ids(big)[0]]["reason"]


def test_a_blocked_volume_holds_up_no_other_where_forty_are_left_out_already(
    backend: Any, ec2: Any, run_job: Run
) -> None:
    """With the blocked one there would be 41 volumes to exclude."""
    ignored = data_disks(40, tags={"Backup": "ignore"})
    box = machine(backend, disks=[ROOT, Disk("/dev/sdb", 500, "st1"), Disk("/dev/sdc", 10), *ignored])
    root, slow, data = (box.block_device_mapping[f"/dev/sd{x}"].volume_id for x in ("a1", "b", "c"))
    saved(backend, backend.volumes[slow], SLOT - DAY, state="error")

    outcome = run_job(JOB, {})

    assert {id_: each["outcome"] for id_, each in by_resource(outcome).items() if each["outcome"] != "skipped"} == {
        root: "done",
        slow: "remaining",
        data: "done",
    }


@pytest.mark.parametrize("attached", [False, True], ids=["alone", "every volume of its instance"])
def test_where_nothing_is_free_what_blocks_is_named_and_not_waited_for_all_night(
    attached: bool, backend: Any, run_job: Run
) -> None:
    """A failed snapshot blocks until it is deleted: no waiting helps, and the time of the run costs money."""
    slow = disk_of(backend, machine(backend)) if attached else lone_volume(backend)
    slow.volume_type = "sc1"
    blocker = saved(backend, slow, SLOT - DAY, state="error")
    outcome = run_job(JOB, {})
    [decision] = outcome["decisions"]
    assert (decision["outcome"], decision["error"]) == ("remaining", "ConcurrentSnapshotLimitExceeded")
    assert blocker.id in decision["reason"]
    assert outcome["seconds"] < 120


def test_throttling_to_the_end_leaves_the_rest_to_the_next_run(
    aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run
) -> None:
    for _ in range(4):
        machine(backend)
    aws.hooks.append(Trouble("CreateSnapshots", THROTTLE, times=10_000))
    outcome = run_job(JOB, scheduled(), seconds=120)
    assert counts(outcome) == {"planned": 4, "remaining": 4}
    assert world.now() <= NOW + timedelta(seconds=115)
    assert snapshots(ec2) == []


def test_a_full_region_fails_loudly(backend: Any, run_job: Run) -> None:
    world.limits.snapshots_per_region = 0
    machine(backend)
    [decision] = run_job(JOB, {})["decisions"]
    assert (decision["outcome"], decision["error"]) == ("failed", "SnapshotLimitExceeded")


def test_a_snapshot_that_is_not_to_be_seen_yet_is_not_made_twice(
    aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run
) -> None:
    """New snapshots may be absent from describes for minutes, also after an unclear answer: docs/aws.md, Eventual
    consistency."""
    world.visibility_seconds = 120
    box = machine(backend)
    aws.hooks.append(Trouble("CreateSnapshots", LOST))
    run_job(JOB, {})
    world.clock.advance(minutes=15)
    run_job(JOB, {})
    assert saved_volumes(ec2) == volume_ids(box)


def test_failed_snapshots_are_due_again(backend: Any, ec2: Any, run_job: Run) -> None:
    """The set was accepted and fails later."""
    box = machine(backend, NIGHTLY, [ROOT, *data_disks(1)])
    world.snapshot_seconds = 60
    world.failing_volumes.add(volume_ids(box)[1])
    run_job(JOB, {})
    world.clock.advance(minutes=15)
    assert sorted(snapshot["State"] for snapshot in snapshots(ec2)) == ["completed", "error"]

    world.failing_volumes.clear()
    assert counts(run_job(JOB, {})) == {"planned": 1, "done": 1, "skipped": 1}
    assert saved_volumes(ec2) == sorted([*volume_ids(box), volume_ids(box)[1]])


def test_a_tag_writer_at_the_same_time_is_waited_for(aws: EmbeddedAws, backend: Any, run_job: Run) -> None:
    machine(backend)
    aws.hooks.append(Trouble("CreateSnapshots", Fault("ConcurrentTagAccess"), times=2))
    assert counts(run_job(JOB, {})) == {"planned": 1, "done": 1}
