"""What went wrong in other tools when they cleaned up, one test each.

"Defect 1", "A9" and the like are the numbers of a list of complaints about similar tools, each with the public issue:
docs/peers.md.

Backups are in test_peers_backup.py.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from local import seed
from local.embedded import EmbeddedAws
from local.fleet import seed_demo_fleet
from local.wire import Fault
from local.world import world
from nightshift.jobs import backup, cleanup
from tests.integration.scenes import (
    ROOT,
    SLOT,
    Trouble,
    changes,
    counts,
    data_disks,
    lone_volume,
    machine,
    nights,
    saved,
    saved_volumes,
    snapshot_ids,
    snapshots,
    tags_of,
    volume_ids,
)
from tests.support import NOW, REGION, by_resource, scheduled

type Run = Callable[..., dict[str, Any]]

DAY = timedelta(days=1)
NO_GUARD = "cleanup: {max_delete_percent: 100}"
KEEP_ONE = f"backup: {{plans: {{nightly: {{keep: {{last: 1}}}}}}}}\n{NO_GUARD}"


def test_one_undeletable_snapshot_does_not_abort_the_rest_of_its_batch(
    aws: EmbeddedAws, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """Defect 1: the third of fifty is locked after the read, and the tool gave up the other 47."""
    policy(KEEP_ONE)
    newest, *old = nights(backend, lone_volume(backend), 51)
    third = sorted(old, key=lambda snapshot: (snapshot.start_time, snapshot.id))[2]
    aws.hooks.append(Trouble("DeleteSnapshot", Fault("OperationNotPermitted"), times=9, of=third.id))
    assert counts(run_job(cleanup.JOB, {})) == {"planned": 50, "done": 49, "failed": 1, "skipped": 1}
    assert snapshot_ids(ec2) == {newest.id, third.id}


def test_cleanup_does_not_look_for_another_tag_than_backup_writes(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """Defect 2: the example created with one tag and cleaned up by another: nothing was ever deleted."""
    policy("backup: {plans: {nightly: {keep: {last: 2}}}}")
    box = machine(backend, disks=[ROOT, *data_disks(1)])
    for night in range(4):
        world.clock.set(SLOT + night * DAY)
        assert run_job(backup.JOB, scheduled())["done"] == 2
        run_job(cleanup.JOB, scheduled())
    assert saved_volumes(ec2) == sorted(volume_ids(box) * 2)
    assert {tags_of(each)["nightshift:slot/nightly"] for each in snapshots(ec2)} == {
        "2026-11-26T03:00:00Z",
        "2026-11-27T03:00:00Z",
    }


@pytest.mark.parametrize("order", [1, -1], ids=["the hold last", "the hold first"])
def test_a_missed_day_of_cleanup_is_not_lost_for_ever(
    order: int, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """Defect 6: deleted only what was due on that very day; and a keep tag counted only as the last of the tags."""
    policy("backup: {plans: {nightly: {keep: {within: 3d}}}}\ncleanup: {max_delete_percent: 100}")
    made = nights(backend, lone_volume(backend), 10, newest=SLOT - 20 * DAY)
    newest, held = saved(backend, backend.volumes[made[0].volume_id], SLOT), made[5]
    tags = [*backend.tags[held.id].items(), ("nightshift:hold-until", "2099-12-31")]
    backend.tags[held.id] = dict(tags[::order])
    run_job(cleanup.JOB, scheduled())
    assert snapshot_ids(ec2) == {newest.id, held.id}


def test_a_deletion_that_failed_is_not_forgotten_by_the_next_run(
    aws: EmbeddedAws, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """Defect 7: the history row went first, so a failed deletion was never tried again."""
    policy(KEEP_ONE)
    newest, old = nights(backend, lone_volume(backend), 2)
    trouble = Trouble("DeleteSnapshot", Fault("InternalError", status=500), times=99)
    aws.hooks.append(trouble)
    assert counts(run_job(cleanup.JOB, {})) == {"planned": 1, "failed": 1, "skipped": 1}
    trouble.times = 0
    assert counts(run_job(cleanup.JOB, {})) == {"planned": 1, "done": 1, "skipped": 1}
    assert (newest.id in snapshot_ids(ec2), old.id in snapshot_ids(ec2)) == (True, False)


def test_a_run_that_failed_on_the_first_does_not_lose_the_month(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """Defect 8: the class was fixed by the date of creation, one DescribeVolumes a volume, no second page."""
    policy("backup: {plans: {nightly: {keep: {monthly: 12}}}}\ncleanup: {check_sharing: false}")
    volumes = [lone_volume(backend) for _ in range(3)]
    for volume in volumes:
        for ago in range(400):
            slot = SLOT - ago * DAY
            if slot.day not in (1, 30, 31):
                saved(backend, volume, slot)
    outcome = run_job(cleanup.JOB, {"dry_run": True})
    kept = [each["resource"] for each in outcome["decisions"] if each["action"] == "keep"]
    months = sorted(f"{each['StartTime']:%Y-%m}" for each in snapshots(ec2) if each["SnapshotId"] in kept)
    assert months == sorted(["2025-12", *(f"2026-{month:02}" for month in range(1, 12))] * len(volumes))
    assert outcome["calls"]["DescribeVolumes"] == 1
    assert outcome["calls"]["DescribeSnapshots"] == 2 + 1


def test_no_image_is_deregistered_to_get_at_its_snapshots(
    aws: EmbeddedAws, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """Defect 9."""
    policy(KEEP_ONE)
    seed_demo_fleet(REGION, NOW, history_days=5)
    images = {image["ImageId"] for image in ec2.describe_images(Owners=["self"], IncludeDisabled=True)["Images"]}
    aws.requests.clear()
    assert run_job(cleanup.JOB, {})["done"] > 10
    assert set(changes(aws.requests)) == {"DeleteSnapshot"}
    answer = ec2.describe_images(Owners=["self"], IncludeDisabled=True)
    assert {image["ImageId"] for image in answer["Images"]} == images != set()


def test_one_snapshot_in_use_does_not_stop_the_others(
    aws: EmbeddedAws, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """A9: "in use by ami-x" is a reason, not an error of the night."""
    policy(KEEP_ONE)
    newest, used, *_ = nights(backend, lone_volume(backend), 10)
    aws.hooks.append(Trouble("DeleteSnapshot", Fault("InvalidSnapshot.InUse", "in use by ami-1"), of=used.id))
    outcome = run_job(cleanup.JOB, scheduled())
    assert counts(outcome) == {"planned": 8, "done": 8, "skipped": 2}
    decision = by_resource(outcome)[used.id]
    assert (decision["action"], decision["error"]) == ("keep", "InvalidSnapshot.InUse")
    assert "in use by ami-1" in decision["reason"]
    assert snapshot_ids(ec2) == {newest.id, used.id}


def test_a_disabled_image_is_not_overlooked(
    aws: EmbeddedAws, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """A10, and defect 4: DescribeImages leaves disabled images out unless asked for them."""
    policy(KEEP_ONE)
    _, used = nights(backend, lone_volume(backend), 2)
    image = seed.image(backend, "golden", machine(backend), {"/dev/sda1": used}, disabled=True)
    outcome = run_job(cleanup.JOB, scheduled())
    assert f"it backs {image.id} (disabled)" in by_resource(outcome)[used.id]["reason"]
    assert "DeleteSnapshot" not in changes(aws.requests)


def test_a_locked_snapshot_is_not_overlooked_on_the_second_page(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """A11: DescribeLockedSnapshots answers 1,000 at most, and botocore has no paginator for it."""
    policy(KEEP_ONE)
    made = nights(backend, lone_volume(backend), 1102)
    for snapshot in made[1:1101]:
        seed.lock(backend, snapshot.id)
    outcome = run_job(cleanup.JOB, {})
    assert outcome["calls"]["DescribeLockedSnapshots"] == 2
    assert counts(outcome) == {"planned": 1, "done": 1, "skipped": 1101}
    assert snapshot_ids(ec2) == {snapshot.id for snapshot in made[:1101]}


def test_a_deletion_that_failed_is_not_listed_as_done(
    aws: EmbeddedAws, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """A14."""
    policy(KEEP_ONE)
    nights(backend, lone_volume(backend), 9)
    there = snapshot_ids(ec2)
    aws.hooks.append(Trouble("DeleteSnapshot", Fault("UnauthorizedOperation", status=403), times=3))
    outcome = run_job(cleanup.JOB, {})
    done = {each["resource"] for each in outcome["decisions"] if each["outcome"] == "done"}
    assert done == there - snapshot_ids(ec2)
    assert (len(done), outcome["done"], outcome["failed"]) == (5, 5, 3)


def test_a_dry_run_does_not_differ_from_the_real_run(
    aws: EmbeddedAws, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """A15. On the demo fleet: AMIs, locks, shares, holds, deleted volumes, other people's snapshots."""
    policy(NO_GUARD)
    seed_demo_fleet(REGION, NOW, history_days=30)
    there = snapshots(ec2)
    aws.requests.clear()

    dry = run_job(cleanup.JOB, {"dry_run": True})
    assert changes(aws.requests) == []
    assert snapshots(ec2) == there
    real = run_job(cleanup.JOB, {})

    assert (dry["done"], dry["failed"], dry["remaining"]) == (0, 0, 0)
    assert real["done"] == real["planned"] == dry["planned"] > 100
    planned, done = by_resource(dry), by_resource(real)
    assert [(id_, each["action"], each["reason"]) for id_, each in sorted(planned.items())] == [
        (id_, each["action"], each["reason"]) for id_, each in sorted(done.items())
    ]
    gone = {each["SnapshotId"] for each in there} - snapshot_ids(ec2)
    assert gone == {id_ for id_, each in planned.items() if each["action"] == "delete"}
    assert run_job(cleanup.JOB, {})["planned"] == 0
