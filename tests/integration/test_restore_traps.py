"""Restore among the remains of earlier restores, and of what people did meanwhile: each of these once lost data."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from local import seed
from local.embedded import EmbeddedAws
from local.seed import Disk
from local.world import world
from nightshift.jobs.restore import JOB
from tests.integration.cuts import Cut
from tests.integration.restore_scenes import (
    DAY,
    devices,
    ending,
    saved_whole,
    volumes,
    went_well,
)
from tests.integration.scenes import SLOT, changes, machine, tags_of

type Run = Callable[..., dict[str, Any]]

AT_OLDER = f"{SLOT - DAY / 2:%Y-%m-%dT%H:%M:%SZ}"


def cut_off(aws: EmbeddedAws, run_job: Run, event: dict[str, Any], number: int) -> None:
    aws.hooks.append(Cut(number, after=True))
    run_job(JOB, event)
    aws.hooks.clear()


def refused(aws: EmbeddedAws, run_job: Run, event: dict[str, Any]) -> str:
    aws.requests.clear()
    outcome = run_job(JOB, event)
    assert changes(aws.requests) == []
    return str(outcome["refused"])


def sources(ec2: Any, box: Any) -> set[str | None]:
    """The snapshots that the volumes at the instance were made from."""
    there = volumes(ec2)
    return {tags_of(there[id_]).get("nightshift:restored-from") for id_ in devices(ec2, box).values()}


def detached_by_hand(ec2: Any, box: Any, volume_id: str) -> None:
    ec2.detach_volume(VolumeId=volume_id, InstanceId=box.id)


@pytest.mark.parametrize("number", [1, 2, 4])
def test_what_was_cut_off_days_ago_draws_no_restore_to_its_point(
    number: int, ec2: Any, box: Any, backend: Any, aws: EmbeddedAws, event: Any, undo: Any, run_job: Run
) -> None:
    cut_off(aws, run_job, event, number)
    world.clock.advance(days=7)
    newest = {each.id for each in saved_whole(backend, box, world.now() - timedelta(hours=1))}
    words = refused(aws, run_job, event)
    assert f'or give it up by {{"mode": "undo", "instance_id": "{box.id}"}}' in words
    went_well(run_job(JOB, undo))
    went_well(run_job(JOB, event))
    assert sources(ec2, box) == newest


def test_undo_of_what_was_cut_off_leaves_an_earlier_restore_alone(
    ec2: Any, box: Any, backend: Any, aws: EmbeddedAws, event: Any, undo: Any, run_job: Run
) -> None:
    run_job(JOB, event)
    monday = devices(ec2, box)
    world.clock.advance(days=4)
    saved_whole(backend, box, world.now() - timedelta(hours=1))
    cut_off(aws, run_job, event, 2)
    went_well(run_job(JOB, undo))
    assert (devices(ec2, box), box.state) == (monday, "running")
    went_well(run_job(JOB, event | {"at": AT_OLDER}))


def test_a_single_volume_s_restore_that_was_cut_draws_no_whole_server_along(
    ec2: Any, box: Any, aws: EmbeddedAws, event: Any, run_job: Run
) -> None:
    data = devices(ec2, box)["/dev/sdf"]
    cut_off(aws, run_job, {"mode": "replace", "volume_id": data, "at": AT_OLDER}, 1)
    words = refused(aws, run_job, event)
    [made] = [each for each in volumes(ec2).values() if "nightshift:restore" in tags_of(each)]
    assert f'finish it by {{"mode": "replace", "snapshot_id": "{made["SnapshotId"]}"}}' in words


def test_a_restore_whose_checks_fail_has_ended_all_the_same(
    ec2: Any, box: Any, event: Any, undo: Any, run_job: Run
) -> None:
    """The newest point is as broken as the server was: back, and to an older one."""
    before = devices(ec2, box)
    world.set_check(box.id, "instance", "impaired")
    failed = run_job(JOB, event)
    assert ending(failed)["error"] == "InstanceImpaired"
    assert failed["restore"]["undo"]["former_volume_ids"] == sorted(before.values())
    run_job(JOB, undo)
    assert devices(ec2, box) == before
    world.recover(box.id)
    older = run_job(JOB, event | {"at": AT_OLDER})
    went_well(older)
    assert "2026-11-23T03:00:00Z" in older["restore"]["point"]


def test_a_former_volume_that_stands_elsewhere_keeps_its_place(
    ec2: Any, box: Any, backend: Any, aws: EmbeddedAws, event: Any, run_job: Run
) -> None:
    """Somebody copies files from it, at another device of the same server."""
    before = devices(ec2, box)
    back = run_job(JOB, event)["restore"]["undo"]
    backend.attach_volume(before["/dev/sda1"], box.id, "/dev/sdz")
    assert f"{before['/dev/sda1']} is at /dev/sdz of {box.id}: detach it first" in refused(aws, run_job, back)
    restored = devices(ec2, box)
    went_well(run_job(JOB, event | {"at": AT_OLDER}))
    now = devices(ec2, box)
    assert now["/dev/sdz"] == before["/dev/sda1"]
    assert not {now["/dev/sda1"], now["/dev/sdf"]} & set(restored.values())


def test_what_was_taken_out_by_hand_is_not_taken_for_new(
    ec2: Any, box: Any, backend: Any, event: Any, run_job: Run
) -> None:
    """It stood there and was written on: the same event makes new volumes."""
    before = devices(ec2, box)
    run_job(JOB, event)
    used = devices(ec2, box)
    box.stop()
    for device, volume_id in used.items():
        detached_by_hand(ec2, box, volume_id)
        backend.attach_volume(before[device], box.id, device)
    box.start()
    went_well(run_job(JOB, event))
    assert not set(devices(ec2, box).values()) & {*used.values(), *before.values()}


def test_what_was_attached_beside_and_taken_away_is_not_taken_for_new(ec2: Any, box: Any, run_job: Run) -> None:
    event, before = {"instance_id": box.id, "mode": "attach"}, devices(ec2, box)
    run_job(JOB, event)
    used = {device: id_ for device, id_ in devices(ec2, box).items() if device not in before}
    for volume_id in used.values():
        detached_by_hand(ec2, box, volume_id)
    went_well(run_job(JOB, event))
    again = {device: id_ for device, id_ in devices(ec2, box).items() if device not in before}
    assert again.keys() == used.keys()
    assert not set(again.values()) & set(used.values())


@pytest.mark.parametrize("number", range(1, 10))
def test_after_an_undo_that_was_cut_nothing_old_is_taken_for_new(
    number: int, ec2: Any, box: Any, aws: EmbeddedAws, event: Any, undo: Any, run_job: Run
) -> None:
    run_job(JOB, event)
    used = devices(ec2, box)
    cut_off(aws, run_job, undo, number)
    run_job(JOB, undo)
    went_well(run_job(JOB, event))
    assert not set(devices(ec2, box).values()) & set(used.values())


def test_a_volume_that_is_attached_to_nothing_takes_no_stranger_s_place(
    ec2: Any, backend: Any, aws: EmbeddedAws, run_job: Run
) -> None:
    one = machine(backend, {"Name": "one"}, (Disk("/dev/sda1", 20), Disk("/dev/sdf", 100)))
    saved_whole(backend, one, SLOT)
    data = devices(ec2, one)["/dev/sdf"]
    detached_by_hand(ec2, one, data)
    stranger = seed.volume(backend, Disk("", 100)).id
    backend.attach_volume(stranger, one.id, "/dev/sdf")
    words = refused(aws, run_job, {"volume_id": data, "mode": "replace"})
    assert f"{stranger} stands at its place at {one.id} now, which is another volume" in words


def test_a_volume_goes_back_to_the_instance_where_it_was_last(ec2: Any, backend: Any, run_job: Run) -> None:
    one = machine(backend, {"Name": "one"}, (Disk("/dev/sda1", 20), Disk("/dev/sdf", 100)))
    two = machine(backend, {"Name": "two"}, (Disk("/dev/sda1", 20),))
    data = devices(ec2, one)["/dev/sdf"]
    saved_whole(backend, one, SLOT - 5 * DAY)
    detached_by_hand(ec2, one, data)
    backend.attach_volume(data, two.id, "/dev/sdf")
    saved_whole(backend, two, SLOT)
    detached_by_hand(ec2, two, data)
    went_well(run_job(JOB, {"volume_id": data, "mode": "replace"}))
    assert "/dev/sdf" in devices(ec2, two)
    assert one.state == "running"


def test_two_volumes_that_belong_at_one_device(ec2: Any, backend: Any, aws: EmbeddedAws, run_job: Run) -> None:
    disks = (Disk("/dev/sda1", 20), Disk("/dev/sdf", 100), Disk("/dev/sdg", 50))
    box = machine(backend, {"Name": "db"}, disks)
    saved_whole(backend, box, SLOT)
    there = devices(ec2, box)
    for device in ("/dev/sdf", "/dev/sdg"):
        detached_by_hand(ec2, box, there[device])
    backend.attach_volume(there["/dev/sdf"], box.id, "/dev/sdg")
    words = refused(aws, run_job, {"instance_id": box.id, "mode": "replace"})
    assert "several volumes of the point belong at /dev/sdg now" in words


def test_a_shared_volume_that_came_to_the_place_later(
    ec2: Any, backend: Any, box: Any, aws: EmbeddedAws, event: Any, run_job: Run
) -> None:
    other = machine(backend, {"Name": "other"})
    detached_by_hand(ec2, box, devices(ec2, box)["/dev/sdf"])
    shared = seed.volume(backend, Disk("", 100, "io2", 4000, multi_attach=True))
    for each in (box, other):
        backend.attach_volume(shared.id, each.id, "/dev/sdf")
    assert f"{shared.id} is attached to several instances (Multi-Attach)" in refused(aws, run_job, event)


def test_a_volume_whose_tags_are_full(
    box: Any, ec2: Any, backend: Any, aws: EmbeddedAws, event: Any, run_job: Run
) -> None:
    root = devices(ec2, box)["/dev/sda1"]
    seed.system_tags(backend, root, {f"key-{number}": "" for number in range(50)})
    assert f"{root} has 50 tags" in refused(aws, run_job, event)


def test_a_former_volume_that_is_gone_is_not_left_out_in_silence(
    ec2: Any, box: Any, backend: Any, aws: EmbeddedAws, event: Any, run_job: Run
) -> None:
    back = run_job(JOB, event)["restore"]["undo"]
    gone = back["former_volume_ids"][0]
    backend.volumes.pop(gone)
    assert f"{gone} cannot go back" in refused(aws, run_job, back)
    went_well(run_job(JOB, back | {"partial": True}))


def test_undo_without_names_is_of_one_restore(ec2: Any, box: Any, aws: EmbeddedAws, undo: Any, run_job: Run) -> None:
    before = devices(ec2, box)
    for device in ("/dev/sdf", "/dev/sda1"):
        went_well(run_job(JOB, {"volume_id": before[device], "mode": "replace"}))
        world.clock.advance(days=2)
    words = refused(aws, run_job, undo)
    assert "made way in several restores: say by former_volume_ids which go back" in words
    assert all(id_ in words for id_ in before.values())


def test_what_ends_with_the_instance_is_people_s_matter_after_the_restore(
    ec2: Any, box: Any, event: Any, run_job: Run
) -> None:
    run_job(JOB, event)
    mapping = [{"DeviceName": "/dev/sda1", "Ebs": {"DeleteOnTermination": False}}]
    ec2.modify_instance_attribute(InstanceId=box.id, BlockDeviceMappings=mapping)
    assert run_job(JOB, event)["planned"] == 0


def test_a_time_copied_from_the_list_means_that_point(backend: Any, box: Any, run_job: Run) -> None:
    """AWS's start times have fractions of a second, the list has none."""
    for each in backend.snapshots.values():
        each.start_time = each.start_time.replace(microsecond=123000)
    [newest, *_] = run_job(JOB, {"instance_id": box.id, "list": True})["points"]
    outcome = run_job(JOB, {"instance_id": box.id, "at": newest["started"], "dry_run": True})
    assert newest["started"] in outcome["restore"]["point"]


def test_a_volume_that_only_ever_failed_is_missing(backend: Any, aws: EmbeddedAws, run_job: Run) -> None:
    box = machine(backend, {"Name": "db"}, (Disk("/dev/sda1", 20), Disk("/dev/sdf", 100)))
    _, data = saved_whole(backend, box, SLOT)
    data.status = "error"
    words = refused(aws, run_job, {"instance_id": box.id, "mode": "replace"})
    assert f"has no snapshot of {data.volume_id} (/dev/sdf)" in words


def test_a_newer_set_that_failed_is_said(backend: Any, box: Any, event: Any, run_job: Run) -> None:
    failed = saved_whole(backend, box, SLOT + DAY / 24, state="error")
    notes = run_job(JOB, event | {"dry_run": True})["notes"]
    assert {f"passed over, failed: {each.id} of {each.volume_id}" for each in failed} <= set(notes)


def test_a_time_that_is_still_to_come_is_said(event: Any, run_job: Run) -> None:
    [note] = run_job(JOB, event | {"at": "2062-01-01T00:00:00Z", "dry_run": True})["notes"]
    assert "at is in the future, so the newest point is meant" in note


def test_a_data_volume_s_snapshot_is_no_root(ec2: Any, box: Any, aws: EmbeddedAws, event: Any, run_job: Run) -> None:
    data = devices(ec2, box)["/dev/sdf"]
    [snapshot, *_] = ec2.describe_snapshots(Filters=[{"Name": "volume-id", "Values": [data]}])["Snapshots"]
    run_job(JOB, event)
    words = refused(aws, run_job, {"mode": "root", "snapshot_id": snapshot["SnapshotId"]})
    assert "AWS takes only a snapshot of the instance's own root volume" in words
