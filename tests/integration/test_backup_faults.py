"""Backup on AWS's bad days: unclear answers, refusals, and reads that fail."""

from collections.abc import Callable
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.seed import Disk, system_tags, volume
from local.wire import Answer, Fault
from nightshift.errors import ReadError, RunFailed
from nightshift.jobs.backup import JOB
from tests.integration.scenes import (
    BROKEN,
    CUT,
    DENIED,
    LOST,
    NIGHTLY,
    ROOT,
    THROTTLE,
    Trouble,
    changes,
    counts,
    data_disks,
    lone_volume,
    machine,
    saved_volumes,
    snapshots,
    volume_ids,
)
from tests.support import NOW, by_resource, scheduled

type Run = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("answer", [LOST, CUT, BROKEN], ids=["connection cut", "answer cut", "500"])
@pytest.mark.parametrize("action", ["CreateSnapshots", "CreateSnapshot"])
def test_an_unclear_answer_to_a_call_that_took_effect_makes_no_second_snapshot(
    action: str, answer: Answer | Fault, aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run
) -> None:
    ids = volume_ids(machine(backend, disks=[ROOT, *data_disks(1)]))
    if action == "CreateSnapshot":
        backend.tags.clear()
        ids = [lone_volume(backend).id]
    aws.hooks.append(Trouble(action, answer))

    outcome = run_job(JOB, {})

    assert counts(outcome) == {"planned": len(ids), "done": len(ids)}
    assert outcome["calls"][action] == 1
    assert saved_volumes(ec2) == sorted(ids)
    of_volume = {each["VolumeId"]: each["SnapshotId"] for each in snapshots(ec2)}
    for id_, decision in by_resource(outcome).items():
        assert f"{of_volume[id_]} of this slot was found after an unclear answer" in decision["reason"]


def test_a_server_error_without_effect_is_looked_up_and_then_sent_again(
    aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run
) -> None:
    box = machine(backend)
    aws.hooks.append(Trouble("CreateSnapshots", Fault("InternalError", status=500), times=2))

    outcome = run_job(JOB, {})

    assert counts(outcome) == {"planned": 1, "done": 1}
    assert saved_volumes(ec2) == volume_ids(box)
    sent = [action for _, action in aws.requests]
    assert sent.count("CreateSnapshots") == 3
    sends = [place for place, action in enumerate(sent) if action == "CreateSnapshots"]
    assert [sent[place - 1] for place in sends[1:]] == ["DescribeSnapshots"] * 2
    assert outcome["seconds"] >= 2 * 300, "what is not to be seen may still appear for minutes"


def test_a_server_error_for_good_is_a_failure_with_its_code(aws: EmbeddedAws, backend: Any, run_job: Run) -> None:
    box, other = machine(backend), machine(backend)
    aws.hooks.append(Trouble("CreateSnapshots", Fault("InternalError", status=500), times=99, of=box.id))

    outcome = run_job(JOB, {})

    assert counts(outcome) == {"planned": 2, "done": 1, "failed": 1}
    first, second = outcome["decisions"]
    assert (first["resource"], first["outcome"], first["error"]) == (volume_ids(box)[0], "failed", "InternalError")
    assert (second["resource"], second["outcome"]) == (volume_ids(other)[0], "done")


def test_one_denied_instance_stops_no_other_and_is_raised_to_the_schedule_only(
    aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run, caplog: pytest.LogCaptureFixture
) -> None:
    denied = machine(backend)
    others = [machine(backend) for _ in range(4)]
    aws.hooks.append(Trouble("CreateSnapshots", DENIED, times=99, of=denied.id))

    with pytest.raises(RunFailed, match="5 planned, 4 done, 1 failed, 0 remaining"):
        run_job(JOB, scheduled())
    assert saved_volumes(ec2) == sorted(volume_ids(other)[0] for other in others)
    log = [record.getMessage() for record in caplog.records]
    assert any("failed: snapshot" in line and "explicit deny in a service control policy" in line for line in log)
    assert any(line.startswith("backup: 5 planned") for line in log)
    assert sum("made snap-" in line for line in log) == 4

    outcome = run_job(JOB, {})
    assert counts(outcome) == {"planned": 1, "failed": 1, "skipped": 4}
    assert outcome["decisions"][0]["error"] == "UnauthorizedOperation"


@pytest.mark.parametrize(
    ("code", "action"),
    [("InvalidInstanceID.NotFound", "CreateSnapshots"), ("InvalidVolume.NotFound", "CreateSnapshot")],
)
def test_what_is_gone_between_read_and_call_stops_no_other(
    code: str, action: str, aws: EmbeddedAws, backend: Any, run_job: Run
) -> None:
    gone: str = machine(backend).id if action == "CreateSnapshots" else lone_volume(backend).id
    for _ in range(3):
        machine(backend)
    aws.hooks.append(Trouble(action, Fault(code), times=99, of=gone))
    outcome = run_job(JOB, {})
    assert counts(outcome) == {"planned": 3, "done": 3, "skipped": 1}
    assert [each["error"] for each in outcome["decisions"] if each["error"]] == [code]


def test_a_volume_that_was_detached_meanwhile_is_saved_alone(
    aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run
) -> None:
    """AWS refuses to exclude what is not attached (docs/aws.md); the next try may go by what is there now."""
    ignored = Disk("/dev/sdg", 10, tags={"Backup": "ignore"})
    box = machine(backend, disks=[ROOT, *data_disks(1), ignored])
    root, data, left_out = volume_ids(box)

    def detach(service: str, action: str, params: Any) -> None:
        if action == "CreateSnapshots" and backend.volumes[left_out].attachments:
            backend.detach_volume(left_out, box.id, None)

    aws.hooks.append(detach)
    first = run_job(JOB, {})
    assert (first["planned"], first["done"] + first["failed"] + first["remaining"]) == (2, 2)
    run_job(JOB, {})
    assert saved_volumes(ec2) == sorted([root, data])


def test_credentials_that_ran_out_stop_the_run(aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run) -> None:
    for _ in range(30):
        machine(backend)
    made = 0

    def expire(service: str, action: str, params: Any) -> Fault | None:
        nonlocal made
        made += action == "CreateSnapshots"
        return Fault("RequestExpired", "Request has expired.") if made > 5 and action == "CreateSnapshots" else None

    aws.hooks.append(expire)
    outcome = run_job(JOB, {})
    assert counts(outcome) == {"planned": 30, "done": 5, "remaining": 25}
    assert len(snapshots(ec2)) == 5
    assert made <= 5 + 8
    assert outcome["seconds"] < 60


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        ("DescribeVolumes", Fault("InternalError", status=500)),
        ("DescribeInstances", DENIED),
        ("DescribeSnapshots", Fault("RequestExpired")),
        ("DescribeVolumes", CUT),
    ],
)
def test_a_read_that_fails_ends_the_run_before_the_plan(
    action: str, answer: Fault | Answer, aws: EmbeddedAws, backend: Any, run_job: Run
) -> None:
    machine(backend)
    aws.hooks.append(Trouble(action, answer, times=99))
    with pytest.raises(ReadError, match="eu-central-1 could not be read whole, so nothing was planned"):
        run_job(JOB, {})
    assert changes(aws.requests) == []


def test_a_page_that_fails_is_no_end_of_the_list(aws: EmbeddedAws, backend: Any, run_job: Run) -> None:
    for _ in range(1001):
        volume(backend, Disk("", 1))
    system_tags(backend, next(iter(backend.volumes)), NIGHTLY)

    def second_page(service: str, action: str, params: Any) -> Fault | None:
        broken = action == "DescribeVolumes" and "NextToken" in params
        return Fault("InvalidNextToken", "The specified NextToken is not valid") if broken else None

    aws.hooks.append(second_page)
    with pytest.raises(ReadError, match="InvalidNextToken"):
        run_job(JOB, {})
    assert changes(aws.requests) == []


def test_a_read_that_fails_for_a_moment_is_repeated(aws: EmbeddedAws, backend: Any, run_job: Run) -> None:
    machine(backend)
    aws.hooks.append(Trouble("DescribeVolumes", Fault("Unavailable", status=503), times=2))
    aws.hooks.append(Trouble("DescribeInstances", THROTTLE, times=2))
    aws.hooks.append(Trouble("DescribeSnapshots", Answer(drop=True), times=2))
    outcome = run_job(JOB, {})
    assert counts(outcome) == {"planned": 1, "done": 1}
    assert {outcome["calls"][f"Describe{kind}"] for kind in ("Volumes", "Instances")} == {3}
    assert outcome["calls"]["DescribeSnapshots"] >= 3
    assert outcome["started"] == f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
