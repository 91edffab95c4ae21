"""What AWS puts in the way of whoever deletes backups, beside its faults: docs/hazards.md names the other tests."""

from collections.abc import Callable
from typing import Any

from local import seed
from local.embedded import EmbeddedAws
from local.seed import Disk
from local.wire import Fault
from local.world import world
from nightshift.jobs import backup, cleanup, restore, status_check, tagging
from tests.integration.bad_days import POLICY
from tests.integration.scenes import (
    NIGHTLY,
    SLOT,
    Listener,
    Trouble,
    counts,
    lone_volume,
    machine,
    nights,
    saved,
    saved_volumes,
    snapshot_ids,
)
from tests.support import NOW, by_resource, scheduled

type Run = Callable[..., dict[str, Any]]
type StorePolicy = Callable[[str], None]


def test_of_an_instance_whose_root_is_an_instance_store_the_data_volumes_are_saved_at_one_instant(
    aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run
) -> None:
    box = seed.instance_store(backend, NIGHTLY)
    data = [seed.volume(backend, Disk("", 10)) for _ in range(2)]
    for volume, device in zip(data, ("/dev/sdf", "/dev/sdg"), strict=True):
        backend.attach_volume(volume.id, box.id, device)
    call = Listener("CreateSnapshots")
    aws.hooks.append(call)
    outcome = run_job(backup.JOB, scheduled())
    assert counts(outcome) == {"planned": 2, "done": 2}
    assert saved_volumes(ec2) == sorted(volume.id for volume in data)
    [sent] = call.heard
    assert sent["InstanceSpecification.ExcludeBootVolume"] == "false", "there is none to leave out"


def test_a_snapshot_with_fast_restore_stays_and_aws_says_why(
    aws: EmbeddedAws, backend: Any, ec2: Any, policy: StorePolicy, run_job: Run
) -> None:
    policy(POLICY)
    _, fast, old = nights(backend, lone_volume(backend), 3)
    words = f"The snapshot {fast.id} is currently in use by fast snapshot restore"
    aws.hooks.append(Trouble("DeleteSnapshot", Fault("InvalidSnapshot.InUse", words), times=99, of=fast.id))
    decisions = by_resource(run_job(cleanup.JOB, scheduled()))
    assert (decisions[fast.id]["action"], decisions[fast.id]["outcome"]) == ("keep", "skipped")
    assert words in decisions[fast.id]["reason"]
    assert fast.id in snapshot_ids(ec2)
    assert old.id not in snapshot_ids(ec2)


def test_no_list_is_of_everybody_s_snapshots_or_images(
    aws: EmbeddedAws, backend: Any, policy: StorePolicy, run_job: Run
) -> None:
    """Without an owner AWS lists all that is public."""
    policy(POLICY)
    box = machine(backend)
    nights(backend, lone_volume(backend), 3)
    asked = [Listener("DescribeSnapshots"), Listener("DescribeImages")]
    aws.hooks.extend(asked)
    for job, event in (
        (backup.JOB, {}),
        (cleanup.JOB, {}),
        (restore.JOB, {"instance_id": box.id, "list": True}),
        (restore.JOB, {"instance_id": box.id, "mode": "replace"}),
    ):
        run_job(job, event)
    for listener in asked:
        assert listener.heard
        assert {params.get("Owner.1") for params in listener.heard} == {"self"}


def test_a_volume_s_tags_that_travel_to_foreign_snapshots_make_none_of_them_ours(
    backend: Any, ec2: Any, policy: StorePolicy, run_job: Run
) -> None:
    """DLM, AWS Backup and people's scripts copy a volume's tags; the stack's tag is on no volume."""
    policy(POLICY)
    volume = lone_volume(backend)
    saved(backend, volume, SLOT)
    copied = {"nightshift:slot/nightly": "2026-01-01T03:00:00Z", "nightshift:instance": "i-1", "Name": "db"}
    theirs = [seed.snapshot(backend, volume, SLOT.replace(year=2025), copied) for _ in range(2)]
    outcome = run_job(cleanup.JOB, scheduled())
    assert counts(outcome) == {"skipped": 1}
    assert {each.id for each in theirs} <= snapshot_ids(ec2)


def test_no_job_puts_the_stack_s_tag_on_a_volume_or_instance(
    backend: Any, box: Any, topic: str, event: dict[str, Any], policy: StorePolicy, run_job: Run
) -> None:
    policy(POLICY)
    world.impair(box.id, since=NOW)
    made = [run_job(job, given)["done"] for job, given in ((tagging.JOB, {}), (status_check.JOB, {}))]
    world.recover(box.id)
    world.clock.advance(days=1)
    made += [run_job(job, given)["done"] for job, given in ((backup.JOB, {}), (restore.JOB, event))]
    assert all(made)
    tagged = [*backend.volumes, box.id]
    assert len(tagged) == 5
    assert [id_ for id_ in tagged if "nightshift:stack" in backend.tags.get(id_, {})] == []
