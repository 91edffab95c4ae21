"""Backup: who is saved, by which plans, and in which calls."""

from collections.abc import Callable
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.seed import Disk, system_tags
from local.world import world
from nightshift.jobs.backup import JOB
from tests.integration.scenes import (
    NIGHTLY,
    ROOT,
    SLOT,
    Listener,
    counts,
    data_disks,
    lone_volume,
    machine,
    saved_volumes,
    snapshots,
    tags_of,
    volume_ids,
)
from tests.support import by_resource

type Run = Callable[..., dict[str, Any]]

TWO_PLANS = """
backup:
  plans:
    nightly: {schedule: "0 3 * * *"}
    weekly: {schedule: "0 4 * * 0"}
"""


def test_an_instance_that_opted_in_is_saved_whole_at_one_instant(backend: Any, ec2: Any, run_job: Run) -> None:
    box = machine(backend, disks=[ROOT, *data_disks(2)])
    machine(backend, {})

    outcome = run_job(JOB, {})

    assert counts(outcome) == {"planned": 3, "done": 3}
    assert outcome["calls"]["CreateSnapshots"] == 1
    assert "CreateSnapshot" not in outcome["calls"]
    assert saved_volumes(ec2) == sorted(volume_ids(box))
    assert len({snapshot["StartTime"] for snapshot in snapshots(ec2)}) == 1


# Tag of the instance, tag of its volume (None: there is none), the plans that the snapshot serves, the reason.
TAGGED = [
    ("nightly", None, "nightly", "due for nightly 2026-11-24T03:00:00Z"),
    (None, "nightly", "nightly", "due for nightly 2026-11-24T03:00:00Z"),
    ("yes", None, "nightly", "due for nightly 2026-11-24T03:00:00Z"),
    ("True", None, "nightly", "due for nightly 2026-11-24T03:00:00Z"),
    ("nightly", "weekly", "weekly", "due for weekly 2026-11-22T04:00:00Z"),
    ("weekly,nightly", None, "nightly weekly", "due for weekly 2026-11-22T04:00:00Z; due for nightly 2026-11-24"),
    (" nightly , weekly,", None, "nightly weekly", "due for nightly 2026-11-24T03:00:00Z; due for weekly"),
    ("nightly,wekly", None, "nightly", "Backup=nightly,wekly: wekly names no plan; the policy's are nightly, weekly"),
    ("nigthly", None, "", "Backup=nigthly: nigthly names no plan; the policy's are nightly, weekly"),
    ("Nightly", None, "", "Backup=Nightly: Nightly names no plan"),
    ("nightly", "", "", "Backup=: it names no plan"),
    ("nightly", "ignore", "", "its own tag says Backup=ignore"),
    ("ignore", "nightly", "", "says Backup=ignore"),
    ("nightly,ignore", None, "", "says Backup=ignore"),
    ("nightly", "nightly, IGNORE", "", "its own tag says Backup=ignore"),
]


def test_the_own_tag_wins_and_ignore_wins_over_all(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(TWO_PLANS)
    cases = {}
    for of_instance, of_volume, plans, reason in TAGGED:
        disk = Disk("/dev/sda1", tags={} if of_volume is None else {"Backup": of_volume})
        box = machine(backend, {} if of_instance is None else {"Backup": of_instance}, [disk])
        cases[volume_ids(box)[0]] = (of_instance, of_volume, plans, reason)

    decisions = by_resource(run_job(JOB, {}))

    assert decisions.keys() == cases.keys()
    made = {snapshot["VolumeId"]: _plans(snapshot) for snapshot in snapshots(ec2)}
    for volume_id, (of_instance, of_volume, plans, reason) in cases.items():
        decision, case = decisions[volume_id], f"instance {of_instance!r}, volume {of_volume!r}"
        assert reason in decision["reason"], case
        assert made.get(volume_id, "") == plans, case
        wanted = ("snapshot", "done") if plans else ("skip", "skipped")
        assert (decision["action"], decision["outcome"]) == wanted, case


def test_plans_that_are_due_together_share_one_snapshot(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """Two snapshots of one volume within 15 s are refused by AWS."""
    policy(TWO_PLANS)
    machine(backend, {"Backup": "nightly,weekly"}, [ROOT, *data_disks(1)])

    outcome = run_job(JOB, {})

    assert counts(outcome) == {"planned": 2, "done": 2}
    assert outcome["calls"]["CreateSnapshots"] == 1
    for snapshot in snapshots(ec2):
        tags = tags_of(snapshot)
        assert tags["nightshift:slot/nightly"] == "2026-11-24T03:00:00Z"
        assert tags["nightshift:slot/weekly"] == "2026-11-22T04:00:00Z"
    assert run_job(JOB, {})["planned"] == 0


def test_volumes_with_other_slots_due_are_saved_by_calls_of_their_own(
    aws: EmbeddedAws, backend: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(TWO_PLANS)
    weekly = Disk("/dev/sdf", 10, tags={"Backup": "weekly"})
    other = Disk("/dev/sdg", 10, tags={"Backup": "weekly"})
    box = machine(backend, disks=[ROOT, weekly, other])
    calls = Listener("CreateSnapshots")
    aws.hooks.append(calls)

    outcome = run_job(JOB, {})

    assert counts(outcome) == {"planned": 3, "done": 3}
    assert len(calls.heard) == 2
    for volume_id in volume_ids(box):
        assert "not one instant" in by_resource(outcome)[volume_id]["reason"]


def test_a_volume_with_a_slot_of_its_own_is_said_to_be_no_part_of_its_instances_instant(
    backend: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """The design: where an instance's volumes are split over calls, the reason says "not one instant"."""
    policy(TWO_PLANS)
    box = machine(backend, disks=[ROOT, Disk("/dev/sdf", 10, tags={"Backup": "weekly"})])

    outcome = run_job(JOB, {})

    assert counts(outcome) == {"planned": 2, "done": 2}
    for volume_id in volume_ids(box):
        assert "not one instant" in by_resource(outcome)[volume_id]["reason"]


@pytest.mark.parametrize("attached", [True, False], ids=["alone opted in", "unattached"])
def test_a_volume_by_itself_is_saved_by_a_call_of_its_own(attached: bool, backend: Any, ec2: Any, run_job: Run) -> None:
    if attached:
        box = machine(backend, {}, [ROOT, Disk("/dev/sdf", 10, tags=NIGHTLY)])
        volume_id = volume_ids(box)[1]
    else:
        volume_id = lone_volume(backend).id

    outcome = run_job(JOB, {})

    assert counts(outcome) == {"planned": 1, "done": 1}
    assert outcome["calls"]["CreateSnapshot"] == 1
    assert "CreateSnapshots" not in outcome["calls"]
    assert "not one instant" not in outcome["decisions"][0]["reason"]
    assert saved_volumes(ec2) == [volume_id]


def test_volumes_that_are_not_wanted_are_left_out_of_the_call(backend: Any, ec2: Any, run_job: Run) -> None:
    ignored = {"Backup": "ignore"}
    box = machine(backend, disks=[Disk("/dev/sda1", tags=ignored), *data_disks(2), Disk("/dev/sdz", 1, tags=ignored)])

    outcome = run_job(JOB, {})

    assert counts(outcome) == {"planned": 2, "done": 2, "skipped": 2}
    assert outcome["calls"]["CreateSnapshots"] == 1
    assert saved_volumes(ec2) == sorted(volume_ids(box)[1:3])


def test_a_multi_attach_volume_is_saved_once(backend: Any, ec2: Any, run_job: Run) -> None:
    first, second = machine(backend), machine(backend)
    shared = lone_volume(backend, {})
    shared.volume_type, shared.multi_attach_enabled = "io2", True
    for box in (first, second):
        backend.attach_volume(shared.id, box.id, "/dev/sdf")

    outcome = run_job(JOB, {})

    assert counts(outcome) == {"planned": 3, "done": 3}
    assert saved_volumes(ec2) == sorted([shared.id, volume_ids(first)[0], volume_ids(second)[0]])
    assert world.now() < SLOT.replace(hour=13)


def test_a_multi_attach_volume_has_the_plans_of_all_its_instances(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(TWO_PLANS)
    shared = lone_volume(backend, {})
    shared.volume_type, shared.multi_attach_enabled = "io2", True
    for plan in ("nightly", "weekly"):
        backend.attach_volume(shared.id, machine(backend, {"Backup": plan}).id, "/dev/sdf")

    run_job(JOB, {})

    assert [_plans(each) for each in snapshots(ec2) if each["VolumeId"] == shared.id] == ["nightly weekly"]


@pytest.mark.parametrize(
    ("unwanted", "calls", "one_instant"),
    [(40, {"CreateSnapshots": 1}, True), (41, {"CreateSnapshot": 2}, False)],
)
def test_more_than_forty_volumes_to_leave_out_need_single_calls(
    unwanted: int, calls: dict[str, int], one_instant: bool, backend: Any, ec2: Any, run_job: Run
) -> None:
    """AWS takes at most 40 ExcludeDataVolumeIds."""
    box = machine(backend, {}, [ROOT, *data_disks(unwanted + 2)])
    wanted = volume_ids(box)[1:3]
    for volume_id in wanted:
        system_tags(backend, volume_id, NIGHTLY)

    outcome = run_job(JOB, {})

    assert counts(outcome) == {"planned": 2, "done": 2}
    assert {action: count for action, count in outcome["calls"].items() if action.startswith("Create")} == calls
    assert saved_volumes(ec2) == sorted(wanted)
    for decision in outcome["decisions"]:
        assert ("not one instant" in decision["reason"]) != one_instant


def _plans(snapshot: dict[str, Any]) -> str:
    prefix = "nightshift:slot/"
    return " ".join(sorted(key.removeprefix(prefix) for key in tags_of(snapshot) if key.startswith(prefix)))
