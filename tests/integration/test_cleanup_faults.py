"""Cleanup on AWS's bad days: one refusal never stops the next deletion, and half an inventory deletes nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from local import seed
from local.embedded import EmbeddedAws
from local.wire import Answer, Fault
from nightshift.errors import ReadError, RunFailed
from nightshift.jobs.cleanup import JOB
from tests.integration.scenes import (
    CUT,
    DENIED,
    LOST,
    SLOT,
    THROTTLE,
    Trouble,
    changes,
    counts,
    lone_volume,
    machine,
    nights,
    saved,
    snapshot_ids,
)
from tests.support import by_resource, scheduled

type Run = Callable[..., dict[str, Any]]

DAY = timedelta(days=1)
KEEP_ONE = "backup: {plans: {nightly: {keep: {last: 1}}}}\ncleanup: {max_delete_percent: 100}"


def _before_deletion(of: str, happens: Callable[[], object]) -> Callable[[str, str, Any], None]:
    """A hook: this happens when AWS is about to delete the snapshot."""

    def hook(service: str, action: str, params: Any) -> None:
        if action == "DeleteSnapshot" and params["SnapshotId"] == of:
            happens()

    return hook


def test_one_refusal_never_stops_the_next_deletion(
    aws: EmbeddedAws, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """Each of them met between the read and the call."""
    policy(KEEP_ONE)
    newest, *old = nights(backend, lone_volume(backend), 31)
    used, gone, denied, locked, rest = old[2], old[3], old[4], old[5], [*old[:2], *old[6:]]
    box = machine(backend)
    aws.hooks.append(_before_deletion(used.id, lambda: seed.image(backend, "golden", box, {"/dev/sda1": used})))
    aws.hooks.append(_before_deletion(gone.id, lambda: backend.delete_snapshot(gone.id)))
    aws.hooks.append(_before_deletion(locked.id, lambda: seed.lock(backend, locked.id)))
    aws.hooks.append(Trouble("DeleteSnapshot", DENIED, times=99, of=denied.id))

    outcome = run_job(JOB, {})

    ami = next(image.id for image in backend.amis.values() if image.name == "golden")
    decisions = by_resource(outcome)
    shown = {id_: (each["action"], each["outcome"], each["error"]) for id_, each in decisions.items()}
    assert shown == {
        newest.id: ("keep", "skipped", None),
        used.id: ("keep", "skipped", "InvalidSnapshot.InUse"),
        gone.id: ("delete", "done", None),
        denied.id: ("delete", "failed", "UnauthorizedOperation"),
        locked.id: ("delete", "failed", "OperationNotPermitted"),
        **{each.id: ("delete", "done", None) for each in rest},
    }
    assert f"in use by {ami}" in decisions[used.id]["reason"]
    assert "already gone" in decisions[gone.id]["reason"]
    assert "explicit deny in a service control policy" in decisions[denied.id]["reason"]
    assert counts(outcome) == {"planned": 29, "done": 27, "failed": 2, "skipped": 2}
    assert snapshot_ids(ec2) == {newest.id, used.id, denied.id, locked.id}
    with pytest.raises(RunFailed, match="1 planned, 0 done, 1 failed"):
        run_job(JOB, scheduled())


@pytest.mark.parametrize(
    ("answer", "note"),
    [(LOST, "already gone"), (CUT, None), (Fault("InternalError", status=500, after=True), "already gone")],
    ids=["connection cut", "answer cut", "500"],
)
def test_a_deletion_whose_answer_is_unclear_is_done_in_the_end(
    answer: Answer | Fault,
    note: str | None,
    aws: EmbeddedAws,
    backend: Any,
    ec2: Any,
    policy: Callable[[str], None],
    run_job: Run,
) -> None:
    policy(KEEP_ONE)
    newest, old = nights(backend, lone_volume(backend), 2)
    aws.hooks.append(Trouble("DeleteSnapshot", answer))
    outcome = run_job(JOB, scheduled())
    assert counts(outcome) == {"planned": 1, "done": 1, "skipped": 1}
    assert note is None or note in by_resource(outcome)[old.id]["reason"]
    assert snapshot_ids(ec2) == {newest.id}


def test_throttled_deletions_are_slower_and_all_done(
    aws: EmbeddedAws, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(KEEP_ONE)
    nights(backend, lone_volume(backend), 31)
    aws.hooks.append(Trouble("DeleteSnapshot", THROTTLE, times=50))
    outcome = run_job(JOB, scheduled())
    assert counts(outcome) == {"planned": 30, "done": 30, "skipped": 1}
    assert outcome["calls"]["DeleteSnapshot"] == 80
    assert outcome["seconds"] > 15
    assert len(snapshot_ids(ec2)) == 1


@pytest.mark.parametrize(
    "action", ["DescribeSnapshots", "DescribeVolumes", "DescribeInstances", "DescribeImages", "DescribeLockedSnapshots"]
)
def test_what_cannot_be_read_whole_deletes_nothing(
    action: str, aws: EmbeddedAws, backend: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(KEEP_ONE)
    nights(backend, lone_volume(backend), 5)
    aws.hooks.append(Trouble(action, DENIED, times=99))
    with pytest.raises(ReadError, match="so nothing was planned and nothing changed"):
        run_job(JOB, {})
    assert "DeleteSnapshot" not in changes(aws.requests)


@pytest.mark.parametrize("answer", [Fault("InternalError", status=500), Fault("InvalidNextToken"), CUT])
def test_a_page_of_snapshots_that_fails_deletes_nothing(
    answer: Fault | Answer, aws: EmbeddedAws, backend: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(KEEP_ONE)
    nights(backend, lone_volume(backend), 1100)

    def second_page(service: str, action: str, params: Any) -> Fault | Answer | None:
        return answer if action == "DescribeSnapshots" and "NextToken" in params else None

    aws.hooks.append(second_page)
    with pytest.raises(ReadError):
        run_job(JOB, {})
    assert "DeleteSnapshot" not in changes(aws.requests)


def test_a_snapshot_that_appears_between_two_pages_hides_no_other(
    aws: EmbeddedAws, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(KEEP_ONE.replace("last: 1", "last: 1098"))
    nights(backend, lone_volume(backend), 1100)
    late: list[Any] = []

    def meanwhile(service: str, action: str, params: Any) -> None:
        if action == "DescribeSnapshots" and "NextToken" in params and not late:
            late.append(saved(backend, lone_volume(backend), SLOT - 500 * DAY))

    aws.hooks.append(meanwhile)
    run_job(JOB, {})
    assert late
    assert late[0].id in snapshot_ids(ec2)
    assert len(snapshot_ids(ec2)) == 1098 + 1
