"""The health of instances: what was announced, what AWS says now, and which change between them is worth a message.

The tag nightshift:status holds one state, which is a set: the status checks that fail and the codes of the
scheduled events that lie ahead. `ok` is the empty set, `impaired:system+instance` and `event:system-reboot` are
sets of one kind, and a set of both kinds stands as `impaired:system+event:system-reboot`. So no transition of one
kind hides one of the other, and none is told twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Self

from nightshift.fleet import Tags
from nightshift.plan.slots import slot_text, slot_time
from nightshift.plan.tags import STATUS

CHECKS = ("system", "instance", "ebs")
TITLES = {"system": "system", "instance": "instance", "ebs": "attached-EBS"}

_SINGULAR = {"fail": "fails", "pass": "passes"}

OK = "ok"
_IMPAIRED = "impaired:"
_EVENT = "event:"

# "After a scheduled event is completed, it can still be described for up to a week" (InstanceStatusEvent).
_OVER = ("[completed]", "[canceled]", "[cancelled]")


@dataclass(frozen=True, slots=True)
class Check:
    """One status check: its status in AWS's words; since when it fails, where AWS says so."""

    status: str
    impaired_since: datetime | None = None

    @property
    def impaired(self) -> bool:
        return self.status == "impaired"

    @property
    def tells_nothing(self) -> bool:
        """initializing, insufficient-data, not-applicable: neither passed nor failed."""
        return self.status not in (OK, "impaired")


@dataclass(frozen=True, slots=True)
class Event:
    """A scheduled event: AWS will do something to the instance between two times."""

    code: str
    description: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None
    deadline: datetime | None = None

    @property
    def over(self) -> bool:
        return self.description.strip().lower().startswith(_OVER)


@dataclass(frozen=True, slots=True)
class Health:
    """What DescribeInstanceStatus says of an instance; checks by their names in CHECKS, where there are any."""

    instance_id: str
    checks: Mapping[str, Check] = field(default_factory=dict, hash=False)
    events: tuple[Event, ...] = ()

    @property
    def failing(self) -> frozenset[str]:
        return frozenset(name for name, check in self.checks.items() if check.impaired)

    @property
    def told_nothing(self) -> bool:
        """AWS has no status of the instance at all."""
        return all(check.status == "not-applicable" for check in self.checks.values())

    @property
    def ahead(self) -> tuple[Event, ...]:
        return tuple(event for event in self.events if not event.over)

    def since(self, checks: Iterable[str]) -> datetime | None:
        """Since when the first of these checks fails, by AWS's ImpairedSince; None where AWS does not say."""
        failing = (self.checks[name] for name in checks if name in self.failing)
        return min((check.impaired_since for check in failing if check.impaired_since), default=None)


@dataclass(frozen=True, slots=True)
class State:
    """The status checks that fail, and the codes of the scheduled events that lie ahead."""

    failing: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()

    def __str__(self) -> str:
        checks = [name for name in CHECKS if name in self.failing]
        events = [f"{_EVENT}{code}" for code in sorted(self.events)]
        return (_IMPAIRED if checks else "") + "+".join(checks + events) or OK

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The state that a tag names; None where it names none."""
        if text == OK:
            return cls()
        members = text.removeprefix(_IMPAIRED).split("+")
        events = {member.removeprefix(_EVENT) for member in members if member.startswith(_EVENT)}
        failing = {member for member in members if not member.startswith(_EVENT)}
        if not failing <= set(CHECKS) or "" in events or bool(failing) != text.startswith(_IMPAIRED):
            return None
        return cls(frozenset(failing), frozenset(events))


@dataclass(frozen=True, slots=True)
class Announced:
    """What nightshift:status says: the last state that people were told, and since when it is so."""

    state: State = State()
    since: datetime | None = None
    readable: bool = True

    @classmethod
    def of(cls, tags: Tags) -> Self:
        """An absent tag means ok; so does one that cannot be read, or nothing would be told of its instance again."""
        value = tags.get(STATUS)
        if value is None:
            return cls()
        text, _, since = value.partition(" ")
        state = State.parse(text)
        return cls(readable=False) if state is None else cls(state, slot_time(since))


def observed(before: State, health: Health) -> State:
    """The state now. A check that neither passed nor failed stays as it was announced."""
    return State(
        frozenset(name for name in CHECKS if _fails(health.checks.get(name), before=name in before.failing)),
        frozenset(event.code for event in health.ahead),
    )


def _fails(check: Check | None, *, before: bool) -> bool:
    return before if check is None or check.tells_nothing else check.impaired


class Kind(IntEnum):
    """What a transition is first of all; the most severe comes first."""

    IMPAIRED = 1
    EVENT = 2
    LESS_IMPAIRED = 3
    RECOVERED = 4
    EVENT_OVER = 5


@dataclass(frozen=True, slots=True)
class Transition:
    """From the state that was announced to another one.

    since: of the new state, UTC. failing_since: of the checks that are new in it, where AWS says so. ahead: its
    scheduled events. remedied: when Nightshift did something about the state that is left.
    """

    announced: Announced
    after: State
    since: datetime
    failing_since: datetime | None = None
    ahead: tuple[Event, ...] = ()
    remedied: datetime | None = None

    @property
    def before(self) -> State:
        return self.announced.state

    @property
    def tag_value(self) -> str:
        return f"{self.after} {slot_text(self.since)}"

    @property
    def kind(self) -> Kind:
        if self._failed:
            return Kind.IMPAIRED
        if self._scheduled:
            return Kind.EVENT
        if self._passed:
            return Kind.LESS_IMPAIRED if self.after.failing else Kind.RECOVERED
        return Kind.EVENT_OVER

    @property
    def words(self) -> str:
        return "; ".join([*self._words_on_checks(), *self._words_on_events()])

    @property
    def _failed(self) -> frozenset[str]:
        return self.after.failing - self.before.failing

    @property
    def _passed(self) -> frozenset[str]:
        return self.before.failing - self.after.failing

    @property
    def _scheduled(self) -> frozenset[str]:
        return self.after.events - self.before.events

    def _words_on_checks(self) -> Iterable[str]:
        if self._failed:
            more = ", beside what failed before" if self.before.failing & self.after.failing else ""
            yield f"became impaired: {_checks(self._failed, 'fail')}{more}, since {slot_text(self._failed_since)}"
        if self._passed:
            passes = _checks(self._passed, "pass")
            still = f", still impaired: {_checks(self.after.failing, 'fail')}" if self.after.failing else ""
            yield f"{passes} again{still}" if still else f"recovered: {passes} again{self._history()}"

    @property
    def _failed_since(self) -> datetime:
        return self.failing_since or self.since

    def _history(self) -> str:
        failed = f", impaired since {slot_text(self.announced.since)}" if self.announced.since else ""
        return failed + (f", remedied by Nightshift at {slot_text(self.remedied)}" if self.remedied else "")

    def _words_on_events(self) -> Iterable[str]:
        for code in sorted(self._scheduled):
            yield from (_event_words(event) for event in self.ahead if event.code == code)
        for code in sorted(self.before.events - self.after.events):
            yield f"scheduled event {code} is over"


def transition(announced: Announced, health: Health, now: datetime, remedied: datetime | None) -> Transition | None:
    """What has changed since people were told; None: nothing."""
    after = observed(announced.state, health)
    if after == announced.state:
        return None
    helped = remedied if remedied and (announced.since is None or announced.since <= remedied) else None
    return Transition(
        announced=announced,
        after=after,
        since=_began(announced, after, health) or now,
        failing_since=health.since(after.failing - announced.state.failing),
        ahead=health.ahead,
        remedied=helped,
    )


def _began(announced: Announced, after: State, health: Health) -> datetime | None:
    """Since when the new state is impaired; None where nobody says, and where it is not: AWS tells no time of that."""
    still = announced.since if announced.state.failing & after.failing else None
    return min((time for time in (still, health.since(after.failing)) if time), default=None)


def unclear(health: Health) -> str:
    """The checks that neither passed nor failed, in words; empty: there is none."""
    odd = [name for name in CHECKS if name in health.checks and health.checks[name].tells_nothing]
    shown = [f"{TITLES[name]} is {health.checks[name].status}" for name in odd]
    return f"{', '.join(shown)}, which changes nothing" if shown else ""


def in_words(state: State) -> str:
    """A state for people."""
    checks = [f"impaired: {_checks(state.failing, 'fail')}"] if state.failing else []
    events = [f"scheduled event {code} lies ahead" for code in sorted(state.events)]
    return "; ".join(checks + events) or OK


def _checks(names: frozenset[str], verb: str) -> str:
    titles = " and ".join(TITLES[name] for name in CHECKS if name in names)
    if len(names) > 1:
        return f"{titles} status checks {verb}"
    return f"{titles} status check {_SINGULAR[verb]}"


def _event_words(event: Event) -> str:
    times = [
        f"{word} {slot_text(time)}"
        for word, time in (
            ("not before", event.not_before),
            ("not after", event.not_after),
            ("to be started by", event.deadline),
        )
        if time
    ]
    return f"scheduled event {event.code}" + (f": {', '.join(times)}" if times else "")
