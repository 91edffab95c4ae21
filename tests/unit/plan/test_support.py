"""The end of support: what is said on which day, under each upgrade policy."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.clusters import Release
from nightshift.plan.finding import Finding, Severity
from nightshift.plan.support import EXTRA_A_MONTH, Phase, Support, end_of_support
from tests.builders import at

STANDARD, EXTENDED = at("2026-12-02 00:00"), at("2027-12-02 00:00")
RELEASE = Release("1.34", STANDARD, EXTENDED)
BEFORE = timedelta(seconds=1)


def support(now: datetime, policy: str = "EXTENDED") -> Support:
    return Support("1.34", policy, RELEASE, now)


def said(now: datetime, policy: str = "EXTENDED") -> tuple[str, Severity] | None:
    finding = end_of_support(support(now, policy))
    return (finding.code, finding.severity) if finding else None


def finding(now: datetime, policy: str = "EXTENDED") -> Finding:
    found = end_of_support(support(now, policy))
    assert found
    return found


def days_before(days: int, end: datetime = STANDARD) -> datetime:
    """Noon, so many days on the calendar before."""
    return end - timedelta(days=days) + timedelta(hours=12)


STANDARD_SUPPORT = [
    (121, None),
    (120, ("eos-120", Severity.INFO)),
    (61, ("eos-120", Severity.INFO)),
    (60, ("eos-60", Severity.WARNING)),
    (31, ("eos-60", Severity.WARNING)),
    (30, ("eos-30", Severity.WARNING)),
    (8, ("eos-30", Severity.WARNING)),
    (7, ("eos-7", Severity.CRITICAL)),
    (1, ("eos-7", Severity.CRITICAL)),
]


@pytest.mark.parametrize("policy", ["STANDARD", "EXTENDED"])
@pytest.mark.parametrize(("days", "expected"), STANDARD_SUPPORT)
def test_the_days_before_standard_support_ends(days: int, expected: tuple[str, Severity] | None, policy: str) -> None:
    assert said(days_before(days), policy) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (121, ("eos-0", Severity.WARNING)),
        (120, ("eos-x120", Severity.WARNING)),
        (60, ("eos-x60", Severity.WARNING)),
        (30, ("eos-x30", Severity.WARNING)),
        (7, ("eos-x7", Severity.CRITICAL)),
        (1, ("eos-x7", Severity.CRITICAL)),
    ],
)
def test_the_days_before_extended_support_ends(days: int, expected: tuple[str, Severity]) -> None:
    assert said(days_before(days, EXTENDED)) == expected


@pytest.mark.parametrize(
    ("now", "policy", "expected"),
    [
        (STANDARD - BEFORE, "EXTENDED", ("eos-7", Severity.CRITICAL)),
        (STANDARD, "EXTENDED", ("eos-0", Severity.WARNING)),
        (STANDARD, "STANDARD", ("eos-0", Severity.CRITICAL)),
        (EXTENDED - BEFORE, "EXTENDED", ("eos-x7", Severity.CRITICAL)),
        (EXTENDED - BEFORE, "STANDARD", ("eos-0", Severity.CRITICAL)),
        (EXTENDED, "EXTENDED", ("eos-x0", Severity.CRITICAL)),
        (EXTENDED, "STANDARD", ("eos-x0", Severity.CRITICAL)),
    ],
)
def test_the_moment_at_which_it_ends(now: datetime, policy: str, expected: tuple[str, Severity]) -> None:
    assert said(now, policy) == expected


def test_what_happens_then_is_the_policy_s() -> None:
    soon = days_before(8)
    assert finding(soon).what == (
        "standard support of Kubernetes 1.34 ends on 2026-12-02, in 8 days: from then on it costs $365 a month more"
    )
    assert finding(soon, "STANDARD").what.endswith("from then on AWS upgrades its control plane by itself")
    assert finding(days_before(1)).what.startswith("standard support of Kubernetes 1.34 ends on 2026-12-02, in 1 day:")


def test_in_extended_support_it_says_since_when_it_costs_and_when_that_ends() -> None:
    assert finding(days_before(30, EXTENDED)).what == (
        "Kubernetes 1.34 is in extended support since 2026-12-02, which costs $365 a month more; "
        "it ends on 2027-12-02, in 30 days: from then on AWS upgrades its control plane by itself"
    )
    overdue = finding(STANDARD, "STANDARD").what
    assert "AWS upgrades its control plane by itself, any time now" in overdue
    assert "$" not in overdue


def test_a_version_that_aws_does_not_list_has_no_support() -> None:
    found = end_of_support(Support("1.22", "EXTENDED", None, STANDARD))
    assert found
    assert (found.code, found.severity) == ("eos-x0", Severity.CRITICAL)
    assert "AWS does not list it any more" in found.what


def test_what_to_do_names_the_next_version() -> None:
    assert "to 1.35" in finding(STANDARD).to_do


def test_the_price() -> None:
    """$0.60 against $0.10 a cluster and hour, 730 hours."""
    assert EXTRA_A_MONTH == 365


@pytest.mark.parametrize(("policy", "pays"), [("EXTENDED", True), ("STANDARD", False)])
def test_only_a_cluster_that_enters_extended_support_pays_for_it(policy: str, pays: bool) -> None:
    assert support(STANDARD, policy).pays is pays
    assert not support(STANDARD - BEFORE, policy).pays
    assert not support(EXTENDED, policy).pays


LADDER = ["", "eos-120", "eos-60", "eos-30", "eos-7", "eos-0", "eos-x120", "eos-x60", "eos-x30", "eos-x7", "eos-x0"]


@given(st.lists(st.integers(-400 * 24, 400 * 24)), st.sampled_from(["STANDARD", "EXTENDED"]))
def test_with_time_it_only_gets_worse(hours: list[int], policy: str) -> None:
    """One finding at a time, and no step back: so none is told twice."""
    times = [STANDARD + timedelta(hours=each) for each in sorted(hours)]
    steps = [LADDER.index((said(now, policy) or ("",))[0]) for now in times]
    assert steps == sorted(steps)


@pytest.mark.parametrize(
    ("now", "phase"),
    [(STANDARD - BEFORE, Phase.STANDARD), (STANDARD, Phase.EXTENDED), (EXTENDED, Phase.ENDED)],
)
def test_phases(now: datetime, phase: Phase) -> None:
    assert support(now).phase is phase
