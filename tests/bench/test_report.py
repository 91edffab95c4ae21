"""The report says what was met, and what was not."""

import pytest

from bench.report import Goal, Section, Table


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (Goal("a", 1.0, 1.0), True),
        (Goal("a", 1.01, 1.0), False),
        (Goal("a", 0.9, 0.9, at_least=True), True),
        (Goal("a", 0.89, 0.9, at_least=True), False),
    ],
)
def test_a_goal_is_met_on_its_side_of_the_limit(goal: Goal, met: bool) -> None:
    assert goal.met is met


def test_a_section_shows_its_goals_before_its_figures() -> None:
    section = Section("Time", "So it was measured.", [Goal("a / b", 0.5, 0.4)], [Table(["x"], [["1"]])])
    assert section.markdown == (
        "## Time\n\nSo it was measured.\n\n"
        "| ratio | is | was to be | met |\n| --- | --- | --- | --- |\n| a / b | 0.50 | at most 0.4 | **no** |\n\n"
        "| x |\n| --- |\n| 1 |"
    )
