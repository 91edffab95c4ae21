"""Hooks that end a run in the middle, lose one of its answers, or let another run go between."""

from collections.abc import Callable, Mapping
from typing import Any

from local.wire import Answer, Fault
from tests.integration.scenes import READS
from tests.support import MortalClock


class AtChange:
    """A hook that does something at the k-th change of a run (from 1) and lets all others pass.

    reads: at its k-th call, reads count too. action: the call that it met; empty before that.
    """

    def __init__(self, number: int, *, reads: bool = False) -> None:
        self.number, self.reads, self.met, self.action = number, reads, 0, ""

    def meets(self, action: str) -> bool:
        if action.startswith(READS) and not self.reads:
            return False
        self.met += 1
        if self.met != self.number:
            return False
        self.action = action
        return True


class Cut(AtChange):
    """From its k-th change on the run does not reach AWS any more; the k-th took effect where `after`."""

    def __init__(self, number: int, *, after: bool, reads: bool = False) -> None:
        super().__init__(number, reads=reads)
        self.after = after

    def __call__(self, _service: str, action: str, _params: Mapping[str, Any]) -> Fault | None:
        if self.meets(action):
            return Fault("ExpiredToken", "the run ends here", after=self.after)
        return Fault("ExpiredToken", "the run has ended") if self.met >= self.number else None


class Death(AtChange):
    """At its k-th call the run is gone and hears no answer; the k-th took effect where `after`."""

    def __init__(self, number: int, clock: MortalClock, *, after: bool) -> None:
        super().__init__(number, reads=True)
        self.clock, self.after = clock, after

    def __call__(self, _service: str, action: str, _params: Mapping[str, Any]) -> Answer | None:
        if not self.meets(action):
            return None
        self.clock.dead = True
        return Answer(drop=True, after=self.after)


class Stumble(AtChange):
    """The k-th change is answered so; the run goes on."""

    def __init__(self, number: int, answer: Answer | Fault) -> None:
        super().__init__(number)
        self.answer = answer

    def __call__(self, _service: str, action: str, _params: Mapping[str, Any]) -> Answer | Fault | None:
        return self.answer if self.meets(action) else None


class Meanwhile(AtChange):
    """Just before the k-th change arrives, something else happens."""

    def __init__(self, number: int, happens: Callable[[], object], *, reads: bool = False) -> None:
        super().__init__(number, reads=reads)
        self.happens = happens

    def __call__(self, _service: str, action: str, _params: Mapping[str, Any]) -> None:
        if self.meets(action):
            # What happens now makes changes too, which are not the run's.
            self.number = 0
            self.happens()
