"""Cleanup: a plan that would delete too much is refused as a whole, and how a person goes on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from nightshift.errors import RunFailed
from nightshift.jobs.cleanup import JOB
from tests.integration.scenes import (
    SLOT,
    changes,
    counts,
    disk_of,
    lone_volume,
    machine,
    nights,
    saved,
    snapshot_ids,
)
from tests.support import scheduled

type Run = Callable[..., dict[str, Any]]

DAY = timedelta(days=1)
KEEP_ONE = "backup: {plans: {nightly: {keep: {last: 1}}}}"


def test_a_plan_that_deletes_too_much_is_refused_with_what_to_type(
    aws: EmbeddedAws, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(KEEP_ONE)
    made = {each.id for each in nights(backend, lone_volume(backend), 40)}

    outcome = run_job(JOB, {})

    refused = outcome["refused"]
    assert "this run would delete 39 of 40 snapshots of the region (98 %), more than the 50 % of" in refused
    assert "39 of 40 snapshots of plan nightly (98 %)" in refused
    assert '{"confirm": 39}' in refused
    assert counts(outcome) == {"planned": 39, "remaining": 39, "skipped": 1}
    assert {each["outcome"] for each in outcome["decisions"]} == {"remaining", "skipped"}
    assert "DeleteSnapshot" not in changes(aws.requests)
    assert snapshot_ids(ec2) == made
    with pytest.raises(RunFailed, match="39 of 40 snapshots"):
        run_job(JOB, scheduled())
    dry = run_job(JOB, {"dry_run": True})
    assert (dry["refused"], counts(dry)) == (refused, {"planned": 39, "skipped": 1})
    assert snapshot_ids(ec2) == made


def test_the_number_that_was_read_goes_ahead_and_a_smaller_one_does_not(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(KEEP_ONE)
    newest, *_ = nights(backend, lone_volume(backend), 40)

    fewer = run_job(JOB, {"confirm": 38})
    assert "confirmed were 38, the plan has changed since" in fewer["refused"]
    assert '{"confirm": 39}' in fewer["refused"]
    assert len(snapshot_ids(ec2)) == 40

    outcome = run_job(JOB, {"confirm": 39})
    assert (outcome["refused"], counts(outcome)) == (None, {"planned": 39, "done": 39, "skipped": 1})
    assert snapshot_ids(ec2) == {newest.id}


@pytest.mark.parametrize(("count", "refused"), [(11, False), (12, True)])
def test_up_to_ten_deletions_always_pass(
    count: int, refused: bool, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(KEEP_ONE)
    nights(backend, lone_volume(backend), count)
    outcome = run_job(JOB, {})
    assert (outcome["refused"] is not None) == refused
    assert len(snapshot_ids(ec2)) == (count if refused else 1)


@pytest.mark.parametrize(("percent", "refused"), [("null", True), ("59", True), ("60", False), ("0", True)])
def test_each_plan_is_guarded_by_itself(
    percent: str, refused: bool, backend: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """Of 20 snapshots of weekly 12 would go; the region has 80 more, of nightly, that all stay."""
    weekly = f"{{keep: {{last: 8}}, max_delete_percent: {percent}}}"
    policy(f"backup: {{plans: {{nightly: {{}}, weekly: {weekly}}}}}")
    nights(backend, lone_volume(backend), 80)
    volume = lone_volume(backend)
    for ago in range(20):
        saved(backend, volume, SLOT - 7 * ago * DAY, "weekly")

    outcome = run_job(JOB, {})

    assert outcome["planned"] == 12
    if refused:
        key = "cleanup.max_delete_percent" if percent == "null" else "backup.plans.weekly.max_delete_percent"
        assert "12 of 20 snapshots of plan weekly (60 %)" in outcome["refused"]
        assert key in outcome["refused"]
        assert "of the region" not in outcome["refused"]
    else:
        assert counts(outcome) == {"planned": 12, "done": 12, "skipped": 88}


def test_a_narrow_request_is_measured_by_the_whole_region(
    backend: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """13 of 14 snapshots of one volume, but of 44 in the region; all of them of one plan."""
    policy(KEEP_ONE)
    one, box = lone_volume(backend), machine(backend)
    nights(backend, one, 14)
    nights(backend, disk_of(backend, box), 30, tags={"nightshift:hold-until": "2099-01-01"})

    outcome = run_job(JOB, {"volume_ids": [one.id]})

    assert (outcome["refused"], counts(outcome)) == (None, {"planned": 13, "done": 13, "skipped": 1})


def test_a_narrow_request_counts_only_its_own_deletions(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(KEEP_ONE)
    one, other = lone_volume(backend), lone_volume(backend)
    nights(backend, one, 10)
    nights(backend, other, 30)
    assert run_job(JOB, {})["refused"] is not None
    assert counts(run_job(JOB, {"volume_ids": [one.id]})) == {"planned": 9, "done": 9, "skipped": 1}
    assert len(snapshot_ids(ec2)) == 31


def test_neither_pending_nor_foreign_snapshots_make_the_total_larger(
    backend: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(KEEP_ONE)
    volume = lone_volume(backend)
    nights(backend, volume, 12)
    for number in range(20):
        saved(backend, lone_volume(backend), SLOT - number * DAY, state="pending")
        saved(backend, volume, SLOT - number * DAY, tags={"aws:dlm:managed": "true"})
    assert "11 of 12 snapshots of the region" in run_job(JOB, {})["refused"]
