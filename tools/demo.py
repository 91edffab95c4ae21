"""`make demo`: a night of the built functions on an embedded AWS, and the same night again.

The functions are what `sam build` made, under the Runtime Interface Emulator that aws-sam-cli ships; AWS is moto,
corrected in local/, in this process; the fleet is local/fleet.py's. Nothing leaves this machine.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from local.embedded import EmbeddedAws
from local.emulator import Emulator
from local.fleet import seed_demo_fleet
from local.stage import client, put_policy
from local.template import logical_id
from tools import demo_report as report

REGION = "eu-central-1"
NIGHT = ("backup", "cleanup")
HISTORY_DAYS = 150
POLICY = Path(__file__).with_name("demo_policy.yaml")


def main() -> None:
    parser = argparse.ArgumentParser(description="Run a night on an embedded AWS.")
    parser.add_argument("--svg", type=Path, help="also write the picture of the run here")
    svg = parser.parse_args().svg
    console = Console(record=svg is not None, width=120 if svg else None)
    begun = time.monotonic()
    with EmbeddedAws() as aws, console.status("seeding a fleet ..."), _stage(aws) as functions:
        report.opening(console, aws.url, REGION)
        nights = [_night(console, functions, title) for title in ("The night", "The same night again")]
        report.closing(console, nights, time.monotonic() - begun)
    if svg:
        console.save_svg(str(svg), title="make demo")


@contextmanager
def _stage(aws: EmbeddedAws) -> Iterator[dict[str, Emulator]]:
    """The seeded fleet, the policy, a topic, and the four functions under the emulator."""
    aws.reset()
    seed_demo_fleet(REGION, datetime.now(UTC), history_days=HISTORY_DAYS)
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    put_policy(aws.url, POLICY.read_text().format(minute=hour_ago.minute, hour=hour_ago.hour), REGION)
    topic = client("sns", aws.url, REGION).create_topic(Name="nightshift-alerts")["TopicArn"]
    # The embedded AWS has no token buckets to share with anyone.
    environment = {"NIGHTSHIFT_TOPIC_ARN": topic, "NIGHTSHIFT_BUCKET_SHARE": "50"}
    with ExitStack() as stack:
        yield {
            job: stack.enter_context(
                Emulator(logical_id(job), endpoint_url=aws.url, environment=environment, region=REGION)
            )
            for job in NIGHT
        }


def _night(console: Console, functions: dict[str, Emulator], title: str) -> list[dict[str, Any]]:
    """Run the jobs one after the other, as a person would from the console: {} does what the schedule would do."""
    console.rule(f"[bold]{title}")
    outcomes = []
    for job, function in functions.items():
        outcome = _invoke(console, function, job, {})
        if outcome["refused"]:
            report.job(console, outcome)
            going = sum(decision["action"] == "delete" for decision in outcome["decisions"])
            outcome = _invoke(console, function, job, {"confirm": going})
        report.job(console, outcome)
        outcomes.append(outcome)
    return outcomes


def _invoke(console: Console, function: Emulator, job: str, event: dict[str, Any]) -> dict[str, Any]:
    with console.status(f"{job} runs ..."):
        outcome: dict[str, Any] = function.invoke(event)
    report.event(console, job, event)
    return outcome


if __name__ == "__main__":
    main()
