"""`make demo`: a night of the built functions on an embedded AWS, and the same night again.

The functions are what `sam build` made, under the Runtime Interface Emulator that aws-sam-cli ships; AWS is moto,
corrected in local/, in this process; the fleet is local/fleet.py's. Nothing leaves this machine.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from local.embedded import EmbeddedAws
from local.emulator import Emulator
from local.fleet import seed_demo_fleet
from local.stage import demo_policy, make_topic, put_policy
from local.template import logical_id
from tools import demo_report as report

REGION = "eu-central-1"
NIGHT = ("tagging", "backup", "cleanup", "status_check")
HISTORY_DAYS = 150
PICTURE_WIDTH, PICTURE_ROWS = 130, 3


def main() -> None:
    parser = argparse.ArgumentParser(description="Run a night on an embedded AWS.")
    parser.add_argument("--svg", type=Path, help="also write the picture of the run here")
    svg = parser.parse_args().svg
    console = Console(record=svg is not None, width=PICTURE_WIDTH if svg else None)
    rows = PICTURE_ROWS if svg else report.ROWS
    begun = time.monotonic()
    with EmbeddedAws() as aws, stage(aws) as functions:
        report.opening(console, aws.url, REGION)
        nights = [_shown(console, functions, title, rows) for title in ("The night", "The same night again")]
    report.closing(console, nights, time.monotonic() - begun)
    if svg:
        console.save_svg(str(svg), title="make demo")


def _shown(console: Console, functions: Mapping[str, Emulator], title: str, rows: int) -> list[dict[str, Any]]:
    console.rule(f"[bold]{title}")
    outcomes = []
    for job, function in functions.items():
        patience = ": it watches an instance stop and start" if job == "status_check" else ""
        with console.status(f"{job} runs{patience} ..."):
            for event, outcome in runs(function):
                report.job(console, event, outcome, rows)
                outcomes.append(outcome)
    return outcomes


def runs(function: Emulator) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each event and its outcome, as a person would run the job from the console: {} does what the schedule does.

    A refused cleanup is run again with the number that the refusal named, as its reader would.
    """
    outcome = function.invoke({})
    yield {}, outcome
    if outcome["refused"]:
        confirm = {"confirm": sum(decision["action"] == "delete" for decision in outcome["decisions"])}
        yield confirm, function.invoke(confirm)


@contextmanager
def stage(aws: EmbeddedAws) -> Iterator[dict[str, Emulator]]:
    """The seeded fleet, the policy, a topic, and the four functions under the emulator."""
    aws.reset()
    seed_demo_fleet(REGION, datetime.now(UTC), history_days=HISTORY_DAYS)
    put_policy(aws.url, demo_policy(datetime.now(UTC)), REGION)
    # The embedded AWS has no token buckets to share with anyone.
    environment = {"NIGHTSHIFT_TOPIC_ARN": make_topic(aws.url, REGION), "NIGHTSHIFT_BUCKET_SHARE": "50"}
    with ExitStack() as stack:
        yield {
            job: stack.enter_context(
                Emulator(
                    logical_id(job),
                    endpoint_url=aws.url,
                    # Each function has credentials of its own, as it has a role of its own.
                    environment=environment | {"AWS_ACCESS_KEY_ID": logical_id(job)},
                    region=REGION,
                )
            )
            for job in NIGHT
        }


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("interrupted; nothing is left running")
