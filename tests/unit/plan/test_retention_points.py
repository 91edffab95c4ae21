"""Retention: which snapshots are restore points at all, and what becomes of several of one slot."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest

from nightshift.plan.retention import KEEPS_ALL, Point, judge, points_of
from nightshift.policy import Keep
from tests.builders import a_snapshot, at

NOW = at("2027-06-01 12:00")


def test_time_is_the_slot_and_not_the_start() -> None:
    late = a_snapshot("snap-late", at("2026-11-23 03:00"), started=at("2026-11-24 08:00"))
    early = a_snapshot("snap-early", at("2026-11-24 03:00"), started=at("2026-11-24 03:01"))
    verdicts = judge(points_of("nightly", [late, early]), Keep(daily=2), ZoneInfo("UTC"), NOW)
    assert verdicts["snap-early"].kept_by == ("daily 2026-11-24",)
    assert verdicts["snap-late"].kept_by == ("daily 2026-11-23",)


def test_a_slot_that_cannot_be_read_gives_way_to_the_start() -> None:
    snapshot = a_snapshot(slot={"nightly": "last night"}, started=at("2026-11-24 03:01"))
    assert [point.slot for point in points_of("nightly", [snapshot])] == [at("2026-11-24 03:01")]


@pytest.mark.parametrize("state", ["pending", "error", "recoverable", "recovering"])
def test_only_a_completed_snapshot_fills_a_bucket(state: str) -> None:
    newer = a_snapshot("snap-newer", at("2026-11-24 03:00"), state=state)
    older = a_snapshot("snap-older", at("2026-11-23 03:00"))
    verdicts = judge(points_of("nightly", [newer, older]), Keep(last=1), ZoneInfo("UTC"), NOW)
    assert list(verdicts) == ["snap-older"]
    assert verdicts["snap-older"].kept_by == ("last 1 of 1",)


def test_a_plan_judges_only_what_serves_it() -> None:
    both = a_snapshot("snap-both", {"nightly": at("2026-11-24 03:00"), "weekly": at("2026-11-22 04:00")})
    other = a_snapshot("snap-other", {"nightly": at("2026-11-24 03:00")})
    assert points_of("weekly", [both, other]) == [Point(both, at("2026-11-22 04:00"))]


@pytest.mark.parametrize("keep", [Keep(), Keep(within="0h")], ids=["no rule", "a within of nothing"])
def test_no_rule_keeps_all_and_duplicates_too(keep: Keep) -> None:
    slot = at("2026-11-24 03:00")
    points = [Point(a_snapshot(id_, slot), slot) for id_ in ("snap-1", "snap-2")]
    verdicts = judge(points, keep, ZoneInfo("UTC"), NOW)
    assert [verdict.kept_by for verdict in verdicts.values()] == [(KEEPS_ALL,), (KEEPS_ALL,)]


def test_duplicates_of_a_slot_count_once_and_the_earliest_stays() -> None:
    twice, before = at("2026-11-24 03:00"), at("2026-11-23 03:00")
    snapshots = [
        a_snapshot("snap-a-second", twice, started=at("2026-11-24 03:20")),
        a_snapshot("snap-b-first", twice, started=at("2026-11-24 03:05")),
        a_snapshot("snap-c-third", twice, started=at("2026-11-24 03:40")),
        a_snapshot("snap-before", before),
    ]
    verdicts = judge(points_of("nightly", snapshots), Keep(last=2), ZoneInfo("UTC"), NOW)
    assert verdicts["snap-b-first"].kept_by == ("last 1 of 2",)
    assert verdicts["snap-before"].kept_by == ("last 2 of 2",)
    for later in ("snap-a-second", "snap-c-third"):
        assert verdicts[later].kept_by == ()
        assert verdicts[later].goes_because == "snap-b-first is of the same slot and older"


def test_a_duplicate_is_not_kept_as_the_oldest() -> None:
    slot = at("2026-11-24 03:00")
    points = [Point(a_snapshot(id_, slot), slot) for id_ in ("snap-1", "snap-2")]
    verdicts = judge(points, Keep(last=5, daily=-1), ZoneInfo("UTC"), NOW)
    assert [id_ for id_, verdict in verdicts.items() if verdict.kept_by] == ["snap-1"]


@pytest.mark.parametrize("ids", [("snap-1", "snap-2", "snap-3"), ("snap-3", "snap-1", "snap-2")])
def test_of_equal_slots_and_starts_the_smallest_id_stays_whatever_the_order(ids: Sequence[str]) -> None:
    slot = at("2026-11-24 03:00")
    verdicts = judge([Point(a_snapshot(id_, slot), slot) for id_ in ids], Keep(last=1), ZoneInfo("UTC"), NOW)
    assert [id_ for id_, verdict in verdicts.items() if verdict.kept_by] == ["snap-1"]


def test_a_pending_duplicate_does_not_push_out_the_completed_one() -> None:
    slot = at("2026-11-24 03:00")
    first = a_snapshot("snap-1", slot, state="pending", started=at("2026-11-24 03:01"))
    second = a_snapshot("snap-2", slot, started=at("2026-11-24 03:16"))
    verdicts = judge(points_of("nightly", [first, second]), Keep(last=1), ZoneInfo("UTC"), NOW)
    assert verdicts["snap-2"].kept_by == ("last 1 of 1",)


def test_no_snapshot_no_verdict() -> None:
    assert judge([], Keep(last=1, within="1d"), ZoneInfo("UTC"), NOW) == {}
