"""Cleanup: what is never deleted, whatever the policy says, and who is said to hold it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from local import seed
from local.embedded import EmbeddedAws
from local.world import world
from nightshift.jobs.cleanup import JOB
from tests.integration.scenes import (
    DENIED,
    SLOT,
    Listener,
    Trouble,
    counts,
    disk_of,
    lone_volume,
    machine,
    nights,
    saved,
    snapshot_ids,
)
from tests.support import NOW, by_resource

type Run = Callable[..., dict[str, Any]]

DAY = timedelta(days=1)
OLD = SLOT - 400 * DAY
KEEP_ONE = "backup: {plans: {nightly: {keep: {last: 1}}}}\ncleanup: {max_delete_percent: 100}"
PARTNER = "345678901234"


@dataclass
class Stage:
    """A machine with last night's snapshot, which the policy keeps: an older one goes unless it is held."""

    backend: Any

    def old(self, days: int = 400, box: Any = None, **kind: Any) -> Any:
        box = box or machine(self.backend)
        saved(self.backend, disk_of(self.backend, box), SLOT, instance=box)
        return saved(self.backend, disk_of(self.backend, box), SLOT - days * DAY, instance=box, **kind)

    def image(self) -> tuple[Any, str]:
        held = self.old()
        ami = seed.image(self.backend, "golden", machine(self.backend), {"/dev/sda1": held})
        return held, f"it backs {ami.id} (nightly: no rule keeps it"

    def lock(self, mode: str) -> tuple[Any, str]:
        held = self.old()
        seed.lock(self.backend, held.id, mode=mode, days=30)
        return held, f"it is locked in {mode} mode until 2026-12-24 12:00:00"

    def hold(self, value: str, on: str, reason: str = "it is held until {value} by the tag of {id}") -> tuple[Any, str]:
        box = machine(self.backend)
        held = self.old(box=box)
        id_ = {"snapshot": held.id, "volume": held.volume_id, "instance": box.id}[on]
        seed.system_tags(self.backend, id_, {"nightshift:hold-until": value})
        return held, reason.format(value=value, id=id_)


def _held(stage: Stage) -> list[tuple[Any, str]]:
    no_date = "it is held: nightshift:hold-until={value} of {id} is no ISO date or time, so it counts as held"
    return [
        stage.image(),
        stage.lock("governance"),
        stage.lock("compliance"),
        (stage.old(public=True), "it is public"),
        (stage.old(shared_with=[PARTNER]), f"it is shared with {PARTNER}"),
        (stage.old(tier="archive"), "it is in the archive tier"),
        (stage.old(state="pending"), "it is pending"),
        (stage.old(state="recovering"), "it is recovering"),
        stage.hold("2026-11-24", "snapshot"),
        stage.hold("2026-11-24T12:00:01Z", "volume"),
        stage.hold("2099-12-31", "instance"),
        stage.hold("9999-12-31", "snapshot"),
        stage.hold("until the audit", "volume", no_date),
        stage.hold("", "instance", no_date),
        (saved(stage.backend, lone_volume(stage.backend), OLD), "kept by nightly: last 1 of 1"),
    ]


def test_whoever_holds_a_snapshot_is_named_and_it_stays(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(KEEP_ONE)
    cases = _held(Stage(backend))

    outcome = run_job(JOB, {})

    decisions = by_resource(outcome)
    for snapshot, reason in cases:
        assert reason in decisions[snapshot.id]["reason"]
        assert (decisions[snapshot.id]["action"], decisions[snapshot.id]["outcome"]) == ("keep", "skipped")
    assert {snapshot.id for snapshot, _ in cases} <= snapshot_ids(ec2)
    assert outcome["planned"] == 0


def test_what_holds_no_longer_holds_nothing(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """The same as above where the lock, the hold and the share are over: else the test above proves nothing."""
    policy(KEEP_ONE)
    stage = Stage(backend)
    free = [
        stage.hold("2026-11-23", "snapshot")[0],
        stage.hold("2026-11-24T12:00:00Z", "volume")[0],
        stage.hold("2026-11-24T13:30:00+02:00", "instance")[0],
        stage.old(),
        stage.lock("governance")[0],
    ]
    ami = seed.image(backend, "golden", machine(backend), {"/dev/sda1": stage.old()})
    free.append(backend.snapshots[ami.mappings[0]["Ebs"]["SnapshotId"]])
    ec2.deregister_image(ImageId=ami.id)
    ec2.unlock_snapshot(SnapshotId=free[4].id)
    free.append(stage.old(shared_with=[PARTNER]))
    ec2.reset_snapshot_attribute(SnapshotId=free[-1].id, Attribute="createVolumePermission")

    outcome = run_job(JOB, {})

    assert counts(outcome) == {"planned": len(free), "done": len(free), "skipped": len(free)}
    assert {each.id for each in free}.isdisjoint(snapshot_ids(ec2))


def test_what_others_made_is_not_even_looked_at(
    aws: EmbeddedAws, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(KEEP_ONE)
    volume = lone_volume(backend)
    nights(backend, volume, 3)
    disguised = [
        {"aws:dlm:managed": "true"},
        {"aws:dlm:lifecycle-policy-id": "policy-0123456789abcdef0"},
        {"aws:backup:source-resource": "arn:aws:ec2:eu-central-1:123456789012:volume/vol-1"},
        {"nightshift:stack": "nightshift-test"},
    ]
    foreign = [saved(backend, volume, OLD, tags=tags) for tags in disguised]
    foreign.append(seed.snapshot(backend, volume, OLD, {"Name": "before the upgrade"}))
    foreign.append(seed.snapshot(backend, volume, OLD))
    foreign.append(seed.snapshot(backend, volume, OLD, {"nightshift:stack": "nightshift"}))
    asked = Listener("DescribeSnapshotAttribute")
    aws.hooks.append(asked)

    outcome = run_job(JOB, {})

    ids = {each.id for each in foreign}
    assert ids.isdisjoint(by_resource(outcome))
    assert ids <= snapshot_ids(ec2)
    assert counts(outcome) == {"planned": 2, "done": 2, "skipped": 1}
    assert ids.isdisjoint(params["SnapshotId"] for params in asked.heard)


@pytest.mark.parametrize("age", ["forever", "400d"])
def test_the_last_of_a_volume_stays_and_of_a_deleted_one_as_long_as_the_policy_says(
    age: str, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """Every one of them was made late, for a slot that no rule keeps any more: only its being the last keeps it."""
    policy(
        "backup: {plans: {nightly: {keep: {within: 1d}}, hourly: {schedule: 0 * * * *, keep: {last: 1}}}}\n"
        f"cleanup: {{max_delete_percent: 100, keep_last_of_deleted_volume: {age}}}"
    )
    living, gone, young = (lone_volume(backend) for _ in range(3))
    lasts = {}
    for volume, days in ((living, 500), (gone, 500), (young, 399)):
        before, last = SLOT - (days + 1) * DAY, SLOT - days * DAY
        nights(backend, volume, 1, newest=before)
        newer = saved(backend, volume, last)
        lasts[volume.id] = saved(backend, volume, before - timedelta(hours=1))
        lasts[volume.id].start_time = newer.start_time + timedelta(minutes=5)
    for volume in (gone, young):
        backend.delete_volume(volume.id)

    decisions = by_resource(run_job(JOB, {}))

    left = {volume_id for volume_id, last in lasts.items() if last.id in snapshot_ids(ec2)}
    assert left == ({living.id, gone.id, young.id} if age == "forever" else {living.id, young.id})
    for volume_id in left:
        assert f"it is the last completed snapshot of {volume_id}" in decisions[lasts[volume_id].id]["reason"]


def test_a_failed_snapshot_goes_after_an_hour_unless_it_is_held(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """It blocks st1 and sc1 volumes; started at 11:01, 10:59 and earlier, at 12:00."""
    policy(KEEP_ONE)
    young, old = (saved(backend, lone_volume(backend), NOW, state="error") for _ in range(2))
    young.start_time = old.start_time.replace(hour=11, minute=1)
    old.start_time = old.start_time.replace(hour=10, minute=59)
    held = saved(backend, lone_volume(backend), OLD, state="error", tags={"nightshift:hold-until": "2099-01-01"})
    locked = saved(backend, lone_volume(backend), OLD, state="error")
    seed.lock(backend, locked.id)

    decisions = by_resource(run_job(JOB, {}))

    assert snapshot_ids(ec2) == {young.id, held.id, locked.id}
    assert "it is in error: it goes an hour after its start" in decisions[young.id]["reason"]
    assert "error" in decisions[old.id]["reason"]
    assert "it is held until 2099-01-01" in decisions[held.id]["reason"]
    assert "it is locked in governance mode" in decisions[locked.id]["reason"]
    world.clock.advance(minutes=2)
    run_job(JOB, {})
    assert snapshot_ids(ec2) == {held.id, locked.id}


def test_with_whom_a_snapshot_is_shared_is_asked_only_of_those_that_would_go(
    aws: EmbeddedAws, backend: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(KEEP_ONE)
    stage = Stage(backend)
    going = {stage.old().id for _ in range(3)} | {stage.old(shared_with=[PARTNER]).id}
    for held in (stage.lock("governance"), stage.image(), stage.hold("2099-01-01", "volume")):
        assert held[0].id not in going
    stage.old(public=True)
    asked = Listener("DescribeSnapshotAttribute")
    aws.hooks.append(asked)

    assert run_job(JOB, {})["done"] == 3
    assert sorted(params["SnapshotId"] for params in asked.heard) == sorted(going)


def test_sharing_is_not_asked_where_the_policy_says_so(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(KEEP_ONE.replace("100}", "100, check_sharing: false}"))
    stage = Stage(backend)
    shared, public = stage.old(shared_with=[PARTNER]), stage.old(public=True)
    outcome = run_job(JOB, {})
    assert "DescribeSnapshotAttribute" not in outcome["calls"]
    assert shared.id not in snapshot_ids(ec2)
    assert public.id in snapshot_ids(ec2)


def test_sharing_that_cannot_be_known_counts_as_shared(
    aws: EmbeddedAws, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(KEEP_ONE)
    stage = Stage(backend)
    unknown, free = stage.old(), stage.old()
    aws.hooks.append(Trouble("DescribeSnapshotAttribute", DENIED, of=unknown.id))
    outcome = run_job(JOB, {})
    assert (outcome["done"], unknown.id in snapshot_ids(ec2), free.id in snapshot_ids(ec2)) == (1, True, False)
    reason = by_resource(outcome)[unknown.id]["reason"]
    assert "it may be shared: AWS answered UnauthorizedOperation when asked" in reason
