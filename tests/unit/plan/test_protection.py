"""Protection: what no policy may delete, each by itself, and what does not protect."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from nightshift.fleet import Snapshot
from nightshift.plan.protection import Holders, Protection, last_completed, lineage
from nightshift.plan.tags import HOLD_UNTIL, VOLUME
from nightshift.policy import Policy
from tests.builders import a_snapshot, at

NOW = at("2026-11-24 12:00")
NEWER = a_snapshot("snap-newer", at("2026-11-24 03:00"))
ALIVE = Holders(living=frozenset({"vol-1"}))
BERLIN = {"time_zone": "Europe/Berlin"}


def protector(
    snapshot: Snapshot,
    *others: Snapshot,
    holders: Holders = ALIVE,
    policy: Mapping[str, object] | None = None,
    now: datetime = NOW,
) -> str | None:
    """Who protects the snapshot, beside these others."""
    return Protection.of([snapshot, *others], holders, Policy.of(dict(policy or {})), now).protector(snapshot)


def of_old(id_: str = "snap-old", **but: object) -> Snapshot:
    return a_snapshot(id_, at("2026-11-01 03:00"), **but)  # type: ignore[arg-type]  # any field of a snapshot


def test_nothing_protects_an_old_snapshot_that_is_not_the_last() -> None:
    assert protector(of_old(), NEWER) is None


@pytest.mark.parametrize(
    ("snapshot", "holders", "reason"),
    [
        (of_old(tier="archive"), ALIVE, "it is in the archive tier"),
        (of_old(tier="archive", state="error"), ALIVE, "it is in the archive tier"),
        (of_old(state="pending"), ALIVE, "it is pending"),
        (of_old(state="recoverable"), ALIVE, "it is recoverable"),
        (of_old(), Holders(outside={"snap-old": "it backs ami-0a1"}), "it backs ami-0a1"),
        (of_old(state="error"), Holders(outside={"snap-old": "it is locked"}), "it is locked"),
    ],
)
def test_the_holder_is_named(snapshot: Snapshot, holders: Holders, reason: str) -> None:
    assert protector(snapshot, NEWER, holders=holders) == reason


def test_a_hold_is_told_before_what_others_do() -> None:
    held = of_old(tags={HOLD_UNTIL: "2027-01-01"})
    both = Holders(outside={"snap-old": "it backs ami-0a1"})
    assert protector(held, NEWER, holders=both) == "it is held until 2027-01-01 by the tag of snap-old"


class TestLastCompleted:
    def test_the_last_completed_stays_behind_newer_pending_and_failed_ones(self) -> None:
        pending = a_snapshot("snap-pending", at("2026-11-24 03:00"), state="pending")
        failed = a_snapshot("snap-failed", at("2026-11-23 03:00"), state="error")
        assert protector(of_old(), pending, failed) == "it is the last completed snapshot of vol-1"

    def test_it_is_the_last_by_start(self) -> None:
        catch_up = a_snapshot("snap-late", at("2026-10-01 03:00"), started=at("2026-11-24 03:00"))
        assert protector(of_old(), catch_up) is None
        assert protector(catch_up, of_old()) == "it is the last completed snapshot of vol-1"

    def test_of_two_started_together_just_one_is_the_last(self) -> None:
        twin = a_snapshot("snap-oldest", {"nightly": at("2026-11-01 03:00"), "weekly": at("2026-11-01 03:00")})
        assert protector(of_old(), twin) is None
        assert protector(twin, of_old()) == "it is the last completed snapshot of vol-1"

    def test_of_two_of_one_slot_the_earliest_is_the_last(self) -> None:
        later = of_old(id_="snap-later", started=at("2026-11-01 03:20"))
        assert protector(later, of_old()) is None
        assert protector(of_old(), later) == "it is the last completed snapshot of vol-1"

    def test_one_that_was_made_more_than_an_hour_later_is_the_last(self) -> None:
        an_hour_later = of_old().started + timedelta(hours=1)
        later = of_old(id_="snap-later", started=an_hour_later + timedelta(seconds=1))
        assert protector(of_old(), later) is None
        assert protector(later, of_old()) == "it is the last completed snapshot of vol-1"
        assert protector(of_old(id_="snap-later", started=an_hour_later), of_old()) is None

    def test_one_that_is_listed_twice_is_the_last_both_times(self) -> None:
        assert protector(of_old(), of_old()) == "it is the last completed snapshot of vol-1"

    def test_a_later_one_that_also_serves_another_plan_is_no_duplicate(self) -> None:
        slots = {"nightly": at("2026-11-01 03:00"), "weekly": at("2026-11-01 03:00")}
        later = a_snapshot("snap-later", slots, started=at("2026-11-01 03:20"))
        assert protector(of_old(), later) is None
        assert protector(later, of_old()) == "it is the last completed snapshot of vol-1"

    def test_the_earlier_of_one_slot_is_not_the_last_where_it_failed(self) -> None:
        failed = of_old(state="error")
        later = of_old(id_="snap-later", started=at("2026-11-01 03:20"))
        assert protector(later, failed) == "it is the last completed snapshot of vol-1"

    def test_a_snapshot_of_another_volume_does_not_take_its_place(self) -> None:
        other = a_snapshot("snap-other", at("2026-11-24 03:00"), volume_id="vol-2")
        assert protector(of_old(), other) == "it is the last completed snapshot of vol-1"

    @pytest.mark.parametrize(
        ("keep_last", "living", "age", "stays"),
        [
            ("forever", False, timedelta(days=4000), True),
            ("400d", False, timedelta(days=400), True),
            ("400d", False, timedelta(days=400, seconds=1), False),
            ("400d", True, timedelta(days=4000), True),  # the age is for deleted volumes only
            ("forever", True, timedelta(days=4000), True),
            ("1d", False, timedelta(days=1, seconds=1), False),
        ],
    )
    def test_that_of_a_deleted_volume_goes_only_at_its_age(
        self, keep_last: str, living: bool, age: timedelta, stays: bool
    ) -> None:
        last = of_old(started=NOW - age)
        holders = ALIVE if living else Holders()
        found = protector(last, holders=holders, policy={"cleanup": {"keep_last_of_deleted_volume": keep_last}})
        assert found == ("it is the last completed snapshot of vol-1" if stays else None)

    def test_a_deleted_volume_keeps_no_more_than_the_last(self) -> None:
        assert protector(of_old(), NEWER, holders=Holders()) is None


class TestCopies:
    def a_copy(self, id_: str, day: str, source: str = "vol-1") -> Snapshot:
        return a_snapshot(id_, at(day), volume_id="vol-ffffffff", tags={VOLUME: source})

    def test_a_copy_is_no_snapshot_of_its_source_nor_of_the_volume_that_it_names(self) -> None:
        copy = self.a_copy("snap-copy", "2026-11-24 03:00")
        assert protector(of_old(), copy) == "it is the last completed snapshot of vol-1"
        assert protector(copy, NEWER) == "it is the last completed snapshot of copies of vol-1"

    def test_copies_of_two_volumes_have_a_last_one_each(self) -> None:
        copies = [self.a_copy("snap-1", "2026-11-01 03:00"), self.a_copy("snap-2", "2026-11-24 03:00", "vol-2")]
        assert {id_: last.id for id_, last in last_completed(copies).items()} == {
            "copies of vol-1": "snap-1",
            "copies of vol-2": "snap-2",
        }
        assert lineage(copies[0]) != lineage(copies[1])

    def test_the_last_copy_of_a_living_volume_is_none_of_a_deleted_one(self) -> None:
        copy = self.a_copy("snap-copy", "2020-01-01 03:00")
        policy = {"cleanup": {"keep_last_of_deleted_volume": "400d"}}
        assert protector(copy, NEWER, policy=policy) == "it is the last completed snapshot of copies of vol-1"


class TestError:
    @pytest.mark.parametrize(("age", "stays"), [(timedelta(minutes=59, seconds=59), True), (timedelta(hours=1), False)])
    def test_it_goes_an_hour_after_its_start(self, age: timedelta, stays: bool) -> None:
        found = protector(of_old(state="error", started=NOW - age))
        assert found == ("it is in error: it goes an hour after its start" if stays else None)

    def test_it_goes_though_there_is_no_other_snapshot(self) -> None:
        assert protector(of_old(state="error"), holders=Holders()) is None

    def test_a_hold_keeps_it(self) -> None:
        held = of_old(state="error", tags={HOLD_UNTIL: "2027-01-01"})
        assert protector(held) == "it is held until 2027-01-01 by the tag of snap-old"


class TestHold:
    @pytest.mark.parametrize("resource", ["snap-old", "vol-1", "i-1"])
    def test_of_the_snapshot_its_volume_or_its_instance(self, resource: str) -> None:
        on_snapshot = {HOLD_UNTIL: "2027-01-01"} if resource == "snap-old" else {}
        holds = {} if on_snapshot else {resource: "2027-01-01"}
        snapshot = of_old(instance_id="i-1", tags=on_snapshot)
        reason = f"it is held until 2027-01-01 by the tag of {resource}"
        assert protector(snapshot, NEWER, holders=Holders(holds=holds)) == reason

    def test_of_another_volume_or_instance_holds_nothing(self) -> None:
        holders = Holders(holds={"vol-2": "2027-01-01", "i-2": "2027-01-01", "": "2027-01-01"})
        assert protector(of_old(instance_id="i-1"), NEWER, holders=holders) is None

    def test_one_that_is_over_does_not_hide_one_in_force(self) -> None:
        snapshot = of_old(tags={HOLD_UNTIL: "2020-01-01"})
        holders = Holders(holds={"vol-1": "2027-01-01"})
        assert protector(snapshot, NEWER, holders=holders) == "it is held until 2027-01-01 by the tag of vol-1"

    @pytest.mark.parametrize(
        ("value", "now", "policy", "held"),
        [
            ("2026-11-24", "2026-11-24 23:59", {}, True),  # a date: through that day
            ("2026-11-24", "2026-11-25 00:00", {}, False),
            ("2026-11-24", "2026-11-24 22:59", BERLIN, True),  # that day in the policy's zone
            ("2026-11-24", "2026-11-24 23:00", BERLIN, False),
            ("2026-10-25", "2026-10-25 22:59", BERLIN, True),  # a day of 25 hours
            ("2026-10-25", "2026-10-25 23:00", BERLIN, False),
            (" 2026-11-24 ", "2026-11-24 23:59", {}, True),
            ("20261124", "2026-11-24 23:59", {}, True),
            ("2026-11-24T18:00", "2026-11-24 17:59", {}, True),  # a time: until then
            ("2026-11-24T18:00", "2026-11-24 18:00", {}, False),
            ("2026-11-24T18:00", "2026-11-24 17:00", BERLIN, False),
            ("2026-11-24T18:00Z", "2026-11-24 17:30", BERLIN, True),
            ("2026-11-24T18:00+05:00", "2026-11-24 13:00", {}, False),
            ("9999-12-31", "2026-11-24 12:00", {}, True),
            ("9999-12-31T23:59:59-12:00", "2026-11-24 12:00", {}, True),
            ("9998-12-31", "2026-11-24 12:00", BERLIN, True),
            ("0001-01-02", "2026-11-24 12:00", BERLIN, False),
        ],
    )
    def test_it_lasts_as_long_as_it_says(self, value: str, now: str, policy: dict[str, object], held: bool) -> None:
        snapshot = of_old(tags={HOLD_UNTIL: value})
        found = protector(snapshot, NEWER, policy=policy, now=at(now))
        assert found == (f"it is held until {value} by the tag of snap-old" if held else None)

    @pytest.mark.parametrize(
        "value", ["", "forever", "yes", "24.11.2026", "2026-02-30", "2026-11", "2026-W48", "10000-01-01"]
    )
    def test_what_cannot_be_read_counts_as_held_and_says_so(self, value: str) -> None:
        reason = protector(of_old(tags={HOLD_UNTIL: value}), NEWER)
        assert reason == f"it is held: {HOLD_UNTIL}={value} of snap-old is no ISO date or time, so it counts as held"

    @pytest.mark.parametrize("value", ["0001-01-01T00:00:00+01:00", "0001-01-01T00:00", "0001-01-01T00:00+14:00"])
    def test_a_time_before_all_calendars_stops_no_run(self, value: str) -> None:
        """Whoever may tag a volume could else stop the cleanup of the whole region."""
        protector(of_old(tags={HOLD_UNTIL: value}), NEWER, policy=BERLIN)
