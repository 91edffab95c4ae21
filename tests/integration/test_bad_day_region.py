"""A bad day for the whole region: full, switched off, empty to look at, under rules of the organization. Numbers as in
test_bad_day."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from local import seed
from local.embedded import EmbeddedAws
from local.wire import Fault
from local.world import world
from nightshift.errors import ReadError, RunFailed
from nightshift.jobs import backup, cleanup
from tests.integration.bad_days import CHANGES, POLICY, From, a_day, held_true, nothing_changed
from tests.integration.scenes import (
    NIGHTLY,
    ROOT,
    SLOT,
    Trouble,
    changes,
    counts,
    data_disks,
    disk_of,
    empty,
    lone_volume,
    machine,
    nights,
    saved,
    snapshot_ids,
    snapshots,
    volume_ids,
)
from tests.support import REGION, by_resource, scheduled

type Run = Callable[..., dict[str, Any]]
type StorePolicy = Callable[[str], None]

EVERY_JOB = tuple(CHANGES)
DAY = timedelta(days=1)
FOR_GOOD = 10_000
SWITCHED_OFF = [
    Fault("AuthFailure", "AWS was not able to validate the provided access credentials", 401),
    Fault("OptInRequired", "You are not subscribed to this service.", 401),
    Fault("Blocked", "This account is currently blocked.", 401),
]


@pytest.mark.parametrize("keep", [2, 30], ids=["a cleanup that is refused", "one that passes"])
def test_09_a_full_region_fails_loudly_and_makes_cleanup_no_bolder(
    keep: int, backend: Any, ec2: Any, policy: StorePolicy, run_job: Run
) -> None:
    """What is raised to the schedule is an error of the function, which is an alarm (test_job_complete)."""
    policy(f"backup: {{plans: {{nightly: {{keep: {{last: {keep}}}}}}}}}")
    nights(backend, lone_volume(backend, {}), 40)
    machine(backend)
    before = run_job(cleanup.JOB, {"dry_run": True})
    world.limits.snapshots_per_region = len(snapshot_ids(ec2))

    with pytest.raises(RunFailed, match="1 planned, 0 done, 1 failed"):
        run_job(backup.JOB, scheduled())
    [decision] = run_job(backup.JOB, {})["decisions"]
    assert (decision["outcome"], decision["error"]) == ("failed", "SnapshotLimitExceeded")
    assert "exceeded your limit of 40 snapshots" in decision["reason"]

    after = run_job(cleanup.JOB, {"dry_run": True})
    assert (after["refused"], after["decisions"]) == (before["refused"], before["decisions"])
    assert bool(after["refused"]) == (keep == 2)


@pytest.mark.parametrize(("job", "calls"), [("backup", 8), ("tagging", 1), ("status_check", 1)])
def test_13_a_tag_policy_is_named_and_asked_no_more_than_it_must_be(
    job: str, calls: int, aws: EmbeddedAws, backend: Any, ec2: Any, topic: str, policy: StorePolicy, run_job: Run
) -> None:
    """Backup asks once more, without people's tags."""
    policy(POLICY)
    day = a_day(backend, job)
    words = "The tag policy does not allow the specified value for the following tag key: 'env'"
    aws.hooks.append(Trouble(day.change, Fault("TagPolicyViolation", words), FOR_GOOD))
    outcome = run_job(day.job, {})
    held_true(day, ec2, outcome)
    assert (outcome["failed"], outcome["calls"][day.change]) == (len(day.ids), calls)
    assert {each["error"] for each in outcome["decisions"] if each["outcome"] == "failed"} == {"TagPolicyViolation"}
    assert all(words in each["reason"] for each in outcome["decisions"] if each["outcome"] == "failed")
    assert outcome["seconds"] < 30


@pytest.mark.parametrize(
    "answer",
    [
        Fault("OperationNotPermitted", "The snapshot is locked"),
        Fault("UnauthorizedOperation", "The snapshot is locked", 403),
        Fault("InvalidParameterValue", "The snapshot is locked"),
        Fault("CodeThatNobodyWroteDown", "The snapshot is locked"),
    ],
    ids=lambda answer: answer.code,
)
def test_19_a_lock_set_after_the_read_is_told_and_not_tried_again(
    answer: Fault, aws: EmbeddedAws, backend: Any, ec2: Any, policy: StorePolicy, run_job: Run
) -> None:
    """With which code AWS refuses is not known: the next run goes by the lock."""
    policy(POLICY)
    day = a_day(backend, "cleanup")
    locked = day.ids[0]

    def lock(_service: str, action: str, params: Any) -> Fault | None:
        if action != "DeleteSnapshot" or params["SnapshotId"] != locked:
            return None
        seed.lock(backend, locked)
        return answer

    aws.hooks.append(lock)
    first = run_job(cleanup.JOB, {})
    held_true(day, ec2, first)
    decision = by_resource(first)[locked]
    assert (decision["outcome"], decision["error"]) == ("failed", answer.code)
    assert "The snapshot is locked" in decision["reason"]
    assert counts(first)["done"] == len(day.ids) - 1
    assert first["calls"]["DeleteSnapshot"] == len(day.ids)

    second = run_job(cleanup.JOB, scheduled())
    assert "it is locked in governance mode until" in by_resource(second)[locked]["reason"]
    assert (second["planned"], "DeleteSnapshot" in second["calls"]) == (0, False)


@pytest.mark.parametrize("answer", SWITCHED_OFF, ids=lambda answer: answer.code)
@pytest.mark.parametrize("job", EVERY_JOB)
def test_22_a_region_that_is_switched_off_is_named_with_the_code_at_the_first_call(
    job: str,
    answer: Fault,
    aws: EmbeddedAws,
    backend: Any,
    ec2: Any,
    topic: str,
    policy: StorePolicy,
    run_job: Run,
) -> None:
    policy(POLICY)
    day = a_day(backend, job)
    aws.requests.clear()
    aws.hooks.append(lambda *_: answer)
    with pytest.raises(ReadError, match=rf"{job}: {REGION} could not be read whole.* AWS: {answer.code}"):
        run_job(day.job, scheduled())
    assert len(aws.requests) == 1
    aws.hooks.clear()
    nothing_changed(day, ec2, aws.requests)


@pytest.mark.parametrize("answer", SWITCHED_OFF, ids=lambda answer: answer.code)
@pytest.mark.parametrize("job", ["backup", "cleanup"])
def test_22_what_is_switched_off_midway_fails_the_rest_by_its_code_without_a_storm(
    job: str, answer: Fault, aws: EmbeddedAws, backend: Any, ec2: Any, policy: StorePolicy, run_job: Run
) -> None:
    policy(POLICY)
    day = a_day(backend, job)
    aws.hooks.append(From(3, day.change, answer))
    outcome = run_job(day.job, {})
    held_true(day, ec2, outcome)
    assert counts(outcome) | {"skipped": 0} == {"planned": 4, "done": 2, "failed": 2, "skipped": 0}
    assert {each["error"] for each in outcome["decisions"] if each["outcome"] == "failed"} == {answer.code}
    assert outcome["calls"][day.change] == len(day.ids)
    assert outcome["seconds"] < 30


def test_24_where_aws_shows_no_volume_and_does_not_say_that_they_are_gone_nothing_is_deleted(
    aws: EmbeddedAws, backend: Any, ec2: Any, policy: StorePolicy, run_job: Run
) -> None:
    """Volumes that are hidden would else be deleted ones, and what is held by their tags would go."""
    policy("cleanup: {max_delete_percent: 100, keep_last_of_deleted_volume: 30d}")
    gone, *living = (lone_volume(backend, {}) for _ in range(3))
    for volume, newest in ((gone, 90), *((each, 60) for each in living)):
        nights(backend, volume, 3, newest=SLOT - newest * DAY)
    backend.delete_volume(gone.id)
    before = snapshot_ids(ec2)
    aws.requests.clear()
    for hidden in living:
        aws.hooks.append(Trouble("DescribeVolumes", empty("DescribeVolumes"), FOR_GOOD, of=hidden.id))
    aws.hooks.append(Trouble("DescribeVolumes", empty("DescribeVolumes")))
    with pytest.raises(ReadError, match="shows not a single volume, and does not say either that vol-") as told:
        run_job(cleanup.JOB, scheduled())
    assert gone.id not in str(told.value), "of it AWS says so"
    assert changes(aws.requests) == []
    assert snapshot_ids(ec2) == before


def test_24_of_a_region_that_was_left_the_histories_go_by_their_age(
    backend: Any, ec2: Any, policy: StorePolicy, run_job: Run
) -> None:
    """AWS says of a volume by its id that it is gone: then the empty list is true."""
    policy("cleanup: {max_delete_percent: 100, keep_last_of_deleted_volume: 30d}")
    volume = lone_volume(backend, {})
    nights(backend, volume, 3, newest=SLOT - 60 * DAY)
    backend.delete_volume(volume.id)
    assert run_job(cleanup.JOB, scheduled())["done"] == 3
    assert snapshot_ids(ec2) == set()


def test_24_an_instance_whose_volumes_aws_does_not_show_ends_a_backup(
    aws: EmbeddedAws, backend: Any, run_job: Run
) -> None:
    """It would else find nothing to do, and be as green as ever."""
    machine(backend)
    aws.hooks.append(Trouble("DescribeVolumes", empty("DescribeVolumes"), FOR_GOOD))
    with pytest.raises(ReadError, match="shows not a single volume"):
        run_job(backup.JOB, scheduled())


def test_24_a_plan_of_which_nothing_is_to_be_seen_is_named(
    aws: EmbeddedAws, backend: Any, ec2: Any, policy: StorePolicy, run_job: Run
) -> None:
    policy("backup: {plans: {nightly: {}, weekly: {schedule: 0 3 * * 0}}}")
    nights(backend, lone_volume(backend, {}), 3)
    aws.hooks.append(Trouble("DescribeSnapshots", empty("DescribeSnapshots"), FOR_GOOD))
    assert run_job(cleanup.JOB, scheduled())["notes"] == [
        f"no snapshot of plan {plan} is to be seen in {REGION}" for plan in ("nightly", "weekly")
    ]


def test_26_a_set_that_fails_after_its_acceptance_is_no_backup_and_the_last_good_one_stays(
    backend: Any, ec2: Any, policy: StorePolicy, run_job: Run
) -> None:
    policy("backup: {plans: {nightly: {keep: {last: 1}}}}\ncleanup: {max_delete_percent: 100}")
    box = machine(backend, NIGHTLY, [ROOT, *data_disks(1)])
    good = {saved(backend, disk_of(backend, box, n), SLOT - DAY, instance=box).id for n in range(2)}
    world.snapshot_seconds = 60
    world.failing_volumes.update(volume_ids(box))
    accepted = run_job(backup.JOB, scheduled())
    world.clock.advance(minutes=15)
    failed = {each["SnapshotId"] for each in snapshots(ec2) if each["State"] == "error"}
    assert (accepted["done"], len(failed)) == (2, 2)

    world.clock.advance(minutes=60)
    assert counts(run_job(cleanup.JOB, scheduled())) == {"planned": 2, "done": 2, "skipped": 2}
    assert snapshot_ids(ec2) == good

    world.failing_volumes.clear()
    again = run_job(backup.JOB, scheduled())
    assert counts(again) == {"planned": 2, "done": 2}
    assert all("due for nightly 2026-11-24T03:00:00Z" in each["reason"] for each in again["decisions"])
    assert counts(run_job(cleanup.JOB, scheduled())) == {"skipped": 4}, "pending ones fill no rule"
    world.clock.advance(minutes=15)
    assert counts(run_job(cleanup.JOB, scheduled())) == {"planned": 2, "done": 2, "skipped": 2}
    assert good.isdisjoint(snapshot_ids(ec2))
