"""Read all snapshots: `plain` as boto3's paginator does, its pages dropped; `inventory` as the jobs do, all kept."""

import json
import sys
import time
from datetime import timedelta
from importlib import import_module

import boto3

from bench.records import ACCOUNT
from nightshift.aws import snapshots
from nightshift.aws.session import Aws
from nightshift.clock import SystemClock
from nightshift.settings import Settings


def plain() -> int:
    ec2 = boto3.client("ec2")
    pages = ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"], PaginationConfig={"PageSize": 1000})
    return sum(len(page["Snapshots"]) for page in pages)


def inventory() -> int:
    # What a function sets its process to is set where this is imported.
    import_module("nightshift.run")
    clock = SystemClock()
    aws = Aws(ACCOUNT, Settings.from_environment(), clock, clock.now() + timedelta(minutes=15))
    return len(snapshots.ours(aws))


def main() -> None:
    read = {"plain": plain, "inventory": inventory}[sys.argv[1]]
    cpu = time.process_time()
    number = read()
    sys.stdout.write(f"{json.dumps({'snapshots': number, 'cpu': time.process_time() - cpu})}\n")


if __name__ == "__main__":
    main()
