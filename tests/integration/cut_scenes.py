"""A small fleet for each job of the night, what its end state is, and what is counted of the way there."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import pytest
from moto.ec2.models.instances import Instance
from moto.moto_api._internal import mock_random

from local import seed
from local.embedded import EmbeddedAws
from local.seed import Disk, backend_of
from local.stage import put_policy
from local.world import world
from nightshift.errors import ReadError, RunFailed
from nightshift.job import Job
from nightshift.jobs import backup, cleanup, eks_info, status_check, tagging
from tests.integration.acting import make_alerts_topic
from tests.integration.eks_scenes import backend as eks_backend
from tests.integration.eks_scenes import degraded, well
from tests.integration.scenes import LONG_AGO, READS, ROOT, SLOT, at, data_disks, lone_volume, machine, nights, saved
from tests.support import NOW, REGION, MortalClock, RunDied, scheduled

type Run = Callable[..., dict[str, Any]]

TWO_PLANS = """backup:
  plans:
    nightly: {schedule: "0 3 * * *", keep: {daily: 7}}
    weekly: {schedule: "0 4 * * 0", keep: {weekly: 4}}
"""
RULES = "tagging: {rules: [{set: {env: prod}}, {when: {name: web-*}, set: {team: shop}}], propagate: [Name, env]}"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Scene:
    """A job, a fleet that gives it something of everything to do, and what counts at the end.

    calls: what an undisturbed run makes, one letter a call: r a read, c a change. later: when the runs after it come.
    """

    job: Job[Any, Any]
    policy: str
    set_up: Callable[[Any], None]
    picture: Callable[[Any], Any]
    calls: str
    later: tuple[timedelta, ...]

    @property
    def name(self) -> str:
        return self.job.name


def _to_back_up(backend: Any) -> None:
    """Sets of two and of one, a lone volume, two plans at once, a night that is missing, a slot that is saved."""
    web = machine(backend, {"Backup": "nightly, weekly", "Name": "web"}, [ROOT, *data_disks(1)])
    for volume in seed.volumes_of(backend, web).values():
        saved(backend, volume, SLOT - DAY, instance=web)
    late = machine(backend, {"Backup": "nightly"})
    [disk] = seed.volumes_of(backend, late).values()
    saved(backend, disk, SLOT - 3 * DAY, instance=late)
    lone_volume(backend)
    saved(backend, lone_volume(backend), SLOT)


def _backups(backend: Any) -> Any:
    """Of each volume its snapshots, by their tags."""
    return sorted((each.volume.id, each.status, sorted(backend.tags[each.id].items())) for each in _snapshots(backend))


def _snapshots(backend: Any) -> list[Any]:
    return list(backend.snapshots.values())


def _to_clean_up(backend: Any) -> None:
    """Eleven nights of two volumes, a slot that is there twice, one that failed, one that is shared."""
    web = machine(backend, {"Backup": "nightly"}, [ROOT, *data_disks(1)])
    first, second = seed.volumes_of(backend, web).values()
    nights(backend, first, 9, instance=web)
    nights(backend, second, 8, instance=web)
    saved(backend, first, SLOT - 2 * DAY, instance=web)
    saved(backend, second, SLOT - DAY, instance=web, state="error")
    saved(backend, second, SLOT - 9 * DAY, instance=web, shared_with=["210987654321"])
    saved(backend, second, SLOT - 10 * DAY, instance=web)


def _kept(backend: Any) -> Any:
    return sorted((each.id, sorted(backend.tags[each.id].items())) for each in _snapshots(backend))


def _to_tag(backend: Any) -> None:
    with at(LONG_AGO):
        seed.instance(backend, {"Name": "web-1"}, [Disk(), Disk("/dev/sdf", 10)])
        seed.instance(backend, {"Name": "web-2", "env": "prod"})
        seed.instance(backend, {"Name": "db", "env": "test"})


def _all_tags(backend: Any) -> Any:
    return {id_: dict(tags) for id_, tags in backend.tags.items() if tags}


def _to_care_for(backend: Any) -> None:
    """Two with a remedy each, one without, one that recovered, one whose host is given up."""
    for name, remedy, check in (("app", "reboot", "instance"), ("db", "stop-start", "system"), ("old", "", "ebs")):
        made = machine(backend, {"Name": name, **({"nightshift:remedy": remedy} if remedy else {})})
        world.impair(made.id, check, since=NOW - timedelta(hours=1))  # type: ignore[arg-type]  # one of CHECKS
    machine(backend, {"Name": "back", "nightshift:status": "impaired:instance 2026-11-24T10:00:00Z"})


def _care(backend: Any) -> Any:
    """Of each instance: whether it runs, what was announced, whether a remedy was written down, what fails now."""
    return {
        name: (
            instance.state,
            tags.get("nightshift:status", "").partition(" ")[0],
            "nightshift:remedied" in tags,
            sorted(check for (id_, check), state in world.checks.items() if id_ == instance.id),
        )
        for instance in backend.all_instances()
        for tags in [backend.tags[instance.id]]
        for name in [tags["Name"]]
    }


def _to_inform_of(_backend: Any) -> None:
    degraded(well("one"))
    degraded(well("two", tags={"nightshift:findings": "public-api"}))
    well("three")


def _informed(_backend: Any) -> Any:
    return {name: dict(made.tags) for name, made in eks_backend().clusters.items()}


_ABOUT = re.compile(r'i-\w+ "(\w+)"|(\w+) \(Kubernetes')
_NEWS = re.compile(r"  (became impaired: \w+|recovered|NEW, \w+: \w+ \w+|CLEARED: .*)")

FIVE, QUARTER, HOUR = (timedelta(minutes=minutes) for minutes in (5, 15, 60))
SCENES = {
    scene.name: scene
    for scene in (
        Scene(backup.JOB, TWO_PLANS, _to_back_up, _backups, "rrrrrrrccc", (QUARTER, QUARTER)),
        Scene(cleanup.JOB, TWO_PLANS, _to_clean_up, _kept, "rrrrrrrrrrrrrrcccccc", (HOUR,)),
        Scene(tagging.JOB, RULES, _to_tag, _all_tags, "rrrrccccc", (QUARTER,)),
        # A remedy that was written down and never done is done an hour later: twice would be worse.
        Scene(
            status_check.JOB, "{}", _to_care_for, _care, "rrrrcccccrccrccrrcr", (FIVE, FIVE, timedelta(hours=1), FIVE)
        ),
        Scene(eks_info.JOB, "{}", _to_inform_of, _informed, "rrrrrrrrrrrrrrrrrrrrccc", (DAY,)),
    )
}


@dataclass
class Stage:
    """The embedded AWS with a scene, and what happens on it."""

    aws: EmbeddedAws
    run_job: Run
    scene: Scene
    took: list[str] = field(default_factory=list)
    # What was done to instances, by what has an effect there: a reboot or a start mends them.
    power: list[tuple[str, str]] = field(default_factory=list)

    def mends(self, patch: pytest.MonkeyPatch) -> None:
        """From now on what is rebooted or started is healthy again, and what is done to instances is written down."""
        for name in ("reboot", "stop", "start"):
            patch.setattr(Instance, name, self._noted(name, getattr(Instance, name)))

    def _noted(self, name: str, do: Callable[..., Any]) -> Callable[..., Any]:
        def noted(instance: Any) -> Any:
            self.power.append((self.backend.tags[instance.id]["Name"], name))
            if name != "stop":
                world.recover(instance.id)
            return do(instance)

        return noted

    def set_up(self) -> None:
        """The same fleet with the same ids, each time."""
        self.aws.reset()
        world.clock.set(NOW)
        put_policy(self.aws.url, self.scene.policy, REGION)
        make_alerts_topic(self.aws.url)
        mock_random.seed(1)
        self.scene.set_up(self.backend)
        self.aws.requests.clear()
        self.took.clear()
        self.power.clear()

    @property
    def backend(self) -> Any:
        return backend_of(REGION)

    @property
    def picture(self) -> Any:
        return self.scene.picture(self.backend)

    @property
    def effects(self) -> Counter[str]:
        """The changes that took effect, by action."""
        return Counter(self.took)

    @property
    def told(self) -> Counter[str]:
        """How often each thing was told: of which instance or cluster, and what."""
        found: Counter[str] = Counter()
        for message in world.messages:
            about = ""
            for line in message.text.splitlines():
                if heading := _ABOUT.match(line):
                    about = heading[1] or heading[2]
                elif news := _NEWS.match(line):
                    found[f"{about} {news[1]}"] += 1
        return found

    @property
    def snapshots(self) -> list[Any]:
        return _snapshots(self.backend)

    def remove_since(self, moment: datetime) -> None:
        """Without the snapshots of later nights."""
        for each in self.snapshots:
            if each.start_time.replace(tzinfo=UTC) >= moment:
                del self.backend.snapshots[each.id]

    def run(self, event: Any = None, clock: MortalClock | None = None) -> dict[str, Any] | None:
        """One run of a schedule; None: it died or ended badly."""
        try:
            return self.run_job(self.scene.job, event or scheduled(), clock=clock or MortalClock())
        except (ReadError, RunFailed, RunDied):
            return None

    def disturbed(self, hook: Any, clock: MortalClock | None = None) -> dict[str, Any] | None:
        """One run with this hook; what passes it counts as done, and so does what it met, where it is `after`."""
        both = [hook, self.listen]
        self.aws.hooks.extend(both)
        outcome = self.run(clock=clock)
        for each in both:
            self.aws.hooks.remove(each)
        if getattr(hook, "after", False):
            self.listen("", hook.action, {})
        return outcome

    def listen(self, _service: str, action: str, _params: Mapping[str, Any]) -> None:
        if not action.startswith(READS):
            self.took.append(action)

    def go_on(self) -> list[dict[str, Any] | None]:
        """The runs that come after it, each at its time."""
        outcomes = []
        for pause in self.scene.later:
            world.clock.set(world.now() + pause)
            outcomes.append(self.disturbed(undisturbed))
        return outcomes


def kinds(requests: Sequence[tuple[str, str]]) -> str:
    """Of each request whether it reads (r) or changes something (c)."""
    return "".join("r" if action.startswith(READS) else "c" for _, action in requests)


def undisturbed(_service: str, _action: str, _params: Mapping[str, Any]) -> None:
    """A hook that disturbs nobody."""


@dataclass(frozen=True)
class End:
    """What came of some runs: the picture, the changes by action, what was done to instances, what was told."""

    picture: Any
    effects: Counter[str]
    power: Counter[tuple[str, str]]
    told: Counter[str]

    @classmethod
    def of(cls, stage: Stage) -> Self:
        return cls(stage.picture, stage.effects, Counter(stage.power), stage.told)


type Make = Callable[[str], Stage]


def end_of(stage: Stage, ends: dict[str, End]) -> End:
    """The end of undisturbed runs, which is looked up once; the stage is as new."""
    name = stage.scene.name
    if name not in ends:
        stage.disturbed(undisturbed)
        assert kinds(stage.aws.requests) == stage.scene.calls
        stage.go_on()
        ends[name] = End.of(stage)
        stage.set_up()
    return ends[name]
