"""`sam local` itself, where a Docker engine answers: every event in events/, in SAM's own containers.

In the lab (local/lab/in-lab) they are of a stand-in image that knows where the embedded AWS listens. With a
developer's own engine they are of AWS's image, and a copy of the built template says where it listens.
"""

import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.config import Config

from local.build import BUILT, ROOT, SAM, sam_environment
from local.stage import REGION, client, demo_stage, make_topic
from local.template import job_of, logical_id

IMAGE = "public.ecr.aws/lambda/python:3.13-x86_64"
LAB_ENDPOINT = os.environ.get("NIGHTSHIFT_LAB_ENDPOINT")  # set by in-lab
EVENTS = sorted((ROOT / "events").glob("*.json"))

pytestmark = [
    pytest.mark.sam_local,
    pytest.mark.usefixtures("built"),
    pytest.mark.xdist_group("sam_local"),  # one worker starts the containers, where groups are observed
]


@dataclass(frozen=True)
class Sam:
    """How `sam local` is called here: more options, and the environment with the embedded AWS in it."""

    options: list[str]
    environment: dict[str, str]

    def command(self, *words: str) -> list[str]:
        return [str(SAM), "local", *words, *self.options, "--skip-pull-image"]


@pytest.fixture(scope="module")
def gateway() -> str:
    """This machine's address as containers see it; skips where there is no engine, or no image for it."""
    if not _docker("version"):
        pytest.skip("no Docker engine answers (as root on Debian, .ci/run brings one)")
    if not _docker("image", "inspect", IMAGE) and not _docker("pull", IMAGE):
        pytest.skip(f"the Docker engine has no image {IMAGE} and cannot pull it")
    wanted = "{{(index .IPAM.Config 0).Gateway}}"
    address = _docker("network", "inspect", "bridge", "--format", wanted).strip()
    try:
        with socket.socket() as probe:
            probe.bind((address, 0))
    except OSError:
        pytest.skip(f"the bridge's gateway {address} is not on this machine: the engine runs elsewhere")
    return address


@pytest.fixture(scope="module")
def functions(gateway: str) -> Iterator[Any]:
    """A Lambda client of `sam local start-lambda` with every function's container warm."""
    with _sam(gateway) as sam, _lambda(sam) as served:
        yield served


@contextmanager
def _lambda(sam: Sam) -> Iterator[Any]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = sam.command("start-lambda", "--warm-containers", "EAGER", "--port", str(port))
    log = ROOT / ".build" / "start-lambda.log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            command, cwd=ROOT, env=sam.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        ) as server,
    ):
        try:
            _wait_for(port, server, log)
            url = f"http://127.0.0.1:{port}"
            yield client("lambda", url, config=Config(read_timeout=120, retries={"total_max_attempts": 1}))
        finally:
            server.terminate()  # SAM removes its containers
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()


@pytest.mark.parametrize("event", EVENTS, ids=lambda path: path.stem)
def test_every_event_is_answered(functions: Any, event: Path) -> None:
    job = job_of(event)
    answer = functions.invoke(FunctionName=logical_id(job), Payload=event.read_bytes())
    _check(job, json.load(answer["Payload"]))


def test_the_command_in_the_readme(gateway: str) -> None:
    # In the lab word for word; elsewhere with the template that keeps the function from the real AWS.
    with _sam(gateway, LAB_ENDPOINT) as sam:
        command = sam.command("invoke", "BackupFunction", "-e", "events/backup-dry-run.json")
        done = _run(command, env=sam.environment, stdin=subprocess.DEVNULL, timeout=120)
    # SAM exits with 0 whatever the function did; after a timeout it prints nothing.
    assert (done.returncode, done.stdout != "") == (0, True), done.stderr
    answer = json.loads(done.stdout)
    _check("backup", answer)
    assert answer["dry_run"] is True
    assert answer["planned"] > 0  # it has seen the embedded AWS's fleet


def _check(job: str, answer: Any) -> None:
    assert "errorType" not in answer, answer
    assert (answer["version"], answer["job"]) == (1, job)


@contextmanager
def _sam(gateway: str, endpoint: str | None = None) -> Iterator[Sam]:
    """SAM beside an embedded AWS with the demo fleet; no call can go to the real one.

    The functions look for it at the endpoint, if their image holds one; else the template says where.
    """
    with demo_stage(gateway, int(endpoint.rsplit(":", 1)[1]) if endpoint else 0) as embedded:
        environment = {key: value for key, value in sam_environment().items() if not key.startswith("AWS_")}
        environment |= {
            "AWS_ENDPOINT_URL": embedded.url,  # SAM asks it for the account
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if endpoint:
            yield Sam([], environment)
        else:
            with _template_with(embedded.url) as template:
                yield Sam(["--template", str(template)], environment)


@contextmanager
def _template_with(url: str) -> Iterator[Path]:
    """A copy of the built template that declares the endpoint: SAM passes on only what is declared."""
    template = yaml.safe_load((BUILT / "template.yaml").read_text())
    template["Globals"]["Function"]["Environment"]["Variables"]["AWS_ENDPOINT_URL"] = url
    # Under sam local a reference to the topic is its name in the template, which AWS takes for no ARN.
    topic = make_topic(url)
    for resource in template["Resources"].values():
        variables = resource["Properties"].get("Environment", {}).get("Variables", {})
        if "NIGHTSHIFT_TOPIC_ARN" in variables:
            variables["NIGHTSHIFT_TOPIC_ARN"] = topic
    path = BUILT / f"template-{url.rsplit(':', 1)[1]}.yaml"  # beside the code it names
    path.write_text(yaml.safe_dump(template))
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _docker(*words: str) -> str:
    """What docker prints, or nothing if it fails."""
    try:
        done = _run(["docker", *words], timeout=180)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **options)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    pytest.fail(f"sam local start-lambda did not start:\n{log.read_text()}")
