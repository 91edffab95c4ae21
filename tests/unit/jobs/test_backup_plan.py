"""backup.plan over any fleet: one decision for each resource in scope, none for any other."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nightshift.fleet import Instance, Snapshot, Volume
from nightshift.jobs.backup import BackupRequest, Inventory, plan
from nightshift.outcome import Action, Decision
from nightshift.plan.due import by_volume
from nightshift.plan.snapshot_calls import SnapshotInstance, SnapshotVolume
from nightshift.plan.tags import slots_of
from nightshift.policy import Policy
from tests.builders import a_snapshot, a_volume, an_instance, at

NOW = at("2026-11-24 12:00")
POLICY = Policy.of({"backup": {"plans": {"nightly": {}, "weekly": {"schedule": "0 4 * * 0"}}}})
PLANS = ("nightly", "weekly")
VOLUME_IDS = [f"vol-{n:08x}" for n in range(6)]
INSTANCE_IDS = [f"i-{n:08x}" for n in range(4)]
SLOTS = [at("2026-11-24 03:00"), at("2026-11-23 03:00"), at("2026-11-22 04:00"), at("2026-11-15 04:00")]

tag_values = st.sampled_from([None, None, "nightly", "weekly", "nightly,weekly", "true", "ignore", "dayly", ""])


def tagged(value: str | None) -> dict[str, str]:
    return {} if value is None else {"Backup": value}


@st.composite
def fleets(draw: st.DrawFn) -> tuple[dict[str, Instance], dict[str, Volume]]:
    """Volumes attached to no, one or several instances."""
    states = st.sampled_from(["running", "running", "stopped", "shutting-down", "terminated"])
    instances = {
        id_: an_instance(
            id_,
            draw(st.lists(st.sampled_from(VOLUME_IDS), max_size=3, unique=True)),
            tags=tagged(draw(tag_values)),
            state=draw(states),
        )
        for id_ in draw(st.lists(st.sampled_from(INSTANCE_IDS), unique=True))
    }
    attached = {disk.volume_id for instance in instances.values() for disk in instance.disks}
    there = attached | set(draw(st.lists(st.sampled_from(VOLUME_IDS))))
    volumes = {id_: a_volume(id_, instance_ids=_owners(id_, instances), tags=tagged(draw(tag_values))) for id_ in there}
    return instances, volumes


def _owners(volume_id: str, instances: dict[str, Instance]) -> list[str]:
    return [one.id for one in instances.values() if volume_id in {disk.volume_id for disk in one.disks}]


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    instances, volumes = draw(fleets())
    of_some = st.builds(
        lambda plan, volume_id, slot, state: a_snapshot(
            f"snap-{plan}-{volume_id}-{slot:%d}-{state}", {plan: slot}, volume_id=volume_id, state=state
        ),
        st.sampled_from(PLANS),
        st.sampled_from(VOLUME_IDS),
        st.sampled_from(SLOTS),
        st.sampled_from(["completed", "pending", "error"]),
    )
    snapshots = draw(st.lists(of_some, max_size=8))
    saved = {name: by_volume([snapshot for snapshot in snapshots if name in slots_of(snapshot)]) for name in PLANS}
    return Inventory("eu-central-1", "nightshift", instances, volumes, saved)


def some(values: Iterable[str]) -> st.SearchStrategy[list[str] | None]:
    return st.one_of(st.none(), st.lists(st.sampled_from([*values]), min_size=1, unique=True))


requests = st.builds(
    BackupRequest,
    plans=some(PLANS),
    instance_ids=some([*INSTANCE_IDS, "i-deadbeef"]),
    volume_ids=some([*VOLUME_IDS, "vol-deadbeef"]),
    now=st.booleans(),
)


def tags_upon(volume: Volume, inventory: Inventory) -> list[str]:
    """The values of the tag on the volume and on its instances."""
    tags = [volume.tags, *(inventory.instances[id_].tags for id_ in volume.instance_ids)]
    return [of["Backup"] for of in tags if "Backup" in of]


def in_scope(inventory: Inventory, request: BackupRequest) -> set[str]:
    """By the contract: what carries the tag and what is named by id; of the plans that were asked for."""
    named = {*(request.instance_ids or ()), *(request.volume_ids or ())}
    if named:
        of_named = {volume.id for volume in inventory.volumes.values() if named & {volume.id, *volume.instance_ids}}
        empty = {one.id for one in inventory.instances.values() if not one.disks}
        return of_named | (named & empty) | (named - inventory.volumes.keys() - inventory.instances.keys())
    scope = {volume.id for volume in inventory.volumes.values() if tags_upon(volume, inventory)}
    if request.plans:
        others = [inventory.coverage(inventory.volumes[id_], POLICY) for id_ in scope]
        scope -= {it.volume.id for it in others if it and it.plans and not {*it.plans} & {*request.plans}}
    empty = {
        one.id for one in inventory.instances.values() if not one.disks and not one.ending and "Backup" in one.tags
    }
    return scope | empty


def decide(inventory: Inventory, request: BackupRequest) -> list[Decision]:
    return [*plan(inventory, request, POLICY, NOW).decisions]


@given(inventories(), requests)
def test_one_decision_for_each_resource_in_scope_and_none_for_others(
    inventory: Inventory, request: BackupRequest
) -> None:
    decisions = decide(inventory, request)
    assert Counter(decision.resource for decision in decisions) == Counter(in_scope(inventory, request))
    for decision in decisions:
        assert decision.reason
        assert (decision.action is Action.SNAPSHOT) == (decision.change is not None)


@given(inventories(), requests)
def test_ignore_is_never_saved(inventory: Inventory, request: BackupRequest) -> None:
    for decision in decide(inventory, request):
        if decision.action is Action.SNAPSHOT:
            assert "ignore" not in tags_upon(inventory.volumes[decision.resource], inventory)


@given(inventories(), requests)
def test_each_wanted_volume_is_in_one_call_and_no_other_volume_is(inventory: Inventory, request: BackupRequest) -> None:
    decisions = [decision for decision in decide(inventory, request) if decision.change]
    in_calls: list[str] = []
    for change in {decision.change for decision in decisions}:
        assert isinstance(change, SnapshotInstance | SnapshotVolume)
        in_calls += change.volume_ids if isinstance(change, SnapshotInstance) else [change.volume_id]
        assert {plan for plan, _ in change.slots} <= {*(request.plans or PLANS)}
    assert sorted(in_calls) == sorted(decision.resource for decision in decisions)


@given(inventories())
def test_what_has_a_live_snapshot_of_every_current_slot_is_left_alone(inventory: Inventory) -> None:
    current = {"nightly": SLOTS[0], "weekly": SLOTS[2]}
    for decision in decide(inventory, BackupRequest()):
        saved = {
            name
            for name in PLANS
            for snapshot in inventory.saved[name].get(decision.resource, ())
            if snapshot.live and slots_of(snapshot)[name] == current[name]
        }
        if decision.change:
            assert isinstance(decision.change, SnapshotInstance | SnapshotVolume)
            assert saved.isdisjoint(dict(decision.change.slots))


@given(inventories())
def test_once_all_is_saved_the_next_run_does_nothing(inventory: Inventory) -> None:
    made: dict[str, list[Snapshot]] = {name: [] for name in PLANS}
    for decision in decide(inventory, BackupRequest()):
        if isinstance(decision.change, SnapshotInstance | SnapshotVolume):
            snapshot = a_snapshot("snap-new", dict(decision.change.slots), volume_id=decision.resource, state="pending")
            for name, _ in decision.change.slots:
                made[name].append(snapshot)
    saved = {
        name: by_volume([*made[name], *(one for of in inventory.saved[name].values() for one in of)]) for name in PLANS
    }
    after = Inventory(inventory.region, inventory.stack_tag, inventory.instances, inventory.volumes, saved)
    assert not [decision for decision in decide(after, BackupRequest()) if decision.change]


def test_an_id_that_is_named_twice_is_decided_once() -> None:
    nothing: dict[str, Any] = {}
    inventory = Inventory("eu-central-1", "nightshift", {}, {}, dict.fromkeys(PLANS, nothing))
    decisions = decide(inventory, BackupRequest(volume_ids=["vol-deadbeef", "vol-deadbeef"]))
    assert [decision.resource for decision in decisions] == ["vol-deadbeef"]


def test_an_id_that_is_not_there_is_told_as_not_found() -> None:
    nothing: dict[str, Any] = {}
    inventory = Inventory("eu-central-1", "nightshift", {}, {}, dict.fromkeys(PLANS, nothing))
    (decision,) = decide(inventory, BackupRequest(instance_ids=["i-deadbeef"]))
    assert (decision.action, decision.reason) == (Action.SKIP, "not found in eu-central-1")


def test_what_aws_would_not_save_is_left_alone_and_says_why() -> None:
    ending = an_instance(INSTANCE_IDS[0], VOLUME_IDS[:1], tags=tagged("nightly"), state="shutting-down")
    volumes = {
        VOLUME_IDS[0]: a_volume(VOLUME_IDS[0], instance_ids=[ending.id]),
        VOLUME_IDS[1]: a_volume(VOLUME_IDS[1], tags=tagged("nightly"), state="creating"),
    }
    inventory = Inventory("eu-central-1", "nightshift", {ending.id: ending}, volumes, {"nightly": {}, "weekly": {}})
    assert {one.resource: (one.action, one.reason) for one in decide(inventory, BackupRequest())} == {
        VOLUME_IDS[0]: (Action.SKIP, f"{ending.id} is being terminated"),
        VOLUME_IDS[1]: (Action.SKIP, "the volume is in state creating"),
    }


def test_now_takes_an_untagged_volume_that_is_named_with_a_plan_but_never_one_that_says_ignore() -> None:
    volumes = {
        "vol-00000000": a_volume("vol-00000000"),
        "vol-00000001": a_volume("vol-00000001", tags=tagged("ignore")),
    }
    inventory = Inventory("eu-central-1", "nightshift", {}, volumes, {"nightly": {}, "weekly": {}})
    taken = decide(inventory, BackupRequest(volume_ids=[*volumes], plans=["weekly"], now=True))
    assert {one.resource: one.action for one in taken} == {"vol-00000000": "snapshot", "vol-00000001": "skip"}
    (change,) = [one.change for one in taken if one.change]
    assert isinstance(change, SnapshotVolume)
    assert change.slots == (("weekly", NOW),)
    for request in (
        BackupRequest(volume_ids=[*volumes], now=True),
        BackupRequest(volume_ids=[*volumes], plans=["weekly"]),
    ):
        assert {one.action for one in decide(inventory, request)} == {Action.SKIP}
