"""Bad days at AWS: what is drawn for each call while a front passes over."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from local.wire import Answer, Fault
from local.world import world
from tests.support import RunDied
from tests.year.buckets import THROTTLE

EXPIRED = Fault("ExpiredToken", "The security token included in the request is expired")
DENIED = Fault("UnauthorizedOperation", "You are not authorized: explicit deny in a service control policy", 403)
LIMIT = Fault("PendingSnapshotLimitExceeded", "The maximum number of pending snapshots has been reached")

# What a call may meet. `after` and a cut answer: it took effect all the same.
KINDS: Mapping[str, Answer | Fault] = {
    "throttled": THROTTLE,
    "internal error": Fault("InternalError", "An internal error has occurred", 500),
    "unavailable": Fault("Unavailable", "The server is overloaded and can't handle the request.", 503),
    "error after effect": Fault("InternalError", "An internal error has occurred", 500, after=True),
    "connection reset": Answer(drop=True),
    "answer lost": Answer(after=True, drop=True),
    "answer cut": Answer(body=b"<Response><half", after=True),
    "tags busy": Fault("ConcurrentTagAccess", "Another request is changing the tags of this resource"),
    "too many pending": LIMIT,
}
_ONLY_FOR = {
    "tags busy": ("CreateTags", "DeleteTags"),
    "too many pending": ("CreateSnapshot", "CreateSnapshots"),
}
SLOW_SECONDS = (30, 70)
LAGS = (0, 0, 5, 60, 240)
PENDING_SECONDS = (0, 60, 900, 7200)


@dataclass
class Front:
    """until: when it has passed. share: of the calls that meet something."""

    until: datetime
    share: float
    kinds: tuple[str, ...]


class Weather:
    """A hook of the embedded AWS. All that it does comes from one generator: the same seed, the same year."""

    def __init__(self, rng: Random, share: float) -> None:
        self._rng, self._share = rng, share
        self._front: Front | None = None
        self._denied: str | None = None
        self._expired = False
        self._calls_left: int | None = None
        self._second_run_in: int | None = None
        self.calm = False
        # People and the judge act in fair weather.
        self.indoors = False
        self.second_run: Callable[[], None] = lambda: None
        self.met: Counter[str] = Counter()
        self.met_in_run = 0
        self.alone = True

    def new_day(self, volume_ids: list[str]) -> None:
        """Draw the day: a front or none, lag, how long snapshots take, whom a policy denies, what fails."""
        rng = self._rng
        self._front, self._denied = None, None
        if self.calm or rng.random() > self._share:
            world.visibility_seconds, world.snapshot_seconds, world.failing_volumes = 0, 60, set()
            return
        begins = world.now() + timedelta(hours=rng.uniform(0, 3))
        kinds = tuple(rng.sample(sorted(KINDS), rng.randint(1, 4)))
        self._front = Front(begins + timedelta(hours=rng.uniform(1, 20)), rng.choice((0.02, 0.1, 0.4)), kinds)
        world.visibility_seconds = rng.choice(LAGS)
        world.snapshot_seconds = rng.choice(PENDING_SECONDS)
        world.failing_volumes = {rng.choice(volume_ids)} if volume_ids and rng.random() < 0.2 else set()
        self._denied = rng.choice(volume_ids) if volume_ids and rng.random() < 0.2 else None

    def new_run(self) -> None:
        """Draw what happens to this run: it is killed, its credentials expire, another one starts meanwhile."""
        rng = self._rng
        self._expired, self.met_in_run, self.alone = False, 0, True
        fate = 1.0 if self.calm or self._front is None else rng.random()
        self._calls_left = rng.randint(1, 40) if fate < 0.05 else None
        self._second_run_in = rng.randint(1, 20) if 0.05 <= fate < 0.1 else None

    def may_end_the_run(self) -> None:
        """RunDied: this is as far as the run comes."""
        if self._calls_left is not None and self._calls_left <= 0 and not self.indoors:
            self._calls_left = None
            self._note("killed")
            raise RunDied

    def __call__(self, _service: str, action: str, params: Mapping[str, Any]) -> Answer | Fault | None:
        if self.indoors:
            return None
        world.clock.advance(seconds=self._rng.uniform(0.02, 0.2))
        if self._calls_left is not None:
            self._calls_left -= 1
        self._maybe_another_run()
        return self._drawn(action, params)

    def _maybe_another_run(self) -> None:
        if self._second_run_in is None:
            return
        self._second_run_in -= 1
        if self._second_run_in == 0:
            self._second_run_in = None
            self._note("second run")
            self.alone = False
            self.second_run()

    def _drawn(self, action: str, params: Mapping[str, Any]) -> Answer | Fault | None:
        if self._expired:
            return EXPIRED
        if self._denied and not action.startswith("Describe") and self._denied in map(str, params.values()):
            self._note("denied")
            return DENIED
        front = self._front
        if front is None or world.now() > front.until or self._rng.random() > front.share:
            return None
        return self._met(self._rng.choice((*front.kinds, "slow", "expired")), action)

    def _met(self, kind: str, action: str) -> Answer | Fault | None:
        if action not in _ONLY_FOR.get(kind, (action,)):
            return None
        self._note(kind)
        if kind == "slow":
            world.clock.advance(seconds=self._rng.uniform(*SLOW_SECONDS))
            return None
        if kind == "expired":
            # Credentials last for hours: they run out in few runs.
            self._expired = self._rng.random() < 0.2
            return EXPIRED if self._expired else None
        return KINDS[kind]

    def _note(self, kind: str) -> None:
        self.met[kind] += 1
        self.met_in_run += 1
