"""Cleanups of thousands: below AWS's token buckets, no longer than they have time, and slower where AWS says so."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.wire import Fault
from local.world import world
from nightshift.jobs.cleanup import JOB
from nightshift.settings import Settings
from tests.integration.scenes import SLOT, THROTTLE, lone_volume, saved, snapshot_ids
from tests.support import NOW, scheduled
from tests.year.buckets import Buckets

type Run = Callable[..., dict[str, Any]]

PLAN = "backup: {plans: {nightly: {keep: {last: 1}}}}"
# DeleteSnapshot ("Request throttling for the EC2 API"), and how much of it a run may take.
BUCKET, A_SECOND, SHARE = 100, 5, 0.8


def _history(backend: Any, to_delete: int, volumes: int = 10) -> None:
    for volume in [lone_volume(backend) for _ in range(volumes)]:
        for ago in range(1 + to_delete // volumes):
            saved(backend, volume, SLOT - timedelta(days=ago))


@dataclass
class Deletions:
    """A hook: who was asked to be deleted, and when; from the first of these numbers to the second AWS throttles."""

    throttled: range = range(0)
    asked: list[tuple[datetime, str]] = field(default_factory=list)

    def __call__(self, _service: str, action: str, params: Mapping[str, Any]) -> Fault | None:
        if action != "DeleteSnapshot":
            return None
        self.asked.append((world.now(), params["SnapshotId"]))
        return THROTTLE if len(self.asked) in self.throttled else None

    @property
    def times(self) -> list[datetime]:
        return [when for when, _ in self.asked]


def _least_tokens(times: Iterable[datetime]) -> float:
    """What a bucket of our share's size would have held when it was emptiest."""
    tokens = least = BUCKET * SHARE
    before = NOW
    for when in times:
        tokens = min(BUCKET * SHARE, tokens + A_SECOND * SHARE * (when - before).total_seconds()) - 1
        least, before = min(least, tokens), when
    return least


@pytest.mark.parametrize(
    ("to_delete", "seconds", "runs"),
    [(1000, 120, 3), pytest.param(10_000, 900, 4, marks=pytest.mark.long)],
    ids=["1,000 in runs of 120 s", "10,000 in runs of 900 s"],
)
def test_what_one_run_has_no_time_for_the_next_ones_delete(
    to_delete: int,
    seconds: int,
    runs: int,
    aws: EmbeddedAws,
    backend: Any,
    ec2: Any,
    policy: Callable[[str], None],
    run_job: Run,
    capsys: pytest.CaptureFixture[str],
) -> None:
    policy(f"{PLAN}\ncleanup: {{max_delete_percent: 100}}")
    _history(backend, to_delete)
    deletions, buckets = Deletions(), Buckets()
    aws.hooks.extend([deletions, buckets])

    done: list[int] = []
    while sum(done) < to_delete and len(done) < 2 * runs:
        world.clock.set(NOW + timedelta(hours=len(done)))
        outcome = run_job(JOB, scheduled(), seconds=seconds)
        assert outcome["seconds"] <= seconds - 10
        assert (outcome["planned"], outcome["failed"]) == (to_delete - sum(done), 0)
        assert outcome["done"] + outcome["remaining"] == outcome["planned"]
        done.append(outcome["done"])

    with capsys.disabled():
        sys.stdout.write(f"\n{to_delete:,} deletions in runs of {seconds} s: {done}\n")
    assert (len(done), sum(done)) == (runs, to_delete)
    assert min(done[:-1]) > 0.9 * max(done), "each but the last takes all the time that it has"
    assert set(Counter(snapshot_id for _, snapshot_id in deletions.asked).values()) == {1}, "nothing is deleted twice"
    assert len(snapshot_ids(ec2)) == 10
    assert buckets.refused == 0
    # A call arrives as much later than it was let through as the other workers' clocks have gone on.
    assert _least_tokens(deletions.times) >= -Settings().workers


def test_a_burst_of_throttles_midway_slows_a_cleanup_and_fails_nothing(
    aws: EmbeddedAws, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(f"{PLAN}\ncleanup: {{max_delete_percent: 100, check_sharing: false}}")
    _history(backend, 1000)
    refused = range(500, 560)
    deletions = Deletions(refused)
    aws.hooks.append(deletions)

    outcome = run_job(JOB, scheduled())

    assert (outcome["planned"], outcome["done"], outcome["failed"], outcome["remaining"]) == (1000, 1000, 0, 0)
    assert len(snapshot_ids(ec2)) == 10
    assert outcome["calls"]["DeleteSnapshot"] == 1000 + len(refused)
    before, meanwhile, after = (
        _a_second(deletions.times[part.start : part.stop]) for part in (range(200, 499), refused, range(600, 1060))
    )
    assert meanwhile < before / 2, f"{before:.1f}, {meanwhile:.1f} and {after:.1f} calls a second"
    assert before == pytest.approx(A_SECOND * SHARE, rel=0.1)
    assert after == pytest.approx(A_SECOND * SHARE, rel=0.1), "as fast as before, no faster"


def _a_second(times: list[datetime]) -> float:
    return len(times) / (times[-1] - times[0]).total_seconds()
