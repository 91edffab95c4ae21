"""What a month costs, from runs that were measured here and AWS's prices."""

from bench.measure import Measured, measured, python
from bench.pace import seconds_of_bucket
from bench.report import Section, Table
from bench.server import Server
from local.template import read_source
from tools.cost import HOURS, RUNS_AN_HOUR, fixed, of_runs

VOLUMES = (100, 1_000, 10_000)
DISKS, NIGHTS, LATENCY = 2, 10, 0.05
NIGHTS_A_MONTH = HOURS / 24
POLICY = """backup: {plans: {nightly: {schedule: "0 HOUR * * *"}}}
tagging: {propagate: [Name]}
"""
JOBS = {"backup": "Backup", "cleanup": "Cleanup", "status_check": "StatusCheck", "tagging": "Tagging"}
SCHEDULED = '{"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}'

# "At 1,769 MB, a function has the equivalent of one vCPU" (Lambda developer guide, Configure function memory).
MB_OF_A_VCPU = 1769
# CloudWatch Logs, us-east-1: a GB ingested, and kept for a month.
INGESTED, KEPT = 0.50, 0.03
GB = 1e9


def section(server: Server) -> Section:
    of_fleets = {volumes: _month(server, volumes) for volumes in VOLUMES}
    return Section(
        "Cost",
        f"A month in us-east-1, without the free tier and without the snapshots: {DISKS} volumes an instance, all "
        f"saved nightly and kept for {NIGHTS} nights. Each run as a process of its own, imports and all, as if every "
        "start were a cold one; CPU seconds are those of this machine, stretched to the part of a vCPU that the "
        "functions have; a night's changes take what the share of AWS's buckets allows. `eks_info` is left out, as it "
        "runs once a day. DLM costs nothing beside the snapshots, and AWS Backup nothing beside snapshots at the same "
        "price and what its audits and tests of restores cost: what is paid here is the watch over them.",
        [],
        [
            Table(
                ["volumes", "Lambda, $", "logs, $", "metrics, alarms, key, $", "in all, $", "DLM, $", "AWS Backup, $"],
                [
                    (f"{volumes:,}", *(f"{each:.2f}" for each in month), "0", "0")
                    for volumes, month in of_fleets.items()
                ],
            )
        ],
    )


def _month(server: Server, volumes: int) -> tuple[float, float, float, float]:
    """Dollars: Lambda, logs, all that is fixed, in all."""
    server.become(POLICY, latency=LATENCY, instances=volumes // DISKS, disks=DISKS, nights=NIGHTS)
    idle = {job: measured(python("bench.workers.job", job, SCHEDULED), server.environment) for job in JOBS}
    runs = {job: RUNS_AN_HOUR[name] * HOURS for job, name in JOBS.items()}
    seconds = sum(runs[job] * _billed(run) for job, run in idle.items()) + NIGHTS_A_MONTH * _changes(volumes)
    changes = 2 * volumes * NIGHTS_A_MONTH
    logged = sum(runs[job] * _logged(run) for job, run in idle.items()) + changes * _line_of_a_change(server)
    dollars = of_runs(sum(runs.values()), seconds), logged / GB * (INGESTED + KEPT), sum(fixed().values())
    return *dollars, sum(dollars)


def _billed(run: Measured) -> float:
    """Seconds that Lambda charges: what waits waits as long there, what computes has less than a core."""
    memory: int = read_source()["Globals"]["Function"]["MemorySize"]
    return run.wall - run.cpu + run.cpu / min(1, memory / MB_OF_A_VCPU)


def _changes(volumes: int) -> float:
    """Seconds of a night: a snapshot of each instance; of each volume one asked about, and deleted."""
    asked, deleted = seconds_of_bucket(volumes, 100, 20), seconds_of_bucket(volumes, 100, 5)
    return seconds_of_bucket(volumes // DISKS, 100, 5) + asked + deleted


def _logged(run: Measured) -> int:
    """Bytes that a function would log: all that was written but the last line, which is the outcome."""
    return len(run.output.encode()) - len(run.output.splitlines()[-1].encode())


def _line_of_a_change(server: Server) -> float:
    """Bytes that a changed volume costs in the log."""
    volumes = 100
    server.become(POLICY, instances=volumes // DISKS, disks=DISKS, nights=1, nights_ago=1)
    run = measured(python("bench.workers.job", "backup", SCHEDULED), server.environment)
    return _logged(run) / volumes
