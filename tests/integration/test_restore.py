"""Whole runs of restore: what a person pastes at three in the morning, and what is there afterwards."""

from collections.abc import Callable
from typing import Any

from local import seed
from local.embedded import EmbeddedAws
from local.history import our_tags
from nightshift.jobs import backup
from nightshift.jobs.restore import JOB
from tests.integration.restore_scenes import DAY, devices, endings, new_volumes, volumes
from tests.integration.scenes import SLOT, machine, tags_of, volume_ids
from tests.support import REGION, by_resource

type Run = Callable[..., dict[str, Any]]


def test_new_volumes_are_what_the_old_ones_were(ec2: Any, box: Any, run_job: Run) -> None:
    before = volumes(ec2)
    outcome = run_job(JOB, {"instance_id": box.id})
    assert (outcome["planned"], outcome["done"], outcome["refused"]) == (2, 2, None)
    root, data = new_volumes(ec2, before)
    assert (root["Size"], root["VolumeType"], root["AvailabilityZone"]) == (20, "gp3", "eu-central-1a")
    assert (data["Size"], data["Iops"], data["Throughput"]) == (100, 6000, 500)
    assert tags_of(root)["nightshift:restored-from"].startswith("snap-")
    again = run_job(JOB, {"instance_id": box.id})
    assert (again["planned"], again["done"]) == (0, 0)
    assert len(new_volumes(ec2, before)) == 2


def test_the_server_gets_its_disks_back_and_undo_gives_the_former_ones(
    ec2: Any, box: Any, run_job: Run, aws: EmbeddedAws
) -> None:
    before, fates = devices(ec2, box), endings(ec2, box)
    outcome = run_job(JOB, {"instance_id": box.id, "mode": "replace"})
    assert endings(ec2, box) == fates
    assert (outcome["failed"], outcome["remaining"], outcome["refused"]) == (0, 0, None), outcome["decisions"]
    after = devices(ec2, box)
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())
    assert box.state == "running"
    for device, former in before.items():
        described = volumes(ec2)[former]
        assert described["State"] == "available"
        ending = "d" if device == "/dev/sda1" else "k"
        assert tags_of(described)["nightshift:replaced-by"] == f"{after[device]} {box.id} {device} {ending}"

    again = run_job(JOB, {"instance_id": box.id, "mode": "replace"})
    assert again["planned"] == 0
    assert devices(ec2, box) == after

    undo = outcome["restore"]["undo"]
    assert undo == {"mode": "undo", "instance_id": box.id, "former_volume_ids": sorted(before.values())}
    undone = run_job(JOB, undo)
    assert (undone["failed"], undone["remaining"], undone["refused"]) == (0, 0, None), undone["decisions"]
    assert devices(ec2, box) == before
    assert box.state == "running"
    assert run_job(JOB, undo)["planned"] == 0


def test_attached_beside_the_old_ones(ec2: Any, box: Any, run_job: Run) -> None:
    before = devices(ec2, box)
    outcome = run_job(JOB, {"instance_id": box.id, "mode": "attach"})
    assert (outcome["planned"], outcome["done"]) == (4, 4), outcome
    after = devices(ec2, box)
    assert {device: after[device] for device in before} == before
    assert sorted(after.keys() - before.keys()) == ["/dev/sdg", "/dev/sdh"]
    assert run_job(JOB, {"instance_id": box.id, "mode": "attach"})["planned"] == 0


def test_every_point_is_listed(box: Any, run_job: Run) -> None:
    outcome = run_job(JOB, {"instance_id": box.id, "list": True})
    assert [point["slots"]["nightly"] for point in outcome["points"]] == [
        f"{SLOT - ago * DAY:%Y-%m-%dT%H:%M:%SZ}" for ago in range(3)
    ]
    newest = outcome["points"][0]["volumes"][0]
    assert newest["kept"]["nightly"]["why"] == ["last 1 of 3", "daily 2026-11-24", "weekly 2026-W48", "monthly 2026-11"]


def test_a_volume_s_whole_history_counts_also_of_another_instance(backend: Any, box: Any, run_job: Run) -> None:
    """The data disk has moved to another server, and newer snapshots of it make the older ones go."""
    root, data = seed.volumes_of(backend, box).values()
    tags = {**our_tags(backend, box, SLOT + DAY), "nightshift:instance": "i-0123456789abcdef0"}
    for ahead in range(1, 4):
        slot = f"{SLOT + ahead * DAY / 24:%Y-%m-%dT%H:%M:%SZ}"
        seed.snapshot(backend, data, SLOT + ahead * DAY / 24, {**tags, "nightshift:slot/nightly": slot})
    outcome = run_job(JOB, {"instance_id": box.id, "list": True})
    assert len(outcome["points"]) == 3
    whys = {volume["volume"]: volume["kept"]["nightly"]["why"] for volume in outcome["points"][0]["volumes"]}
    assert whys[root.id][0] == "last 1 of 3"
    assert whys[data.id] == ["no rule keeps it"]


def test_an_instance_that_is_gone_comes_back_by_hand(ec2: Any, backend: Any, box: Any, run_job: Run) -> None:
    ids = volume_ids(box)
    box.terminate()
    for id_ in ids:
        backend.volumes.pop(id_, None)
    outcome = run_job(JOB, {"instance_id": box.id})
    assert (outcome["planned"], outcome["done"], outcome["refused"]) == (2, 2, None)
    assert "aws ec2 register-image" in outcome["restore"]["commands"][0]
    assert "--instance-type t3.medium" in outcome["restore"]["commands"][1]


def test_a_restored_volume_is_backed_up_with_its_people_s_tags(ec2: Any, box: Any, backend: Any, run_job: Run) -> None:
    for volume in seed.volumes_of(backend, box).values():
        seed.system_tags(backend, volume.id, {"team": "data"})
    run_job(JOB, {"instance_id": box.id, "mode": "replace"})
    outcome = run_job(backup.JOB, {})
    assert outcome["done"] == 2
    for id_ in volume_ids(box):
        [snapshot] = ec2.describe_snapshots(OwnerIds=["self"], Filters=[{"Name": "volume-id", "Values": [id_]}])[
            "Snapshots"
        ]
        assert tags_of(snapshot)["team"] == "data"


def test_a_former_volume_that_is_none_is_said(box: Any, run_job: Run) -> None:
    undo = run_job(JOB, {"instance_id": box.id, "mode": "replace"})["restore"]["undo"]
    stranger = "vol-0123456789abcdef0"
    outcome = run_job(JOB, {**undo, "former_volume_ids": [*undo["former_volume_ids"], stranger]})
    assert (outcome["failed"], outcome["remaining"]) == (0, 0)
    assert "not found: nothing says" in by_resource(outcome)[stranger]["reason"]


def test_what_is_not_there_is_said(run_job: Run) -> None:
    [of_instance] = run_job(JOB, {"instance_id": "i-0123456789abcdef0"})["decisions"]
    assert (of_instance["outcome"], of_instance["reason"]) == (
        "skipped",
        f"not found in {REGION}: no snapshot of ours is of it",
    )
    [snapshot] = run_job(JOB, {"snapshot_id": "snap-0123456789abcdef0"})["decisions"]
    assert (snapshot["outcome"], snapshot["reason"]) == ("skipped", f"not found in {REGION}")


def test_what_a_replacement_leaves_where_it_is_is_said(ec2: Any, backend: Any, box: Any, run_job: Run) -> None:
    """A volume that came to the server after the backup, and one that left it."""
    other = machine(backend, {"Name": "other"})
    data = devices(ec2, box)["/dev/sdf"]
    ec2.detach_volume(VolumeId=data)
    ec2.attach_volume(VolumeId=data, InstanceId=other.id, Device="/dev/sdq")
    new = ec2.create_volume(Size=7, AvailabilityZone="eu-central-1a")["VolumeId"]
    ec2.attach_volume(VolumeId=new, InstanceId=box.id, Device="/dev/sdp")
    outcome = run_job(JOB, {"instance_id": box.id, "mode": "replace"})
    assert outcome["failed"] == outcome["remaining"] == 0
    assert set(outcome["notes"]) == {
        f"{new} at /dev/sdp was not there at this point: it stays as it is",
        f"{data} is at {other.id} now: it stays there",
    }
    assert devices(ec2, box)["/dev/sdp"] == new
    assert devices(ec2, other)["/dev/sdq"] == data


def test_a_stack_that_knows_the_former_volumes_is_named(backend: Any, box: Any, run_job: Run) -> None:
    seed.system_tags(backend, box.id, {"aws:cloudformation:stack-name": "shop"})
    outcome = run_job(JOB, {"instance_id": box.id, "mode": "replace"})
    words = "is of the CloudFormation stack shop, to which other volumes are drift"
    assert outcome["notes"] == [f"{box.id} {words}"]


def test_two_restores_are_undone_from_the_last_to_the_first(ec2: Any, box: Any, run_job: Run) -> None:
    before = devices(ec2, box)
    first = run_job(JOB, {"instance_id": box.id, "mode": "replace"})["restore"]["undo"]
    between = devices(ec2, box)
    a_day_earlier = f"{SLOT - DAY / 2:%Y-%m-%dT%H:%M:%SZ}"
    last = run_job(JOB, {"instance_id": box.id, "mode": "replace", "at": a_day_earlier})["restore"]["undo"]
    too_early = run_job(JOB, first)
    assert too_early["planned"] == 0
    assert all("undo the later restore first" in each["reason"] for each in too_early["decisions"])
    run_job(JOB, last)
    assert devices(ec2, box) == between
    run_job(JOB, first)
    assert devices(ec2, box) == before


def test_tags_that_nobody_can_read_are_no_hindrance(ec2: Any, backend: Any, box: Any, run_job: Run) -> None:
    """Where the instance is, its own devices count."""
    before = devices(ec2, box)
    for each in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]:
        seed.system_tags(
            backend, each["SnapshotId"], {"nightshift:devices": '{"x":[1', "nightshift:origin": "\U0001f600" * 128}
        )
    outcome = run_job(JOB, {"instance_id": box.id, "mode": "replace"})
    assert outcome["failed"] == outcome["remaining"] == 0
    assert devices(ec2, box).keys() == before.keys()
