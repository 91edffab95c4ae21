"""Cleanup: what the policy keeps and what goes, end to end."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.world import world
from nightshift.jobs.cleanup import JOB
from tests.integration.scenes import (
    SLOT,
    changes,
    counts,
    disk_of,
    lone_volume,
    machine,
    nights,
    saved,
    snapshot_ids,
)
from tests.support import NOW, REGION, by_resource, scheduled

type Run = Callable[..., dict[str, Any]]

DAY = timedelta(days=1)
NO_GUARD = "cleanup: {max_delete_percent: 100}"
KEEP_ONE = "backup: {plans: {nightly: {keep: {last: 1}}}}\n" + NO_GUARD


def _night(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 3, tzinfo=UTC)


# The default plan's keep (last 3, daily 7, weekly 4, monthly 12) over 100 nights up to Tuesday 24 November 2026.
KEPT = {
    **{_night(11, day): f"daily 2026-11-{day}" for day in range(18, 25)},
    _night(11, 22): "weekly 2026-W47",
    _night(11, 15): "weekly 2026-W46",
    _night(11, 8): "weekly 2026-W45",
    _night(10, 31): "monthly 2026-10",
    _night(9, 30): "monthly 2026-09",
    _night(8, 31): "monthly 2026-08",
    _night(8, 17): "oldest, monthly not full",
}


def test_the_default_plan_thins_out_a_hundred_nights(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(NO_GUARD)
    all_of = {each.id: SLOT - ago * DAY for ago, each in enumerate(nights(backend, lone_volume(backend), 100))}

    outcome = run_job(JOB, scheduled())

    assert counts(outcome) == {"planned": 100 - len(KEPT), "done": 100 - len(KEPT), "skipped": len(KEPT)}
    decisions = by_resource(outcome)
    assert decisions.keys() == all_of.keys()
    for id_, slot in all_of.items():
        decision = decisions[id_]
        if slot in KEPT:
            assert KEPT[slot] in decision["reason"]
            assert (decision["action"], decision["outcome"]) == ("keep", "skipped")
        else:
            assert f"nightly: no rule keeps it (slot {slot:%Y-%m-%d} 03:00 UTC of vol-" in decision["reason"]
            assert (decision["action"], decision["outcome"]) == ("delete", "done")
    assert {all_of[id_] for id_ in snapshot_ids(ec2)} == KEPT.keys()
    assert run_job(JOB, scheduled())["planned"] == 0


@pytest.mark.parametrize(
    ("keep", "left"),
    [
        ("{}", 20),
        ("{last: 0}", 20),
        ("{last: -1}", 20),
        ("{last: 4}", 4),
        ("{within: 5d}", 5),
        ("{daily: 2, yearly: 1}", 2),
        ("{weekly: -1}", 5),
    ],
)
def test_each_rule_of_keep_reaches_aws(
    keep: str, left: int, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """20 nights: 5 to 24 November, in ISO weeks 45 to 48; the oldest stays while a count is left."""
    policy(f"backup: {{plans: {{nightly: {{keep: {keep}}}}}}}\n{NO_GUARD}")
    made = nights(backend, lone_volume(backend), 20)
    run_job(JOB, {})
    assert len(snapshot_ids(ec2)) == left
    assert made[0].id in snapshot_ids(ec2)


def test_a_day_is_one_of_the_policy_s_time_zone(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """In Berlin 00:30 and 12:30 of the 23rd and 00:30 of the 24th; by UTC the last two were of one day."""
    policy(f"time_zone: Europe/Berlin\nbackup: {{plans: {{nightly: {{keep: {{daily: 2}}}}}}}}\n{NO_GUARD}")
    volume, first = lone_volume(backend), datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    night, noon, next_night = (saved(backend, volume, first + timedelta(hours=hours)) for hours in (0, 12, 24))
    run_job(JOB, {})
    assert snapshot_ids(ec2) == {noon.id, next_night.id}
    assert night.id not in snapshot_ids(ec2)


def test_only_completed_ones_fill_a_rule(backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run) -> None:
    policy(KEEP_ONE)
    volume = lone_volume(backend)
    pending, failed = saved(backend, volume, SLOT, state="pending"), saved(backend, volume, SLOT - DAY, state="error")
    good, old = saved(backend, volume, SLOT - 2 * DAY), saved(backend, volume, SLOT - 3 * DAY)
    run_job(JOB, {})
    assert snapshot_ids(ec2) == {pending.id, good.id}
    assert {failed.id, old.id}.isdisjoint(snapshot_ids(ec2))


def test_a_snapshot_of_several_plans_goes_when_none_keeps_it(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(f"backup: {{plans: {{nightly: {{keep: {{last: 1}}}}, weekly: {{keep: {{last: 2}}}}}}}}\n{NO_GUARD}")
    volume = lone_volume(backend)
    both = [saved(backend, volume, SLOT - ago * DAY, "nightly", "weekly") for ago in (0, 1, 2)]
    alone = saved(backend, volume, SLOT - 3 * DAY)

    decisions = by_resource(run_job(JOB, {}))

    assert snapshot_ids(ec2) == {both[0].id, both[1].id}
    assert decisions[both[0].id]["reason"] == "kept by nightly: last 1 of 1; weekly: last 1 of 2"
    assert decisions[both[1].id]["reason"] == "kept by weekly: last 2 of 2"
    assert "nightly: no rule keeps it; weekly: no rule keeps it" in decisions[both[2].id]["reason"]
    assert decisions[alone.id]["outcome"] == "done"


def test_of_two_snapshots_of_one_slot_the_later_goes(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(f"backup: {{plans: {{nightly: {{keep: {{last: 3}}}}}}}}\n{NO_GUARD}")
    volume = lone_volume(backend)
    first = nights(backend, volume, 3)
    second = saved(backend, volume, SLOT - DAY)
    second.start_time = second.start_time + timedelta(minutes=5)

    decisions = by_resource(run_job(JOB, {}))

    assert snapshot_ids(ec2) == {each.id for each in first}
    assert f"{first[1].id} is of the same slot and older" in decisions[second.id]["reason"]


def test_what_a_plan_saved_that_is_gone_from_the_policy_stays(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(KEEP_ONE)
    volume = lone_volume(backend)
    former = [saved(backend, volume, SLOT - ago * DAY, "former") for ago in range(5)]
    mixed = saved(backend, volume, SLOT - 6 * DAY, "former", "nightly")
    failed = saved(backend, volume, SLOT - 7 * DAY, "former", state="error")

    outcome = run_job(JOB, {})

    assert snapshot_ids(ec2) == {each.id for each in former} | {mixed.id}
    assert by_resource(outcome)[failed.id]["outcome"] == "done"
    assert "plan former is no longer in the policy: what it saved stays" in by_resource(outcome)[mixed.id]["reason"]
    assert outcome["notes"] == ["plan former is no longer in the policy: all that it saved stays"]


def test_a_plan_without_a_snapshot_is_told(backend: Any, run_job: Run) -> None:
    """An empty answer may be AWS's or a wrong stack tag's: it must be seen."""
    nights(backend, lone_volume(backend), 2, tags={"nightshift:stack": "another"})
    outcome = run_job(JOB, {})
    assert (outcome["decisions"], counts(outcome)) == ([], {})
    assert outcome["notes"] == [f"no snapshot of plan nightly is to be seen in {REGION}"]


def test_a_paused_policy_shows_the_plan_and_deletes_nothing(
    aws: EmbeddedAws, backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(f"paused: true\n{KEEP_ONE}")
    made = nights(backend, lone_volume(backend), 5)
    outcome = run_job(JOB, scheduled())
    assert outcome["refused"] == "paused by the policy"
    assert counts(outcome) == {"planned": 4, "remaining": 4, "skipped": 1}
    assert snapshot_ids(ec2) == {each.id for each in made}
    assert "DeleteSnapshot" not in changes(aws.requests)


def test_deletions_that_the_time_does_not_suffice_for_remain(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """AWS's bucket refills by five a second, of which a run takes 80 %."""
    policy(KEEP_ONE.replace("100}", "100, check_sharing: false}"))
    nights(backend, lone_volume(backend), 401)
    first = run_job(JOB, scheduled(), seconds=40)
    assert first["failed"] == 0
    assert 0 < first["remaining"] < 400
    assert first["done"] == 401 - len(snapshot_ids(ec2))
    assert world.now() <= NOW + timedelta(seconds=40)
    second = run_job(JOB, scheduled())
    assert counts(second) == {"planned": first["remaining"], "done": first["remaining"], "skipped": 1}


def test_snapshots_are_narrowed_by_plans_and_ids_and_judged_by_all(
    backend: Any, ec2: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(f"backup: {{plans: {{nightly: {{keep: {{last: 1}}}}, weekly: {{keep: {{last: 2}}}}}}}}\n{NO_GUARD}")
    box, other, missing = machine(backend), lone_volume(backend), "vol-0123456789abcdef0"
    of_box = nights(backend, disk_of(backend, box), 3, instance=box)
    of_other = nights(backend, other, 3)
    both = [saved(backend, other, SLOT - (5 + ago) * DAY, "nightly", "weekly") for ago in range(3)]

    weekly = run_job(JOB, {"plans": ["weekly"], "dry_run": True})
    by_id = run_job(JOB, {"instance_ids": [box.id], "volume_ids": [missing], "dry_run": True})
    united = run_job(JOB, {"instance_ids": [box.id], "volume_ids": [other.id], "plans": ["nightly"], "dry_run": True})

    assert by_resource(weekly).keys() == {each.id for each in both}
    assert [each["resource"] for each in weekly["decisions"] if each["action"] == "delete"] == [both[2].id]
    assert by_resource(by_id).keys() == {missing, *(each.id for each in of_box)}
    assert by_resource(by_id)[missing]["reason"] == f"not found in {REGION}: no snapshot of ours is of it"
    assert by_resource(united).keys() == {each.id for each in [*of_box, *of_other, *both]}
    assert united["planned"] == 2 + 2 + 1


@pytest.mark.parametrize("gone", [10, 11])
def test_what_stays_of_volumes_that_are_gone_is_counted(
    gone: int, backend: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy("backup: {plans: {nightly: {keep: {last: 1}}}}\ncleanup: {max_delete_percent: 100}")
    volumes = [lone_volume(backend) for _ in range(gone + 1)]
    for volume in volumes:
        nights(backend, volume, 2)
    for volume in volumes[:gone]:
        backend.delete_volume(volume.id)
    outcome = run_job(JOB, {})
    assert outcome["done"] == gone + 1
    words = f"11 snapshots of 11 volumes that are gone, {11 * 10} GiB, cost at most $5.50 a month"
    assert [note for note in outcome["notes"] if words in note] == (outcome["notes"] if gone == 11 else [])
    assert bool(outcome["notes"]) == (gone == 11)
