"""What is told of an instance that a remedy left stopped: once, whatever else is announced of it."""

from datetime import UTC, datetime, timedelta

import pytest

from nightshift.plan.health import CHECKS, Announced, Check, Health, State
from nightshift.plan.tags import STATUS
from nightshift.plan.transition import Kind, left_stopped, transition

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WELL = dict.fromkeys(CHECKS, Check("ok"))


def announced(value: str | None) -> Announced:
    return Announced.of({} if value is None else {STATUS: value})


@pytest.mark.parametrize(
    ("text", "failing", "events"),
    [
        ("stopped", set(), set()),
        ("impaired:system+stopped", {"system"}, set()),
        ("event:system-reboot+stopped", set(), {"system-reboot"}),
        ("impaired:system+event:system-reboot+stopped", {"system"}, {"system-reboot"}),
    ],
)
def test_stopped_by_a_remedy_joins_any_state(text: str, failing: set[str], events: set[str]) -> None:
    state = State(frozenset(failing), frozenset(events), stopped=True)
    assert State.parse(text) == state
    assert str(state) == text


REMEDIED = NOW - timedelta(hours=2)
RECOVERED = (
    "; recovered: system status check passes again, impaired since 2026-11-24T09:00:00Z, remedied by Nightshift at "
    "2026-11-24T10:00:00Z"
)


@pytest.mark.parametrize(
    ("before", "value"),
    [
        (None, "stopped 2026-11-24T10:00:00Z"),
        ("ok 2026-11-24T08:00:00Z", "stopped 2026-11-24T10:00:00Z"),
        ("impaired:system 2026-11-24T09:00:00Z", "impaired:system+stopped 2026-11-24T09:00:00Z"),
        ("event:system-reboot 2026-11-24T09:00:00Z", "event:system-reboot+stopped 2026-11-24T10:00:00Z"),
    ],
)
def test_left_stopped_is_told_once_and_hides_nothing(before: str | None, value: str) -> None:
    told = left_stopped(announced(before), REMEDIED)
    assert told is not None
    assert (told.kind, told.tag_value) == (Kind.STOPPED, value)
    assert told.words == "stopped by the remedy of 2026-11-24T10:00:00Z and not started again: start it"
    assert left_stopped(announced(value), REMEDIED) is None


@pytest.mark.parametrize(
    ("before", "now", "kind", "more"),
    [
        ("stopped", Health("i-1", WELL), Kind.RUNS_AGAIN, ""),
        ("stopped", Health("i-1"), Kind.RUNS_AGAIN, ""),
        (
            "impaired:system+stopped",
            Health("i-1", WELL),
            Kind.RECOVERED,
            RECOVERED,
        ),
        (
            "impaired:system+stopped",
            Health("i-1", WELL | {"system": Check("impaired")}),
            Kind.RUNS_AGAIN,
            "",
        ),
    ],
)
def test_that_it_runs_again_is_told_once(before: str, now: Health, kind: Kind, more: str) -> None:
    told = transition(announced(f"{before} 2026-11-24T09:00:00Z"), now, NOW, REMEDIED)
    assert told is not None
    assert (told.kind, told.words) == (kind, f"runs again after the remedy that had left it stopped{more}")
    assert transition(announced(told.tag_value), now, NOW, REMEDIED) is None
