"""What must not get worse: calls, pages, memory, and how they grow. Times are of a machine; `make bench` has them."""

import pytest

from bench import calls, scale
from bench.calls import Case
from bench.server import Server

# The goal is 160 MiB, and it takes 80; one tag of people's on each snapshot would be 14 more.
MOST_MIB = 88
# Of CPU: the processor's caches and whatever else runs beside a test; a loop within a loop would be near 2.
FAR_FROM_SQUARE = 1.3


@pytest.mark.parametrize("case", calls.cases(), ids=lambda case: f"{case.job}, {case.what}")
def test_no_call_more_than_the_work_needs(case: Case, server: Server) -> None:
    """Nor a page twice, whatever the number of plans."""
    made, _ = calls.made(case, server, speed=1, share=1_000_000)
    assert made == {action: number for action, number in {"GetParameter": 1, **case.least}.items() if number}


def test_no_call_faster_than_aws_lets_it_pass(server: Server) -> None:
    backup = calls.cases()[0]
    made, throttled = calls.made(backup, server)
    assert throttled == 0
    assert made["CreateSnapshots"] == 500


def test_a_hundred_thousand_snapshots_fit_and_cost_ten_times_as_much_as_ten_thousand(server: Server) -> None:
    grown = scale.whole(server, 10_000, 100_000)
    assert 0 < grown[100_000].memory < MOST_MIB
    assert scale.exponent(grown, lambda used: used.memory) < scale.LINEAR
    assert scale.exponent(grown, lambda used: used.cpu) < FAR_FROM_SQUARE


@pytest.mark.parametrize("volumes", [None, 50], ids=["with more volumes", "with longer histories"])
def test_planning_grows_with_the_number_of_snapshots(server: Server, volumes: int | None) -> None:
    grown = scale.alone(server, 10_000, 100_000, volumes=volumes)
    assert scale.exponent(grown, lambda used: used.memory) < scale.LINEAR
    assert scale.exponent(grown, lambda used: used.cpu) < FAR_FROM_SQUARE
