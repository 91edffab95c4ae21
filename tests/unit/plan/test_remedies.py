"""Who gets a remedy, when, and who never does."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.fleet import Instance
from nightshift.plan.health import CHECKS, Announced, Check, Event, Health
from nightshift.plan.mute import Mute, mute
from nightshift.plan.remedies import (
    APART,
    Case,
    Remedy,
    Verdict,
    interrupted,
    remedied_at,
    remedy_for,
    stopped_by_remedy,
)
from nightshift.plan.slots import slot_text
from nightshift.plan.tags import MUTE_UNTIL, REMEDIED, REMEDY, STATUS

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
AFTER = timedelta(minutes=15)
BERLIN = ZoneInfo("Europe/Berlin")


def instance(tags: Mapping[str, str], state: str = "running", type_: str = "t3.medium") -> Instance:
    return Instance("i-0123456789abcdef0", state, type_, "eu-central-1a", None, None, None, None, (), (), tags)


def impaired(*checks: str, since: datetime | None = NOW - timedelta(hours=1)) -> Health:
    return Health("i-0123456789abcdef0", {name: Check("impaired", since) for name in checks})


def verdict(tags: Mapping[str, str], health: Health, now: datetime = NOW, muted: datetime | None = None) -> Verdict:
    return remedy_for(Case(instance(tags), health, AFTER, muted, {"t3.medium": False}, now))


@pytest.mark.parametrize(
    ("wanted", "checks", "remedy"),
    [
        ("reboot", ["instance"], Remedy.REBOOT),
        ("reboot", ["instance", "ebs"], Remedy.REBOOT),
        ("reboot", ["system"], None),
        ("reboot", ["system", "instance"], None),
        ("reboot", ["ebs"], None),
        ("stop-start", ["instance"], Remedy.STOP_START),
        ("stop-start", ["system"], Remedy.STOP_START),
        ("stop-start", ["system", "instance", "ebs"], Remedy.STOP_START),
        ("stop-start", ["ebs"], None),
        ("start", ["instance"], None),
        (" reboot", ["instance"], None),
        ("", ["instance"], None),
    ],
)
def test_which_remedy_is_for_which_check(wanted: str, checks: list[str], remedy: Remedy | None) -> None:
    found = verdict({REMEDY: wanted}, impaired(*checks))
    assert found.remedy is remedy
    assert found.reason


@pytest.mark.parametrize("health", [impaired("instance"), Health("i-1", {"instance": Check("ok")}), Health("i-1")])
def test_nothing_is_said_to_who_did_not_opt_in(health: Health) -> None:
    assert verdict({}, health) == Verdict()


def test_nothing_is_said_where_all_is_well() -> None:
    assert verdict({REMEDY: "reboot"}, Health("i-1", {"instance": Check("initializing")})) == Verdict()


@pytest.mark.parametrize("minutes", [0, 14, 15, 16])
def test_it_waits_by_aws_s_own_time(minutes: int) -> None:
    found = verdict({REMEDY: "reboot"}, impaired("instance", since=NOW), NOW + timedelta(minutes=minutes))
    assert (found.remedy is not None) == (minutes >= 15)


def test_without_aws_s_time_there_is_none() -> None:
    found = verdict({REMEDY: "reboot"}, impaired("instance", since=None))
    assert found == Verdict(reason="no remedy: AWS does not say since when it is impaired")


def test_ebs_alone_does_not_start_the_time() -> None:
    health = Health("i-1", {"ebs": Check("impaired", NOW - timedelta(days=1)), "instance": Check("impaired", NOW)})
    assert verdict({REMEDY: "reboot"}, health).reason == "no remedy: not before 2026-11-24T12:15:00Z"


def test_a_type_that_aws_did_not_describe_is_left_alone() -> None:
    case = Case(instance({REMEDY: "reboot"}, type_="x9.new"), impaired("instance"), AFTER, None, {}, NOW)
    assert remedy_for(case).reason == "no remedy: AWS did not say whether x9.new has instance-store volumes"


def test_in_an_outage_of_its_zone_it_waits() -> None:
    case = Case(instance({REMEDY: "reboot"}), impaired("instance"), AFTER, None, {"t3.medium": False}, NOW)
    assert remedy_for(case).remedy is Remedy.REBOOT
    assert remedy_for(replace(case, outage="12 of 40 are")) == Verdict(reason="no remedy: 12 of 40 are")


def test_what_a_service_runs_for_its_owner_is_left_to_it() -> None:
    managed = replace(instance({REMEDY: "stop-start"}), operator="eks.amazonaws.com")
    found = remedy_for(Case(managed, impaired("instance"), AFTER, None, {"t3.medium": False}, NOW))
    assert found == Verdict(reason="no remedy: eks.amazonaws.com runs it and alone may restart it")


@pytest.mark.parametrize(
    ("value", "until"),
    [
        ("2026-11-24", datetime(2026, 11, 24, 23, tzinfo=UTC)),
        ("2026-11-24T14:00:00", datetime(2026, 11, 24, 13, tzinfo=UTC)),
        ("2026-11-24T14:00:00Z", datetime(2026, 11, 24, 14, tzinfo=UTC)),
        ("2026-11-23", None),
        ("2026-11-24T12:00:00Z", None),
    ],
)
def test_a_mute_and_its_end(value: str, until: datetime | None) -> None:
    assert mute({MUTE_UNTIL: value}, BERLIN, NOW) == Mute(until)


def test_no_mute_and_an_unreadable_one() -> None:
    assert mute({}, BERLIN, NOW) == Mute()
    assert mute({MUTE_UNTIL: "24.11."}, BERLIN, NOW) == Mute(
        fault="not muted: nightshift:mute-until is neither a date nor a time: '24.11.'"
    )


REMEDIED_JUST_NOW = {REMEDY: "stop-start", REMEDIED: slot_text(NOW - timedelta(minutes=5))}


@pytest.mark.parametrize(
    ("tags", "state", "continues"),
    [
        (REMEDIED_JUST_NOW, "stopped", True),
        (REMEDIED_JUST_NOW, "stopping", True),
        (REMEDIED_JUST_NOW | {STATUS: "impaired:system 2026-11-24T11:00:00Z"}, "stopped", True),
        (REMEDIED_JUST_NOW | {STATUS: "ok 2026-11-24T11:00:00Z"}, "stopped", True),
        (REMEDIED_JUST_NOW | {STATUS: "ok 2026-11-24T11:59:00Z"}, "stopped", False),
        (REMEDIED_JUST_NOW, "terminated", False),
        (REMEDIED_JUST_NOW, "shutting-down", False),
        (REMEDIED_JUST_NOW, "pending", False),
        (REMEDIED_JUST_NOW | {REMEDY: "reboot"}, "stopped", False),
        ({REMEDIED: REMEDIED_JUST_NOW[REMEDIED]}, "stopped", False),
        ({REMEDY: "stop-start"}, "stopped", False),
        ({REMEDY: "stop-start", REMEDIED: "yesterday"}, "stopped", False),
        ({REMEDY: "stop-start", REMEDIED: slot_text(NOW - APART)}, "stopped", False),
    ],
)
def test_an_interrupted_stop_start_goes_on(tags: Mapping[str, str], state: str, *, continues: bool) -> None:
    found = interrupted(instance(tags, state), Announced.of(tags), None, NOW)
    assert (found.remedy is Remedy.START) == continues


LONG_REMEDIED = {REMEDY: "stop-start", REMEDIED: slot_text(NOW - APART)}
WITH_THE_REMEDY, LATER = NOW - APART + timedelta(seconds=20), NOW - APART + timedelta(minutes=3)


@pytest.mark.parametrize(
    ("tags", "state", "stopped", "ours"),
    [
        (LONG_REMEDIED, "stopped", WITH_THE_REMEDY, True),
        (LONG_REMEDIED, "stopping", WITH_THE_REMEDY, True),
        (LONG_REMEDIED | {STATUS: "impaired:system 2026-11-24T10:00:00Z"}, "stopped", WITH_THE_REMEDY, True),
        (LONG_REMEDIED | {STATUS: "ok 2026-11-24T10:00:00Z"}, "stopped", WITH_THE_REMEDY, True),
        (LONG_REMEDIED, "stopped", LATER, False),
        (LONG_REMEDIED, "stopped", None, False),
        (LONG_REMEDIED | {STATUS: "ok 2026-11-24T11:10:00Z"}, "stopped", WITH_THE_REMEDY, False),
        (LONG_REMEDIED, "terminated", WITH_THE_REMEDY, False),
        (LONG_REMEDIED, "running", WITH_THE_REMEDY, False),
        (LONG_REMEDIED | {REMEDY: "reboot"}, "stopped", WITH_THE_REMEDY, False),
        (REMEDIED_JUST_NOW, "stopped", NOW - timedelta(minutes=5), False),  # a run goes on with it
        ({REMEDY: "stop-start"}, "stopped", WITH_THE_REMEDY, False),
    ],
)
def test_what_a_remedy_left_stopped(tags: Mapping[str, str], state: str, stopped: datetime | None, ours: bool) -> None:
    box = replace(instance(tags, state), stopped=stopped)
    assert (stopped_by_remedy(box, Announced.of(tags), NOW) is not None) == ours
    assert not ours or interrupted(box, Announced.of(tags), None, NOW) == Verdict()


def test_who_mutes_a_stopped_instance_starts_it() -> None:
    found = interrupted(instance(REMEDIED_JUST_NOW, "stopped"), Announced(), NOW + AFTER, NOW)
    assert found.remedy is None
    assert "start it yourself" in found.reason


steps = st.tuples(
    st.integers(1, 45),
    st.booleans(),
    st.dictionaries(st.sampled_from(CHECKS), st.sampled_from(["ok", "impaired", "initializing"])),
    st.sampled_from(["reboot", "stop-start"]),
    st.booleans(),
)


@given(st.lists(steps, min_size=1, max_size=40))
def test_never_twice_within_an_hour_never_muted_never_for_an_event(
    history: list[tuple[int, bool, dict[str, str], str, bool]],
) -> None:
    now, done = NOW, list[datetime]()
    since: dict[str, datetime] = {}
    tags: dict[str, str] = {}
    for minutes, muted, statuses, wanted, event in history:
        now += timedelta(minutes=minutes)
        since = {name: since.get(name, now) for name, status in statuses.items() if status == "impaired"}
        checks = {name: Check(status, since.get(name)) for name, status in statuses.items()}
        health = Health("i-1", checks, (Event("system-reboot"),) if event else ())
        found = verdict(tags | {REMEDY: wanted}, health, now, now + AFTER if muted else None)
        if found.remedy is None:
            continue
        assert not muted
        assert {"system", "instance"} & since.keys()
        assert min(since[name] for name in ("system", "instance") if name in since) <= now - AFTER
        assert not done or now - done[-1] >= APART
        done.append(now)
        tags[REMEDIED] = slot_text(now)
        assert remedied_at(tags) == now
