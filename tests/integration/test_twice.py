"""Events that come twice, late or out of order, and two runs at one time, without reserved concurrency."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from local.world import world
from tests.integration.cut_scenes import SCENES
from tests.integration.cut_stage import End, Make, Stage, end_of
from tests.integration.cuts import Meanwhile
from tests.support import NOW, scheduled

JOBS = ("backup", "cleanup", "tagging", "status_check")
EVERYWHERE = [(name, number) for name in JOBS for number in range(1, len(SCENES[name].calls) + 1)]


def late(hours: float) -> dict[str, Any]:
    """A schedule's event of so many hours ago."""
    return scheduled() | {"time": f"{NOW - timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"}


def same_end(stage: Stage, end: End, *, most_told: int) -> None:
    assert stage.picture == end.picture
    assert Counter(stage.power) == end.power
    assert not end.told - stage.told, "a message was lost"
    assert max(stage.told.values(), default=0) <= most_told


@pytest.mark.parametrize("hours", [0, 30, -30], ids=["twice", "yesterday", "out-of-order"])
@pytest.mark.parametrize("name", JOBS)
def test_an_event_that_comes_again_changes_nothing(name: str, hours: float, stage: Make, ends: dict[str, End]) -> None:
    """The same event, one of yesterday and one of tomorrow, in the same second: AWS says what is left to do."""
    on = stage(name)
    end = end_of(on, ends)
    first, second = on.run(scheduled()), on.run(late(hours))
    assert first
    assert second
    assert first["failed"] == second["failed"] == 0
    # Those that the first run has mended are told to have recovered.
    assert second["planned"] == (2 if name == "status_check" else 0)
    on.go_on()
    same_end(on, end, most_told=1)


@pytest.mark.parametrize("hours", [30])
@pytest.mark.parametrize("name", JOBS)
def test_only_a_late_event_does_what_the_one_in_time_would_have_done(
    name: str, hours: float, stage: Make, ends: dict[str, End]
) -> None:
    on = stage(name)
    end = end_of(on, ends)
    on.run(late(hours))
    on.go_on()
    same_end(on, end, most_told=1)


@pytest.mark.long
@pytest.mark.parametrize(("name", "number"), EVERYWHERE)
def test_two_runs_at_one_time(name: str, number: int, stage: Make, ends: dict[str, End]) -> None:
    """The whole second run comes before a call of the first. People may be told twice then, and nothing else is."""
    on = stage(name)
    end = end_of(on, ends)
    others: list[Any] = []
    on.disturbed(Meanwhile(number, lambda: others.append(on.run()), reads=True))
    assert others, "the other run never came"
    assert others[0]
    on.go_on()
    same_end(on, end, most_told=2)


@pytest.mark.parametrize("apart", [20, 60])
def test_what_aws_does_not_show_yet_is_saved_twice_and_the_earliest_stays(
    apart: float, stage: Make, ends: dict[str, End]
) -> None:
    """The event comes again after AWS's rate limit has passed and before AWS shows the snapshots of the first run."""
    on = stage("backup")
    end = end_of(on, ends)
    world.visibility_seconds = 120
    on.run()
    first = {each.id for each in on.snapshots}
    world.clock.advance(seconds=apart)
    on.run()
    twins = {each.id for each in on.snapshots if each.id not in first}
    assert len(twins) == 4

    on.go_on()
    cleaned = Stage(on.aws, on.run_job, SCENES["cleanup"])
    decisions = {each["resource"]: each for each in (cleaned.run() or {})["decisions"]}
    for id_ in twins:
        assert (decisions[id_]["action"], decisions[id_]["outcome"]) == ("delete", "done")
        assert "is of the same slot and older" in decisions[id_]["reason"]
    assert first <= {each.id for each in on.snapshots}
    assert on.picture == end.picture
