"""What the list of restore points says of each snapshot: why it is kept, and until when."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from nightshift.fleet import Snapshot
from nightshift.plan.protection import Holders
from nightshift.plan.restore_list import listed
from nightshift.plan.restore_points import points_of_volume
from nightshift.policy import Policy
from nightshift.policy_text import parse_yaml
from tests.builders import a_snapshot, at

NOW = at("2026-11-24 12:00")
NIGHT = timedelta(days=1)
LIVING = Holders(living=frozenset({"vol-1"}))


def nights(count: int, **but: Any) -> list[Snapshot]:
    """snap-0 of the last night, snap-1 of the one before, and so on."""
    return [a_snapshot(f"snap-{ago}", at("2026-11-24 03:00") - ago * NIGHT, **but) for ago in range(count)]


def told(
    snapshots: Sequence[Snapshot],
    keep: str,
    holders: Holders = LIVING,
    cleanup: str = "{}",
) -> dict[str, dict[str, Any]]:
    """What the list says of each snapshot."""
    plan = f'nightly: {{schedule: "0 3 * * *", keep: {keep}}}'
    policy = Policy.of(parse_yaml(f"{{backup: {{plans: {{{plan}}}}}, cleanup: {cleanup}}}"))
    table = listed(points_of_volume(snapshots), snapshots, holders, policy, NOW)
    return {volume["snapshot"]: volume for point in table for volume in point["volumes"]}


def untils(of: dict[str, dict[str, Any]]) -> list[str]:
    """Of the plan nightly, by snapshot id."""
    return [of[id_]["kept"]["nightly"]["until"] for id_ in sorted(of)]


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ("{last: 3}", ["2026-11-27T03:00:00Z", "2026-11-26T03:00:00Z", "2026-11-25T03:00:00Z", "the next cleanup"]),
        # 2026-11-23 is the Monday of week 48: snap-2 is the last of week 47, and goes when week 49 comes.
        ("{weekly: 2}", ["2026-11-25T03:00:00Z", "the next cleanup", "2026-11-30T03:00:00Z", "the next cleanup"]),
        ("{within: 36h}", ["2026-11-26T03:00:00Z", "2026-11-25T03:00:00Z", "the next cleanup", "the next cleanup"]),
        ("{}", ["no rule ends it"] * 4),
    ],
)
def test_until_when_the_rules_keep_it(keep: str, expected: list[str]) -> None:
    assert untils(told(nights(4), keep)) == expected


def test_what_lies_beyond_three_years_of_nights_is_said_so() -> None:
    assert untils(told(nights(1), "{last: 2000}")) == ["later than 2029-11-28T03:00:00Z"]


def test_a_volume_that_is_gone_keeps_what_it_has_or_until_its_history_expires() -> None:
    gone = Holders()
    assert untils(told(nights(2), "{last: 2}", gone)) == ["as long as no newer ones come"] * 2
    expiring = told(nights(2), "{last: 2}", gone, cleanup="{keep_last_of_deleted_volume: 30d}")
    assert untils(expiring) == ["2026-12-24T03:00:40Z"] * 2


def test_what_protects_it_beside_the_rules_is_said() -> None:
    held = nights(2, tags={"nightshift:hold-until": "2027-01-31"})
    said = told(held, "{last: 1}")
    assert untils(said) == ["2026-11-25T03:00:00Z", "the next cleanup"]
    assert said["snap-1"]["protected"].startswith("it is held until 2027-01-31 by the tag of snap-1")
    last = told(nights(1), "{last: 1}")
    assert last["snap-0"]["protected"] == "it is the last completed snapshot of vol-1"
    by_instance = Holders(living=LIVING.living, holds={"vol-1": "2027-01-31"})
    assert "by the tag of vol-1" in told(nights(2), "{last: 1}", by_instance)["snap-1"]["protected"]


def test_a_plan_that_is_gone_ends_nothing() -> None:
    of_another = a_snapshot("snap-1", {"old": at("2026-11-20 03:00")})
    assert told([of_another], "{last: 1}")["snap-1"]["kept"] == {
        "old": {"why": ["the plan is no longer in the policy"], "until": "no rule ends it"}
    }


def test_why_a_snapshot_goes_is_said_too() -> None:
    assert told(nights(2), "{last: 1}")["snap-1"]["kept"]["nightly"]["why"] == ["no rule keeps it"]
