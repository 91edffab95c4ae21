"""`make invoke` as a person meets it."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from local.build import ROOT
from local.stage import EXAMPLE_VOLUME, REGION, demo_stage
from tools.invoke import UsageError, shown_only


def invoke(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.invoke", *words]
    environment = os.environ | {"AWS": "", "APPLY": ""} | variables
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_answer_is_on_stdout_and_the_logs_on_stderr(built: None) -> None:
    done = invoke("backup", "events/backup-dry-run.json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["job"], answer["dry_run"], answer["planned"] > 0) == ("backup", True, True)
    assert "START RequestId" in done.stderr


def test_the_events_name_what_is_there(built: None) -> None:
    [decision] = json.loads(invoke("backup", "events/backup-why-not.json").stdout)["decisions"]
    assert decision["resource"] == EXAMPLE_VOLUME
    assert "not found" not in decision["reason"]


@pytest.mark.parametrize(("apply", "dry"), [("", True), ("yes", False)])
def test_the_endpoint_of_the_caller_is_kept(built: None, apply: str, dry: bool) -> None:
    with demo_stage() as embedded:
        own = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": REGION}
        done = invoke("backup", "events/backup-now.json", AWS="real", APPLY=apply, AWS_ENDPOINT_URL=embedded.url, **own)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["dry_run"] is dry
        asked = {action for _, action in embedded.requests}
    assert "DescribeInstances" in asked
    assert ("CreateSnapshots" in asked) is not dry


def test_what_cannot_tell_people_does_not_begin(built: None) -> None:
    done = invoke("status_check", "events/status_check-instance.json", AWS="real", APPLY="yes", NIGHTSHIFT_TOPIC_ARN="")
    assert (done.returncode, done.stdout) == (2, "")
    assert "set NIGHTSHIFT_TOPIC_ARN to the output AlertsTopic" in done.stderr


@pytest.mark.parametrize(
    ("words", "variables", "said"),
    [
        (("bakcup", "events/backup.json"), {}, "JOB is one of: backup"),
        (("backup", "events/none.json"), {}, "events/backup-dry-run.json"),
        (("backup", "pyproject.toml"), {}, "is not JSON"),
        (("backup", "events/backup.json"), {"AWS": "production"}, "expected AWS=real"),
    ],
)
def test_a_mistake_is_named_and_nothing_runs(words: tuple[str, ...], variables: dict[str, str], said: str) -> None:
    done = invoke(*words, **variables)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_on_the_real_aws_a_request_is_only_shown() -> None:
    assert shown_only({"dry_run": False, "plans": ["nightly"]}) == {"dry_run": True, "plans": ["nightly"]}
    others: list[Any] = [{"source": "aws.events"}, {"source": "aws.ec2"}, [], "x"]
    for not_a_persons in others:
        with pytest.raises(UsageError, match="APPLY=yes"):
            shown_only(not_a_persons)
