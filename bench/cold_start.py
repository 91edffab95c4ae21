"""A cold start under AWS's Runtime Interface Emulator: from the start of the function's process to its first answer.

Beside the functions runs a bare handler on the same Python and layer, which makes one EC2 client and one call.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from bench import first_run, layer
from bench.report import Goal, Section, Table
from bench.server import REGION, ROOT, Server
from local.build import build
from local.emulator import ACCOUNT, Emulator
from local.template import Function, jobs, logical_id, read_function

REPEATS = 7
BARE = "bare"
_BARE = ROOT / ".build" / "bare"
_BARE_HANDLER = """
import boto3

def handler(event, context):
    return len(boto3.client("ec2").describe_instances()["Reservations"])
"""

# The example of a policy, with something that tagging has to look for.
_POLICY = (ROOT / "policy.yaml").read_text().replace("propagate: []", "propagate: [env]")

# Python finds no compiled files of the layer and leaves none, as in Lambda: the build has none, see bench.layer.
_UNCOMPILED = {"PYTHONPYCACHEPREFIX": "", "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True)
class Start:
    """Seconds from the start of a process to its first answer."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Figures:
    """Medians by job, and of the bare handler.

    compiled: where compiled files of all libraries are found. uncompiled: where there are none.
    parts: where the CPU of a compiled start goes, in seconds.
    """

    compiled: Mapping[str, Start]
    uncompiled: Mapping[str, Start]
    parts: Mapping[str, Mapping[str, float]]
    layer: layer.Layer

    def times_bare(self) -> dict[str, float]:
        """The CPU of each start, as a multiple of the bare one; the worse of compiled and not."""
        return {
            job: max(starts[job].cpu / starts[BARE].cpu for starts in (self.compiled, self.uncompiled))
            for job in self.compiled
            if job != BARE
        }


def section(server: Server) -> Section:
    server.become(_POLICY, instances=2, nights=2)
    functions = _functions()
    found = Figures(
        compiled=_starts(functions, server.url, {}),
        uncompiled=_starts(functions, server.url, _UNCOMPILED),
        parts={job: first_run.parts(each, _event(job), server.environment) for job, each in functions.items()},
        layer=layer.measured(functions[BARE].layers[0]),
    )
    return Section(
        "Cold start",
        "From the start of the process to the first answer, under AWS's Runtime Interface Emulator, on the built "
        "layer; the bare handler makes one EC2 client and one call, on the same Python and layer. CPU is that of the "
        f"function's process; medians of {REPEATS} rounds, in turn. The build holds no compiled modules, so a first "
        "start compiles what it imports; both are shown, and the worse counts. Where it goes is measured without the "
        "emulator, libraries imported one after the other.\n\n"
        "Models of services that are never called stay in the layer: they are never read, and `sam build` takes a "
        "package whole. Without them a build by hand would ship something else than what is tested.",
        [Goal(f"CPU, {job} / bare", times, 1.8) for job, times in found.times_bare().items()],
        [_starts_table(found), first_run.table(found.parts), layer.table(found.layer)],
    )


def _functions() -> dict[str, Function]:
    """The bare handler and the built functions, by job."""
    build()
    built = {job: read_function(logical_id(job), region=REGION, account=ACCOUNT) for job in jobs()}
    _BARE.mkdir(parents=True, exist_ok=True)
    (_BARE / "app.py").write_text(_BARE_HANDLER)
    return {BARE: replace(built["backup"], logical_id="BareFunction", code=_BARE, environment={}), **built}


def _starts(functions: Mapping[str, Function], url: str, environment: dict[str, str]) -> dict[str, Start]:
    starts: dict[str, list[Start]] = {job: [] for job in functions}
    # In turn, as the machine is not equally fast at all times. The first round fills its caches.
    for number in range(REPEATS + 1):
        for job, function in functions.items():
            start = _start(function, url, environment, _event(job))
            starts[job] += [start] if number else []
    return {
        job: Start(median(each.wall for each in of_it), median(each.cpu for each in of_it))
        for job, of_it in starts.items()
    }


def _start(function: Function, url: str, environment: dict[str, str], event: object) -> Start:
    with Emulator(function, endpoint_url=url, environment=environment) as emulator:
        # The emulator starts the function's process when it is asked for the first time.
        started = time.monotonic()
        emulator.invoke(event)
        return Start(time.monotonic() - started, emulator.cpu_seconds)


def _event(job: str) -> Any:
    """Its dry run in events/; of restore that of an instance which this account has."""
    if job == BARE:
        return {}
    event = json.loads((ROOT / "events" / f"{job}-dry-run.json").read_text())
    return event | ({"instance_id": "i-00000000000000000"} if job == "restore" else {})


def _starts_table(found: Figures) -> Table:
    header = ["first answer of", "CPU", "wall", "of bare", "uncompiled: CPU", "wall", "of bare"]
    return Table(header, [_row(job, found) for job in found.compiled])


def _row(job: str, found: Figures) -> list[str]:
    cells = [job]
    for starts in (found.compiled, found.uncompiled):
        start, bare = starts[job], starts[BARE]
        cells += [f"{start.cpu * 1000:.0f} ms", f"{start.wall * 1000:.0f} ms", f"{start.cpu / bare.cpu:.2f}"]
    return cells
