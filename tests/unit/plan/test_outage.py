"""An outage of a zone: from how many impaired instances on, and of how many."""

import pytest

from nightshift.plan.health import CHECKS, Check, Health
from nightshift.plan.outage import outages
from tests.builders import an_instance

ZONE = "eu-central-1a"
WELL, SILENT = "ok", "not-applicable"


def outage(*groups: tuple[int, str], percent: int = 20) -> str:
    """What is said of a zone with these groups of instances: how many, and the status of one of their checks."""
    checks = [check for number, check in groups for _ in range(number)]
    fleet = [an_instance(f"i-{number}") for number in range(len(checks))]
    health = {
        each.id: Health(each.id, dict.fromkeys(CHECKS, Check(WELL)) | {"system": Check(status)} if status else {})
        for each, status in zip(fleet, checks, strict=True)
    }
    return outages(fleet, health, percent).get(ZONE, "")


@pytest.mark.parametrize(
    ("impaired", "well", "percent", "ill"),
    [
        (12, 28, 20, True),
        (9, 31, 20, True),
        (8, 32, 20, False),  # 20 % exactly
        (4, 0, 20, True),
        (3, 0, 20, False),  # three are no outage, whatever the share
        (3, 0, 1, False),
        (4, 15, 20, True),
        (4, 16, 20, False),
        (4, 396, 1, False),
        (5, 395, 1, True),
        (50, 50, 50, False),
        (51, 49, 50, True),
        (40, 0, 100, False),  # 100 switches it off
        (0, 40, 1, False),
    ],
)
def test_more_than_three_and_more_than_the_share(impaired: int, well: int, percent: int, ill: bool) -> None:
    assert bool(outage((impaired, "impaired"), (well, WELL), percent=percent)) == ill


def test_the_words_have_the_numbers() -> None:
    assert outage((12, "impaired"), (28, WELL)) == (
        "12 of 40 instances in eu-central-1a are impaired: more than 20 %, so this looks like an outage of the zone; "
        "no remedy until it is less"
    )


@pytest.mark.parametrize("status", ["", "initializing", "insufficient-data"])
def test_only_those_that_aws_reports_on_count(status: str) -> None:
    """Stopped ones have no status; one that is starting has, though it says nothing yet."""
    assert bool(outage((4, "impaired"), (16, status))) == (status == "")


def test_of_stopped_ones_aws_says_not_applicable() -> None:
    fleet = [an_instance(f"i-{number}") for number in range(40)]
    of = [Check("impaired")] * 4 + [Check(SILENT)] * 36
    health = {each.id: Health(each.id, dict.fromkeys(CHECKS, check)) for each, check in zip(fleet, of, strict=True)}
    assert outages(fleet, health, 20).keys() == {ZONE}


@pytest.mark.parametrize("check", CHECKS)
def test_any_check_counts(check: str) -> None:
    fleet = [an_instance(f"i-{number}") for number in range(4)]
    assert outages(fleet, {each.id: Health(each.id, {check: Check("impaired")}) for each in fleet}, 20)


def test_what_aws_says_nothing_of_is_no_part_of_it() -> None:
    assert outages([an_instance(f"i-{number}") for number in range(9)], {}, 1) == {}
