"""Read all snapshots: `plain` as boto3's paginator does, its pages dropped; `inventory` as the jobs do, all kept."""

import json
import sys
import time
from datetime import timedelta

import boto3

from bench.records import ACCOUNT
from nightshift import run
from nightshift.aws import snapshots
from nightshift.aws.session import Aws
from nightshift.clock import SystemClock
from nightshift.settings import Settings


def plain() -> int:
    ec2 = boto3.client("ec2")
    pages = ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"], PaginationConfig={"PageSize": 1000})
    return sum(len(page["Snapshots"]) for page in pages)


def inventory() -> int:
    clock = SystemClock()
    aws = Aws(ACCOUNT, Settings.from_environment(), clock, clock.now() + timedelta(minutes=15))
    return len(snapshots.ours(aws))


def main() -> None:
    # As in a function: what a run is set to is set where it is imported.
    assert run
    cpu = time.process_time()
    number = {"plain": plain, "inventory": inventory}[sys.argv[1]]()
    sys.stdout.write(f"{json.dumps({'snapshots': number, 'cpu': time.process_time() - cpu})}\n")


if __name__ == "__main__":
    main()
