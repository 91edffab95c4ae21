"""`make cost`: what an installation costs a month before its snapshots, from the template and AWS's prices.

Prices of us-east-1, x86_64, without the free tier: Lambda, CloudWatch, KMS and EBS price pages, November 2026.
"""

import argparse
from collections import Counter
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from local.template import read_source, read_template
from nightshift.plan.leftovers import DOLLARS_A_GIB_MONTH

KEY, ALARM, METRIC = 1.00, 0.10, 0.30
GB_SECOND, REQUEST = 0.0000166667, 0.20 / 1_000_000
SECONDS = 3.0
HOURS = 730
RUNS_AN_HOUR = {"Backup": 4, "Cleanup": 1, "StatusCheck": 12, "Tagging": 1, "EksInfo": 1 / 24}
METRICS = ("Outcomes", "Done", "Failed", "Remaining")  # of every job
GAUGES = (  # of backup, cleanup, status_check and eks_info
    "SlotsMissed",
    "NamesNoPlan",
    "Uncovered",  # of each plan; the default policy has one
    "Snapshots",
    "SnapshotsInError",
    "Impaired",
    "WithoutStatus",
    "Clusters",
    "ClustersOutOfStandardSupport",
    "Findings",
)


def monthly(seconds: float) -> dict[str, float]:
    """What is paid for, with dollars a month, where a run takes so many seconds."""
    runs = round(sum(RUNS_AN_HOUR.values()) * HOURS)
    lines = fixed() | {f"{runs:,} runs of {seconds:g} s": of_runs(runs, runs * seconds)}
    return lines | {"in all": sum(lines.values())}


def fixed() -> dict[str, float]:
    """What is paid whether anything runs or not, with dollars a month."""
    template = read_template()
    kinds = Counter(resource["Type"] for resource in template["Resources"].values())
    watched = [
        _metrics_of(resource["Properties"])
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    ]
    metrics = len(METRICS) * len(RUNS_AN_HOUR) + len(GAUGES)
    return {
        f"{kinds['AWS::KMS::Key']} key": kinds["AWS::KMS::Key"] * KEY,
        f"{len(watched)} alarms, on {sum(watched)} metrics": sum(watched) * ALARM,
        f"{metrics} metrics": metrics * METRIC,
    }


def _metrics_of(alarm: Mapping[str, Any]) -> int:
    """An alarm is paid by the metrics that it watches; a query finds one for each plan."""
    return sum("MetricStat" in each for each in alarm.get("Metrics", ())) or 1


def of_runs(runs: float, seconds: float) -> float:
    """Dollars that Lambda takes for so many runs, with so many seconds in all."""
    memory_gib: float = read_source()["Globals"]["Function"]["MemorySize"] / 1024
    return seconds * memory_gib * GB_SECOND + runs * REQUEST


def of_snapshots_at_most(gib_hours: float) -> float:
    """Dollars for snapshots that were as large as their volumes: AWS keeps, and charges, only what has changed since
    the snapshot before."""
    return gib_hours / HOURS * DOLLARS_A_GIB_MONTH


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the monthly cost of an installation.")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long a run takes")
    table = Table("what", "$ a month")
    for what, dollars in monthly(parser.parse_args().seconds).items():
        table.add_row(what, f"{dollars:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
