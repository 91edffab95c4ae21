"""No credential and nothing of the policy that is not needed stands in a log, an outcome, an error or a message."""

import io
import logging
import traceback
from collections.abc import Callable
from typing import Any

import botocore.session
import pytest

from local import seed
from local.embedded import EmbeddedAws
from local.wire import Answer, Fault
from local.world import world
from nightshift.errors import NightshiftError
from nightshift.jobs import backup, cleanup, eks_info, network, restore, status_check, tagging
from nightshift.report.log import logger
from tests.integration.conftest import Run
from tests.integration.eks_scenes import degraded, well
from tests.integration.scenes import DENIED, READS, lone_volume, machine, nights
from tests.support import NOW, scheduled

# None of these is a real one: AWS's own examples, marked.
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIAMARKED0EXAMPLE00",
    "AWS_SECRET_ACCESS_KEY": "wJalrMarkedSecretEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "FwoGMarkedSessionTokenEXAMPLE",
}
IN_THE_POLICY = "PolicySecretMarked"
POLICY = (
    f"# {IN_THE_POLICY}1\ntagging: {{rules: [{{when: {{name: {IN_THE_POLICY}2}}, set: {{token: {IN_THE_POLICY}3}}}}]}}"
)
MARKED = "arked"
JOBS = (backup, cleanup, eks_info, network, restore, status_check, tagging)
FAULTS: dict[str, Answer | Fault] = {
    "refused": DENIED,
    "no such key": Fault("InvalidClientTokenId", "The security token included in the request is invalid", 403),
    "expired": Fault("ExpiredToken", "The security token included in the request is expired", 403),
    "wrong signature": Fault("SignatureDoesNotMatch", "The request signature we calculated does not match", 403),
    "cut": Answer(drop=True),
    "no XML": Answer(body=b"<html>"),
}


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    return stream


@pytest.fixture
def said(
    topic: str,
    log: io.StringIO,
    run_job: Run,
    backend: Any,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], list[str]]:
    """Everything that the runs of all jobs say, with these credentials, by schedule and asked by a person."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    web = machine(backend)
    nights(backend, lone_volume(backend), 30)
    seed.instance(backend, {"Name": "sick", "nightshift:remedy": "reboot"})
    degraded(well("one"))
    world.impair(web.id, "instance", since=NOW)

    def go() -> list[str]:
        answers = []
        with caplog.at_level(logging.INFO):
            for module in JOBS:
                for event in ({}, {"dry_run": True}, scheduled(), {"nonsense": 1}):
                    least = {"instance_id": web.id} if module is restore and "source" not in event else {}
                    try:
                        answers.append(repr(run_job(module.JOB, event | least)))
                    except NightshiftError as error:
                        # Lambda logs the whole chain.
                        answers.append("".join(traceback.format_exception(error)))
        printed = capfd.readouterr()
        sent = [f"{message.subject} {message.text}" for message in world.messages]
        assert log.getvalue().count("\n") >= len(JOBS)
        return [*answers, log.getvalue(), caplog.text, printed.out, printed.err, *sent]

    return go


@pytest.mark.parametrize("text", [POLICY, f"{POLICY}\nunknown: 1", f"{POLICY}\n["], ids=["right", "wrong", "no YAML"])
def test_no_credential_and_no_policy_in_what_a_run_says(
    text: str, policy: Callable[[str], None], said: Callable[[], list[str]]
) -> None:
    policy(text)
    texts = said()
    assert len("".join(texts)) > 10_000
    assert not [each for each in texts if MARKED in each]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("reads_too", [True, False])
def test_no_credential_in_what_is_said_of_a_fault(
    fault: Answer | Fault, reads_too: bool, aws: EmbeddedAws, said: Callable[[], list[str]]
) -> None:
    aws.hooks.append(lambda _service, action, _params: fault if reads_too or not action.startswith(READS) else None)
    texts = said()
    assert len("".join(texts)) > 10_000
    assert not [each for each in texts if MARKED in each]


def test_the_marks_are_those_that_the_runs_use(aws: EmbeddedAws, said: Callable[[], list[str]]) -> None:
    """The credentials reach AWS: the scan looks for the right ones."""
    seen = []
    aws.hooks.append(lambda service, action, _: seen.append((service, action)))
    said()
    assert seen
    credentials = botocore.session.get_session().get_credentials()
    assert credentials is not None
    assert credentials.secret_key == CREDENTIALS["AWS_SECRET_ACCESS_KEY"]
