"""What a command costs as a whole process: wall time, CPU and peak memory, as the kernel counts them."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.server import ROOT

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
    with tempfile.TemporaryFile() as output, tempfile.NamedTemporaryFile("r") as report:
        launch = [sys.executable, "-IS", str(ROOT / "bench" / "launch.py"), report.name, str(at_most_seconds)]
        subprocess.run(
            [*launch, *command],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=True,
        )
        cost = json.load(report)
        # The log of a large run is larger than the bench itself should be.
        output.seek(max(0, output.seek(0, os.SEEK_END) - LAST_BYTES))
        text = output.read().decode(errors="replace")
    code = cost.pop("code")
    cut = code == -signal.SIGKILL
    if code and not cut:
        raise RuntimeError(f"{' '.join(command)} ended with {code}:\n{text[-3000:]}")
    return Measured(**cost, output=text, cut=cut)


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs one of the bench's own workers."""
    return [sys.executable, "-m", module, *arguments]
