"""A year of nights, simulated (tests/year), in a process of its own: the order of sets is part of the seed."""

import os
import subprocess
import sys

import pytest

from local.build import ROOT
from tests.year.broken import BROKEN


def live(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.year", *options]
    path = os.pathsep.join([str(ROOT / "layers" / "common"), str(ROOT)])
    environment = os.environ | {"PYTHONHASHSEED": "0", "PYTHONPATH": path}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def lived(*options: str) -> str:
    """What it printed; the seed and the options of a failure are in it."""
    done = live(*options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_some_nights_of_which_all_are_bad() -> None:
    assert "nights" in lived("--nights", "8", "--share-of-bad-days", "1", "--check-every", "4")


def test_the_same_seed_is_the_same_year_with_and_without_a_wire() -> None:
    options = ("--nights", "3", "--share-of-bad-days", "1", "--seed", "7")
    assert lived(*options) == lived(*options, "--over-http")


@pytest.mark.long
def test_a_year() -> None:
    lived("--nights", "365")


# What the judge says, and by which night at the latest.
NOTICED = {
    "holds are ignored": "holds it until",
    "AMIs and locks are ignored": "is locked and cannot be deleted",
    "shares are ignored": "it is shared",
    "duplicates of a slot are kept": "was deleted although plan",
    "a failed snapshot counts as saved": "no outcome says why",
    "nobody waits until a snapshot must be seen": "backup alone has saved twice",
    "what makes a snapshot is sent again like a read": "backup alone has saved twice",
    "nobody looks before a snapshot is made again": "backup alone has saved twice",
    "no gap is seen": "is called covered by",
    "what is saved counts as a gap": "is called uncovered by",
}
NIGHTS = 20
# In the weather of seed 1 no snapshot is made twice within so many nights, and none is nearly.
SEEDS = {"duplicates of a slot are kept": 10, "nobody waits until a snapshot must be seen": 3}


def test_each_way_of_being_broken_is_tried() -> None:
    assert NOTICED.keys() == BROKEN.keys()


@pytest.mark.long
@pytest.mark.parametrize("how", NOTICED)
def test_broken_software_is_noticed(how: str) -> None:
    """A year that is green whatever the jobs do would prove nothing."""
    weather = ("--share-of-bad-days", "1", "--check-every", "10", "--seed", str(SEEDS.get(how, 1)))
    done = live("--nights", str(NIGHTS), *weather, "--broken", how)
    assert done.returncode == 1, done.stdout + done.stderr
    assert NOTICED[how] in " ".join(done.stdout.split())
