"""A cold start, under AWS's Runtime Interface Emulator: from the start of the function's process to its first answer.

Beside each function runs a bare handler on the same Python and the same layer, which makes one EC2 client and one call.
Both find compiled files of their libraries; `uncompiled` has both without, as Lambda does: the layer holds none.
"""

import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from bench.server import REGION, ROOT, Server
from local.build import build
from local.emulator import ACCOUNT, Emulator
from local.template import Function, jobs, logical_id, read_function

REPEATS = 7
BARE = "bare"
_BARE_HANDLER = """
import boto3

def handler(event, context):
    return len(boto3.client("ec2").describe_instances()["Reservations"])
"""
_FLEET = {"instances": 2, "nights": 2}

# No compiled files beside the sources, and none made.
_UNCOMPILED = {"PYTHONPYCACHEPREFIX": "", "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True)
class Start:
    """Seconds from the start of the process to its first answer."""

    wall: float
    cpu: float


def event(job: str) -> Any:
    """What it is asked first: its dry run in events/; of restore that of an instance which the account has."""
    if job == "restore":
        return {"dry_run": True, "instance_id": "i-00000000000000000"}
    return json.loads((ROOT / "events" / f"{job}-dry-run.json").read_text()) if job != BARE else {}


@contextmanager
def functions() -> Iterator[dict[str, Function]]:
    """The built functions by job, and the bare one."""
    build()
    built = {job: read_function(logical_id(job), region=REGION, account=ACCOUNT) for job in jobs()}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "app.py").write_text(_BARE_HANDLER)
        yield built | {BARE: replace(built["backup"], logical_id="BareFunction", code=Path(folder))}


def cold_start(function: Function, url: str, asked: object, environment: Mapping[str, str]) -> Start:
    """The emulator starts the process when it is first asked."""
    with Emulator(function, endpoint_url=url, environment=dict(environment)) as emulator:
        started = time.monotonic()
        emulator.invoke(asked)
        return Start(time.monotonic() - started, emulator.cpu_seconds)


def figures(repeats: int = REPEATS, *, compiled: bool = True) -> dict[str, Start]:
    """The medians, by job and for the bare handler; one start of each, again and again."""
    starts: dict[str, list[Start]] = {}
    environment = {} if compiled else _UNCOMPILED
    with functions() as all_of_them, Server() as server:
        server.become((ROOT / "policy.yaml").read_text(), **_FLEET)
        # The first round leaves the compiled files, and the files in the machine's memory.
        for number in range(repeats + 1):
            for name, function in all_of_them.items():
                start = cold_start(function, server.url, event(name), environment)
                starts.setdefault(name, []).extend([start] * (number > 0))
    return {
        name: Start(median(each.wall for each in of_it), median(each.cpu for each in of_it))
        for name, of_it in starts.items()
    }


def main() -> None:
    found = figures()
    bare = found[BARE]
    for name, start in found.items():
        print(
            f"{name:14} wall {start.wall * 1000:6.0f} cpu {start.cpu * 1000:6.0f}  {start.wall / bare.wall:.2f} {start.cpu / bare.cpu:.2f}"
        )


if __name__ == "__main__":
    main()
