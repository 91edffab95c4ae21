"""A scene with the embedded AWS around it: runs that are disturbed or not, and what is counted of them."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import pytest
from moto.ec2.models.instances import Instance
from moto.moto_api._internal import mock_random

from local.embedded import EmbeddedAws
from local.seed import backend_of
from local.stage import put_policy
from local.world import world
from nightshift.errors import ReadError, RunFailed
from tests.integration.acting import make_alerts_topic
from tests.integration.cut_scenes import Scene
from tests.integration.scenes import READS
from tests.support import NOW, REGION, MortalClock, RunDied, scheduled

type Run = Callable[..., dict[str, Any]]

_ABOUT = re.compile(r'i-\w+ "(\w+)"|(\w+) \(Kubernetes')
_NEWS = re.compile(r"  (became impaired: \w+|recovered|NEW, \w+: \w+ \w+|CLEARED: .*)")


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
            # AWS starts nothing that runs, and stops nothing that is stopped.
            if instance.state != {"start": "running", "stop": "stopped"}.get(name):
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
        return list(self.backend.snapshots.values())

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
