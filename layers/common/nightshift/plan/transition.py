"""The change of an instance's health that is worth a message: from what was announced to what AWS says now."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

from nightshift.plan.health import Announced, Event, Health, State, checks_in_words, observed
from nightshift.plan.slots import slot_text


class Kind(IntEnum):
    """What a transition is first of all; the most severe comes first."""

    STOPPED = 1
    IMPAIRED = 2
    EVENT = 3
    LESS_IMPAIRED = 4
    RECOVERED = 5
    RUNS_AGAIN = 6
    EVENT_OVER = 7


@dataclass(frozen=True, slots=True)
class Transition:
    """From the state that was announced to another one.

    since: of the new state, UTC. failing_since: of the checks that are new in it, where AWS says so. ahead: its
    scheduled events. remedied: when Nightshift did something about the state that is left, or stopped it.
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
        if self._left_stopped:
            return Kind.STOPPED
        if self._failed:
            return Kind.IMPAIRED
        if self._scheduled:
            return Kind.EVENT
        if self._passed:
            return Kind.LESS_IMPAIRED if self.after.failing else Kind.RECOVERED
        return Kind.RUNS_AGAIN if self._runs_again else Kind.EVENT_OVER

    @property
    def words(self) -> str:
        return "; ".join([*self._words_on_stops(), *self._words_on_checks(), *self._words_on_events()])

    @property
    def _failed(self) -> frozenset[str]:
        return self.after.failing - self.before.failing

    @property
    def _passed(self) -> frozenset[str]:
        return self.before.failing - self.after.failing

    @property
    def _scheduled(self) -> frozenset[str]:
        return self.after.events - self.before.events

    @property
    def _left_stopped(self) -> bool:
        return self.after.stopped and not self.before.stopped

    @property
    def _runs_again(self) -> bool:
        return self.before.stopped and not self.after.stopped

    def _words_on_stops(self) -> Iterable[str]:
        if self._left_stopped and self.remedied:
            yield f"stopped by the remedy of {slot_text(self.remedied)} and not started again: start it"
        if self._runs_again:
            yield "runs again after the remedy that had left it stopped"

    def _words_on_checks(self) -> Iterable[str]:
        if self._failed:
            more = ", beside what failed before" if self.before.failing & self.after.failing else ""
            checks = checks_in_words(self._failed, "fail")
            yield f"became impaired: {checks}{more}, since {slot_text(self._failed_since)}"
        if self._passed:
            passes = checks_in_words(self._passed, "pass")
            still = f", still impaired: {checks_in_words(self.after.failing, 'fail')}" if self.after.failing else ""
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


def left_stopped(announced: Announced, remedied: datetime) -> Transition | None:
    """What is told of an instance that the remedy of this time stopped and nobody started; None: it was told."""
    if announced.state.stopped:
        return None
    impaired_since = announced.since if announced.state.failing else None
    return Transition(announced, replace(announced.state, stopped=True), impaired_since or remedied, remedied=remedied)


def _began(announced: Announced, after: State, health: Health) -> datetime | None:
    """Since when the new state is impaired; None where nobody says, and where it is not: AWS tells no time of that."""
    still = announced.since if announced.state.failing & after.failing else None
    return min((time for time in (still, health.since(after.failing)) if time), default=None)


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
