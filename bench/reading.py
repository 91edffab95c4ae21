"""What it costs to read 100,000 snapshots, against boto3's own paginator over the same pages."""

from collections.abc import Callable
from statistics import median

from bench.measure import Measured, measured, python
from bench.policies import keeping
from bench.report import Goal, Section, Table
from bench.server import Server

INSTANCES, NIGHTS = 5000, 10
SNAPSHOTS = INSTANCES * 2 * NIGHTS
ROUNDS = 3
# Of each volume the oldest snapshot goes: 10,000 deletions are planned, and none of them is asked about by itself.
POLICY = keeping(NIGHTS - 1, check_sharing=False)

WORK = {
    "plain paginator": python("bench.workers.read", "plain"),
    "inventory": python("bench.workers.read", "inventory"),
    "cleanup, dry run": python("bench.workers.job", "cleanup", '{"dry_run": true}'),
}


def section(server: Server) -> Section:
    server.become(POLICY, instances=INSTANCES, nights=NIGHTS)
    rounds = [{what: measured(command, server.environment) for what, command in WORK.items()} for _ in range(ROUNDS)]
    server.become(POLICY)
    empty = measured(WORK["cleanup, dry run"], server.environment).peak

    def of(what: str, figure: Callable[[Measured], float]) -> float:
        return median(figure(each[what]) for each in rounds)

    cpu = {what: of(what, lambda run: run.said["cpu"]) for what in WORK}
    peak = {what: of(what, lambda run: run.peak) for what in WORK}
    plain = cpu["plain paginator"]
    return Section(
        "Reading",
        f"{SNAPSHOTS:,} snapshots with six tags each, in pages of 1,000. The plain paginator is boto3's, and drops "
        "each page; the inventory keeps every snapshot; cleanup reads, decides, and answers. CPU seconds after the "
        f"imports; medians of {ROUNDS} rounds, one after the other. The peak is of the whole process. What makes most "
        "of the difference: timestamps are read by `datetime.fromisoformat` in place of dateutil, and Python's garbage "
        "collector does not look through every page.",
        [
            Goal("CPU, inventory / plain paginator", cpu["inventory"] / plain, 0.55),
            Goal("CPU, cleanup as a dry run / plain paginator", cpu["cleanup, dry run"] / plain, 0.85),
            Goal("peak of cleanup above an empty run, MiB", peak["cleanup, dry run"] - empty, 160),
        ],
        [
            Table(
                ["", "CPU, s", "of the paginator's", "peak, MiB"],
                [(what, f"{cpu[what]:.1f}", f"{cpu[what] / plain:.2f}", f"{peak[what]:.0f}") for what in WORK],
            )
        ],
    )
