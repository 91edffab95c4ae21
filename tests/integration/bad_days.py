"""Each job with four things to do, beside snapshots that nobody may touch, and what must hold on any day."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from local import seed
from local.wire import Answer, Fault
from local.world import world
from nightshift.job import Job
from nightshift.jobs import backup, cleanup, status_check, tagging
from tests.integration.scenes import (
    SLOT,
    changes,
    lone_volume,
    machine,
    nights,
    saved,
    slot_text,
    snapshot_ids,
    snapshots,
    tags_of,
    volume_ids,
)
from tests.support import NOW, by_resource

JOBS: dict[str, Job[Any, Any]] = {job.name: job for job in (backup.JOB, cleanup.JOB, tagging.JOB, status_check.JOB)}
CHANGES = {
    "backup": "CreateSnapshots",
    "cleanup": "DeleteSnapshot",
    "tagging": "CreateTags",
    "status_check": "CreateTags",
}
READS = {
    "backup": "DescribeSnapshots",
    "cleanup": "DescribeSnapshots",
    "tagging": "DescribeInstances",
    "status_check": "DescribeInstances",
}
POLICY = """
backup: {plans: {nightly: {keep: {last: 1}}}}
cleanup: {max_delete_percent: 100}
tagging: {rules: [{set: {env: prod}}]}
"""
THINGS = 4


@dataclass
class Day:
    """ids: what the decisions are on. named: the same, as the job's calls name them. untouchable: snapshots."""

    name: str
    ids: Sequence[str]
    named: Sequence[str]
    untouchable: set[str]

    @property
    def job(self) -> Job[Any, Any]:
        return JOBS[self.name]

    @property
    def change(self) -> str:
        return CHANGES[self.name]


def a_day(backend: Any, name: str) -> Day:
    """Four things to do for this job."""
    untouchable = _untouchable(backend)
    if name == "cleanup":
        old = [nights(backend, lone_volume(backend, {}), 2)[1].id for _ in range(THINGS)]
        return Day(name, old, old, untouchable)
    boxes = [machine(backend) for _ in range(THINGS)]
    instance_ids = [box.id for box in boxes]
    if name == "backup":
        return Day(name, [volume_ids(box)[0] for box in boxes], instance_ids, untouchable)
    if name == "status_check":
        for box in boxes:
            world.impair(box.id, since=NOW - timedelta(minutes=5))
    return Day(name, instance_ids, instance_ids, untouchable)


def _untouchable(backend: Any) -> set[str]:
    """Foreign, held, locked and shared ones, all old enough to go."""
    volume = lone_volume(backend, {})
    long_ago = SLOT - timedelta(days=40)
    saved(backend, volume, SLOT)
    locked = saved(backend, volume, long_ago)
    seed.lock(backend, locked.id)
    return {
        seed.snapshot(backend, volume, long_ago, {"Name": "by hand"}).id,
        saved(backend, volume, long_ago, tags={"nightshift:stack": "another"}).id,
        saved(backend, volume, long_ago, tags={"aws:backup:source-resource": "x"}).id,
        saved(backend, volume, long_ago, tags={"nightshift:hold-until": "2099-01-01"}).id,
        locked.id,
        saved(backend, volume, long_ago, shared_with=["999999999999"]).id,
    }


def seen_done(day: Day, ec2: Any) -> set[str]:
    """Of what AWS itself shows that it is done."""
    match day.name:
        case "cleanup":
            return set(day.ids) - snapshot_ids(ec2)
        case "backup":
            return {
                each["VolumeId"]
                for each in snapshots(ec2)
                if tags_of(each).get("nightshift:slot/nightly") == slot_text(SLOT)
            }
    key = "env" if day.name == "tagging" else "nightshift:status"
    described = ec2.describe_tags(Filters=[{"Name": "key", "Values": [key]}])["Tags"]
    return {tag["ResourceId"] for tag in described}


def held_true(day: Day, ec2: Any, outcome: Mapping[str, Any]) -> None:
    """No protected or foreign snapshot deleted, no `done` that AWS does not show, nothing done twice or forgotten."""
    assert day.untouchable <= snapshot_ids(ec2)
    decisions = by_resource(dict(outcome))
    assert set(day.ids) <= decisions.keys()
    done = {id_ for id_ in day.ids if decisions[id_]["outcome"] == "done"}
    assert done <= seen_done(day, ec2)
    assert outcome["planned"] == outcome["done"] + outcome["failed"] + outcome["remaining"]
    of_slot = Counter(each["VolumeId"] for each in snapshots(ec2) if each["VolumeId"] in day.ids)
    assert not of_slot or max(of_slot.values()) == 1


def nothing_changed(day: Day, ec2: Any, requests: Sequence[tuple[str, str]]) -> None:
    assert changes(requests) == []
    assert day.untouchable <= snapshot_ids(ec2)


@dataclass
class Lasting:
    """A hook: for so long (of the world's time) AWS answers these actions so."""

    seconds: float
    answer: Answer | Fault
    actions: Sequence[str]

    def __call__(self, _service: str, action: str, _params: Mapping[str, Any]) -> Answer | Fault | None:
        over = world.now() >= NOW + timedelta(seconds=self.seconds)
        return None if over or action not in self.actions else self.answer


@dataclass
class From:
    """A hook: from the k-th call of this action on (from 1), AWS answers so."""

    number: int
    action: str
    answer: Answer | Fault
    met: int = 0

    def __call__(self, _service: str, action: str, _params: Mapping[str, Any]) -> Answer | Fault | None:
        self.met += action == self.action
        return self.answer if action == self.action and self.met >= self.number else None


class Slow:
    """A hook: every answer takes so long, of the world's time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self, _service: str, _action: str, _params: Mapping[str, Any]) -> None:
        world.clock.advance(seconds=self.seconds)
