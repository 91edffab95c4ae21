"""Runs that are cut at any call, reads too: the runs that follow come to the same end, and nothing is done twice."""

from collections import Counter

import pytest

from tests.integration.cut_scenes import SCENES
from tests.integration.cut_stage import End, Make, end_of, kinds
from tests.integration.cuts import Cut, Death
from tests.support import MortalClock

# The call that writes the tags that remember a message, and how often for the first one.
WRITTEN = {"status_check": ("CreateTags", 4), "eks_info": ("TagResource", 2)}

# Messages are compared by what they tell. How many tags share a call depends on when they are written.
NOT_COUNTED = {"status_check": {"Publish", "CreateTags"}, "eks_info": {"Publish"}}

# "dead": no more of the run is carried out. "cut": AWS refuses all from there on, and the run ends as it likes; that a
# read was refused means the same to every job.
DEAD = [("dead", False), ("dead", True)]
ENDS = {"r": DEAD, "c": [("cut", False), ("cut", True), *DEAD]}
EVERYWHERE = [
    pytest.param(name, number, how, after, id=f"{name}-{number}-{how}-{'after' if after else 'before'}")
    for name, scene in SCENES.items()
    for number, kind in enumerate(scene.calls, 1)
    for how, after in ENDS[kind]
]


def counted(effects: Counter[str], name: str) -> Counter[str]:
    """The changes whose number must be that of undisturbed runs."""
    return Counter({action: count for action, count in effects.items() if action not in NOT_COUNTED.get(name, ())})


@pytest.mark.parametrize("name", SCENES)
def test_as_many_calls_as_are_cut_at(name: str, stage: Make, ends: dict[str, End]) -> None:
    """So every call of a run is among the cuts; and the scene has work for each kind of call."""
    on = stage(name)
    end = end_of(on, ends)
    outcome = on.run()
    assert outcome
    assert kinds(on.aws.requests) == SCENES[name].calls
    assert outcome["done"] == outcome["planned"] > 0
    assert end.effects.total() >= 3
    assert bool(end.told) == (name in WRITTEN)


@pytest.mark.long
@pytest.mark.parametrize(("name", "number", "how", "after"), EVERYWHERE)
def test_a_run_that_is_cut_at_any_call_is_completed_by_the_next(
    name: str, number: int, how: str, after: bool, stage: Make, ends: dict[str, End]
) -> None:
    on = stage(name)
    end = end_of(on, ends)
    clock = MortalClock()
    hook = Cut(number, after=after, reads=True) if how == "cut" else Death(number, clock, after=after)

    outcome = on.disturbed(hook, clock)

    assert hook.met >= number, "it was never cut"
    assert outcome is None or how == "cut"
    call, most = WRITTEN.get(name, ("", 0))
    told_not_written = on.effects["Publish"] == 1 and on.effects[call] < most
    following = on.go_on()
    assert all(each and each["failed"] == each["remaining"] == 0 for each in following)
    assert on.picture == end.picture
    assert Counter(on.power) == end.power
    unsaid = end.told - on.told
    assert not unsaid, "a message was lost"
    told_twice = on.told - end.told
    # What was told and not yet written down is told again, once: better than never.
    assert bool(told_twice) == told_not_written
    assert max(told_twice.values(), default=0) <= 1
    assert counted(on.effects, name) == counted(end.effects, name)


@pytest.mark.parametrize("number", range(5, 11))
def test_a_run_that_dies_with_calls_side_by_side(
    number: int, stage: Make, ends: dict[str, End], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many workers as in Lambda: which calls are still under way is left to chance, the end is not."""
    on = stage("backup")
    end = end_of(on, ends)
    monkeypatch.setenv("NIGHTSHIFT_WORKERS", "8")
    clock = MortalClock()
    assert on.disturbed(Death(number, clock, after=True), clock) is None
    on.go_on()
    assert on.picture == end.picture
