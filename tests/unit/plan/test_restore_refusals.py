"""What speaks against a restore, and what to do instead; whole runs are in tests/integration/test_restore_faults.py."""

from dataclasses import replace

import pytest

from nightshift.plan.restore_case import Case
from nightshift.plan.restore_marks import Former, Mode
from nightshift.plan.restore_points import point_of
from nightshift.plan.restore_refusals import refusal
from nightshift.plan.restore_steps import free_devices
from tests.builders import a_snapshot, a_volume, an_instance

KEY = "arn:aws:kms:eu-central-1:123456789012:key/abc"
SNAPSHOT = replace(a_snapshot("snap-1"), owner="123456789012", key=KEY)
POINT = point_of(SNAPSHOT)


def a_case(mode: Mode, **but: object) -> Case:
    case = Case(mode, "i-1", an_instance(), POINT, "123456789012", zone="a", zones=("a", "b"))
    return replace(case, **but)  # type: ignore[arg-type]  # any field of a case


@pytest.mark.parametrize("mode", [Mode.VOLUME, Mode.ATTACH, Mode.REPLACE, Mode.ROOT])
def test_nothing_speaks_against_an_ordinary_one(mode: Mode) -> None:
    assert refusal(a_case(mode)) is None


FOREIGN = point_of(replace(SNAPSHOT, owner="210987654321"))
FORMER = Former(a_volume("vol-0", instance_ids=["i-2"]), "vol-1", "i-1", "/dev/sdf", delete_on_termination=False)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (
            a_case(Mode.VOLUME, bad_keys={KEY: "PendingDeletion"}),
            "which is PendingDeletion: enable it, or cancel",
        ),
        (
            a_case(Mode.VOLUME, point=FOREIGN, bad_keys={KEY: "not to be seen (AccessDeniedException)"}),
            "account 210987654321 must let this account use it, or copy the snapshot with a key of your own",
        ),
        (a_case(Mode.VOLUME, zone=None), "nobody knows in which zone it was: name one with zone, of a, b"),
        (a_case(Mode.ATTACH, marketplace=frozenset({"snap-1"})), "AWS attaches it only to a stopped instance: stop it"),
        (a_case(Mode.ATTACH, unplaced=["vol-1"]), "i-1 has no device name left for vol-1, of /dev/sdf to /dev/sdp"),
        (a_case(Mode.REPLACE, unplaced=["vol-1"]), "nobody wrote down at which device vol-1 stood: restore it with"),
        (
            a_case(Mode.REPLACE, instance=replace(an_instance(), operator="eks.amazonaws.com")),
            "run by eks.amazon",
        ),
        (a_case(Mode.REPLACE, instance=an_instance(state="stopping")), "i-1 is stopping: send it again when it is"),
        (a_case(Mode.REPLACE, instance_storage=None), "AWS did not say whether t3.micro has instance-store volumes"),
        (
            a_case(Mode.ROOT, instance=an_instance(volume_ids=["vol-9"])),
            "AWS takes only a snapshot of the",
        ),
        (a_case(Mode.REPLACE, instance=None), 'i-1 is not there any more: send it with "mode": "volume"'),
        (a_case(Mode.UNDO, point=None, formers=[FORMER]), "vol-0 is at /dev/xvdba of i-2: detach it first"),
    ],
)
def test_what_speaks_against_it_and_what_to_do(case: Case, said: str) -> None:
    words = refusal(case)
    assert words is not None
    assert said in words
    assert words.endswith("Nothing was changed")


def test_a_marketplace_volume_goes_to_a_stopped_instance() -> None:
    case = a_case(Mode.ATTACH, marketplace=frozenset({"snap-1"}), instance=an_instance(state="stopped"))
    assert refusal(case) is None


def test_all_that_speaks_against_it_is_said_at_once() -> None:
    case = a_case(Mode.VOLUME, bad_keys={KEY: "Disabled"}, zone="c")
    words = refusal(case)
    assert words is not None
    assert "Disabled" in words
    assert "zone c is not available" in words


def test_a_device_has_two_names() -> None:
    root = an_instance().disks[0]
    names = ("/dev/xvdf", "/dev/sdg", "xvdh")
    taken = replace(an_instance(), disks=tuple(replace(root, device=name) for name in names))
    assert free_devices(taken)[:2] == ["/dev/sdi", "/dev/sdj"]
    assert len(free_devices(taken)) == 8


def test_of_two_former_volumes_of_one_place_a_person_says_which() -> None:
    earlier, later = (
        Former(a_volume(id_), "vol-9", "i-1", "/dev/sdf", delete_on_termination=False) for id_ in ("vol-1", "vol-2")
    )
    words = refusal(a_case(Mode.UNDO, point=None, formers=[earlier, later]))
    assert words is not None
    assert "several volumes have stood at /dev/sdf: say by former_volume_ids which go back, of vol-1, vol-2" in words
    assert refusal(a_case(Mode.UNDO, point=None, formers=[later])) is None
