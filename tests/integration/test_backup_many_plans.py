"""Backup of volumes that opted in to many plans which are due together: one snapshot serves them all."""

from collections.abc import Callable
from typing import Any

import pytest

from local.seed import system_tags
from nightshift.errors import PolicyError
from nightshift.jobs.backup import JOB
from nightshift.policy import MOST_PLANS
from tests.integration.scenes import ROOT, counts, data_disks, lone_volume, machine, snapshots, tags_of, volume_ids

type Run = Callable[..., dict[str, Any]]


def plans(number: int) -> str:
    """A policy with so many plans, all due at three."""
    named = ", ".join(f"p{n:02}: {{keep: {{last: {n + 1}}}}}" for n in range(number))
    return f"backup: {{plans: {{{named}}}}}"


def opted_in(number: int) -> dict[str, str]:
    return {"Backup": ",".join(f"p{n:02}" for n in range(number))}


@pytest.mark.parametrize("number", [9, 10, 11, MOST_PLANS])
@pytest.mark.parametrize("alone", [False, True], ids=["CreateSnapshots", "CreateSnapshot"])
def test_one_snapshot_serves_many_plans_and_says_of_which_instance_it_is(
    alone: bool, number: int, backend: Any, ec2: Any, run_job: Run, policy: Callable[[str], None]
) -> None:
    policy(plans(number))
    box = machine(backend, {} if alone else opted_in(number), [ROOT, *data_disks(30)])
    system_tags(backend, volume_ids(box)[0], {"Name": "root"} | (opted_in(number) if alone else {}))

    outcome = run_job(JOB, {})

    assert counts(outcome) == {"planned": 1, "done": 1} if alone else {"planned": 31, "done": 31}
    [snapshot] = [each for each in snapshots(ec2) if each["VolumeId"] == volume_ids(box)[0]]
    tags = tags_of(snapshot)
    assert {f"nightshift:slot/p{n:02}" for n in range(number)} <= tags.keys()
    assert (tags["nightshift:instance"], tags["Name"]) == (box.id, "root")
    reason = outcome["decisions"][0]["reason"]
    written = sum(len(value.split()) for key, value in tags.items() if key.startswith("nightshift:devices/"))
    assert f"its tags have room for {written} of the 31 disks of {box.id}" in reason
    assert (
        ("nightshift:origin" in tags) == ("no room for zone, type, subnet and address" not in reason) == (number < 10)
    )
    assert len(snapshot["Description"]) <= 255
    assert run_job(JOB, {})["planned"] == 0, "all of them are saved"


@pytest.mark.parametrize("alone", [False, True], ids=["CreateSnapshots", "CreateSnapshot"])
def test_people_s_tags_that_do_not_fit_any_more_stay_behind_and_the_reason_says_so(
    alone: bool, backend: Any, ec2: Any, run_job: Run, policy: Callable[[str], None]
) -> None:
    policy(plans(MOST_PLANS))
    theirs = opted_in(MOST_PLANS) | {f"key-{n}": "x" for n in range(30)}
    if alone:
        lone_volume(backend, theirs)
    else:
        system_tags(backend, volume_ids(machine(backend, opted_in(MOST_PLANS)))[0], theirs)

    outcome = run_job(JOB, {})

    assert counts(outcome) == {"planned": 1, "done": 1}
    assert "people's tags stay behind: they do not go with ours" in outcome["decisions"][0]["reason"]
    [snapshot] = snapshots(ec2)
    assert not [key for key in tags_of(snapshot) if not key.startswith("nightshift:")]


def test_more_plans_than_tags_have_room_for_are_no_policy(run_job: Run, policy: Callable[[str], None]) -> None:
    policy(plans(MOST_PLANS + 1))
    with pytest.raises(PolicyError, match=r"backup\.plans.* must have at most 20 of them"):
        run_job(JOB, {})
