"""10,000 snapshots of 1,000 volumes in one run, within the memory of a small function."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from tests.integration.scenes import SLOT, lone_volume, saved, snapshot_ids
from tests.support import NOW

VOLUMES, NIGHTS = 1000, 10
# The oldest snapshot of so many volumes goes, by a plan that keeps nine; the others are of a plan that keeps all.
THINNED, KEPT = 250, 9
MOST_MEGABYTES = 300

# The run in a process of its own, that nothing of the embedded AWS is in; its waiting for tokens takes no time.
# Measured in a fork of itself: ru_maxrss of a process counts what its parent held when it was started.
RUN = """
import json, os, resource, sys, time
if child := os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
from datetime import datetime
from nightshift.jobs.cleanup import JOB
from nightshift.run import run
from tests.support import Context, FakeClock

started = time.monotonic()
outcome = run(JOB, {}, Context(900), FakeClock(datetime.fromisoformat(sys.argv[1])))
decisions = outcome.pop("decisions")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({
    "outcome": outcome,
    "decisions": len(decisions),
    "answer": len(json.dumps(decisions)),
    "peak": peak,
    "seconds": time.monotonic() - started,
    "embedded": sorted(name for name in sys.modules if name.startswith("moto")),
}))
"""


@pytest.fixture
def history(backend: Any) -> None:
    for number in range(VOLUMES):
        plan = "nightly" if number < THINNED else "weekly"
        volume = lone_volume(backend)
        for ago in range(NIGHTS):
            saved(backend, volume, SLOT - timedelta(days=ago), plan, tags={"Name": "ledger", "env": "prod"})


@pytest.mark.usefixtures("history")
def test_ten_thousand_snapshots_in_one_run(
    aws: EmbeddedAws, ec2: Any, policy: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    policy(f"backup: {{plans: {{nightly: {{keep: {{last: {KEPT}}}}}, weekly: {{keep: {{last: -1}}}}}}}}")
    root = Path(__file__).parents[2]

    done = subprocess.run(
        [sys.executable, "-c", RUN, NOW.isoformat()],
        cwd=root,
        env={**_environment(aws), "PYTHONPATH": f"{root}:{root / 'layers/common'}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    outcome = found["outcome"]
    with capsys.disabled():
        sys.stdout.write(
            f"\n{VOLUMES * NIGHTS:,} snapshots of {VOLUMES:,} volumes: {outcome['done']:,} deleted, "
            f"{sum(outcome['calls'].values()):,} calls, {found['seconds']:.1f} s, peak {found['peak']:.0f} MB, "
            f"answer {found['answer'] / 1e6:.1f} MB\n"
        )
    assert found["embedded"] == []
    assert (outcome["done"], outcome["failed"], outcome["remaining"], outcome["refused"]) == (THINNED, 0, 0, None)
    assert found["decisions"] + outcome["omitted"] == VOLUMES * NIGHTS
    assert found["answer"] < 6_000_000
    assert outcome["calls"]["DescribeSnapshots"] == 10 + 1
    assert len(snapshot_ids(ec2)) == VOLUMES * NIGHTS - THINNED
    assert found["peak"] < MOST_MEGABYTES


def _environment(aws: EmbeddedAws) -> dict[str, str]:
    import os

    return {**os.environ, "AWS_ENDPOINT_URL": aws.url, "NIGHTSHIFT_WORKERS": "8"}
