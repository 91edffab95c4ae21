"""`make demo-restore`: a broken server, its restore in place and its undo; then the clusters, and a VPC made twice.

As in `make demo` the functions are the built ones, and AWS is the embedded one in this process.
"""

import json
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from local import history, seed
from local.build import ROOT
from local.clusters import seed_demo_clusters
from local.embedded import EmbeddedAws
from local.emulator import Emulator
from local.seed import Disk
from local.stage import make_topic, put_policy
from local.template import logical_id
from local.world import CHECKS, world
from tools import demo_report as report

REGION = "eu-central-1"
JOBS = ("restore", "eks_info", "network")
DISKS = (Disk("/dev/sda1", 20), Disk("/dev/sdf", 100, "gp3", 6000, 500, delete_on_termination=False))
NIGHTS = 5


def main() -> None:
    console = Console()
    with EmbeddedAws() as aws, ExitStack() as stack:
        box = broken_server(aws)
        environment = {"NIGHTSHIFT_TOPIC_ARN": make_topic(aws.url, REGION)}
        functions = {
            job: stack.enter_context(
                Emulator(logical_id(job), endpoint_url=aws.url, environment=environment, region=REGION)
            )
            for job in JOBS
        }
        show(console, functions, box)


def broken_server(aws: EmbeddedAws) -> Any:
    """A server that was saved every night and does not boot any more; its disks of yesterday do."""
    aws.reset()
    now = datetime.now(UTC)
    seed_demo_clusters(REGION, now)
    backend = seed.backend_of(REGION)
    box = seed.instance(backend, {"Name": "db-1", "Backup": "nightly"}, DISKS)
    history.nightly(backend, box, now, NIGHTS)
    world.impair(box.id, "instance")

    def boots_from_other_disks(_service: str, action: str, _params: Mapping[str, Any]) -> None:
        if action == "StartInstances":
            world.recover(box.id)

    aws.hooks.append(boots_from_other_disks)
    put_policy(aws.url, region=REGION)
    return box


def show(console: Console, functions: Mapping[str, Emulator], box: Any) -> list[dict[str, Any]]:
    """Each run as a person would make it; their outcomes."""
    outcomes: list[dict[str, Any]] = []
    instance_id = box.id

    def run(job: str, event: dict[str, Any]) -> dict[str, Any]:
        with console.status(f"{job} runs ..."):
            outcome: dict[str, Any] = functions[job].invoke(event)
        report.job(console, event, outcome, report.ROWS)
        outcomes.append(outcome)
        return outcome

    console.rule("[bold]A broken server")
    console.print(as_it_is(box), highlight=False)
    run("restore", {"instance_id": instance_id, "list": True})
    restored = run("restore", {"instance_id": instance_id, "mode": "replace"})
    console.print(as_it_is(box), highlight=False)
    console.print("the answer's undo:", json.dumps(restored["restore"]["undo"]), highlight=False)
    run("restore", restored["restore"]["undo"])
    console.print(as_it_is(box), highlight=False)
    console.rule("[bold]The clusters")
    console.print(clusters(run("eks_info", {})))
    console.rule("[bold]A VPC, made twice")
    declared = json.loads((ROOT / "events/network-build.json").read_text())
    for _ in range(2):
        run("network", declared)
    console.print(f"The second time changed {outcomes[-1]['done']} things.")
    return outcomes


def as_it_is(box: Any) -> str:
    """The server, its checks and its volumes, in a line."""
    impaired = [check for check in CHECKS if (box.id, check) in world.checks]
    checks = f"its {', '.join(impaired)} check fails" if impaired else "its checks are ok"
    disks = ", ".join(f"{device} {block.volume_id}" for device, block in sorted(box.block_device_mapping.items()))
    return f"\n{box.id} is {box.state}, {checks}; {disks}"


def clusters(outcome: Mapping[str, Any]) -> Table:
    table = Table("cluster", "version", "status", "findings")
    for row in outcome["clusters"]:
        findings = ", ".join(f"{each['severity']} {each['code']}" for each in row["findings"])
        table.add_row(row["name"], row["version"], row["status"], findings or "-")
    return table


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("interrupted; nothing is left running")
