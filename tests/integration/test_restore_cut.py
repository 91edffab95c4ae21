"""A restore that is cut at any call, or that runs twice at one time: one volume of each snapshot, whatever happens."""

from collections.abc import Callable
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.world import world
from nightshift.jobs.restore import JOB
from tests.integration.cuts import Cut, Meanwhile
from tests.integration.restore_scenes import devices, endings, new_volumes, saved_whole, volumes
from tests.integration.scenes import changes, tags_of

type Run = Callable[..., dict[str, Any]]


# So many changes a replacement of two volumes makes: 2 made, 2 tagged, stop, 2 out, 2 in and a fate, start, the end.
CHANGES = 12


@pytest.mark.long
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(1, CHANGES + 1))
def test_a_replacement_cut_at_any_change_is_ended_by_the_same_event(
    number: int, after: bool, ec2: Any, box: Any, backend: Any, aws: EmbeddedAws, run_job: Run
) -> None:
    former, fates, there = devices(ec2, box), endings(ec2, box), volumes(ec2)
    event = {"instance_id": box.id, "mode": "replace"}
    aws.hooks.append(Cut(number, after=after))
    cut = run_job(JOB, event)
    assert cut["remaining"] > 0
    aws.hooks.clear()
    world.clock.advance(minutes=10)
    if number < CHANGES or not after:
        # A newer point must not draw the restore away from the one that it has begun.
        saved_whole(backend, box, world.now())
    ended = run_job(JOB, event)
    assert (ended["failed"], ended["remaining"], ended["refused"]) == (0, 0, None), ended["decisions"]
    made = new_volumes(ec2, there)
    assert len(made) == len(former)
    assert sorted(devices(ec2, box).values()) == sorted(volume["VolumeId"] for volume in made)
    assert endings(ec2, box) == fates
    assert box.state == "running"
    assert all("nightshift:restored" in tags_of(volume) for volume in made)
    if ended["planned"]:
        assert ended["restore"]["undo"]["former_volume_ids"] == sorted(former.values())


def test_as_many_changes_as_are_cut_at(box: Any, aws: EmbeddedAws, run_job: Run) -> None:
    aws.requests.clear()
    run_job(JOB, {"instance_id": box.id, "mode": "replace"})
    assert len(changes(aws.requests)) == CHANGES


@pytest.mark.long
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(1, 10))
def test_an_undo_cut_at_any_change_is_ended_by_the_same_event(
    number: int, after: bool, ec2: Any, box: Any, aws: EmbeddedAws, run_job: Run
) -> None:
    former, fates = devices(ec2, box), endings(ec2, box)
    undo = run_job(JOB, {"instance_id": box.id, "mode": "replace"})["restore"]["undo"]
    aws.hooks.append(Cut(number, after=after))
    run_job(JOB, undo)
    aws.hooks.clear()
    ended = run_job(JOB, undo)
    assert (ended["failed"], ended["remaining"], ended["refused"]) == (0, 0, None), ended["decisions"]
    assert (devices(ec2, box), endings(ec2, box), box.state) == (former, fates, "running")
    assert not any("nightshift:replaced-by" in tags_of(volume) for volume in volumes(ec2).values())


# Of two volumes each: made; made, attached, and written down that it stands there.
CHANGES_BESIDE = {"volume": 2, "attach": 6}
BESIDE = [(mode, number) for mode, most in CHANGES_BESIDE.items() for number in range(1, most + 1)]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("mode", "number"), BESIDE)
def test_new_volumes_cut_at_any_change_are_ended_by_the_same_event(
    mode: str, number: int, after: bool, ec2: Any, box: Any, aws: EmbeddedAws, run_job: Run
) -> None:
    there, attached = volumes(ec2), devices(ec2, box)
    event = {"instance_id": box.id, "mode": mode}
    aws.hooks.append(Cut(number, after=after))
    assert run_job(JOB, event)["remaining"] > 0
    aws.hooks.clear()
    world.clock.advance(minutes=10)
    assert run_job(JOB, event)["remaining"] == 0
    assert_each_once(ec2, box, there, attached, mode)
    assert run_job(JOB, event)["planned"] == 0


@pytest.mark.parametrize(("mode", "most"), CHANGES_BESIDE.items())
def test_as_many_changes_beside_as_are_cut_at(mode: str, most: int, box: Any, aws: EmbeddedAws, run_job: Run) -> None:
    aws.requests.clear()
    run_job(JOB, {"instance_id": box.id, "mode": mode})
    assert len(changes(aws.requests)) == most


@pytest.mark.parametrize(("mode", "number"), BESIDE)
def test_two_runs_beside_at_one_time(
    mode: str, number: int, ec2: Any, box: Any, aws: EmbeddedAws, run_job: Run
) -> None:
    """The same event delivered twice: the whole second run comes between two calls of the first."""
    there, attached = volumes(ec2), devices(ec2, box)
    event = {"instance_id": box.id, "mode": mode}
    aws.hooks.append(Meanwhile(number, lambda: run_job(JOB, event)))
    run_job(JOB, event)
    aws.hooks.clear()
    assert run_job(JOB, event)["planned"] == 0
    assert_each_once(ec2, box, there, attached, mode)


@pytest.mark.long
@pytest.mark.parametrize("number", range(1, CHANGES + 1))
def test_two_replacements_at_one_time(number: int, ec2: Any, box: Any, aws: EmbeddedAws, run_job: Run) -> None:
    former, fates, there = devices(ec2, box), endings(ec2, box), volumes(ec2)
    event = {"instance_id": box.id, "mode": "replace"}
    others: list[dict[str, Any]] = []
    aws.hooks.append(Meanwhile(number, lambda: others.append(run_job(JOB, event))))
    first = run_job(JOB, event)
    aws.hooks.clear()
    assert others, "the other run never came"
    ended = run_job(JOB, event)
    assert (ended["failed"], ended["remaining"], ended["refused"]) == (0, 0, None), (first, others, ended)
    made = {volume["VolumeId"] for volume in new_volumes(ec2, there)}
    assert len(made) == len(former)
    assert set(devices(ec2, box).values()) == made
    assert (endings(ec2, box), box.state) == (fates, "running")
    undone = run_job(JOB, {"mode": "undo", "instance_id": box.id})
    assert (undone["failed"], undone["remaining"], undone["refused"]) == (0, 0, None), undone
    assert (devices(ec2, box), endings(ec2, box), box.state) == (former, fates, "running")


def assert_each_once(ec2: Any, box: Any, there: Any, attached: dict[str, str], mode: str) -> None:
    """One new volume of each snapshot; beside what was attached, where it is to be attached."""
    made = new_volumes(ec2, there)
    assert [volume["Size"] for volume in made] == [20, 100]
    now = devices(ec2, box)
    assert {device: now[device] for device in attached} == attached
    beside = {now[device] for device in now.keys() - attached.keys()}
    assert beside == ({volume["VolumeId"] for volume in made} if mode == "attach" else set())
