"""Run a command, and write what it cost: `python bench/launch.py REPORT SECONDS COMMAND...`.

A small process between the bench and what it measures: the kernel counts a process's memory from what its parent held.
SECONDS: when the command is killed.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path


def main() -> None:
    report, seconds, *command = sys.argv[1:]
    started = time.monotonic()
    child = os.posix_spawnp(command[0], command, os.environ)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, float(seconds))
    _, status, used = os.wait4(child, 0)
    cost = {
        "wall": time.monotonic() - started,
        "cpu": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss / 1024,
        "code": os.waitstatus_to_exitcode(status),
    }
    Path(report).write_text(json.dumps(cost))


if __name__ == "__main__":
    main()
