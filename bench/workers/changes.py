"""A number of changes, as fast as they go: `ours` as a job makes them, `bare` by boto3 in as many threads.

`python -m bench.workers.changes delete ours 1000`. The bucket share is the environment's.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import boto3
from botocore.config import Config

from bench.records import ACCOUNT
from nightshift.aws.session import Aws
from nightshift.clock import SystemClock
from nightshift.jobs import backup, cleanup, tagging
from nightshift.outcome import Action, Change, Decision, Result
from nightshift.plan.snapshot_calls import SnapshotInstance
from nightshift.settings import Settings

WORKERS = Settings().workers
TAGS = (("nightshift:stack", "nightshift"), ("nightshift:slot/nightly", "2026-11-28T03:00:00Z"))

type Bare = Callable[[Any, str], object]
type Ours = Callable[[Aws, Sequence[Decision]], Sequence[Result]]


def _delete(ec2: Any, id_: str) -> object:
    return ec2.delete_snapshot(SnapshotId=id_)


def _snapshot(ec2: Any, id_: str) -> object:
    tags = [{"Key": key, "Value": value} for key, value in TAGS]
    return ec2.create_snapshots(
        InstanceSpecification={"InstanceId": id_},
        Description="Nightshift: nightly",
        TagSpecifications=[{"ResourceType": "snapshot", "Tags": tags}],
        CopyTagsFromSource="volume",
    )


def _tag(ec2: Any, id_: str) -> object:
    return ec2.create_tags(Resources=[id_], Tags=[{"Key": "CostCentre", "Value": id_}])


def _of_instance(id_: str, volume_ids: tuple[str, ...]) -> Change:
    slots = ((("nightly", SystemClock().now())),)
    return SnapshotInstance(id_, slots, volume_ids, frozenset(), volume_ids[0], volume_ids[1:], TAGS, copy_tags=True)


def _decisions(kind: str, ids: Sequence[str]) -> list[Decision]:
    if kind == "delete":
        return [Decision(id_, Action.DELETE, "bench", cleanup.DeleteSnapshot(id_)) for id_ in ids]
    if kind == "tag":
        changes = [tagging.SetTags((id_,), (("CostCentre", id_),)) for id_ in ids]
        return [Decision(id_, Action.TAG, "bench", change) for id_, change in zip(ids, changes, strict=True)]
    volumes = {id_: (_volume(2 * number + 1), _volume(2 * number + 2)) for number, id_ in enumerate(ids)}
    changes_of = {id_: _of_instance(id_, of_it) for id_, of_it in volumes.items()}
    return [
        Decision(volume_id, Action.SNAPSHOT, "bench", changes_of[id_])
        for id_, of_it in volumes.items()
        for volume_id in of_it
    ]


def _volume(number: int) -> str:
    return f"vol-{number:017x}"


KINDS: dict[str, tuple[str, int, Bare, Ours]] = {
    # What the ids of the canned account look like: the kind's prefix, and the number of the first one.
    "delete": ("snap", 2001, _delete, cleanup.apply),
    "snapshot": ("i", 0, _snapshot, backup.apply),
    "tag": ("i", 0, _tag, tagging.apply),
}


def main() -> None:
    kind, whose, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
    prefix, first, bare, ours = KINDS[kind]
    ids = [f"{prefix}-{each:017x}" for each in range(first, first + number)]
    wall = _seconds_bare(bare, ids) if whose == "bare" else _seconds_ours(ours, _decisions(kind, ids))
    sys.stdout.write(f"{json.dumps({'wall': wall})}\n")


def _seconds_bare(change: Bare, ids: Sequence[str]) -> float:
    ec2 = boto3.client("ec2", config=Config(max_pool_connections=WORKERS + 2))
    started = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda id_: change(ec2, id_), ids))
    return time.monotonic() - started


def _seconds_ours(apply: Ours, decisions: Sequence[Decision]) -> float:
    """Of all of them: what fails at once is no rate."""
    clock = SystemClock()
    aws = Aws(ACCOUNT, Settings.from_environment(), clock, clock.now() + timedelta(minutes=15))
    # The client is made when it is first asked for; the bare one is there before the clock starts, too.
    assert aws.ec2
    started = time.monotonic()
    results = apply(aws, decisions)
    wall = time.monotonic() - started
    done = sum(result.outcome == "done" for result in results)
    if done < len(decisions):
        sys.exit(f"{done} of {len(decisions)} were done")
    return wall


if __name__ == "__main__":
    main()
