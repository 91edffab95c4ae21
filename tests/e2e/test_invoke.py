"""`make invoke` as a person meets it."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from local.build import ROOT
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
