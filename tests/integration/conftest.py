"""Whole runs in process, against the embedded AWS over HTTP."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from local import seed
from local.embedded import EmbeddedAws
from local.seed import backend_of
from local.stage import client, put_policy
from local.world import world
from nightshift.clock import Clock
from nightshift.job import Job
from nightshift.jobs.status_check import JOB as STATUS_CHECK
from nightshift.run import run
from tests.botocore_cache import make_methods_once
from tests.integration.acting import CALLER, acting, make_alerts_topic, no_denial
from tests.integration.cut_scenes import SCENES
from tests.integration.cut_stage import End, Make, Stage
from tests.integration.restore_scenes import saved_server
from tests.support import NOW, REGION, Context, WorldClock, scheduled

make_methods_once()

type Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as running:
        yield running


@pytest.fixture
def aws(server: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedAws]:
    """An empty AWS at NOW with the default policy, that the jobs of this process reach."""
    server.reset()
    world.clock.set(NOW)
    for name, value in {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": CALLER,
        "AWS_SECRET_ACCESS_KEY": "testing",
    }.items():
        monkeypatch.setenv(name, value)
    put_policy(server.url, region=REGION)
    server.requests.clear()
    yield server
    assert server.unimplemented == [], "what moto does not have proves nothing"


@pytest.fixture
def ec2(aws: EmbeddedAws) -> Any:
    """A client to look at the result with."""
    return client("ec2", aws.url, REGION)


@pytest.fixture
def backend(aws: EmbeddedAws) -> Any:
    """moto's own state, to seed."""
    return backend_of(REGION)


@pytest.fixture
def policy(aws: EmbeddedAws) -> Callable[[str], None]:
    """Store another policy."""
    return lambda text: put_policy(aws.url, text, REGION)


@pytest.fixture
def run_job(aws: EmbeddedAws) -> Run:
    """run_job(JOB, event, seconds=900): one run, at the embedded AWS's time or by another clock, with the
    job's role from template.yaml evaluated. A call that the role does not allow fails the test."""

    def go(job: Job[Any, Any], event: Any, seconds: float = 900, clock: Clock | None = None) -> dict[str, Any]:
        with acting(aws, job.name) as enforcer:
            outcome = run(job, event, Context(seconds), clock or WorldClock())
        no_denial(enforcer)
        return outcome

    return go


@pytest.fixture
def measured(capsys: pytest.CaptureFixture[str]) -> Callable[[], Mapping[str, Mapping[str, int]]]:
    """What CloudWatch was told since the last look: the metrics of each set of dimensions, as "stack=... job=..."."""

    def look() -> Mapping[str, Mapping[str, int]]:
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
        return {_dimensions(line): _values(line) for line in lines}

    return look


def _dimensions(line: Mapping[str, Any]) -> str:
    [names] = line["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
    return " ".join(f"{name}={line[name]}" for name in names)


def _values(line: Mapping[str, Any]) -> dict[str, int]:
    return {metric["Name"]: sum(line[metric["Name"]]) for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}


@pytest.fixture
def topic(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> str:
    """The topic the jobs of this process tell, with the name and the key that the template gives it."""
    made = make_alerts_topic(aws.url)
    monkeypatch.setenv("NIGHTSHIFT_TOPIC_ARN", made)
    aws.requests.clear()
    return made


@pytest.fixture
def web(backend: Any) -> Any:
    return seed.instance(backend, {"Name": "web"})


@pytest.fixture
def tick(run_job: Run) -> Callable[[], dict[str, Any]]:
    """The schedule's next run, five minutes later; its one decision on `web` or whatever there is."""

    def go(**minutes: float) -> dict[str, Any]:
        world.clock.advance(minutes=minutes.get("minutes", 5))
        return run_job(STATUS_CHECK, scheduled())

    return go


@pytest.fixture(scope="module")
def ends() -> dict[str, End]:
    """Of undisturbed runs, by job, each made once."""
    return {}


@pytest.fixture
def stage(aws: EmbeddedAws, topic: str, run_job: Run, monkeypatch: pytest.MonkeyPatch) -> Make:
    """stage(job): its scene, on which calls come one after the other, so that they can be counted."""
    monkeypatch.setenv("NIGHTSHIFT_WORKERS", "1")

    def made(name: str) -> Stage:
        on = Stage(aws, run_job, SCENES[name])
        on.mends(monkeypatch)
        on.set_up()
        return on

    return made


@pytest.fixture
def box(backend: Any) -> Any:
    """A server that was saved in each of the last three nights, for what restores it."""
    return saved_server(backend)


@pytest.fixture
def event(box: Any) -> dict[str, Any]:
    """Puts the server's last night in place."""
    return {"instance_id": box.id, "mode": "replace"}


@pytest.fixture
def undo(box: Any) -> dict[str, Any]:
    return {"instance_id": box.id, "mode": "undo"}
