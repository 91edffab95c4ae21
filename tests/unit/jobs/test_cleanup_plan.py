"""cleanup.plan over any history: nothing that is held goes, and all that stays or goes says why."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.fleet import Snapshot
from nightshift.jobs.cleanup import CleanupRequest, DeleteLater, DeleteSnapshot, Inventory, guard, plan
from nightshift.outcome import Action, Decision
from nightshift.plan.protection import Holders, lineage, source_volume
from nightshift.plan.tags import HOLD_UNTIL, INSTANCE, VOLUME, slots_of
from nightshift.policy import Policy
from tests.builders import a_snapshot, at

NOW = at("2026-11-24 12:00")
FIRST = at("2026-10-20 03:00")
VOLUME_IDS = ["vol-00000001", "vol-00000002"]
INSTANCE_IDS = ["i-00000001", "i-00000002"]
PLANS = ("nightly", "weekly")
keeps = st.sampled_from([{}, {"last": 1}, {"daily": 2}, {"last": 2, "weekly": 2}, {"within": "3d"}, {"monthly": -1}])
policies = st.builds(
    lambda zone, nightly, weekly: Policy.of(
        {"time_zone": zone, "backup": {"plans": {"nightly": {"keep": nightly}, "weekly": {"keep": weekly}}}}
    ),
    st.sampled_from(["UTC", "Europe/Berlin"]),
    keeps,
    keeps,
)


serving = st.sampled_from([PLANS[:1], PLANS[:1], PLANS[:1], PLANS, PLANS[1:], ("gone",), ("gone", "weekly")])
oddities: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        *[{}] * 8,
        {"state": "pending"},
        {"state": "error"},
        {"state": "recoverable"},
        {"tier": "archive"},
        {"tags": {HOLD_UNTIL: "2026-11-30"}},
        {"tags": {HOLD_UNTIL: "2020-01-01"}},
        {"tags": {HOLD_UNTIL: "?"}},
        {"tags": {HOLD_UNTIL: "?"}, "state": "error"},
        {"tags": {VOLUME: VOLUME_IDS[0]}, "volume_id": "vol-ffffffff"},
    ]
)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    slot = FIRST + timedelta(days=draw(st.integers(0, 35)))
    fields = {"volume_id": draw(st.sampled_from(VOLUME_IDS)), **draw(oddities)}
    return a_snapshot(
        "unnamed",
        dict.fromkeys(draw(serving), slot),
        instance_id=draw(st.sampled_from([None, *INSTANCE_IDS])),
        started=slot + timedelta(minutes=draw(st.sampled_from([1, 1, 20, 24 * 60, 9 * 60 - 10]))),
        **fields,
    )


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    drawn = draw(st.lists(snapshots(), max_size=15))
    ours = [replace(snapshot, id=f"snap-{n:02}") for n, snapshot in enumerate(drawn)]
    ids = st.sampled_from([*(snapshot.id for snapshot in ours), "snap-of-others"])
    resources = st.sampled_from([*VOLUME_IDS, *INSTANCE_IDS])
    holders = Holders(
        holds=draw(st.dictionaries(resources, st.sampled_from(["2026-11-30", "2026-11-01", "soon"]), max_size=1)),
        living=frozenset(draw(st.sets(st.sampled_from(VOLUME_IDS)))),
        outside=draw(st.dictionaries(ids, st.just("it backs ami-0a1"), max_size=3)),
    )
    return Inventory("eu-central-1", ours, holders)


def decide(inventory: Inventory, policy: Policy, request: CleanupRequest | None = None) -> dict[str, Decision]:
    decisions = plan(inventory, request or CleanupRequest(), policy, NOW).decisions
    assert max(Counter(decision.resource for decision in decisions).values(), default=1) == 1
    return {decision.resource: decision for decision in decisions}


def doomed(decisions: dict[str, Decision]) -> set[str]:
    return {id_ for id_, decision in decisions.items() if decision.action is Action.DELETE}


def must_stay(snapshot: Snapshot, inventory: Inventory) -> bool:
    """What is never deleted, said a second time; without the last completed one of a volume."""
    holds = [snapshot.tags.get(HOLD_UNTIL)]
    holds += [inventory.holders.holds.get(id_) for id_ in (snapshot.volume_id, snapshot.tags.get(INSTANCE, ""))]
    young_error = snapshot.state == "error" and NOW - snapshot.started < timedelta(hours=1)
    return (
        snapshot.state not in ("completed", "error")
        or young_error
        or snapshot.tier == "archive"
        or snapshot.id in inventory.holders.outside
        or any(hold is not None and hold not in ("2020-01-01", "2026-11-01") for hold in holds)
        or (snapshot.state == "completed" and "gone" in slots_of(snapshot))
    )


@given(inventories(), policies)
def test_one_decision_a_snapshot_and_every_one_says_why(inventory: Inventory, policy: Policy) -> None:
    decisions = decide(inventory, policy)
    assert decisions.keys() == {snapshot.id for snapshot in inventory.snapshots}
    for id_, decision in decisions.items():
        assert decision.reason
        assert decision.action in (Action.DELETE, Action.KEEP)
        assert decision.change == (DeleteSnapshot(id_) if decision.action is Action.DELETE else None)


@given(inventories(), policies)
def test_what_is_held_never_goes(inventory: Inventory, policy: Policy) -> None:
    going = doomed(decide(inventory, policy))
    assert not [
        snapshot.id for snapshot in inventory.snapshots if snapshot.id in going and must_stay(snapshot, inventory)
    ]


@given(inventories(), policies)
def test_the_newest_completed_snapshot_of_a_volume_stays_or_an_earlier_one_of_its_slots(
    inventory: Inventory, policy: Policy
) -> None:
    going = doomed(decide(inventory, policy))
    completed = [snapshot for snapshot in inventory.snapshots if snapshot.state == "completed"]
    by_start = sorted(completed, key=lambda one: (one.started, one.id))
    newest = {lineage(snapshot): snapshot for snapshot in by_start}
    for history, last in newest.items():
        of_its_slots = [
            snapshot
            for snapshot in by_start
            if lineage(snapshot) == history and slots_of(last).items() <= slots_of(snapshot).items()
        ]
        assert any(snapshot.id not in going for snapshot in of_its_slots)


@given(inventories(), policies)
def test_nothing_goes_that_a_plan_without_rules_has_saved(inventory: Inventory, policy: Policy) -> None:
    going = doomed(decide(inventory, policy))
    keeping_all = {name for name, rules in policy.backup.plans.items() if rules.keep.empty}
    for snapshot in inventory.snapshots:
        if snapshot.state == "completed" and keeping_all & slots_of(snapshot).keys():
            assert snapshot.id not in going


@given(inventories(), policies)
def test_a_second_cleanup_finds_nothing_more(inventory: Inventory, policy: Policy) -> None:
    going = doomed(decide(inventory, policy))
    left = [snapshot for snapshot in inventory.snapshots if snapshot.id not in going]
    assert not doomed(decide(replace(inventory, snapshots=left), policy))


@given(inventories(), policies, st.randoms(use_true_random=False))
def test_the_order_of_the_inventory_does_not_matter(inventory: Inventory, policy: Policy, random: Random) -> None:
    shuffled = [*inventory.snapshots]
    random.shuffle(shuffled)
    assert decide(replace(inventory, snapshots=shuffled), policy) == decide(inventory, policy)


@given(
    inventories(),
    policies,
    st.builds(
        CleanupRequest,
        plans=st.sampled_from([None, ["nightly"], ["weekly"], ["nightly", "weekly"]]),
        instance_ids=st.sampled_from([None, INSTANCE_IDS[:1], INSTANCE_IDS]),
        volume_ids=st.sampled_from([None, VOLUME_IDS[:1], ["vol-deadbeef"]]),
    ),
)
def test_a_narrower_request_shows_part_of_the_same_decisions(
    inventory: Inventory, policy: Policy, request: CleanupRequest
) -> None:
    named = {*(request.instance_ids or ()), *(request.volume_ids or ())}
    asked_for = {
        snapshot.id
        for snapshot in inventory.snapshots
        if not named or named & {source_volume(snapshot), snapshot.tags.get(INSTANCE)}
        if not request.plans or slots_of(snapshot).keys() & set(request.plans)
    }
    everything = decide(inventory, policy)
    narrowed = decide(inventory, policy, request)
    of_snapshots = {id_: one for id_, one in narrowed.items() if one.action is not Action.SKIP}
    assert of_snapshots == {id_: everything[id_] for id_ in asked_for}
    known = {id_ for one in inventory.snapshots for id_ in (source_volume(one), one.tags.get(INSTANCE))}
    assert narrowed.keys() - of_snapshots.keys() == named - known


def test_each_volume_has_a_history_of_its_own_and_so_have_copies() -> None:
    policy = Policy.of({"backup": {"plans": {"nightly": {"keep": {"last": 2}}}}})
    ours = [
        a_snapshot(f"{kind}-{n}", FIRST + timedelta(days=n), volume_id=volume_id, tags=tags)
        for n in range(3)
        for kind, volume_id, tags in [
            ("first", VOLUME_IDS[0], {}),
            ("second", VOLUME_IDS[1], {}),
            ("copy", "vol-ffffffff", {VOLUME: VOLUME_IDS[0]}),
        ]
    ]
    assert doomed(decide(Inventory("eu-central-1", ours, Holders()), policy)) == {"first-0", "second-0", "copy-0"}


def test_what_its_volume_s_tags_claim_makes_no_snapshot_a_copy() -> None:
    """A volume that carries nightshift:volume hands it on: its backups must not count as duplicates of another's."""
    claim = {VOLUME: VOLUME_IDS[0]}
    ours = [a_snapshot(f"snap-{volume_id}", FIRST, volume_id=volume_id, tags=claim) for volume_id in VOLUME_IDS]
    assert doomed(decide(Inventory("eu-central-1", ours, Holders()), Policy())) == set()


def test_copies_of_nobody_knows_what_stay() -> None:
    ours = [a_snapshot(f"copy-{n}", FIRST, volume_id="vol-ffffffff") for n in range(5)]
    decisions = decide(Inventory("eu-central-1", ours, Holders()), Policy())
    assert doomed(decisions) == set()
    assert "does not say of which volume" in decisions["copy-0"].reason


def test_a_snapshot_of_two_plans_goes_when_none_keeps_it() -> None:
    policy = Policy.of({"backup": {"plans": {"nightly": {"keep": {"last": 1}}, "weekly": {"keep": {"last": 2}}}}})
    slots = [at(f"2026-11-{day} 03:00") for day in (24, 22, 15, 10)]
    ours = [a_snapshot(f"snap-{n}", dict.fromkeys(PLANS if n else PLANS[:1], slot)) for n, slot in enumerate(slots)]
    decisions = decide(Inventory("eu-central-1", ours, Holders()), policy)
    assert decisions["snap-0"].reason == "kept by nightly: last 1 of 1"
    assert decisions["snap-1"].reason == "kept by weekly: last 1 of 2"
    assert doomed(decisions) == {"snap-3"}
    assert decisions["snap-3"].reason.startswith("nightly: no rule keeps it; weekly: no rule keeps it")


def test_what_a_plan_saved_that_is_gone_stays_and_the_notes_say_so() -> None:
    ours = [a_snapshot("snap-1", {"gone": FIRST}), a_snapshot("snap-2", {"gone": FIRST}, state="error")]
    found = plan(Inventory("eu-central-1", ours, Holders()), CleanupRequest(), Policy(), NOW)
    assert {one.resource: one.action for one in found.decisions} == {"snap-1": Action.KEEP, "snap-2": Action.DELETE}
    assert any("plan gone is no longer in the policy" in note for note in found.notes)
    assert any("no snapshot of plan nightly is to be seen in eu-central-1" in note for note in found.notes)


def test_the_guard_measures_a_narrow_request_by_the_whole_region() -> None:
    policy = Policy.of({"backup": {"plans": {"nightly": {"keep": {"last": 1}}}}})
    slots = [FIRST + timedelta(hours=n) for n in range(30)]
    of_one = [a_snapshot(f"snap-1-{n:02}", slot, volume_id=VOLUME_IDS[0]) for n, slot in enumerate(slots)]
    of_many = [a_snapshot(f"snap-{n}", FIRST, volume_id=f"vol-{n:08x}") for n in range(100, 200)]
    inventory = Inventory("eu-central-1", [*of_one, *of_many], Holders())
    request = CleanupRequest(volume_ids=[VOLUME_IDS[0]])
    narrowed = plan(inventory, request, policy, NOW)
    assert len(narrowed.changes) == 29
    assert guard(inventory, narrowed, request, policy) is None
    assert guard(replace(inventory, snapshots=of_one), narrowed, request, policy) is not None


@pytest.mark.parametrize(
    ("slot", "zone"), [("9999-12-31T23:30:00Z", "Europe/Berlin"), ("0001-01-01T00:00:00Z", "America/New_York")]
)
def test_a_slot_at_the_end_of_all_calendars_stops_no_run(slot: str, zone: str) -> None:
    """Whoever may create tags can forge ours: one tag must not end the cleanup of the whole region."""
    ours = [a_snapshot("snap-forged", {"nightly": slot}), a_snapshot("snap-good", FIRST, volume_id="vol-2")]
    decide(Inventory("eu-central-1", ours, Holders()), Policy.of({"time_zone": zone}))


def test_an_id_that_is_named_twice_is_decided_once() -> None:
    request = CleanupRequest(volume_ids=["vol-deadbeef", "vol-deadbeef"])
    found = plan(Inventory("eu-central-1", [], Holders()), request, Policy(), NOW)
    assert [decision.resource for decision in found.decisions] == ["vol-deadbeef"]


def test_what_nobody_has_been_asked_about_yet_is_wanted_but_not_deleted_in_this_run() -> None:
    policy = Policy.of({"backup": {"plans": {"nightly": {"keep": {"last": 1}}}}})
    ours = [a_snapshot(f"snap-{n}", FIRST + timedelta(days=n)) for n in range(3)]
    decisions = decide(Inventory("eu-central-1", ours, Holders(), frozenset({"snap-1"})), policy)
    assert doomed(decisions) == {"snap-0", "snap-1"}
    assert (decisions["snap-0"].change, decisions["snap-1"].change) == (DeleteSnapshot("snap-0"), DeleteLater("snap-1"))


@pytest.mark.parametrize(
    ("living", "last_was_days_ago", "all_go"), [(False, 400, False), (False, 401, True), (True, 4000, False)]
)
def test_an_age_ends_the_history_only_of_a_volume_that_is_gone(
    living: bool, last_was_days_ago: int, all_go: bool
) -> None:
    policy = Policy.of(
        {
            "backup": {"plans": {"nightly": {"keep": {"last": 2}}}},
            "cleanup": {"keep_last_of_deleted_volume": "400d"},
        }
    )
    last = NOW - timedelta(days=last_was_days_ago)
    ours = [
        a_snapshot(f"snap-{n}", started, started=started) for n in range(2) if (started := last - timedelta(days=n))
    ]
    holders = Holders(living=frozenset({"vol-1"} if living else ()))
    assert doomed(decide(Inventory("eu-central-1", ours, holders), policy)) == (
        {"snap-0", "snap-1"} if all_go else set()
    )
