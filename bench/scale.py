"""How time and memory grow with the number of snapshots: whole runs, and planning alone beyond what a region has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log

from bench.measure import measured, python
from bench.policies import keeping
from bench.report import Goal, Section, Table
from bench.server import Server

WHOLE = (1_000, 10_000, 100_000)
ALONE = (10_000, 100_000, 1_000_000)
NIGHTS = 10
LATENCY = 0.05
# Ten times the size costs at most 12.6 times as much: the processor's caches, not a loop within a loop.
LINEAR = 1.1
# The longest run that Lambda allows, less what a run keeps back for its outcome.
MOST_SECONDS = 860
# A tenth of all goes; so that only reading, deciding and answering are in it, it is a dry run and asks nobody.
POLICY = keeping(NIGHTS - 1, check_sharing=False)


@dataclass(frozen=True)
class Used:
    """wall, cpu: seconds. memory: MiB above the same with nothing to do."""

    wall: float
    cpu: float
    memory: float


type Grown = Mapping[int, Used]


def exponent(grown: Grown, figure: Callable[[Used], float]) -> float:
    """How a figure grows: 1 with the size, 2 with its square. Of the last step, as it is the largest."""
    small, large = list(grown)[-2:]
    return log(figure(grown[large]) / figure(grown[small])) / log(large / small)


def whole(server: Server, *sizes: int) -> Grown:
    """Dry runs of cleanup over so many snapshots."""

    def run(snapshots: int) -> Used:
        server.become(POLICY, latency=LATENCY, instances=snapshots // NIGHTS // 2, nights=NIGHTS)
        done = measured(python("bench.workers.job", "cleanup", '{"dry_run": true}'), server.environment)
        return Used(done.said["wall"], done.said["cpu"], done.peak)

    return _above_nothing(run, sizes)


def alone(server: Server, *sizes: int, volumes: int | None = None) -> Grown:
    """Its plan alone, over 100 snapshots a volume, or over so many volumes."""

    def run(snapshots: int) -> Used:
        nights = snapshots // volumes if volumes else 100
        done = measured(python("bench.workers.plan", str(snapshots), str(nights)), server.environment)
        return Used(done.said["cpu"], done.said["cpu"], done.peak)

    return _above_nothing(run, sizes)


def section(server: Server) -> Section:
    runs, plans = whole(server, *WHOLE), alone(server, *ALONE)
    return Section(
        "Scale",
        f"Cleanup as a dry run over {NIGHTS} snapshots a volume, read at {LATENCY * 1000:.0f} ms a page; planning "
        "alone over 100 a volume. The exponent is that of the last step: 1 is linear. A region may have 100,000 "
        "snapshots, unless its quota was raised.",
        [
            Goal("exponent of a run's CPU", exponent(runs, lambda used: used.cpu), LINEAR),
            Goal("exponent of a run's memory", exponent(runs, lambda used: used.memory), LINEAR),
            Goal("exponent of planning's CPU", exponent(plans, lambda used: used.cpu), LINEAR),
            Goal("exponent of planning's memory", exponent(plans, lambda used: used.memory), LINEAR),
            Goal("seconds of a whole run over 100,000", runs[WHOLE[-1]].wall, MOST_SECONDS),
        ],
        [_table("snapshots", runs), _table("planning alone", plans)],
    )


def _above_nothing(run: Callable[[int], Used], sizes: tuple[int, ...]) -> Grown:
    nothing = run(0).memory
    used = {size: run(size) for size in sizes}
    return {size: Used(each.wall, each.cpu, each.memory - nothing) for size, each in used.items()}


def _table(of: str, grown: Grown) -> Table:
    return Table(
        [of, "wall, s", "CPU, s", "memory above nothing to do, MiB"],
        [(f"{n:,}", f"{used.wall:.1f}", f"{used.cpu:.1f}", f"{used.memory:.0f}") for n, used in grown.items()],
    )
