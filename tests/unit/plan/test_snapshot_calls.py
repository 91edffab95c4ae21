"""Which calls make the wanted snapshots: as few as can be, at one instant, within AWS's limits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from nightshift.fleet import Disk, Instance, Volume
from nightshift.outcome import Action, Decision
from nightshift.plan.snapshot_calls import SnapshotInstance, SnapshotVolume, Wanted, description, snapshot_decisions
from nightshift.plan.tags import SLOT, STACK
from tests.builders import a_volume, an_instance, at

SLOT_TIME = at("2026-11-24 03:00")
NIGHTLY = (("nightly", SLOT_TIME),)
WEEKLY = (("weekly", at("2026-11-22 04:00")),)
BOTH = NIGHTLY + WEEKLY


def want(
    volume: Volume,
    owner: Instance | None,
    slots: tuple[tuple[str, datetime], ...] = NIGHTLY,
    *,
    by_own_tag: bool = False,
) -> Wanted:
    return Wanted(volume, owner, slots, "due", by_own_tag)


def fleet(number: int, tags: Mapping[str, str] | None = None) -> tuple[Instance, list[Volume]]:
    """An instance with so many volumes; the first is the root."""
    volumes = [a_volume(f"vol-{n:02}", instance_ids=["i-1"], tags=tags) for n in range(number)]
    return an_instance("i-1", [volume.id for volume in volumes]), volumes


def decided(*wanted: Wanted) -> dict[str, Decision]:
    decisions = snapshot_decisions(wanted, {want.volume.id: want.volume for want in wanted}, "nightshift")
    assert all(decision.action is Action.SNAPSHOT for decision in decisions)
    assert sorted(decision.resource for decision in decisions) == sorted(want.volume.id for want in wanted)
    return {decision.resource: decision for decision in decisions}


def change_of(decision: Decision) -> SnapshotInstance:
    assert isinstance(decision.change, SnapshotInstance)
    return decision.change


def lone(decision: Decision) -> SnapshotVolume:
    assert isinstance(decision.change, SnapshotVolume)
    return decision.change


def tags_written(decision: Decision) -> dict[str, str]:
    """By its call, be it of the whole instance or of one volume."""
    assert isinstance(decision.change, SnapshotInstance | SnapshotVolume)
    return dict(decision.change.tags)


def reasons(decisions: Mapping[str, Decision]) -> dict[str, str]:
    return {id_: decision.reason for id_, decision in decisions.items()}


class TestCalls:
    def test_one_call_for_all_volumes_of_an_instance(self) -> None:
        owner, volumes = fleet(3)
        decisions = decided(*(want(volume, owner) for volume in volumes))
        assert len({decision.change for decision in decisions.values()}) == 1
        change = change_of(decisions["vol-00"])
        assert change.instance_id == "i-1"
        assert change.volume_ids == ("vol-00", "vol-01", "vol-02")
        assert (change.root_volume_id, change.data_volume_ids) == ("vol-00", ("vol-01", "vol-02"))
        assert set(reasons(decisions).values()) == {"due"}

    @pytest.mark.parametrize(("volumes", "in_one_call"), [(100, True), (101, False)])
    def test_a_call_makes_no_more_snapshots_than_may_be_pending(self, volumes: int, in_one_call: bool) -> None:
        owner, disks = fleet(volumes)
        decisions = decided(*(want(disk, owner) for disk in disks))
        assert len({decision.change for decision in decisions.values()}) == (1 if in_one_call else volumes)
        told = ["not one instant: more than the 100" in reason for reason in reasons(decisions).values()]
        assert any(told) != in_one_call
        assert all(told) != in_one_call

    def test_two_instances_are_two_calls(self) -> None:
        first, second = an_instance("i-1", ["vol-1"]), an_instance("i-2", ["vol-2"])
        decisions = decided(want(a_volume("vol-1"), first), want(a_volume("vol-2"), second))
        assert [change_of(decision).instance_id for decision in decisions.values()] == ["i-1", "i-2"]
        assert set(reasons(decisions).values()) == {"due"}

    def test_one_call_a_set_of_due_plans_and_the_reason_says_that_it_is_not_one_instant(self) -> None:
        owner, volumes = fleet(3)
        decisions = decided(want(volumes[0], owner), want(volumes[1], owner), want(volumes[2], owner, BOTH))
        assert change_of(decisions["vol-00"]) is change_of(decisions["vol-01"])
        assert change_of(decisions["vol-00"]).slots == NIGHTLY
        assert change_of(decisions["vol-02"]).slots == BOTH
        assert all("not one instant" in reason for reason in reasons(decisions).values())

    def test_a_detached_volume_has_a_call_of_its_own_without_an_instance_s_tags(self) -> None:
        change = lone(decided(want(a_volume(), None, BOTH))["vol-1"])
        assert (change.volume_id, change.slots) == ("vol-1", BOTH)
        assert [key for key, _ in change.tags] == [STACK, f"{SLOT}nightly", f"{SLOT}weekly"]

    def test_a_single_volume_by_its_own_tag_leaves_its_instance_alone(self) -> None:
        owner, volumes = fleet(3)
        change = lone(decided(want(volumes[1], owner, by_own_tag=True))["vol-01"])
        assert change.volume_id == "vol-01"
        assert {"nightshift:instance", "nightshift:origin", "nightshift:devices/1"} <= dict(change.tags).keys()

    def test_two_volumes_by_their_own_tags_are_saved_at_one_instant(self) -> None:
        owner, volumes = fleet(3)
        decisions = decided(*(want(volume, owner, by_own_tag=True) for volume in volumes[:2]))
        assert change_of(decisions["vol-00"]) is change_of(decisions["vol-01"])

    def test_one_by_its_own_tag_with_other_slots_than_the_rest_says_that_it_is_not_one_instant(self) -> None:
        owner, volumes = fleet(3)
        own = want(volumes[1], owner, WEEKLY, by_own_tag=True)
        decisions = decided(own, want(volumes[0], owner), want(volumes[2], owner))
        assert lone(decisions["vol-01"]).slots == WEEKLY
        assert all("not one instant" in reason for reason in reasons(decisions).values())

    def test_a_multi_attach_volume_is_saved_once_with_its_first_instance(self) -> None:
        first, second = an_instance("i-1", ["vol-1", "vol-shared"]), an_instance("i-2", ["vol-2", "vol-shared"])
        shared = a_volume("vol-shared", instance_ids=["i-1", "i-2"], type_="io2")
        own = [want(a_volume("vol-1"), first), want(a_volume("vol-2"), second)]
        decisions = decided(*own, want(shared, first))
        assert change_of(decisions["vol-shared"]).volume_ids == ("vol-1", "vol-shared")
        other = change_of(decisions["vol-2"])
        assert other.volume_ids == ("vol-2",)
        assert "vol-shared" in other.data_volume_ids, "it must be left out of the other's call by its id"

    def test_slow_volumes_are_known_to_the_call(self) -> None:
        owner, volumes = fleet(2)
        slow = a_volume("vol-02", type_="st1")
        owner = an_instance("i-1", [*(volume.id for volume in volumes), slow.id])
        decisions = decided(*(want(volume, owner) for volume in [*volumes, slow]))
        assert change_of(decisions["vol-00"]).slow_volume_ids == {"vol-02"}

    def test_the_description_names_plans_and_slots(self) -> None:
        assert description(BOTH) == "nightshift nightly 2026-11-24T03:00:00Z, weekly 2026-11-22T04:00:00Z"

    def test_of_an_instance_that_a_service_runs_only_the_volumes_are_asked_for(self) -> None:
        owner, volumes = fleet(2)
        managed = replace(owner, operator="eks.amazonaws.com")
        decisions = decided(*(want(volume, managed) for volume in volumes))
        assert {lone(decision).volume_id for decision in decisions.values()} == {"vol-00", "vol-01"}
        words = "due; not one instant: eks.amazonaws.com runs i-1, so that only its volumes are asked for"
        assert set(reasons(decisions).values()) == {words}


class TestExclusions:
    @pytest.mark.parametrize(("others", "in_one_call"), [(39, True), (40, True), (41, False)])
    def test_a_call_names_at_most_40_volumes_to_leave_out(self, others: int, in_one_call: bool) -> None:
        owner, volumes = fleet(2 + others)
        decisions = decided(want(volumes[0], owner), want(volumes[1], owner))
        if in_one_call:
            assert change_of(decisions["vol-00"]) is change_of(decisions["vol-01"])
            assert set(reasons(decisions).values()) == {"due"}
        else:
            assert {lone(decision).volume_id for decision in decisions.values()} == {"vol-00", "vol-01"}
            for reason in reasons(decisions).values():
                assert "not one instant" in reason
                assert "more than 40" in reason

    def test_the_root_is_left_out_by_name_and_counts_not(self) -> None:
        owner, volumes = fleet(42)
        decisions = decided(want(volumes[41], owner))
        assert change_of(decisions["vol-41"]).root_volume_id == "vol-00"

    def test_one_volume_beside_41_others_is_a_lone_call_at_its_own_instant(self) -> None:
        owner, volumes = fleet(43)
        decisions = decided(want(volumes[1], owner))
        assert lone(decisions["vol-01"]).volume_id == "vol-01"
        assert reasons(decisions) == {"vol-01": "due"}

    def test_a_disk_that_the_instance_does_not_list_yet_is_not_told_as_too_many_others(self) -> None:
        owner, volumes = fleet(2)
        attaching = a_volume("vol-new", instance_ids=["i-1"])
        decisions = decided(*(want(volume, owner) for volume in [*volumes, attaching]))
        assert not any("more than 40" in reason for reason in reasons(decisions).values())


class TestTags:
    def people_s(self, number: int) -> dict[str, str]:
        return {f"key-{n}": "value" for n in range(number)}

    def ours(self, slots: tuple[tuple[str, datetime], ...] = NIGHTLY, volumes: int = 1) -> dict[str, str]:
        owner, disks = fleet(volumes)
        decisions = decided(*(want(volume, owner, slots) for volume in disks))
        return tags_written(decisions["vol-00"])

    def test_they_tell_all_that_a_restore_needs(self) -> None:
        assert self.ours(BOTH, volumes=2) == {
            "nightshift:stack": "nightshift",
            "nightshift:slot/nightly": "2026-11-24T03:00:00Z",
            "nightshift:slot/weekly": "2026-11-22T04:00:00Z",
            "nightshift:instance": "i-1",
            "nightshift:origin": "eu-central-1a t3.micro subnet-1 10.0.0.4",
            "nightshift:devices/1": "/dev/xvda=vol-00:gp3:3000:125:d /dev/xvdba=vol-01:gp3:3000:125:k",
        }

    @pytest.mark.parametrize("volumes", [1, 7, 8, 40, 128])
    def test_devices_are_packed_into_values_that_aws_takes(self, volumes: int) -> None:
        owner = an_instance("i-1", [f"vol-{n:017x}" for n in range(volumes)])
        disks = [a_volume(disk.volume_id) for disk in owner.disks]
        decisions = decided(*(want(disk, owner) for disk in disks))
        tags = tags_written(next(iter(decisions.values())))
        lines = [tags[key] for key in tags if key.startswith("nightshift:devices/")]
        assert all(len(line) <= 256 for line in lines)
        assert [key for key in tags if "devices" in key] == [f"nightshift:devices/{n + 1}" for n in range(len(lines))]
        named = [entry.partition("=")[2].partition(":")[0] for line in lines for entry in line.split(" ")]
        written = [disk.volume_id for disk in sorted(owner.disks, key=lambda disk: disk.device)]
        assert named == written[: len(named)]
        assert len(named) == volumes or len(tags) == 12

    @pytest.mark.parametrize(("lengths", "lines"), [((127, 128), 1), ((128, 128), 2)])
    def test_a_value_of_just_256_characters_is_one_value(self, lengths: tuple[int, ...], lines: int) -> None:
        rest = "=vol-00:gp3:3000:125:k"
        disks = tuple(
            Disk(f"{n}".ljust(length - len(rest), "x"), f"vol-0{n}", delete_on_termination=False)
            for n, length in enumerate(lengths)
        )
        owner = replace(an_instance(), disks=disks)
        change = change_of(decided(*(want(a_volume(disk.volume_id), owner) for disk in disks))["vol-00"])
        assert sum("devices" in key for key, _ in change.tags) == lines

    @pytest.mark.parametrize("plans", [1, 9, 10])
    def test_ours_are_at_most_twelve_and_every_slot_is_among_them(self, plans: int) -> None:
        slots = tuple((f"plan-{n}", SLOT_TIME) for n in range(plans))
        tags = self.ours(slots, volumes=128)
        assert {f"{SLOT}plan-{n}" for n in range(plans)} <= tags.keys()
        assert len(tags) <= 12

    def test_of_more_plans_there_is_the_instance_beside_them(self) -> None:
        tags = self.ours(tuple((f"plan-{n:02}", SLOT_TIME) for n in range(20)), volumes=3)
        assert tags.keys() == {STACK, "nightshift:instance"} | {f"{SLOT}plan-{n:02}" for n in range(20)}

    @pytest.mark.parametrize(("theirs", "come_along"), [(0, True), (45, True), (46, False), (50, False)])
    def test_people_s_come_along_as_long_as_all_stay_within_50(self, theirs: int, come_along: bool) -> None:
        owner, volumes = fleet(1, self.people_s(theirs))
        change = change_of(decided(want(volumes[0], owner))["vol-00"])
        assert len(change.tags) == 5
        assert change.copy_tags == come_along

    def test_one_volume_with_too_many_tags_leaves_them_out_for_the_whole_call(self) -> None:
        """CreateSnapshots copies the tags of every volume, or of none."""
        owner = an_instance("i-1", ["vol-1", "vol-2"])
        volumes = [a_volume("vol-1"), a_volume("vol-2", tags=self.people_s(46))]
        decisions = decided(*(want(volume, owner) for volume in volumes))
        assert not change_of(decisions["vol-1"]).copy_tags

    @pytest.mark.parametrize(("theirs", "come_along"), [(48, True), (49, False)])
    def test_a_lone_volume_s_are_counted_too(self, theirs: int, come_along: bool) -> None:
        change = lone(decided(want(a_volume(tags=self.people_s(theirs)), None))["vol-1"])
        assert dict(change.people_tags) == (self.people_s(theirs) if come_along else {})

    def test_aws_s_own_are_neither_copied_nor_counted(self) -> None:
        tags = self.people_s(48) | {"aws:cloudformation:stack-name": "x", "aws:ec2:fleet-id": "y"}
        change = lone(decided(want(a_volume(tags=tags), None))["vol-1"])
        assert dict(change.people_tags) == self.people_s(48)

    @pytest.mark.parametrize("key", [STACK, f"{SLOT}nightly", "nightshift:instance"])
    def test_a_forged_key_of_ours_is_never_copied_over_ours(self, key: str) -> None:
        owner, volumes = fleet(1, {key: "forged"})
        assert not change_of(decided(want(volumes[0], owner))["vol-00"]).copy_tags

    def test_a_hold_is_copied(self) -> None:
        held = {"nightshift:hold-until": "2027-01-01"}
        assert dict(lone(decided(want(a_volume(tags=held), None))["vol-1"]).people_tags) == held


@pytest.mark.parametrize("plans", [1, 4, 5, 9, 10, 20])
@pytest.mark.parametrize("width", [1, 32])
def test_a_description_is_never_longer_than_aws_takes(plans: int, width: int) -> None:
    slots = tuple((f"{n:02}".ljust(width, "x"), SLOT_TIME) for n in range(plans))
    text = description(slots)
    named = text.count("2026-11-24T03:00:00Z")
    assert len(text) <= 255
    assert named == plans or text.endswith(f" and {plans - named} more")
    assert named == plans or len(text) + len(f", {slots[0][0]} 2026-11-24T03:00:00Z") > 255, (
        "there was room for one more"
    )


def test_nothing_wanted_no_call() -> None:
    nothing: Sequence[Wanted] = []
    assert snapshot_decisions(nothing, {}, "nightshift") == []
