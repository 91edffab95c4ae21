"""Nights on an account that may have so many snapshots pending and no more: AWS's limit is 100.

Backup comes every quarter hour, a run has 900 s. Time passes only by sleeping.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.world import world
from nightshift.jobs.backup import JOB
from tests.integration.scenes import ROOT, SLOT, data_disks, disk_of, machine, saved
from tests.support import scheduled

type Run = Callable[..., dict[str, Any]]

TICK, PENDING_FOR, DAY = timedelta(minutes=15), timedelta(minutes=5), timedelta(days=1)


def _fleet(backend: Any, volumes: int, most_of_one: int, before: datetime = SLOT - DAY) -> int:
    """Instances with one, two, ... volumes, all of them saved in the slot before; how many instances."""
    instances = 0
    while volumes:
        disks = min(volumes, instances % most_of_one + 1)
        box = machine(backend, disks=[ROOT, *data_disks(disks - 1)])
        for number in range(disks):
            saved(backend, disk_of(backend, box, number), before, instance=box)
        volumes, instances = volumes - disks, instances + 1
    return instances


@dataclass
class Nights:
    """Runs on schedule, and what each said. missed: the gauge that the alarm watches."""

    run_job: Run
    capsys: pytest.CaptureFixture[str]
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    missed: list[float] = field(default_factory=list)

    def tick(self, at: datetime) -> dict[str, Any]:
        assert world.now() <= at, "the run before has ended"
        world.clock.set(at)
        outcome = self.run_job(JOB, scheduled())
        self.outcomes.append(outcome)
        lines = self.capsys.readouterr().out.splitlines()
        [measured] = [json.loads(line) for line in lines if '"SlotsMissed"' in line]
        self.missed += measured["SlotsMissed"]
        return outcome

    def total(self, count: str) -> int:
        return sum(outcome[count] for outcome in self.outcomes)

    @property
    def creating_calls(self) -> int:
        return sum(outcome["calls"].get("CreateSnapshots", 0) for outcome in self.outcomes)


@pytest.fixture
def nights(run_job: Run, capsys: pytest.CaptureFixture[str]) -> Nights:
    world.clock.set(SLOT)
    return Nights(run_job, capsys)


@pytest.mark.parametrize(
    ("volumes", "most_of_one", "pending"),
    [
        pytest.param(60, 2, 4, id="60 volumes, 4 pending"),
        pytest.param(5000, 10, 100, id="5,000 volumes, 100 pending", marks=pytest.mark.long),
    ],
)
def test_all_are_saved_in_hardly_more_time_than_aws_needs(
    volumes: int, most_of_one: int, pending: int, backend: Any, nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each snapshot is pending for five minutes, so 5,000 need at least four hours and ten minutes; five are enough."""
    instances = _fleet(backend, volumes, most_of_one)
    world.limits.pending_per_account, world.snapshot_seconds = pending, PENDING_FOR.total_seconds()
    within = volumes / pending * PENDING_FOR * 1.2

    for number in range(within // TICK):
        if nights.tick(SLOT + number * TICK)["remaining"] == 0:
            break

    started = {id_: _started(each) for id_, each in backend.snapshots.items() if _slot_of(backend, id_) == SLOT}
    took = max(started.values()) + PENDING_FOR - SLOT
    refused = nights.creating_calls - instances
    words = (
        f"{volumes:,} volumes of {instances:,} instances, {pending} pending at a time, each for {PENDING_FOR}: "
        f"{len(started):,} saved in {took} by {len(nights.outcomes)} runs, {refused:,} calls refused"
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{words}\n")
    of_volume = Counter(backend.snapshots[id_].volume_id for id_ in started)
    assert (len(of_volume), max(of_volume.values())) == (volumes, 1), words
    assert took <= within, words
    # One question a round of half a minute, and one answer for each worker whenever the account is full again.
    assert refused < 80 * len(nights.outcomes), words
    assert (nights.total("done"), nights.total("failed")) == (volumes, 0)
    left = [volumes, *(outcome["remaining"] for outcome in nights.outcomes)]
    assert [outcome["planned"] for outcome in nights.outcomes] == left[:-1], "what waits is remaining, and due again"

    nights.tick(SLOT + DAY)
    assert set(nights.missed) == {0}


def test_a_slot_that_passes_unfinished_is_missed_from_the_next_slot_on(
    backend: Any, policy: Callable[[str], None], nights: Nights
) -> None:
    """An hour each, so that three hours are not enough for all: the alarm has to know, and not before."""
    policy('backup: {plans: {nightly: {schedule: "0 */3 * * *"}}}')
    volumes, pending, slots_apart = 30, 4, timedelta(hours=3)
    _fleet(backend, volumes, 2, before=SLOT - slots_apart)
    world.limits.pending_per_account, world.snapshot_seconds = pending, 3600

    for number in range(slots_apart // TICK):
        nights.tick(SLOT + number * TICK)
    unfinished = nights.outcomes[-1]["remaining"]
    assert volumes - pending * 3 <= unfinished < volumes
    assert set(nights.missed) == {0}

    for number in range(2):
        nights.tick(SLOT + slots_apart + number * TICK)
    assert nights.missed[-2:] == [unfinished, unfinished], "all the time until the slot after it"
    assert nights.total("failed") == 0


def _started(snapshot: Any) -> datetime:
    started: datetime = snapshot.start_time.replace(tzinfo=UTC)
    return started


def _slot_of(backend: Any, snapshot_id: str) -> datetime | None:
    text = backend.tags.get(snapshot_id, {}).get("nightshift:slot/nightly")
    return datetime.fromisoformat(text) if text else None
