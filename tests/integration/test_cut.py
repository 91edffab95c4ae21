"""Runs that are cut at any call, reads too: the runs that follow come to the same end, and nothing is done twice."""

from collections import Counter

import pytest

from tests.integration.cut_scenes import SCENES, End, Make, end_of, kinds
from tests.integration.cuts import Cut, Death
from tests.support import MortalClock

MESSENGERS = ("status_check", "eks_info")

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
    assert bool(end.told) == (name in MESSENGERS)


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
    first_told, first_tags = on.effects["Publish"], on.effects[WRITTEN.get(name, "")]
    following = on.go_on()
    assert all(each and each["failed"] == each["remaining"] == 0 for each in following)
    assert on.picture == end.picture
    assert Counter(on.power) == end.power
    unsaid = end.told - on.told
    assert not unsaid, "a message was lost"
    told_twice = on.told - end.told
    # Only what was told and not yet written down may be told again, once.
    assert not told_twice or (first_told == 1 and first_tags < OF_MESSAGE[name])
    assert max(told_twice.values(), default=0) <= 1
    assert without_retold(on.effects, name) == without_retold(end.effects, name)


# The tags that remember a message: the call that writes them, and how many it takes for the first message.
WRITTEN = {"status_check": "CreateTags", "eks_info": "TagResource"}
OF_MESSAGE = {"status_check": 4, "eks_info": 2}


def without_retold(effects: Counter[str], name: str) -> Counter[str]:
    """Without messages, whose number is compared by what they tell."""
    return Counter({action: count for action, count in effects.items() if action != "Publish" or name not in WRITTEN})
