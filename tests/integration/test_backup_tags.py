"""Backup: the tags that a snapshot is made with, ours and people's."""

from collections.abc import Callable
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.seed import Disk, system_tags
from local.wire import Fault
from nightshift.jobs.backup import JOB
from tests.integration.scenes import (
    NIGHTLY,
    ROOT,
    Listener,
    Trouble,
    counts,
    data_disks,
    lone_volume,
    machine,
    snapshots,
    tags_of,
    volume_ids,
)

type Run = Callable[..., dict[str, Any]]

KEYS = ("stack", "slot/nightly", "instance", "devices/1", "origin")
DISKS = [
    Disk("/dev/sda1", 20),
    Disk("/dev/sdf", 500, "io2", 8000, delete_on_termination=False),
    Disk("/dev/sdg", 2000, "st1", delete_on_termination=False),
    Disk("/dev/sdh", 100, "gp3", 6000, 500),
]


def _expected(box: Any) -> dict[str, str]:
    root, fast, slow, wide = volume_ids(box)
    return {
        "nightshift:stack": "nightshift",
        "nightshift:slot/nightly": "2026-11-24T03:00:00Z",
        "nightshift:instance": box.id,
        "nightshift:devices/1": f"/dev/sda1={root}:gp3:3000:125:d /dev/sdf={fast}:io2:8000:-:k "
        f"/dev/sdg={slow}:st1:-:-:k /dev/sdh={wide}:gp3:6000:500:d",
        "nightshift:origin": f"eu-central-1a r6i.large {box.subnet_id} {box.private_ip}",
    }


@pytest.mark.parametrize("alone", [False, True], ids=["CreateSnapshots", "CreateSnapshot of one attached volume"])
def test_every_snapshot_of_an_instance_carries_all_that_a_restore_needs(
    alone: bool, backend: Any, ec2: Any, run_job: Run
) -> None:
    box = machine(backend, {} if alone else NIGHTLY, DISKS, type="r6i.large")
    if alone:
        system_tags(backend, volume_ids(box)[2], NIGHTLY)

    outcome = run_job(JOB, {})

    assert counts(outcome) == {"planned": 1, "done": 1} if alone else {"planned": 4, "done": 4}
    assert "-" not in (box.subnet_id, box.private_ip)
    people_s = NIGHTLY if alone else {}
    for snapshot in snapshots(ec2):
        assert tags_of(snapshot) == _expected(box) | people_s
        assert snapshot["Description"] == "nightshift nightly 2026-11-24T03:00:00Z"


def test_a_lone_volume_carries_only_what_there_is_to_say(backend: Any, ec2: Any, run_job: Run) -> None:
    lone_volume(backend)
    run_job(JOB, {})
    [snapshot] = snapshots(ec2)
    ours = {"nightshift:stack": "nightshift", "nightshift:slot/nightly": "2026-11-24T03:00:00Z"}
    assert tags_of(snapshot) == NIGHTLY | ours


def test_many_disks_go_on_in_the_next_tag(backend: Any, ec2: Any, run_job: Run) -> None:
    box = machine(backend, disks=[ROOT, *data_disks(30)])
    run_job(JOB, {})
    ids = sorted(volume_ids(box))
    for snapshot in snapshots(ec2):
        tags = {key: value for key, value in tags_of(snapshot).items() if key.startswith("nightshift:")}
        assert len(tags) <= 12
        assert max(map(len, tags.values())) <= 256
        lines = [tags[f"nightshift:devices/{n}"] for n in range(1, len(tags) - 3)]
        entries = [entry for line in lines for entry in line.split(" ")]
        assert sorted(entry.partition("=")[2].partition(":")[0] for entry in entries) == ids
    assert len(snapshots(ec2)) == 31


@pytest.mark.parametrize("alone", [False, True], ids=["CreateSnapshots", "CreateSnapshot"])
def test_people_s_tags_come_along_and_aws_s_do_not(alone: bool, backend: Any, ec2: Any, run_job: Run) -> None:
    theirs = {"Name": "ledger", "cost centre": "4711 / B", "nightshift:hold-until": "2026-12-24"}
    more = {"aws:cloudformation:stack-name": "prod", "aws:autoscaling:groupName": "web"}
    if alone:
        system_tags(backend, lone_volume(backend).id, theirs | more)
    else:
        system_tags(backend, volume_ids(machine(backend))[0], theirs | more)

    run_job(JOB, {})

    [snapshot] = snapshots(ec2)
    tags = tags_of(snapshot)
    assert theirs.items() <= tags.items()
    assert not [key for key in tags if key.startswith("aws:")]


@pytest.mark.parametrize(
    "theirs",
    [
        {f"key-{n}": "x" for n in range(46)},
        {"nightshift:stack": "forged", "Name": "ledger"},
        {"nightshift:instance": "i-0123456789abcdef0"},
    ],
    ids=["too many", "our stack's key", "our instance's key"],
)
@pytest.mark.parametrize("alone", [False, True], ids=["CreateSnapshots", "CreateSnapshot"])
def test_tags_that_do_not_fit_beside_ours_are_left_behind_at_once(
    alone: bool, theirs: dict[str, str], aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run
) -> None:
    """45 and our 5 are 50, the most that AWS takes."""
    own = theirs if len(theirs) < 40 or not alone else dict(list(theirs.items())[:45])
    box = machine(backend, {} if alone else NIGHTLY)
    system_tags(backend, volume_ids(box)[0], own | (NIGHTLY if alone else {}))

    outcome = run_job(JOB, {})

    assert counts(outcome) == {"planned": 1, "done": 1}
    assert sum(count for action, count in outcome["calls"].items() if action.startswith("Create")) == 1
    [snapshot] = snapshots(ec2)
    assert tags_of(snapshot).keys() == {f"nightshift:{key}" for key in KEYS}
    assert tags_of(snapshot)["nightshift:stack"] == "nightshift"
    assert tags_of(snapshot)["nightshift:instance"] == box.id


def test_fifty_tags_together_are_not_too_many(backend: Any, ec2: Any, run_job: Run) -> None:
    theirs = {f"key-{n}": "x" for n in range(45)}
    system_tags(backend, volume_ids(machine(backend))[0], theirs)
    run_job(JOB, {})
    assert len(tags_of(snapshots(ec2)[0])) == 50


REFUSALS = {
    "too many": Fault("TagLimitExceeded", "The maximum number of tags for a resource has been reached."),
    "twice": Fault("InvalidParameterValue", "Duplicate tag key 'Name' specified."),
    "reserved": Fault("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use"),
}


@pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("action", ["CreateSnapshots", "CreateSnapshot"])
def test_a_refusal_of_people_s_tags_is_answered_once_without_them(
    action: str, answer: Fault, aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run
) -> None:
    alone = action == "CreateSnapshot"
    volume_id = lone_volume(backend).id if alone else volume_ids(machine(backend))[0]
    system_tags(backend, volume_id, {"Name": "ledger"})
    calls = Listener(action)
    aws.hooks.extend([calls, Trouble(action, answer)])

    outcome = run_job(JOB, {})

    assert counts(outcome) == {"planned": 1, "done": 1}
    assert [_brings_people_s(params) for params in calls.heard] == [True, False]
    [snapshot] = snapshots(ec2)
    assert {key.partition(":")[0] for key in tags_of(snapshot)} == {"nightshift"}


def test_a_refusal_of_our_own_tags_too_is_told(aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run) -> None:
    lone_volume(backend)
    calls = Listener("CreateSnapshot")
    aws.hooks.extend([calls, Trouble("CreateSnapshot", REFUSALS["too many"], times=99)])
    [decision] = run_job(JOB, {})["decisions"]
    assert (decision["outcome"], decision["error"]) == ("failed", "TagLimitExceeded")
    assert len(calls.heard) == 2
    assert snapshots(ec2) == []


def _brings_people_s(params: Any) -> bool:
    return params.get("CopyTagsFromSource") == "volume" or "Name" in params.values()
