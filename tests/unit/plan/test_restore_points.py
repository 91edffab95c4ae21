"""Which snapshots belong together, which point a request means, and what a snapshot remembers of its instance."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from nightshift.fleet import Snapshot
from nightshift.plan.origin import Origin, SavedDisk, packed, unpacked
from nightshift.plan.restore_answer import _architecture
from nightshift.plan.restore_points import choose, points_of_instance
from tests.builders import a_snapshot, at

SLOT = at("2026-11-24 03:00")
HOUR = timedelta(hours=1)
TWO_DISKS = {"nightshift:devices/1": "/dev/xvda=vol-a:gp3:3000:125:d /dev/sdf=vol-b:io2:8000:-:k"}


def saved(id_: str, volume_id: str, slot: object = SLOT, **but: object) -> Snapshot:
    return a_snapshot(id_, slot, volume_id=volume_id, instance_id="i-1", tags=TWO_DISKS, **but)  # type: ignore[arg-type]  # any field of a snapshot


def test_one_slot_is_one_point_and_its_parts_stand_by_device() -> None:
    [point] = points_of_instance([saved("snap-b", "vol-b"), saved("snap-a", "vol-a")])
    assert [(part.disk.device if part.disk else None, part.volume_id) for part in point.parts] == [
        ("/dev/sdf", "vol-b"),
        ("/dev/xvda", "vol-a"),
    ]
    assert (point.missing, point.never_saved, point.one_instant) == ((), (), True)


def test_a_plan_of_some_of_the_volumes_is_no_point_of_its_own() -> None:
    both = saved("snap-a", "vol-a", {"nightly": SLOT, "weekly": SLOT})
    [point] = points_of_instance([both, saved("snap-b", "vol-b")])
    assert point.slots == {"nightly": SLOT}
    assert {part.snapshot.id for part in point.parts} == {"snap-a", "snap-b"}


def test_a_volume_that_failed_is_missing_and_one_that_was_never_saved_is_told_apart() -> None:
    complete = [saved("snap-1", "vol-a", SLOT - 24 * HOUR), saved("snap-2", "vol-b", SLOT - 24 * HOUR)]
    failed = [saved("snap-3", "vol-a"), saved("snap-4", "vol-b", state="error")]
    newest, _ = points_of_instance([*complete, *failed])
    assert [disk.volume_id for disk in newest.missing] == ["vol-b"]
    [alone] = points_of_instance([saved("snap-3", "vol-a")])
    assert (alone.missing, [disk.volume_id for disk in alone.never_saved]) == ((), ["vol-b"])


def test_of_two_snapshots_of_one_slot_the_earlier_is_meant() -> None:
    first, second = saved("snap-z", "vol-a"), saved("snap-y", "vol-a", started=SLOT + HOUR)
    [point] = points_of_instance([second, first, saved("snap-b", "vol-b")])
    assert {snapshot.id for snapshot in point.snapshots} == {"snap-z", "snap-b"}


def test_the_newest_that_has_completed_by_then_and_what_is_passed_over_is_said() -> None:
    points = points_of_instance(
        [
            saved("snap-1", "vol-a", SLOT - 2 * HOUR),
            saved("snap-2", "vol-a", SLOT - HOUR),
            saved("snap-3", "vol-a", state="pending"),
        ]
    )
    newest = choose(points, None)
    assert newest.point is not None
    assert newest.point.snapshots[0].id == "snap-2"
    assert newest.notes == ("passed over, still pending: nightly 2026-11-24T03:00:00Z, started 2026-11-24T03:00:40Z",)
    # It started 40 seconds after its slot: the slot only groups a set.
    earlier = choose(points, SLOT - HOUR + timedelta(seconds=39))
    assert earlier.point is not None
    assert earlier.point.snapshots[0].id == "snap-1"
    assert choose(points, SLOT - 3 * HOUR).point is None


words = st.text("abcdefghijklmnopqrstuvwxyz0123456789/-", min_size=1, max_size=20).filter(lambda text: text != "-")
numbers = st.none() | st.integers(1, 300_000)
disks = st.builds(SavedDisk, words, words, st.none() | words, numbers, numbers, st.booleans())


@given(st.lists(disks, max_size=30))
def test_disks_are_read_as_they_were_written(saved_disks: list[SavedDisk]) -> None:
    lines = packed(saved_disks, 256)
    assert all(len(line) <= 256 for line in lines)
    found = [disk for line in lines for disk in unpacked(line)]
    assert found == sorted(saved_disks, key=lambda disk: disk.device)


@given(st.builds(Origin, *[st.none() | words] * 4))
def test_an_origin_is_read_as_it_was_written(origin: Origin) -> None:
    assert Origin.read(origin.text) == origin


@given(st.text(max_size=80))
def test_what_is_of_another_form_is_passed_over(text: str) -> None:
    assert all(isinstance(disk, SavedDisk) for disk in unpacked(text))
    assert Origin.read(text) is None or len(text.split()) == 4


def test_graviton_is_told_by_the_family() -> None:
    arm = ["m7g.large", "c7gn.xlarge", "t4g.micro", "a1.medium", "r8gd.large", "im4gn.large", "x2gd.medium"]
    intel = ["m7i.large", "g5.xlarge", "t3.micro", "p4d.24xlarge", "g4dn.xlarge", "r6id.large", "u-6tb1.metal"]
    assert {kind: _architecture(kind) for kind in arm} == dict.fromkeys(arm, "arm64")
    assert {kind: _architecture(kind) for kind in intel} == dict.fromkeys(intel, "x86_64")
