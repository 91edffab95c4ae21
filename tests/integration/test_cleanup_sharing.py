"""Cleanup where AWS does not say with whom snapshots are shared: they stay, each says why, and they are counted."""

from collections.abc import Callable
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.wire import Answer, Fault
from nightshift.jobs.cleanup import JOB
from tests.integration.scenes import DENIED, THROTTLE, Trouble, counts, lone_volume, nights, snapshot_ids
from tests.support import by_resource, scheduled

type Run = Callable[..., dict[str, Any]]

KEEP_ONE = "backup: {plans: {nightly: {keep: {last: 1}}}}\ncleanup: {max_delete_percent: 100}"
# An answer that has all but what was asked for.
SAYS_NOTHING = Answer(
    body=b'<DescribeSnapshotAttributeResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
    b"<requestId>x</requestId><snapshotId>snap-0123456789abcdef0</snapshotId></DescribeSnapshotAttributeResponse>"
)

UNKNOWN: dict[str, tuple[Answer | Fault, str]] = {
    "denied": (DENIED, "UnauthorizedOperation"),
    "throttled for ever": (THROTTLE, "RequestLimitExceeded"),
    "broken": (Fault("InternalError", "An internal error has occurred", 500), "InternalError"),
    "cut": (Answer(body=b"<DescribeSnapshotAttributeRe"), "UnreadableAnswerError"),
    "no connection": (Answer(drop=True), "ConnectionClosedError"),
    "an answer without the permissions": (SAYS_NOTHING, "no permissions"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_nothing_is_deleted_of_which_aws_does_not_say_with_whom_it_is_shared(
    name: str, aws: EmbeddedAws, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    answer, code = UNKNOWN[name]
    policy(KEEP_ONE)
    _newest, *old = nights(backend, lone_volume(backend), 4)
    before = snapshot_ids(ec2)
    aws.hooks.append(Trouble("DescribeSnapshotAttribute", answer, times=10_000))

    outcome = run_job(JOB, {})

    assert snapshot_ids(ec2) == before
    assert (counts(outcome), "DeleteSnapshot" in outcome["calls"]) == ({"skipped": 4}, False)
    reasons = {each.id: by_resource(outcome)[each.id]["reason"] for each in old}
    assert all(f"it may be shared: AWS answered {code} when asked" in reason for reason in reasons.values())
    assert "of 3 snapshots AWS would not say with whom they are shared: they stay" in outcome["notes"]


def test_a_scheduled_run_says_how_many_and_deletes_the_others(
    aws: EmbeddedAws, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(KEEP_ONE)
    newest, unknown, *_others = nights(backend, lone_volume(backend), 4)
    aws.hooks.append(Trouble("DescribeSnapshotAttribute", DENIED, times=10_000, of=unknown.id))
    outcome = run_job(JOB, scheduled())
    assert snapshot_ids(ec2) == {newest.id, unknown.id}
    assert "of 1 snapshots AWS would not say with whom they are shared: they stay" in outcome["notes"]
