"""What a command costs as a whole process: wall time, CPU and peak memory, as the kernel counts them."""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.server import ROOT

MIB = 1024
LAST_BYTES = 500_000


@dataclass(frozen=True)
class Measured:
    """wall, cpu: seconds; peak: resident memory at its highest, in MiB. output: its last half megabyte. cut: its time
    was up, and it was ended."""

    wall: float
    cpu: float
    peak: float
    output: str
    cut: bool = False

    @property
    def said(self) -> dict[str, Any]:
        """What the command printed last, as JSON."""
        said: dict[str, Any] = json.loads(self.output.splitlines()[-1])
        return said


def measured(command: Sequence[str], environment: Mapping[str, str], at_most_seconds: float = 3600) -> Measured:
    """Run it to its end, or end it when its time is up. RuntimeError where it fails."""
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        process = subprocess.Popen(
            command, cwd=ROOT, env={"PATH": os.environ["PATH"], **environment}, stdout=output, stderr=subprocess.STDOUT
        )
        signal.signal(signal.SIGALRM, lambda *_: process.kill())
        signal.setitimer(signal.ITIMER_REAL, at_most_seconds)
        _, status, used = os.wait4(process.pid, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        # The log of a large run is larger than the bench itself may be.
        output.seek(max(0, output.seek(0, os.SEEK_END) - LAST_BYTES))
        text = output.read().decode(errors="replace")
    cut = process.returncode == -signal.SIGKILL
    if process.returncode and not cut:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{text[-3000:]}")
    # The kernel counts a new process's memory from what its parent held.
    peak = used.ru_maxrss / MIB
    if peak <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB:
        raise RuntimeError("the bench itself holds more memory than what it measures")
    return Measured(wall, used.ru_utime + used.ru_stime, peak, text, cut)


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs one of the bench's own workers."""
    return [sys.executable, "-m", module, *arguments]
