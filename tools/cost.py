"""`make cost`: what an installation costs a month before its snapshots, from the template and AWS's prices.

Prices of us-east-1, x86_64, without the free tier: Lambda, CloudWatch and KMS price pages, November 2026.
"""

import argparse

from rich.console import Console
from rich.table import Table

from local.template import read_template

KEY, ALARM, METRIC = 1.00, 0.10, 0.30
GB_SECOND, REQUEST = 0.0000166667, 0.20 / 1_000_000
HOURS = 730
RUNS_AN_HOUR = {"Backup": 4, "Cleanup": 1, "StatusCheck": 12, "Tagging": 1}
METRICS = ("Outcomes", "Done", "Failed", "Remaining")
GAUGES = 1  # SlotsMissed, of backup


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the monthly cost of an installation.")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long a run takes")
    seconds = parser.parse_args().seconds
    template = read_template()
    kinds = [resource["Type"] for resource in template["Resources"].values()]
    memory_gib = template["Globals"]["Function"]["MemorySize"] / 1024
    runs = sum(RUNS_AN_HOUR.values()) * HOURS
    lines = {
        f"{kinds.count('AWS::KMS::Key')} key": kinds.count("AWS::KMS::Key") * KEY,
        f"{kinds.count('AWS::CloudWatch::Alarm')} alarms": kinds.count("AWS::CloudWatch::Alarm") * ALARM,
        f"{len(METRICS) * len(RUNS_AN_HOUR) + GAUGES} metrics": (len(METRICS) * len(RUNS_AN_HOUR) + GAUGES) * METRIC,
        f"{runs:,} runs of {seconds:g} s": runs * (seconds * memory_gib * GB_SECOND + REQUEST),
    }
    table = Table("what", "$ a month")
    for what, dollars in lines.items():
        table.add_row(what, f"{dollars:.2f}")
    table.add_row("in all", f"{sum(lines.values()):.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
