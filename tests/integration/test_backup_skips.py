"""Backup: who is left alone and why, what a request narrows a run to, and dry runs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from local.embedded import EmbeddedAws
from local.fleet import seed_demo_fleet
from local.seed import Disk, instance_store
from local.world import world
from nightshift.jobs.backup import JOB
from tests.integration.scenes import (
    NIGHTLY,
    ROOT,
    SLOT,
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
from tests.support import NOW, REGION, by_resource

type Run = Callable[..., dict[str, Any]]

NIGHT_AGO = timedelta(days=1)
NO_INSTANCE, NO_VOLUME = "i-0123456789abcdef0", "vol-0123456789abcdef0"


def test_who_cannot_be_saved_or_is_saved_already_is_told_why(backend: Any, ec2: Any, run_job: Run) -> None:
    broken, creating = lone_volume(backend, status="error"), lone_volume(backend, status="creating")
    ending = machine(backend)
    ending._state.name = "shutting-down"
    diskless = instance_store(backend, NIGHTLY)
    pending, complete = lone_volume(backend), lone_volume(backend)
    under_way = saved(backend, pending, SLOT, state="pending")
    done = saved(backend, complete, SLOT)
    machine(backend, state="terminated")
    machine(backend, {"Name": "nobody's"})
    there = snapshots(ec2)

    outcome = run_job(JOB, {})

    assert {id_: decision["reason"] for id_, decision in by_resource(outcome).items()} == {
        broken.id: "the volume is in state error",
        creating.id: "the volume is in state creating",
        volume_ids(ending)[0]: f"{ending.id} is being terminated",
        diskless.id: "it has no EBS volume: an instance store cannot be snapshotted",
        pending.id: f"nightly 2026-11-24T03:00:00Z is in {under_way.id} (pending), next at 2026-11-25T03:00:00Z",
        complete.id: f"nightly 2026-11-24T03:00:00Z is in {done.id} (completed), next at 2026-11-25T03:00:00Z",
    }
    assert {(each["action"], each["outcome"]) for each in outcome["decisions"]} == {("skip", "skipped")}
    assert snapshots(ec2) == there


def test_an_error_snapshot_of_the_slot_is_no_backup(backend: Any, ec2: Any, run_job: Run) -> None:
    box = machine(backend)
    failed = saved(backend, disk_of(backend, box), SLOT, state="error")

    outcome = run_job(JOB, {})

    assert counts(outcome) == {"planned": 1, "done": 1}
    assert {snapshot["State"] for snapshot in snapshots(ec2) if snapshot["SnapshotId"] != failed.id} == {"completed"}
    assert f"again: {failed.id} failed (An internal error has occurred.)" in outcome["decisions"][0]["reason"]


def test_a_slot_may_be_started_only_within_its_window_but_for_the_first_time(
    backend: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """NOW is nine hours after the slot. A snapshot of another plan is none of this one's."""
    policy("backup: {plans: {nightly: {start_within: 6h}, other: {schedule: 0 0 1 1 *}}}")
    late, old, new, others = (lone_volume(backend) for _ in range(4))
    saved(backend, late, SLOT - NIGHT_AGO)
    saved(backend, old, SLOT - 200 * NIGHT_AGO)
    saved(backend, others, SLOT - NIGHT_AGO, "other")

    decisions = by_resource(run_job(JOB, {}))

    too_late = "nightly 2026-11-24T03:00:00Z passed unfinished: not started within 6h, next at 2026-11-25T03:00:00Z"
    assert {id_: decision["reason"] for id_, decision in decisions.items() if decision["outcome"] == "skipped"} == {
        late.id: too_late,
        old.id: too_late,
    }
    assert {id_ for id_, decision in decisions.items() if decision["outcome"] == "done"} == {new.id, others.id}
    world.clock.set(SLOT + timedelta(days=1, hours=6))
    assert run_job(JOB, {})["done"] == 4


def test_a_region_without_the_tag_says_so(backend: Any, run_job: Run) -> None:
    machine(backend, {"backup": "nightly"})
    outcome = run_job(JOB, {})
    assert (counts(outcome), outcome["decisions"]) == ({}, [])
    assert outcome["notes"] == [f"no instance or volume in {REGION} carries the tag Backup"]


def test_ids_that_are_not_there_are_told(backend: Any, run_job: Run) -> None:
    machine(backend)
    outcome = run_job(JOB, {"instance_ids": [NO_INSTANCE], "volume_ids": [NO_VOLUME]})
    assert [(each["resource"], each["action"], each["reason"]) for each in outcome["decisions"]] == [
        (NO_INSTANCE, "skip", f"not found in {REGION}"),
        (NO_VOLUME, "skip", f"not found in {REGION}"),
    ]


def test_ids_are_united_and_plans_intersect(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy('backup: {plans: {nightly: {}, weekly: {schedule: "0 4 * * 0"}}}')
    box, both = machine(backend), lone_volume(backend, {"Backup": "nightly,weekly"})
    by_nightly, untagged = lone_volume(backend), lone_volume(backend, {})
    lone_volume(backend, {"Backup": "nightly,weekly"})
    ids = {"instance_ids": [box.id], "volume_ids": [both.id, by_nightly.id, untagged.id]}

    outcome = run_job(JOB, {"plans": ["weekly"], **ids})

    assert {id_: decision["reason"] for id_, decision in by_resource(outcome).items()} == {
        both.id: f"due for weekly 2026-11-22T04:00:00Z; made {snapshots(ec2)[0]['SnapshotId']}",
        by_nightly.id: "its plans are nightly, none of those that were asked for",
        volume_ids(box)[0]: "its plans are nightly, none of those that were asked for",
        untagged.id: "not opted in: it does not carry the tag Backup",
    }
    assert saved_volumes(ec2) == [both.id]
    assert "nightshift:slot/nightly" not in tags_of(snapshots(ec2)[0])


def test_a_plan_alone_narrows_to_the_volumes_that_have_it(
    backend: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy('backup: {plans: {nightly: {}, weekly: {schedule: "0 4 * * 0"}}}')
    machine(backend)
    weekly = lone_volume(backend, {"Backup": "weekly"})
    outcome = run_job(JOB, {"plans": ["weekly"]})
    assert [each["resource"] for each in outcome["decisions"]] == [weekly.id]


def test_a_state_change_saves_that_instance(backend: Any, run_job: Run) -> None:
    box = machine(backend)
    machine(backend)
    kind = "EC2 Instance State-change Notification"
    event = {"source": "aws.ec2", "detail-type": kind, "detail": {"instance-id": box.id, "state": "running"}}
    assert [each["resource"] for each in run_job(JOB, event)["decisions"]] == volume_ids(box)


def test_now_makes_one_more_and_the_volume_stays_due(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy('backup: {plans: {nightly: {}, weekly: {schedule: "0 4 * * 0"}}}')
    volume = lone_volume(backend, {"Backup": "nightly,weekly"})
    assert counts(run_job(JOB, {"now": True})) == {"planned": 1, "done": 1}
    [made] = snapshots(ec2)
    slots = {key: value for key, value in tags_of(made).items() if "slot" in key}
    assert slots == dict.fromkeys(["nightshift:slot/nightly", "nightshift:slot/weekly"], "2026-11-24T12:00:00Z")

    world.clock.advance(seconds=20)
    assert counts(run_job(JOB, {})) == {"planned": 1, "done": 1}
    world.clock.advance(seconds=20)
    assert counts(run_job(JOB, {"now": True, "plans": ["weekly"]})) == {"planned": 1, "done": 1}
    assert saved_volumes(ec2) == [volume.id] * 3
    [newest] = [
        each for each in snapshots(ec2) if tags_of(each).get("nightshift:slot/weekly") == "2026-11-24T12:00:40Z"
    ]
    assert "nightshift:slot/nightly" not in tags_of(newest)


def test_now_takes_the_untagged_only_with_ids_and_plans_and_never_the_ignored(
    backend: Any, ec2: Any, run_job: Run
) -> None:
    box = machine(backend, {}, [ROOT, Disk("/dev/sdf", 10, tags={"Backup": "ignore"}), *data_disks(1)])
    root, ignored, data = volume_ids(box)[0], volume_ids(box)[1], volume_ids(box)[2]
    ids = {"instance_ids": [box.id]}

    for event in (
        {"now": True},
        {"now": True, "plans": ["nightly"]},
        {"now": True, **ids},
        {"plans": ["nightly"], **ids},
    ):
        assert run_job(JOB, event)["planned"] == 0, event
    outcome = run_job(JOB, {"now": True, "plans": ["nightly"], **ids})

    assert counts(outcome) == {"planned": 2, "done": 2, "skipped": 1}
    assert by_resource(outcome)[ignored]["reason"] == "its own tag says Backup=ignore"
    assert saved_volumes(ec2) == sorted([root, data])
    assert outcome["calls"]["CreateSnapshots"] == 1


def test_a_dry_run_is_the_real_run_without_its_changes(aws: EmbeddedAws, ec2: Any, run_job: Run) -> None:
    seed_demo_fleet(REGION, NOW, history_days=3)
    there = snapshots(ec2)
    aws.requests.clear()

    dry = run_job(JOB, {"dry_run": True})
    assert changes(aws.requests) == []
    assert snapshots(ec2) == there
    real = run_job(JOB, {})

    assert (dry["dry_run"], dry["done"], dry["failed"], dry["remaining"]) == (True, 0, 0, 0)
    assert (dry["planned"], dry["skipped"]) == (real["planned"], real["skipped"])
    assert real["planned"] == real["done"] + real["failed"] + real["remaining"]
    assert real["done"] > 30
    planned, done = by_resource(dry), by_resource(real)
    assert planned.keys() == done.keys()
    for id_, decision in planned.items():
        assert done[id_]["action"] == decision["action"]
        assert done[id_]["reason"].startswith(decision["reason"])
        assert decision["outcome"] in ("planned", "skipped")


def test_a_second_run_has_nothing_to_do(ec2: Any, run_job: Run) -> None:
    seed_demo_fleet(REGION, NOW, history_days=3)
    first = run_job(JOB, {})
    there = len(snapshots(ec2))

    second = run_job(JOB, {})

    blocked = {each["resource"] for each in first["decisions"] if each["outcome"] == "remaining"}
    assert {each["resource"] for each in second["decisions"] if each["outcome"] != "skipped"} == blocked
    assert len(snapshots(ec2)) == there
