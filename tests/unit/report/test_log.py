"""The log: a line a change or failure, and what was left only for a person."""

import io
import json
import logging
from collections.abc import Sequence

import pytest

from nightshift.outcome import Action, Result, Status
from nightshift.report.log import log_outcome, logger
from tests.builders import an_outcome

RESULTS = {
    Status.FAILED: "snap-1",
    Status.REMAINING: "snap-2",
    Status.DONE: "snap-3",
    Status.SKIPPED: "snap-4",
}


SUMMARY = "cleanup: 3 planned, 1 done, 1 failed, 1 remaining, 1 left alone"
CHANGES = {"failed: delete snap-1: why": "ERROR", "done: delete snap-3: why": "INFO"}


def logged(results: Sequence[Result], by_person: bool, caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    outcome = an_outcome(results)
    with caplog.at_level("INFO"):
        log_outcome(outcome, outcome.to_dict(), by_person)
    return caplog.records


def an_end_of_each_kind() -> list[Result]:
    return [Result(id_, Action.DELETE, "why", status, None) for status, id_ in RESULTS.items()]


def test_a_scheduled_run_logs_what_it_did_and_what_failed(caplog: pytest.LogCaptureFixture) -> None:
    records = logged(an_end_of_each_kind(), False, caplog)
    assert {record.getMessage(): record.levelname for record in records} == {**CHANGES, SUMMARY: "INFO"}


def test_a_person_finds_everything(caplog: pytest.LogCaptureFixture) -> None:
    records = logged(an_end_of_each_kind(), True, caplog)
    left = "2 of 2 that were left, alone or for later"
    assert {record.getMessage(): record.levelname for record in records} == {**CHANGES, left: "INFO", SUMMARY: "INFO"}
    assert next(record for record in records if record.getMessage() == left).__dict__["decisions"] == [
        {"resource": "snap-2", "action": "delete", "reason": "why", "outcome": "remaining", "error": None},
        {"resource": "snap-4", "action": "delete", "reason": "why", "outcome": "skipped", "error": None},
    ]


def test_what_was_left_takes_a_line_a_hundred(caplog: pytest.LogCaptureFixture) -> None:
    """And none is lost."""
    left = [Result(f"snap-{number:03}", Action.KEEP, "why", Status.SKIPPED, None) for number in range(250)]
    *lines, _summary = logged(left, True, caplog)
    shown = [[decision["resource"] for decision in line.__dict__["decisions"]] for line in lines]
    assert [len(line) for line in shown] == [100, 100, 50]
    assert [id_ for line in shown for id_ in line] == [result.resource for result in left]


@pytest.mark.parametrize("character", ["x", "\N{GRINNING FACE}"])
def test_no_line_is_longer_than_lambda_lets_it_be(character: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With names of 47 plans that are gone, or of 500 accounts, in each reason."""
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    left = [Result(f"snap-{number:03}", Action.KEEP, character * 7000, Status.SKIPPED, None) for number in range(50)]
    outcome = an_outcome(left)
    log_outcome(outcome, outcome.to_dict(), by_person=True)
    lines = stream.getvalue().splitlines()
    shown = [decision["resource"] for line in lines for decision in json.loads(line).get("decisions", ())]
    assert shown == [result.resource for result in left]
    assert max(len(line.encode()) for line in lines) < 256_000
