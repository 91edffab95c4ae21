"""The log: a line a change or failure, and what was left only for a person."""

from collections.abc import Mapping

import pytest

from nightshift.outcome import Action, Result, Status
from nightshift.report.log import log_outcome
from tests.builders import an_outcome

RESULTS = {
    Status.FAILED: "snap-1",
    Status.REMAINING: "snap-2",
    Status.DONE: "snap-3",
    Status.SKIPPED: "snap-4",
}


def logged(by_person: bool, caplog: pytest.LogCaptureFixture) -> Mapping[str, str]:
    """The level of each message."""
    outcome = an_outcome([Result(id_, Action.DELETE, "why", status, None) for status, id_ in RESULTS.items()])
    with caplog.at_level("INFO"):
        log_outcome(outcome, by_person)
    return {record.getMessage(): record.levelname for record in caplog.records}


SUMMARY = "cleanup: 3 planned, 1 done, 1 failed, 1 remaining, 1 left alone"


def test_a_scheduled_run_logs_what_it_did_and_what_failed(caplog: pytest.LogCaptureFixture) -> None:
    assert logged(False, caplog) == {
        "failed: delete snap-1: why": "ERROR",
        "done: delete snap-3: why": "INFO",
        SUMMARY: "INFO",
    }


def test_a_person_finds_everything(caplog: pytest.LogCaptureFixture) -> None:
    assert logged(True, caplog) == {
        "failed: delete snap-1: why": "ERROR",
        "remaining: delete snap-2: why": "INFO",
        "done: delete snap-3: why": "INFO",
        "skipped: delete snap-4: why": "INFO",
        SUMMARY: "INFO",
    }
