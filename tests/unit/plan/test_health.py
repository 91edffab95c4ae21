"""Which change of an instance's health people are told, and that each is told exactly once."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.plan.health import CHECKS, Announced, Check, Event, Health, State, unclear
from nightshift.plan.tags import STATUS
from nightshift.plan.transition import Kind, Transition, transition

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
AN_HOUR_AGO = NOW - timedelta(hours=1)
REBOOT = Event(
    "system-reboot",
    "scheduled reboot",
    not_before=NOW + timedelta(days=7),
    not_after=NOW + timedelta(days=7, hours=2),
    deadline=NOW + timedelta(days=14),
)
STOP = Event("instance-stop")


def over(event: Event, how: str = "[Completed]") -> Event:
    return Event(event.code, f"{how} {event.description}", event.not_before)


def health(*events: Event, **checks: str) -> Health:
    """Checks that are not named pass; those that fail do so for an hour."""
    statuses = dict.fromkeys(CHECKS, "ok") | {name: text.replace("_", "-") for name, text in checks.items()}
    shown = {name: Check(text, AN_HOUR_AGO if text == "impaired" else None) for name, text in statuses.items()}
    return Health("i-0123456789abcdef0", shown, events)


def announced(value: str | None) -> Announced:
    return Announced.of({} if value is None else {STATUS: value})


def change(before: str | None, now: Health) -> Transition | None:
    return transition(announced(before), now, NOW, remedied=None)


@pytest.mark.parametrize(
    ("text", "failing", "events"),
    [
        ("ok", set(), set()),
        ("impaired:instance", {"instance"}, set()),
        ("impaired:system+instance+ebs", {"system", "instance", "ebs"}, set()),
        ("event:system-reboot", set(), {"system-reboot"}),
        ("event:instance-stop+event:system-reboot", set(), {"instance-stop", "system-reboot"}),
        ("impaired:system+event:system-reboot", {"system"}, {"system-reboot"}),
    ],
)
def test_states_and_their_text(text: str, failing: set[str], events: set[str]) -> None:
    assert State.parse(text) == State(frozenset(failing), frozenset(events))
    assert str(State(frozenset(failing), frozenset(events))) == text


@pytest.mark.parametrize(
    "text", ["impaired:stopped", "", "OK", "impaired", "impaired:", "impaired:disk", "event:", "event", "system", "+"]
)
def test_what_names_no_state(text: str) -> None:
    assert State.parse(text) is None
    assert announced(f"{text} 2026-11-24T11:00:00Z") == Announced(readable=False)


@given(
    st.frozensets(st.sampled_from(CHECKS)),
    st.frozensets(st.sampled_from(["system-reboot", "instance-reboot", "instance-retirement", "x"])),
    st.booleans(),
)
def test_every_state_can_be_read_back(failing: frozenset[str], events: frozenset[str], stopped: bool) -> None:
    state = State(failing, events, stopped)
    assert State.parse(str(state)) == state
    assert len(f"{state} 2026-11-24T11:00:00Z") <= 256


@pytest.mark.parametrize("before", [None, "ok 2026-11-24T10:00:00Z", "ok", "nonsense"])
def test_healthy_and_known_as_healthy(before: str | None) -> None:
    assert change(before, health()) is None


@pytest.mark.parametrize(
    ("before", "now", "kind", "value"),
    [
        (None, health(instance="impaired"), Kind.IMPAIRED, "impaired:instance 2026-11-24T11:00:00Z"),
        (None, health(ebs="impaired", system="impaired"), Kind.IMPAIRED, "impaired:system+ebs 2026-11-24T11:00:00Z"),
        ("garbage", health(ebs="impaired"), Kind.IMPAIRED, "impaired:ebs 2026-11-24T11:00:00Z"),
        (
            "impaired:instance 2026-11-24T10:00:00Z",
            health(instance="impaired", system="impaired"),
            Kind.IMPAIRED,
            "impaired:system+instance 2026-11-24T10:00:00Z",
        ),
        (
            "impaired:system+instance 2026-11-24T11:00:00Z",
            health(instance="impaired"),
            Kind.LESS_IMPAIRED,
            "impaired:instance 2026-11-24T11:00:00Z",
        ),
        ("impaired:system 2026-11-24T11:00:00Z", health(), Kind.RECOVERED, "ok 2026-11-24T12:00:00Z"),
        (None, health(REBOOT), Kind.EVENT, "event:system-reboot 2026-11-24T12:00:00Z"),
        ("event:system-reboot 2026-11-24T11:00:00Z", health(), Kind.EVENT_OVER, "ok 2026-11-24T12:00:00Z"),
        ("event:system-reboot 2026-11-24T11:00:00Z", health(over(REBOOT)), Kind.EVENT_OVER, "ok 2026-11-24T12:00:00Z"),
        (
            "event:system-reboot 2026-11-24T11:30:00Z",
            health(REBOOT, system="impaired"),
            Kind.IMPAIRED,
            "impaired:system+event:system-reboot 2026-11-24T11:00:00Z",
        ),
        (
            "impaired:system+event:system-reboot 2026-11-24T11:00:00Z",
            health(REBOOT),
            Kind.RECOVERED,
            "event:system-reboot 2026-11-24T12:00:00Z",
        ),
        (
            "impaired:system 2026-11-24T11:00:00Z",
            health(REBOOT, system="impaired"),
            Kind.EVENT,
            "impaired:system+event:system-reboot 2026-11-24T11:00:00Z",
        ),
        (
            "impaired:system+event:system-reboot 2026-11-24T11:00:00Z",
            health(over(REBOOT), system="impaired"),
            Kind.EVENT_OVER,
            "impaired:system 2026-11-24T11:00:00Z",
        ),
    ],
)
def test_a_transition_is_told(before: str | None, now: Health, kind: Kind, value: str) -> None:
    told = change(before, now)
    assert told is not None
    assert (told.kind, told.tag_value) == (kind, value)
    assert change(told.tag_value, now) is None


@pytest.mark.parametrize("how", ["[Completed]", "[Canceled]", "[Cancelled]", " [completed]"])
def test_an_event_that_is_over_is_no_event(how: str) -> None:
    assert change(None, health(over(REBOOT, how))) is None


@pytest.mark.parametrize("status", ["initializing", "insufficient-data", "not-applicable"])
@pytest.mark.parametrize("before", [None, "ok 2026-11-24T10:00:00Z", "impaired:instance 2026-11-24T10:00:00Z"])
def test_what_tells_nothing_changes_nothing(status: str, before: str | None) -> None:
    now = health(instance=status)
    assert change(before, now) is None
    assert unclear(now) == f"instance is {status}, which changes nothing"


def test_a_check_that_tells_nothing_stays_as_it_was_announced() -> None:
    told = change("impaired:instance 2026-11-24T10:00:00Z", health(system="impaired", instance="initializing"))
    assert told is not None
    assert told.tag_value == "impaired:system+instance 2026-11-24T10:00:00Z"
    assert "since 2026-11-24T11:00:00Z" in told.words


def test_no_status_at_all_changes_nothing() -> None:
    assert change("impaired:instance 2026-11-24T10:00:00Z", Health("i-0123456789abcdef0")) is None
    assert Health("i-0123456789abcdef0").told_nothing
    assert health(system="not-applicable", instance="not-applicable", ebs="not-applicable").told_nothing
    assert not health(ebs="not-applicable").told_nothing


def test_since_is_aws_s_or_now() -> None:
    silent = Health("i-0123456789abcdef0", {"system": Check("impaired")})
    told = change(None, silent)
    assert told is not None
    assert told.since == NOW


def test_the_words() -> None:
    words = {
        before: told.words
        for before, now in {
            None: health(REBOOT, instance="impaired"),
            "impaired:system 2026-11-24T10:00:00Z": health(STOP),
            "event:instance-stop 2026-11-24T10:00:00Z": health(),
            "impaired:system+ebs 2026-11-24T10:00:00Z": health(ebs="impaired"),
        }.items()
        if (told := change(before, now))
    }
    assert words == {
        None: "became impaired: instance status check fails, since 2026-11-24T11:00:00Z; scheduled event "
        "system-reboot: not before 2026-12-01T12:00:00Z, not after 2026-12-01T14:00:00Z, to be started by "
        "2026-12-08T12:00:00Z",
        "impaired:system 2026-11-24T10:00:00Z": "recovered: system status check passes again, impaired since "
        "2026-11-24T10:00:00Z; scheduled event instance-stop",
        "event:instance-stop 2026-11-24T10:00:00Z": "scheduled event instance-stop is over",
        "impaired:system+ebs 2026-11-24T10:00:00Z": "system status check passes again, still impaired: attached-EBS "
        "status check fails",
    }


def test_a_recovery_names_the_remedy_that_came_before_it() -> None:
    before = announced("impaired:system 2026-11-24T11:00:00Z")
    after = transition(before, health(), NOW, remedied=NOW - timedelta(minutes=10))
    long_ago = transition(before, health(), NOW, remedied=NOW - timedelta(days=10))
    assert after is not None
    assert long_ago is not None
    assert after.words.endswith("remedied by Nightshift at 2026-11-24T11:50:00Z")
    assert "remedied" not in long_ago.words


# ---------------------------------------------------------------- histories

statuses = st.sampled_from(["ok", "impaired", "initializing", "insufficient-data", "not-applicable"])
some_events = st.lists(st.sampled_from([REBOOT, STOP, over(REBOOT), over(STOP, "[Canceled]")]), max_size=3, unique=True)
healths = st.builds(
    lambda checks, events: health(*events, **checks),
    st.fixed_dictionaries(dict.fromkeys(CHECKS, statuses)),
    some_events,
)


@dataclass(frozen=True)
class Tick:
    health: Health
    muted: bool
    told: bool


ticks = st.builds(Tick, healths, st.booleans(), st.booleans())


@given(st.lists(healths, max_size=20))
def test_what_was_told_is_not_told_again(history: list[Health]) -> None:
    tag: str | None = None
    for tick, now in enumerate(history):
        moment = NOW + tick * timedelta(minutes=5)
        told = transition(announced(tag), now, moment, remedied=None)
        tag = told.tag_value if told else tag
        assert transition(announced(tag), now, moment + timedelta(minutes=5), remedied=None) is None


@given(st.lists(ticks, max_size=30), healths)
def test_every_transition_is_told_exactly_once(history: list[Tick], last: Health) -> None:
    """People follow what they are told, add and take away; in the end they know what AWS last said, also where
    messages failed or waited for the end of a mute."""
    tag: str | None = None
    known = State()
    for tick, step in enumerate([*history, Tick(last, muted=False, told=True)]):
        told = transition(announced(tag), step.health, NOW + tick * timedelta(minutes=5), remedied=None)
        if told is None or step.muted or not step.told:
            continue
        news = told.after.failing - told.before.failing, told.after.events - told.before.events
        ended = told.before.failing - told.after.failing, told.before.events - told.after.events
        assert not known.failing & news[0], "told again that it is impaired"
        assert not known.events & news[1], "told again of an event"
        assert ended[0] <= known.failing, "told of the recovery of what nobody knew"
        assert ended[1] <= known.events, "told of the end of an event that nobody knew"
        assert any((*news, *ended)), "nothing was told"
        known = State((known.failing | news[0]) - ended[0], (known.events | news[1]) - ended[1])
        tag = told.tag_value
    clear = {name for name, check in last.checks.items() if not check.tells_nothing}
    assert known.failing & clear == last.failing
    assert known.events == {event.code for event in last.ahead}
