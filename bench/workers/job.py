"""One run of a job: `python -m bench.workers.job cleanup '{"dry_run": true}' [speed]`.

speed: how many of its seconds pass in a real one. It reads its settings from the environment, as a function does.
"""

import json
import sys
import time
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from bench.records import ACCOUNT
from nightshift.clock import SystemClock
from nightshift.run import run


class FastClock:
    """Real time, faster: whoever sleeps for a minute is back after a minute's speed-th part."""

    def __init__(self, speed: float) -> None:
        self._speed, self._since, self._started = speed, SystemClock().now(), time.monotonic()

    def now(self) -> datetime:
        return self._since + timedelta(seconds=(time.monotonic() - self._started) * self._speed)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self._speed)


class Context(LambdaContext):
    """seconds: until Lambda would end the run."""

    def __init__(self, seconds: float) -> None:
        self._aws_request_id = "bench"
        self._invoked_function_arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:nightshift"
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]  # static in powertools, not in Lambda
        return int(self._seconds * 1000)


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
