"""make audit: every lock file, and never an all-clear that nobody gave."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools import audit
from tools.lock import LOCKS

ROOT = Path(__file__).parents[2]
FINE = {"name": "boto3", "version": "1.44.8", "vulns": []}
BAD = {"name": "jinja2", "version": "3.0.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1.6"], "aliases": []}]}
UNKNOWN = {"name": "boto3", "skip_reason": "Dependency not found on PyPI and could not be audited: boto3 (1.44.8)"}


def answer(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


@pytest.mark.parametrize(
    ("stdout", "stderr", "result", "words"),
    [
        (answer(FINE), "No known vulnerabilities found", 0, "no known vulnerability in 1 packages"),
        (answer(FINE, BAD), "Found 1", audit.VULNERABLE, "jinja2 3.0.0: PYSEC-1, fixed in 3.1.6"),
        (answer(UNKNOWN, BAD), "", audit.VULNERABLE, "jinja2"),
        (answer(UNKNOWN, FINE), "", audit.UNKNOWN, "NOT CHECKED: 1 of 2 packages are unknown"),
        (answer(), "", audit.UNKNOWN, "NOT CHECKED"),
        ("", "a\nERROR: Name or service not known", audit.UNKNOWN, "could not be asked: ERROR: Name or service"),
        ("", "", audit.UNKNOWN, "could not be asked: no answer"),
        ("[]", "", audit.UNKNOWN, "NOT CHECKED"),
    ],
)
def test_what_an_answer_means(stdout: str, stderr: str, result: int, words: str) -> None:
    found, said = audit.judged(stdout, stderr)
    assert found == result
    assert words in said


def test_every_lock_file_is_asked_whatever_came_of_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command[command.index("--requirement") + 1])
        return subprocess.CompletedProcess(command, 0, answer(UNKNOWN) if len(asked) == 1 else answer(FINE), "")

    monkeypatch.setattr(subprocess, "run", run)
    assert audit.main() == audit.UNKNOWN
    assert asked == [lock.path for lock in LOCKS]
    assert f"1 of {len(LOCKS)} lock files were not checked: this says nothing" in capsys.readouterr().err


def test_no_lock_file_is_forgotten() -> None:
    """Whatever has hashes in it is locked by make lock, and so it is audited."""
    tracked = [
        *ROOT.glob("requirements*/*.txt"),
        *ROOT.glob("layers/*/requirements.txt"),
        *ROOT.glob("functions/*/*.txt"),
    ]
    locked = {str(path.relative_to(ROOT)) for path in tracked if "--hash=" in path.read_text()}
    assert locked == {lock.path for lock in LOCKS}


def test_the_target_is_there() -> None:
    assert "\naudit: setup" in (ROOT / "Makefile").read_text()
