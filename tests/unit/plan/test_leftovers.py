"""What stays of volumes that are gone is counted, from more than a few on."""

import pytest

from nightshift.fleet import Snapshot
from nightshift.plan.leftovers import left_behind
from nightshift.plan.tags import VOLUME
from nightshift.policy import Policy
from tests.builders import a_snapshot


def of_volumes(count: int, each: int = 2) -> list[Snapshot]:
    """Of 8 GiB each."""
    return [a_snapshot(f"snap-{n}-{k}", volume_id=f"vol-0{n}") for n in range(count) for k in range(each)]


@pytest.mark.parametrize(
    ("age", "until"),
    [
        ("forever", "for ever: cleanup.keep_last_of_deleted_volume can give them an age"),
        ("400d", "until the last one of each is older than 400d"),
    ],
)
def test_how_many_how_much_and_how_long(age: str, until: str) -> None:
    policy = Policy.of({"cleanup": {"keep_last_of_deleted_volume": age}})
    assert left_behind(of_volumes(600), {"vol-0599"}, policy) == (
        "1,198 snapshots of 599 volumes that are gone, 9,584 GiB, cost at most $479.20 a month "
        f"(at us-east-1's price); they stay {until}"
    )


@pytest.mark.parametrize(("count", "said"), [(10, False), (11, True)])
def test_a_few_are_not_worth_a_word(count: int, said: bool) -> None:
    assert bool(left_behind(of_volumes(count), {"vol-1"}, Policy())) == said


def test_where_no_volume_is_known_nobody_knows_which_are_gone() -> None:
    assert left_behind(of_volumes(20), set(), Policy()) is None


@pytest.mark.parametrize("tags", [{}, {VOLUME: "vol-9"}])
def test_copies_are_not_counted(tags: dict[str, str]) -> None:
    copies = [a_snapshot(f"snap-{n}", volume_id=f"vol-{'f' * n}", tags=tags) for n in range(4, 20)]
    assert left_behind(copies, {"vol-1"}, Policy()) is None
