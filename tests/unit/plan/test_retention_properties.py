"""What retention promises over any history, against an independent reference of restic's rules."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from nightshift.durations import CalendarDuration
from nightshift.plan.retention import Point, Verdict, judge
from nightshift.policy import Keep
from tests.builders import a_snapshot, at
from tests.unit.plan.restic_reference import Rules, kept_by

START = at("2024-12-25 00:00")
NOW = at("2026-06-01 12:00")
UTC_ZONE = ZoneInfo("UTC")
PERIODS: dict[str, Callable[[datetime], object]] = {
    "last": lambda slot: slot,
    "hourly": lambda slot: slot.replace(minute=0),
    "daily": lambda slot: slot.date(),
    "weekly": lambda slot: slot.isocalendar()[:2],
    "monthly": lambda slot: (slot.year, slot.month),
    "yearly": lambda slot: slot.year,
}

# Dense days and long gaps: what makes periods full, served twice and empty.
slots = st.one_of(
    st.integers(0, 4 * 24 * 3).map(lambda n: START + timedelta(minutes=20 * n)),
    st.integers(0, 800).map(lambda days: START + timedelta(days=days, hours=3)),
    st.integers(0, 800 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes)),
)
histories = st.lists(slots, max_size=25, unique=True)
counts = st.one_of(st.just(0), st.integers(-1, 6))
by_days = st.sampled_from([None, None, "1h", "36h", "1d", "14d", "3d7h", "300d"])
by_calendar = st.one_of(by_days, st.sampled_from(["1m", "2m3d", "1y", "1y2m3d3h", "13m"]))
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati"])


def policies(within: st.SearchStrategy[str | None] = by_calendar) -> st.SearchStrategy[Keep]:
    rules = dict.fromkeys(PERIODS, counts)
    return st.builds(Keep, **rules, within=within).filter(lambda keep: not keep.empty)


def judged(
    history: Iterable[datetime], keep: Keep, zone: ZoneInfo = UTC_ZONE, now: datetime = NOW
) -> dict[str, Verdict]:
    return judge([Point(a_snapshot(slot.isoformat(), slot), slot) for slot in history], keep, zone, now)


def kept(history: Iterable[datetime], keep: Keep, now: datetime = NOW) -> set[datetime]:
    verdicts = judged(history, keep, now=now)
    return {datetime.fromisoformat(id_) for id_, verdict in verdicts.items() if verdict.kept_by}


def promised(
    history: Sequence[datetime], keep: Keep, zone: ZoneInfo = UTC_ZONE, now: datetime = NOW
) -> dict[str, set[str]]:
    """By the reference: the rules that keep each slot."""
    duration = CalendarDuration.parse(keep.within) if keep.within else CalendarDuration()
    within = (duration.years, duration.months, duration.days, duration.hours)
    rules = Rules({name: getattr(keep, name) for name in PERIODS}, within)
    return {slot.isoformat(): reasons for slot, reasons in kept_by(history, rules, now, zone)}


def rule_of(reason: str) -> str:
    """The rule that a reason names: "daily 2026-11-24", "oldest, daily not full", "within 14d"."""
    return reason.removeprefix("oldest, ").split()[0]


@given(histories, policies(), zones)
def test_every_snapshot_is_kept_by_just_the_rules_of_restic(history: list[datetime], keep: Keep, zone: str) -> None:
    ours = judged(history, keep, ZoneInfo(zone))
    rules = {id_: {rule_of(reason) for reason in verdict.kept_by} for id_, verdict in ours.items()}
    assert rules == promised(history, keep, ZoneInfo(zone))


@given(histories, policies(), st.integers(-5, 10))
def test_slots_in_the_future_are_judged_as_restic_does(history: list[datetime], keep: Keep, days: int) -> None:
    now = START + timedelta(days=days)
    rules = {
        id_: {rule_of(reason) for reason in verdict.kept_by} for id_, verdict in judged(history, keep, now=now).items()
    }
    assert rules == promised(history, keep, now=now)


@given(st.data())
def test_the_order_of_input_never_matters(data: st.DataObject) -> None:
    history = data.draw(st.lists(slots, max_size=12))  # with duplicates
    points = [Point(a_snapshot(f"snap-{n}", slot), slot) for n, slot in enumerate(history)]
    keep = data.draw(policies())
    shuffled = data.draw(st.permutations(points))
    assert judge(points, keep, UTC_ZONE, NOW) == judge(shuffled, keep, UTC_ZONE, NOW)


@given(histories, policies())
def test_never_fewer_than_the_policy_says(history: list[datetime], keep: Keep) -> None:
    survivors = kept(history, keep)
    for name, period in PERIODS.items():
        wanted = getattr(keep, name)
        there = len({period(slot) for slot in history})
        assert len({period(slot) for slot in survivors}) >= (there if wanted == -1 else min(wanted, there)), name


@given(histories, policies())
def test_the_newest_always_stays(history: list[datetime], keep: Keep) -> None:
    if history:
        assert max(history) in kept(history, keep)


@given(st.data())
def test_what_other_holders_keep_besides_changes_no_verdict(data: st.DataObject) -> None:
    """Any set between what the rules keep and the whole history is judged alike; with nothing besides: a second
    cleanup right after the first deletes nothing more.
    """
    history, keep = data.draw(histories), data.draw(policies())
    survivors = kept(history, keep)
    held = {slot for slot in history if data.draw(st.booleans())}
    assert kept(survivors, keep) == survivors
    assert kept(survivors | held, keep) == survivors


@given(st.lists(st.integers(1, 60), min_size=1, max_size=60), policies(by_days))
def test_cleaning_up_every_night_keeps_what_one_look_at_the_whole_history_would(gaps: list[int], keep: Keep) -> None:
    """What restic promises under repeated forget, as long as slots come in order.

    A period's newest is kept from its first night on, until enough newer periods have a snapshot; and the first
    snapshot of all is kept while a rule has count left. So nothing that tonight's rules would keep of the whole
    history has been deleted on an earlier night, and what has been deleted opens no period anew. The exception is
    a `within` of months, whose limit goes back at the end of a month (see below).
    """
    history: list[datetime] = []
    surviving: set[datetime] = set()
    night = START
    for gap in gaps:
        night += timedelta(hours=6 * gap)
        history.append(night)
        surviving = kept(surviving | {night}, keep, now=night)
        full = promised(history, keep, now=night)
        assert {slot.isoformat() for slot in surviving} == {id_ for id_, rules in full.items() if rules}


def test_within_a_month_goes_back_from_31_march_to_1_april_and_cannot_bring_back() -> None:
    """As in restic: the limit of 31 March is 3 March, that of 1 April is 1 March."""
    keep = Keep(within="1m")
    nights = [at(f"2026-03-{day:02} 03:00") for day in range(1, 32)]
    surviving = kept(nights, keep, now=nights[-1])
    april = at("2026-04-01 03:00")
    assert min(kept([*nights, april], keep, now=april)) == at("2026-03-02 03:00")
    assert min(kept([*surviving, april], keep, now=april)) == at("2026-03-04 03:00")
