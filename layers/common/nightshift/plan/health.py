"""The health of instances: what was announced, and what AWS says now.

The tag nightshift:status holds one state, which is a set: the status checks that fail and the codes of the
scheduled events that lie ahead. `ok` is the empty set, `impaired:system+instance` and `event:system-reboot` are
sets of one kind, and a set of both kinds stands as `impaired:system+event:system-reboot`. `stopped` joins it where a
remedy left the instance stopped. So no transition of one kind hides one of the other, and none is told twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from nightshift.fleet import Tags
from nightshift.plan.slots import slot_time
from nightshift.plan.tags import STATUS

CHECKS = ("system", "instance", "ebs")
TITLES = {"system": "system", "instance": "instance", "ebs": "attached-EBS"}

_SINGULAR = {"fail": "fails", "pass": "passes"}

OK = "ok"
_IMPAIRED = "impaired:"
_EVENT = "event:"
_STOPPED = "stopped"

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
    """The status checks that fail, the codes of the scheduled events that lie ahead; stopped: a remedy left it so."""

    failing: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    stopped: bool = False

    def __str__(self) -> str:
        checks = [name for name in CHECKS if name in self.failing]
        events = [f"{_EVENT}{code}" for code in sorted(self.events)]
        stopped = [_STOPPED] if self.stopped else []
        return (_IMPAIRED if checks else "") + "+".join(checks + events + stopped) or OK

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The state that a tag names; None where it names none."""
        if text == OK:
            return cls()
        members = text.removeprefix(_IMPAIRED).split("+")
        events = {member.removeprefix(_EVENT) for member in members if member.startswith(_EVENT)}
        failing = {member for member in members if not member.startswith(_EVENT) and member != _STOPPED}
        if not failing <= set(CHECKS) or "" in events or bool(failing) != text.startswith(_IMPAIRED):
            return None
        return cls(frozenset(failing), frozenset(events), _STOPPED in members)


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
    """The state of a running instance. A check that neither passed nor failed stays as it was announced."""
    return State(
        frozenset(name for name in CHECKS if _fails(health.checks.get(name), before=name in before.failing)),
        frozenset(event.code for event in health.ahead),
    )


def _fails(check: Check | None, *, before: bool) -> bool:
    return before if check is None or check.tells_nothing else check.impaired


def unclear(health: Health) -> str:
    """The checks that neither passed nor failed, in words; empty: there is none."""
    odd = [name for name in CHECKS if name in health.checks and health.checks[name].tells_nothing]
    shown = [f"{TITLES[name]} is {health.checks[name].status}" for name in odd]
    return f"{', '.join(shown)}, which changes nothing" if shown else ""


def in_words(state: State) -> str:
    """A state for people."""
    checks = [f"impaired: {checks_in_words(state.failing, 'fail')}"] if state.failing else []
    events = [f"scheduled event {code} lies ahead" for code in sorted(state.events)]
    stopped = ["left stopped by a remedy"] if state.stopped else []
    return "; ".join(stopped + checks + events) or OK


def checks_in_words(names: frozenset[str], verb: str) -> str:
    """The checks of these names, which fail or pass."""
    titles = " and ".join(TITLES[name] for name in CHECKS if name in names)
    if len(names) > 1:
        return f"{titles} status checks {verb}"
    return f"{titles} status check {_SINGULAR[verb]}"
