"""What is not covered is seen from what is there, whatever the runs were told, and is measured for each plan."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from local.world import world
from nightshift.errors import RunFailed
from nightshift.jobs import backup, cleanup
from tests.integration.scenes import (
    DENIED,
    NIGHTLY,
    SLOT,
    Trouble,
    empty,
    lone_volume,
    machine,
    nights,
    saved,
    snapshots,
    volume_ids,
)
from tests.support import NOW, scheduled

type Run = Callable[..., dict[str, Any]]
type Measured = Callable[[], Mapping[str, Mapping[str, int]]]

TWO_HOURS = timedelta(hours=2)


NIGHTLY_PLAN = "stack=nightshift job=backup plan=nightly"
WELL = {"since": "2026-11-24T03:00:00Z", "volumes": 1, "uncovered": 0, "volume_ids": []}


def test_a_saved_volume_is_covered(backend: Any, run_job: Run, measured: Measured) -> None:
    saved(backend, lone_volume(backend), SLOT)
    outcome = run_job(backup.JOB, scheduled())
    assert outcome["coverage"] == {"nightly": WELL}
    assert outcome["notes"] == []
    assert measured()[NIGHTLY_PLAN] == {"Uncovered": 0}


def test_a_snapshot_that_somebody_deletes_leaves_a_gap_until_it_is_made_again(
    ec2: Any, backend: Any, run_job: Run, measured: Measured
) -> None:
    volume = lone_volume(backend)
    snapshot = saved(backend, volume, SLOT)
    ec2.delete_snapshot(SnapshotId=snapshot.id)
    outcome = run_job(backup.JOB, scheduled())
    assert outcome["done"] == 1
    assert outcome["coverage"]["nightly"]["volume_ids"] == [volume.id]
    assert outcome["notes"] == [
        f"plan nightly: 1 of 1 volumes have no completed snapshot of 2026-11-24T03:00:00Z or later: {volume.id}"
    ]
    assert measured()[NIGHTLY_PLAN] == {"Uncovered": 1}

    world.clock.advance(seconds=900)
    assert run_job(backup.JOB, scheduled())["coverage"] == {"nightly": WELL}


def test_a_run_that_all_went_well_does_not_hide_a_snapshot_that_failed_later(
    backend: Any, run_job: Run, measured: Measured
) -> None:
    """AWS said yes, so backup was done; every snapshot of this volume fails afterwards."""
    volume = lone_volume(backend)
    world.failing_volumes.add(volume.id)
    for quarter in range(12):
        world.clock.set(SLOT + timedelta(minutes=1 + 15 * quarter))
        outcome = run_job(backup.JOB, scheduled())
        assert outcome["failed"] == 0
    assert outcome["coverage"]["nightly"]["volume_ids"] == [volume.id]
    assert measured()[NIGHTLY_PLAN] == {"Uncovered": 1}


def test_a_denied_volume_is_uncovered_from_two_hours_after_its_slot_on(
    aws: Any, backend: Any, run_job: Run, measured: Measured
) -> None:
    volume = lone_volume(backend)
    nights(backend, volume, 3, SLOT - timedelta(days=1))
    aws.hooks.append(Trouble("CreateSnapshot", DENIED, times=100))
    for after, uncovered in ((timedelta(minutes=119), 0), (TWO_HOURS, 1)):
        world.clock.set(SLOT + after)
        with pytest.raises(RunFailed):
            run_job(backup.JOB, scheduled())
        assert measured()[NIGHTLY_PLAN] == {"Uncovered": uncovered}


def test_a_paused_policy_leaves_gaps(
    backend: Any, policy: Callable[[str], None], run_job: Run, measured: Measured
) -> None:
    policy("paused: true")
    nights(backend, lone_volume(backend), 1, SLOT - timedelta(days=1))
    run_job(backup.JOB, scheduled())
    assert measured()[NIGHTLY_PLAN] == {"Uncovered": 1}


def test_a_point_made_by_hand_covers_until_the_next_slot(backend: Any, ec2: Any, run_job: Run) -> None:
    volume = lone_volume(backend)
    run_job(backup.JOB, {"now": True, "volume_ids": [volume.id]})
    world.clock.advance(seconds=900)
    outcome = run_job(backup.JOB, {"dry_run": True})
    assert outcome["planned"] == 1  # the slot itself is still due
    assert outcome["coverage"] == {"nightly": WELL}


def test_a_run_for_one_volume_still_sees_the_whole_region(backend: Any, run_job: Run, measured: Measured) -> None:
    one, other = lone_volume(backend), lone_volume(backend)
    saved(backend, one, SLOT)
    run_job(backup.JOB, {"volume_ids": [one.id]})
    assert measured()[NIGHTLY_PLAN] == {"Uncovered": 1}
    assert run_job(backup.JOB, {"volume_ids": [one.id]})["coverage"]["nightly"]["volume_ids"] == [other.id]


def test_each_plan_has_its_own_gaps(
    backend: Any, policy: Callable[[str], None], run_job: Run, measured: Measured
) -> None:
    policy('backup: {plans: {nightly: {}, weekly: {schedule: "0 4 * * 0"}, hourly: {schedule: "0 * * * *"}}}')
    volume = lone_volume(backend, {"Backup": "nightly,weekly,hourly"})
    saved(backend, volume, SLOT, "nightly", "hourly")
    outcome = run_job(backup.JOB, {})
    assert {plan: (of["since"], of["volume_ids"]) for plan, of in outcome["coverage"].items()} == {
        "nightly": ("2026-11-24T03:00:00Z", []),
        "weekly": ("2026-11-22T04:00:00Z", [volume.id]),
        "hourly": ("2026-11-24T10:00:00Z", [volume.id]),
    }
    told = measured()
    assert {plan: told[f"stack=nightshift job=backup plan={plan}"]["Uncovered"] for plan in outcome["coverage"]} == {
        "nightly": 0,
        "weekly": 1,
        "hourly": 1,
    }


def test_what_opted_out_or_is_ending_is_no_gap(backend: Any, run_job: Run) -> None:
    lone_volume(backend, {"Backup": "ignore"})
    lone_volume(backend, {})
    machine(backend).terminate()
    outcome = run_job(backup.JOB, {"dry_run": True})
    assert outcome["not_opted_in"] == 1
    assert outcome["coverage"]["nightly"]["volume_ids"] == []


def test_where_aws_shows_no_snapshot_every_volume_is_uncovered(
    aws: Any, backend: Any, run_job: Run, measured: Measured
) -> None:
    """An empty but valid answer, as of the wrong region or of hidden resources."""
    for _ in range(3):
        saved(backend, lone_volume(backend), SLOT)
    aws.hooks.append(Trouble("DescribeSnapshots", empty("DescribeSnapshots"), times=100))
    run_job(backup.JOB, scheduled())
    assert measured()[NIGHTLY_PLAN] == {"Uncovered": 3}


def test_a_tag_that_names_no_plan_is_counted_and_told_by_its_value(
    backend: Any, run_job: Run, measured: Measured
) -> None:
    for _ in range(3):
        lone_volume(backend, {"Backup": "nigthly"})
    lone_volume(backend, {"Backup": "nightly,wekly"})
    lone_volume(backend, {"Backup": "ignore"})
    outcome = run_job(backup.JOB, scheduled())
    assert measured()["stack=nightshift job=backup"]["NamesNoPlan"] == 4
    assert outcome["notes"][:2] == [
        "Backup=nigthly: nigthly names no plan; the policy's are nightly (volumes: 3)",
        "Backup=nightly,wekly: wekly names no plan; the policy's are nightly (volumes: 1)",
    ]


def test_a_dry_run_measures_nothing(backend: Any, run_job: Run, measured: Measured) -> None:
    machine(backend, NIGHTLY)
    assert run_job(backup.JOB, {"dry_run": True})["coverage"]["nightly"]["uncovered"]
    assert measured() == {}


def test_cleanup_counts_what_there_is_and_what_failed(ec2: Any, backend: Any, run_job: Run, measured: Measured) -> None:
    box = machine(backend)
    volume = backend.volumes[volume_ids(box)[0]]
    nights(backend, volume, 2)
    saved(backend, volume, NOW - timedelta(minutes=30), state="error")
    run_job(cleanup.JOB, scheduled())
    told = measured()["stack=nightshift job=cleanup"]
    assert (told["Snapshots"], told["SnapshotsInError"]) == (3, 1)
    assert len(snapshots(ec2)) == 3
