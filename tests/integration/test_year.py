"""A year of nights, simulated (tests/year), in a process of its own: the order of sets is part of the seed."""

import os
import subprocess
import sys

import pytest

from local.build import ROOT


def lived(*options: str) -> str:
    """What it printed; the seed and the options of a failure are in it."""
    command = [sys.executable, "-m", "tests.year", *options]
    path = os.pathsep.join([str(ROOT / "layers" / "common"), str(ROOT)])
    environment = os.environ | {"PYTHONHASHSEED": "0", "PYTHONPATH": path}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_some_nights_of_which_all_are_bad() -> None:
    assert "nights" in lived("--nights", "8", "--share-of-bad-days", "1", "--check-every", "4")


def test_the_same_seed_is_the_same_year() -> None:
    options = ("--nights", "3", "--share-of-bad-days", "1", "--seed", "7")
    assert lived(*options) == lived(*options)


@pytest.mark.long
def test_a_third_of_a_year() -> None:
    """The whole one takes a quarter of an hour: `make year`."""
    lived("--nights", "120")
