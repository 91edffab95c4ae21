"""One run of a job: `python -m bench.workers.job cleanup '{"dry_run": true}' [speed]`.

speed: how many of its seconds pass in a real one. It reads its settings from the environment, as a function does.
"""

import json
import sys
import time
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from nightshift.clock import SystemClock
from nightshift.run import run
from tests.support import Context


class FastClock:
    """Real time, faster: whoever sleeps for a minute is back after a minute's speed-th part."""

    def __init__(self, speed: float) -> None:
        self._speed, self._since, self._started = speed, SystemClock().now(), time.monotonic()

    def now(self) -> datetime:
        return self._since + timedelta(seconds=(time.monotonic() - self._started) * self._speed)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self._speed)


def main() -> None:
    name, event, *speed = sys.argv[1:]
    job: Any = import_module(f"nightshift.jobs.{name}").JOB
    started, cpu = time.monotonic(), time.process_time()
    outcome = run(job, json.loads(event), Context(900), FastClock(float(speed[0]) if speed else 1.0))
    used = {"wall": time.monotonic() - started, "cpu": time.process_time() - cpu}
    del outcome["decisions"]
    sys.stdout.write(f"\n{json.dumps(outcome | used)}\n")


if __name__ == "__main__":
    main()
