"""Night after night: people act, the jobs run on their schedules, the weather does what it does, and all is judged."""

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.moto_api._internal import mock_random

from local.embedded import EmbeddedAws
from local.seed import backend_of
from local.stage import make_topic, put_policy
from local.world import world
from nightshift.jobs import backup, cleanup, status_check, tagging
from nightshift.run import run
from tests.support import REGION, Context, RunDied, WorldClock
from tests.year.bill import Bill
from tests.year.buckets import Buckets
from tests.year.judge import Judge, Run
from tests.year.people import People
from tests.year.rules import DAY, Rules
from tests.year.weather import Weather
from tests.year.witness import Witness

START = datetime(2026, 1, 1, tzinfo=UTC)
# When the jobs run in a day (UTC); the last backup of a day is long after its last slot.
RUNS: tuple[tuple[str, Any], ...] = (
    ("02:45", backup.JOB),
    ("03:07", cleanup.JOB),
    ("03:37", tagging.JOB),
    ("08:10", status_check.JOB),
    ("13:15", backup.JOB),
    ("19:15", backup.JOB),
    ("20:10", status_check.JOB),
)
POLICY_CHANGES_EVERY = 30


@dataclass(frozen=True)
class Options:
    """share_of_bad_days: 0 to 1. check_every: nights between two checks that all converges in fair weather."""

    seed: int = 1
    nights: int = 365
    share_of_bad_days: float = 0.5
    check_every: int = 30

    @property
    def command(self) -> str:
        """What replays it exactly."""
        return (
            f"make year SEED={self.seed} NIGHTS={self.nights} BAD_DAYS={self.share_of_bad_days} "
            f"CHECK_EVERY={self.check_every}"
        )


@dataclass
class Diary:
    """What the year was: for people."""

    nights: int = 0
    runs: Counter[str] = field(default_factory=Counter)
    raised: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    seconds: float = 0
    calls: int = 0
    refusals: int = 0
    deeds: list[str] = field(default_factory=list)


class Year:
    def __init__(self, aws: EmbeddedAws, options: Options) -> None:
        self.options, self._aws = options, aws
        rng = random.Random(options.seed)
        random.seed(options.seed)  # the jitter of the jobs' waiting
        aws.reset()
        mock_random.seed(options.seed)
        world.clock.set(START)
        backend = backend_of(REGION)
        self._rng, self._rules = rng, Rules()
        self.weather, self.buckets = Weather(rng, options.share_of_bad_days), Buckets()
        self.witness = Witness(backend, self._rules)
        self.judge = Judge(backend, self._rules, self.witness)
        self.diary, self.bill = Diary(), Bill(backend, self.witness)
        self._backend, self._people = backend, People(backend, rng)
        self._environment()
        aws.hooks.extend([self.weather, self.buckets, self.witness])

    def live(self, each_night: Callable[["Year"], None] = lambda _: None) -> None:
        """All nights, up to the first fault."""
        for night in range(1, self.options.nights + 1):
            fair = night % self.options.check_every == 0 or night == self.options.nights
            self._day(fair)
            self.diary.nights = night
            each_night(self)
            if self.judge.faults:
                return

    def _environment(self) -> None:
        self.weather.indoors = True
        os.environ |= {
            "AWS_ENDPOINT_URL": self._aws.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            # One after the other, so that the same seed gives the same calls.
            "NIGHTSHIFT_WORKERS": "1",
            "NIGHTSHIFT_TOPIC_ARN": make_topic(self._aws.url, REGION),
        }
        put_policy(self._aws.url, self._rules.text, REGION)

    def _day(self, fair: bool) -> None:
        start = START + self.diary.nights * DAY
        world.clock.set(max(start, world.now()))
        self.weather.calm = fair
        self.weather.new_day(sorted(self._backend.volumes))
        if not fair:
            self.diary.deeds += self._people.morning()
            self._maybe_change_policy()
        runs = []
        for time, job in RUNS:
            hour, minute = map(int, time.split(":"))
            world.clock.set(max(start + timedelta(hours=hour, minutes=minute), world.now()))
            runs.append(self._run(job, {}))
            self._confirm(runs[-1])
        self.judge.after_day(start, runs)
        if fair:
            self._night_in_fair_weather()

    def _night_in_fair_weather(self) -> None:
        """Each job once more; after that there is nothing left to do."""
        for _ in range(2):
            world.clock.advance(minutes=30)
            last = {job.name: self._run(job, {}) for job in (backup.JOB, cleanup.JOB, tagging.JOB, status_check.JOB)}
        self.judge.converged(last)

    def _maybe_change_policy(self) -> None:
        if self._rng.randrange(POLICY_CHANGES_EVERY) == 0:
            self.diary.deeds.append(self._rules.change(self._rng))
            put_policy(self._aws.url, self._rules.text, REGION)

    def _confirm(self, last: Run) -> None:
        """A person reads a refusal, and agrees."""
        if last.outcome and last.outcome["refused"]:
            self.diary.refusals += 1
            doomed = sum(each["action"] == "delete" for each in last.outcome["decisions"])
            self._run(cleanup.JOB, {"confirm": doomed})

    def _run(self, job: Any, event: dict[str, Any], nested: bool = False) -> Run:
        started = world.now()
        if not nested:
            self.weather.new_run()
            self.weather.second_run = lambda: self._meanwhile(job)
            self.witness.run_begins(job.name)
        done = self._outcome(job, event, started)
        if not nested:
            self.judge.after_run(done)
            self.bill.after_run()
        return done

    def _meanwhile(self, job: Any) -> None:
        self._run(job, {}, nested=True)

    def _outcome(self, job: Any, event: dict[str, Any], started: datetime) -> Run:
        calls, refused, indoors = len(self._aws.requests), self.buckets.refused, self.weather.indoors
        self.weather.indoors = False
        try:
            outcome, error = run(job, event, Context(), _Clock(self.weather)), ""
        except (RunDied, Exception) as raised:  # noqa: BLE001 - what a run raises is judged
            outcome, error = None, f"{type(raised).__name__}: {raised}"
            self.diary.raised[type(raised).__name__] += 1
        # A second run comes in the midst of a first one, which goes on in the same weather.
        self.weather.indoors = indoors
        self.diary.runs[job.name] += 1
        self.diary.calls += len(self._aws.requests) - calls
        self.diary.seconds += (world.now() - started).total_seconds()
        if outcome:
            self.diary.done[job.name] += outcome["done"]
        met = self.weather.met_in_run + self.buckets.refused - refused
        return Run(job.name, outcome, error, met, started, self.weather.alone)


class _Clock(WorldClock):
    """The run's own: the run may die in the middle."""

    def __init__(self, weather: Weather) -> None:
        self._weather = weather

    def now(self) -> datetime:
        self._weather.may_end_the_run()
        return super().now()
