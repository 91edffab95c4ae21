"""A bad day at AWS: what happens between a run's read and its call, and a run that ends anywhere. Numbers as in
test_bad_day."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.seed import Disk
from local.wire import Fault
from local.world import world
from nightshift.jobs import backup, cleanup, status_check
from tests.integration.bad_days import CHANGES, POLICY, a_day, held_true
from tests.integration.cuts import Cut, Meanwhile
from tests.integration.scenes import (
    NIGHTLY,
    ROOT,
    SLOT,
    Trouble,
    counts,
    data_disks,
    disk_of,
    lone_volume,
    machine,
    nights,
    saved,
    saved_volumes,
    snapshot_ids,
    volume_ids,
)
from tests.support import NOW, by_resource, scheduled

type Run = Callable[..., dict[str, Any]]

EVERY_JOB = tuple(CHANGES)
RATE = Fault("SnapshotCreationPerVolumeRateExceeded")


def test_27_a_volume_that_is_detached_is_saved_alone_in_the_same_run(
    aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run
) -> None:
    box, other = machine(backend, disks=[ROOT, *data_disks(2)]), machine(backend)
    root, loose, data = volume_ids(box)
    aws.hooks.append(Meanwhile(1, lambda: backend.detach_volume(loose, box.id, None)))
    outcome = run_job(backup.JOB, {})
    assert counts(outcome) == {"planned": 4, "done": 4}
    assert outcome["calls"]["CreateSnapshot"] == 1
    assert saved_volumes(ec2) == sorted([root, loose, data, *volume_ids(other)])


def test_27_a_detached_volume_that_was_to_be_left_out_costs_the_others_nothing(
    aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run
) -> None:
    ignored = Disk("/dev/sdg", 10, tags={"Backup": "ignore"})
    box = machine(backend, disks=[ROOT, *data_disks(1), ignored])
    root, data, left_out = volume_ids(box)
    aws.hooks.append(Meanwhile(1, lambda: backend.detach_volume(left_out, box.id, None)))
    outcome = run_job(backup.JOB, {})
    assert counts(outcome) == {"planned": 2, "done": 2, "skipped": 1}
    assert saved_volumes(ec2) == sorted([root, data])


def test_27_a_detached_and_deleted_volume_is_skipped_and_the_others_are_saved(
    aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run
) -> None:
    ignored = Disk("/dev/sdh", 10, tags={"Backup": "ignore"})
    box = machine(backend, disks=[ROOT, *data_disks(1), ignored])
    root, gone, left_out = volume_ids(box)

    def delete() -> None:
        for id_ in (gone, left_out):
            backend.detach_volume(id_, box.id, None)
        backend.delete_volume(gone)

    aws.hooks.append(Meanwhile(1, delete))
    outcome = run_job(backup.JOB, scheduled())
    decision = by_resource(outcome)[gone]
    assert (decision["outcome"], decision["error"]) == ("skipped", "InvalidVolume.NotFound")
    assert "gone since it was read" in decision["reason"]
    assert saved_volumes(ec2) == [root]


@pytest.mark.parametrize("outlives", [False, True])
def test_27_of_an_instance_that_is_terminated_only_what_outlives_it_is_saved(
    outlives: bool, aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run
) -> None:
    box, other = machine(backend, disks=[ROOT, *data_disks(1)]), machine(backend)
    root, data = volume_ids(box)

    def terminate() -> None:
        if outlives:
            backend.detach_volume(data, box.id, None)
        backend.terminate_instances([box.id])

    aws.hooks.append(Meanwhile(1, terminate))
    outcome = run_job(backup.JOB, scheduled())
    assert outcome["failed"] == 0
    assert by_resource(outcome)[root]["outcome"] == "skipped"
    assert by_resource(outcome)[data]["outcome"] == ("done" if outlives else "skipped")
    assert saved_volumes(ec2) == sorted([*([data] if outlives else []), *volume_ids(other)])


def test_16_a_lone_volume_that_is_deleted_is_skipped(aws: EmbeddedAws, backend: Any, run_job: Run) -> None:
    gone, stays = lone_volume(backend), lone_volume(backend)
    aws.hooks.append(Meanwhile(1, lambda: backend.delete_volume(gone.id)))
    outcome = run_job(backup.JOB, scheduled())
    assert counts(outcome) == {"planned": 1, "done": 1, "skipped": 1}
    assert by_resource(outcome)[stays.id]["outcome"] == "done"


@pytest.mark.parametrize("code", ["InvalidInstanceID.NotFound", "IncorrectInstanceState"])
@pytest.mark.parametrize(("remedy", "call"), [("reboot", "RebootInstances"), ("stop-start", "StopInstances")])
def test_27_an_instance_that_is_terminated_gets_no_remedy_and_fails_nothing(
    remedy: str,
    call: str,
    code: str,
    aws: EmbeddedAws,
    backend: Any,
    topic: str,
    run_job: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Side by side the waiting of one would be the other's time too: they share the embedded AWS's clock.
    monkeypatch.setenv("NIGHTSHIFT_WORKERS", "1")
    boxes = [machine(backend, {"nightshift:remedy": remedy}) for _ in range(2)]
    for box in boxes:
        world.impair(box.id, "instance" if remedy == "reboot" else "system", since=NOW - timedelta(hours=1))
    aws.hooks.append(Trouble(call, Fault(code), times=99, of=boxes[0].id))
    outcome = run_job(status_check.JOB, scheduled())
    first, second = (by_resource(outcome)[box.id] for box in boxes)
    assert (first["action"], first["outcome"]) == ("announce", "done"), "people were told"
    assert "left alone: AWS says" in first["reason"]
    assert (second["action"], second["outcome"]) == ("remedy", "done")


def test_06_where_another_run_was_first_no_unclear_answer_is_made_up(
    aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run
) -> None:
    box = machine(backend, NIGHTLY)
    aws.hooks.append(Meanwhile(1, lambda: saved(backend, disk_of(backend, box), SLOT)))
    aws.hooks.append(Trouble("CreateSnapshots", RATE))
    [decision] = run_job(backup.JOB, scheduled())["decisions"]
    assert decision["outcome"] == "skipped"
    assert "another run was first: snap-" in decision["reason"]
    assert "unclear" not in decision["reason"]
    assert saved_volumes(ec2) == volume_ids(box)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 4])
@pytest.mark.parametrize("job", EVERY_JOB)
def test_30_a_run_that_ends_at_any_change_is_finished_by_the_next(
    job: str,
    number: int,
    after: bool,
    aws: EmbeddedAws,
    backend: Any,
    ec2: Any,
    topic: str,
    policy: Callable[[str], None],
    run_job: Run,
) -> None:
    policy(POLICY)
    day = a_day(backend, job)
    aws.hooks.append(Cut(number, after=after))
    cut = run_job(day.job, {})
    aws.hooks.clear()
    held_true(day, ec2, cut)
    world.clock.advance(minutes=6)
    outcome = run_job(day.job, scheduled())
    assert (outcome["failed"], outcome["remaining"]) == (0, 0)
    assert run_job(day.job, scheduled())["planned"] == 0
    assert day.untouchable <= snapshot_ids(ec2)


@pytest.mark.parametrize("days", [1.25, 2.25], ids=["30 h late", "and a clock a day ahead"])
def test_30_a_late_event_deletes_what_a_timely_one_deletes(
    days: float, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(POLICY)
    day = a_day(backend, "cleanup")
    world.clock.advance(days=days)
    outcome = run_job(day.job, scheduled())
    held_true(day, ec2, outcome)
    assert outcome["done"] == len(day.ids)


def test_a_guard_that_refuses_anyway_asks_only_until_that_is_certain(
    aws: EmbeddedAws, backend: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy("backup: {plans: {nightly: {keep: {last: 1}}}}")
    nights(backend, lone_volume(backend), 400)
    outcome = run_job(cleanup.JOB, {})
    assert outcome["calls"]["DescribeSnapshotAttribute"] == 300, "in hundreds, until more than half of 400 go"
    assert '{"confirm": 399}' in outcome["refused"]
    assert counts(outcome) == {"planned": 399, "remaining": 399, "skipped": 1}


def test_a_guard_never_refuses_what_would_stay_as_it_is_shared(
    aws: EmbeddedAws, backend: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy("backup: {plans: {nightly: {keep: {last: 1}}}}")
    nights(backend, lone_volume(backend), 40, shared_with=["999999999999"])
    assert counts(run_job(cleanup.JOB, scheduled())) == {"skipped": 40}
