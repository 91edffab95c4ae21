"""Replacing the root volume of a running server by AWS's task, also when that fails."""

from collections.abc import Callable
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.world import world
from nightshift.jobs.restore import JOB
from tests.integration.cuts import Cut
from tests.integration.restore_scenes import devices, endings, new_volumes, volumes

type Run = Callable[..., dict[str, Any]]


def test_the_root_is_replaced_while_the_server_runs(ec2: Any, box: Any, run_job: Run) -> None:
    before = devices(ec2, box)
    outcome = run_job(JOB, {"instance_id": box.id, "mode": "root"})
    assert (outcome["planned"], outcome["done"], outcome["refused"]) == (1, 1, None), outcome
    after = devices(ec2, box)
    assert after["/dev/sdf"] == before["/dev/sdf"]
    assert after["/dev/sda1"] != before["/dev/sda1"]
    assert "StopInstances" not in outcome["calls"]
    assert run_job(JOB, {"instance_id": box.id, "mode": "root"})["planned"] == 0
    assert run_job(JOB, outcome["restore"]["undo"])["failed"] == 0
    assert devices(ec2, box) == before


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_cut_at_any_change_it_is_ended_by_the_same_event(
    number: int, after: bool, ec2: Any, box: Any, aws: EmbeddedAws, run_job: Run
) -> None:
    """The task, the tag of the former volume, the tags of the new one."""
    there, before, event = volumes(ec2), devices(ec2, box), {"instance_id": box.id, "mode": "root"}
    aws.hooks.append(Cut(number, after=after))
    assert run_job(JOB, event)["remaining"] == 1
    aws.hooks.clear()
    ended = run_job(JOB, event)
    assert (ended["failed"], ended["remaining"], ended["refused"]) == (0, 0, None), ended
    [new] = new_volumes(ec2, there)
    assert devices(ec2, box) == {**before, "/dev/sda1": new["VolumeId"]}
    assert run_job(JOB, event)["planned"] == 0
    assert run_job(JOB, {"mode": "undo", "instance_id": box.id})["failed"] == 0
    assert devices(ec2, box) == before


def test_undone_it_is_replaced_once_more(ec2: Any, box: Any, run_job: Run) -> None:
    """AWS would answer the token of the first time with the first time's task."""
    there, before, event = volumes(ec2), devices(ec2, box), {"instance_id": box.id, "mode": "root"}
    for times in (1, 2, 3):
        again = run_job(JOB, event)
        assert (again["done"], again["failed"]) == (1, 0), again
        assert len(new_volumes(ec2, there)) == times
        assert run_job(JOB, again["restore"]["undo"])["failed"] == 0
        assert devices(ec2, box) == before
        world.clock.advance(minutes=10)


def test_a_task_that_fails_leaves_all_as_it_was_and_is_tried_once_more(ec2: Any, box: Any, run_job: Run) -> None:
    there, before, event = volumes(ec2), devices(ec2, box), {"instance_id": box.id, "mode": "root"}
    world.root_task_end = "failed"
    [failed] = run_job(JOB, event)["decisions"]
    assert (failed["outcome"], failed["error"]) == ("failed", "failed")
    assert "AWS did not replace the root volume, which is as it was" in failed["reason"]
    assert devices(ec2, box) == before
    world.root_task_end = "succeeded"
    assert run_job(JOB, event)["done"] == 1
    assert len(new_volumes(ec2, there)) == 1


def test_a_task_that_takes_the_root_away_is_said_and_replace_puts_one_back(ec2: Any, box: Any, run_job: Run) -> None:
    there, before, fates = volumes(ec2), devices(ec2, box), endings(ec2, box)
    event = {"instance_id": box.id, "mode": "root"}
    world.root_task_end = "failed-detached"
    [failed] = run_job(JOB, event)["decisions"]
    assert (failed["outcome"], failed["error"]) == ("failed", "failed-detached")
    assert f"no root volume now, and {before['/dev/sda1']} is kept: put one back by replace" in failed["reason"]
    refused = run_job(JOB, event)["refused"]
    assert f"{box.id} has no root volume attached, as after a replacement that failed: use replace" in refused
    replaced = run_job(JOB, {**event, "mode": "replace"})
    assert (replaced["failed"], replaced["remaining"], replaced["refused"]) == (0, 0, None), replaced
    assert sorted(devices(ec2, box).values()) == sorted(each["VolumeId"] for each in new_volumes(ec2, there))
    assert (endings(ec2, box), box.state) == (fates, "running")
