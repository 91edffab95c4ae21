"""A cleanup that has more to do than time, as it is deployed: it stops by itself, and the next run goes on."""

import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.emulator import Emulator
from local.seed import backend_of
from local.stage import REGION, put_policy
from tests.integration.scenes import Listener, lone_volume, saved
from tests.support import scheduled

pytestmark = [pytest.mark.usefixtures("built"), pytest.mark.long]

TO_DELETE, VOLUMES = 10_000, 10
# The token bucket alone, of which a run takes 80 %, lets through some 250 deletions in this time.
TIMEOUT_SECONDS = 60
KEEP_ONE = "backup: {plans: {nightly: {keep: {last: 1}}}}\ncleanup: {max_delete_percent: 100}"


def test_ten_thousand_deletions_and_a_minute(embedded: EmbeddedAws, capsys: pytest.CaptureFixture[str]) -> None:
    """In real time, with the question of each candidate's sharing: ten seconds before the end all is said."""
    put_policy(embedded.url, KEEP_ONE)
    backend = backend_of(REGION)
    last_night = datetime.now(UTC) - timedelta(days=1)
    for volume in [lone_volume(backend) for _ in range(VOLUMES)]:
        for ago in range(1 + TO_DELETE // VOLUMES):
            saved(backend, volume, last_night - timedelta(days=ago))
    before = set(backend.snapshots)
    asked = Listener("DeleteSnapshot")
    embedded.hooks.append(asked)

    with Emulator("CleanupFunction", endpoint_url=embedded.url, timeout=TIMEOUT_SECONDS) as cleanup:
        runs = [_timed(cleanup), _timed(cleanup)]

    left = TO_DELETE
    for seconds, outcome in runs:
        with capsys.disabled():
            sys.stdout.write(
                f"\n{left:,} to delete: {outcome['done']} done, {outcome['remaining']:,} remain, {seconds:.1f} s\n"
            )
        assert seconds <= TIMEOUT_SECONDS - 10
        assert (outcome["planned"], outcome["failed"], outcome["refused"]) == (left, 0, None)
        assert outcome["done"] > 100
        assert outcome["done"] + outcome["remaining"] == left
        assert outcome["calls"]["DescribeSnapshotAttribute"] >= outcome["done"]
        left = outcome["remaining"]
    deletions = Counter(params["SnapshotId"] for params in asked.heard)
    assert max(deletions.values()) == 1, "nothing is deleted twice"
    assert before - set(backend.snapshots) == deletions.keys()
    assert len(deletions) == TO_DELETE - left
    assert embedded.unimplemented == []


def _timed(function: Emulator) -> tuple[float, dict[str, Any]]:
    """A run of the schedule: the seconds until its answer is there, and the answer."""
    started = time.monotonic()
    outcome: dict[str, Any] = function.invoke(scheduled())
    return time.monotonic() - started, outcome
