"""What went wrong in other tools when they saved, one test each.

"Defect 3", "A3" and the like are the numbers of a list of complaints about similar tools, each with the public issue:
docs/peers.md.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from local.embedded import EmbeddedAws
from local.seed import Disk, system_tags
from local.wire import Fault
from local.world import world
from nightshift.jobs import backup, cleanup
from tests.integration.scenes import (
    LOST,
    ROOT,
    SLOT,
    THROTTLE,
    Trouble,
    at,
    changes,
    counts,
    data_disks,
    disk_of,
    lone_volume,
    machine,
    saved,
    saved_volumes,
    snapshots,
    tags_of,
    volume_ids,
)
from tests.support import NOW, by_resource, scheduled

type Run = Callable[..., dict[str, Any]]

DAY = timedelta(days=1)
NO_GUARD = "cleanup: {max_delete_percent: 100}"
KEEP_ONE = f"backup: {{plans: {{nightly: {{keep: {{last: 1}}}}}}}}\n{NO_GUARD}"


def test_the_first_error_does_not_end_the_backups_of_the_others(
    aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run
) -> None:
    """Defect 3: the first error that was no throttle ended the loop."""
    boxes = [machine(backend) for _ in range(10)]
    aws.hooks.append(Trouble("CreateSnapshots", Fault("IncorrectState", "volume is being modified")))
    assert counts(run_job(backup.JOB, {})) == {"planned": 10, "done": 9, "failed": 1}
    assert len(set(saved_volumes(ec2)) & {volume_ids(box)[0] for box in boxes}) == 9


def test_a_time_just_before_midnight_is_not_missed(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """Defect 7 too: 23:59 was compared as text with the time of a run after midnight."""
    policy("backup: {plans: {nightly: {schedule: 59 23 * * *}}}")
    machine(backend)
    for moment in (NOW.replace(hour=23, minute=50), NOW.replace(hour=0, minute=5) + DAY):
        world.clock.set(moment)
        run_job(backup.JOB, scheduled())
    slots = sorted(tags_of(each)["nightshift:slot/nightly"] for each in snapshots(ec2))
    assert slots == ["2026-11-23T23:59:00Z", "2026-11-24T23:59:00Z"]


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def nights_in_berlin(backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run) -> Callable[..., list[str]]:
    """The nights (local date) of the snapshots that are there after some days of backup and cleanup, for each plan."""

    def simulate(first: datetime, days: int, keep: int) -> list[str]:
        plan = f"keep: {{daily: {keep}}}"
        policy(
            "time_zone: Europe/Berlin\nbackup: {plans: {"
            f'early: {{schedule: "30 2 * * *", {plan}}}, late: {{schedule: "15 3 * * *", {plan}}}}}}}\n{NO_GUARD}'
        )
        with at(first):
            lone_volume(backend, {"Backup": "early"})
            lone_volume(backend, {"Backup": "late"})
        for day in range(days):
            for minutes in (45, 105, 150):
                world.clock.set(first + timedelta(days=day, minutes=minutes))
                run_job(backup.JOB, scheduled())
        run_job(cleanup.JOB, scheduled())
        by_plan: dict[str, list[str]] = {"early": [], "late": []}
        for snapshot in snapshots(ec2):
            for plan_name, found in by_plan.items():
                if slot := tags_of(snapshot).get(f"nightshift:slot/{plan_name}"):
                    found.append(f"{datetime.fromisoformat(slot).astimezone(BERLIN):%Y-%m-%d}")
        assert sorted(by_plan["early"]) == sorted(by_plan["late"])
        return sorted(by_plan["early"])

    return simulate


def test_the_gap_in_spring_does_not_skip_a_night(nights_in_berlin: Callable[..., list[str]]) -> None:
    """Defect 11: EventBridge Scheduler leaves out 02:30 on the night of the change."""
    made = nights_in_berlin(datetime(2026, 3, 28, tzinfo=UTC), days=3, keep=10)
    assert made == [f"2026-03-{day}" for day in (27, 28, 29, 30)]


def test_the_second_hour_in_autumn_does_not_double_a_night(nights_in_berlin: Callable[..., list[str]]) -> None:
    """A19."""
    made = nights_in_berlin(datetime(2026, 10, 24, tzinfo=UTC), days=3, keep=3)
    assert made == [f"2026-10-{day}" for day in (24, 25, 26)]


def test_an_event_delivered_twice_does_not_save_twice(backend: Any, ec2: Any, run_job: Run) -> None:
    """A3: at once and one after the other."""
    boxes = [machine(backend, disks=[ROOT, *data_disks(1)]) for _ in range(5)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda event: run_job(backup.JOB, event), [scheduled(), scheduled()]))
    run_job(backup.JOB, scheduled())
    assert saved_volumes(ec2) == sorted(id_ for box in boxes for id_ in volume_ids(box))


def test_throttling_in_bulk_does_not_fail_a_single_volume(
    aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run
) -> None:
    """A5."""
    for _ in range(15):
        machine(backend)
        lone_volume(backend)
    aws.hooks.extend([Trouble("CreateSnapshots", THROTTLE, times=20), Trouble("CreateSnapshot", THROTTLE, times=20)])
    outcome = run_job(backup.JOB, scheduled())
    assert counts(outcome) == {"planned": 30, "done": 30}
    assert (outcome["calls"]["CreateSnapshots"], outcome["calls"]["CreateSnapshot"]) == (35, 35)
    assert outcome["seconds"] > 20
    assert len(saved_volumes(ec2)) == 30


@pytest.mark.parametrize("state", ["pending", "error"])
def test_a_slow_volume_at_its_limit_does_not_hold_up_the_others_of_its_instance(
    state: str, backend: Any, ec2: Any, run_job: Run
) -> None:
    """A6: st1 and sc1 take one snapshot at a time, and a failed one counts until it is deleted."""
    box = machine(backend, disks=[ROOT, Disk("/dev/sdf", 500, "st1"), Disk("/dev/sdg", 100)])
    root, slow, data = volume_ids(box)
    blocker = saved(backend, disk_of(backend, box, 1), SLOT - DAY, state=state)
    outcome = run_job(backup.JOB, scheduled())
    assert counts(outcome) == {"planned": 3, "done": 2, "remaining": 1}
    decision = by_resource(outcome)[slow]
    assert (decision["outcome"], decision["error"]) == ("remaining", "ConcurrentSnapshotLimitExceeded")
    assert f"blocked by {blocker.id} ({state})" in decision["reason"]
    backend.snapshots[blocker.id].status = "completed"
    world.clock.advance(minutes=15)
    assert counts(run_job(backup.JOB, scheduled())) == {"planned": 1, "done": 1, "skipped": 2}
    assert saved_volumes(ec2) == sorted([root, slow, slow, data])


def test_a_volume_saved_a_moment_before_does_not_count_as_a_failure(backend: Any, ec2: Any, run_job: Run) -> None:
    """A7: SnapshotCreationPerVolumeRateExceeded means later."""
    box, other = machine(backend), lone_volume(backend)
    for volume_id in (volume_ids(box)[0], other.id):
        ec2.create_snapshot(VolumeId=volume_id)
    outcome = run_job(backup.JOB, scheduled())
    assert counts(outcome) == {"planned": 2, "done": 2}
    assert 15 <= outcome["seconds"] < 60
    assert len(snapshots(ec2)) == 4


def test_a_snapshot_does_not_lack_its_owner_instance_device_and_volume(backend: Any, ec2: Any, run_job: Run) -> None:
    """A23: snapshots nobody can name."""
    box = machine(backend, disks=[ROOT, *data_disks(1)])
    for volume_id in volume_ids(box):
        system_tags(backend, volume_id, {"owner": "data", "Name": f"ledger {volume_id}"})
    run_job(backup.JOB, scheduled())
    made = {each["VolumeId"]: tags_of(each) for each in snapshots(ec2)}
    assert sorted(made) == sorted(volume_ids(box))
    for device, block in box.block_device_mapping.items():
        tags = made[block.volume_id]
        assert (tags["owner"], tags["Name"]) == ("data", f"ledger {block.volume_id}")
        assert tags["nightshift:instance"] == box.id
        assert f"{device}={block.volume_id}:" in tags["nightshift:devices/1"]


def test_a_run_killed_after_creating_does_not_leave_untagged_snapshots(
    aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run
) -> None:
    """A25: create then tag. The answer is lost and the time is up: whatever is needed was in the creating call."""
    box = machine(backend)
    aws.hooks.append(Trouble("CreateSnapshots", LOST))
    outcome = run_job(backup.JOB, scheduled(), seconds=30)
    assert counts(outcome) == {"planned": 1, "remaining": 1}
    [made] = snapshots(ec2)
    assert tags_of(made).keys() >= {f"nightshift:{key}" for key in ("stack", "slot/nightly", "instance", "devices/1")}
    assert "CreateTags" not in changes(aws.requests)
    assert counts(run_job(backup.JOB, scheduled())) == {"skipped": 1}
    assert saved_volumes(ec2) == volume_ids(box)
