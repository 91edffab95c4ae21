"""Bad input at volume: whatever comes in is a valid request or a clear refusal, at once, and never an AWS call.

Time is the processor's, so that a machine with other work proves the same.
"""

import importlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nightshift import run as spine
from nightshift.errors import NightshiftError, PolicyError, RequestError
from nightshift.job import Job
from nightshift.policy import Policy
from nightshift.report.log import logger
from nightshift.request import parse, policy_to_try
from tests.support import Context, FakeClock
from tests.unit import hostile

FUNCTIONS = Path(__file__).parents[2] / "functions"
JOBS = sorted(app.parent.name for app in FUNCTIONS.glob("*/app.py"))
MOST_SECONDS = 1.0
MOST_WORDS = 1_500
# How pydantic says it, and how Python does.
NOT_OURS = ("nput should", "tring should", "hould be", "hould have", "xtra inputs", "nable to parse", "Traceback")

calm = settings(suppress_health_check=list(HealthCheck))
few, many = settings(calm, max_examples=150), settings(calm, max_examples=10_000)
share = settings(calm, max_examples=10_000 // len(JOBS) + 1)
of_each_job = pytest.mark.parametrize("job", JOBS)


class AwsReachedError(Exception):
    """The event was taken: from here on AWS would be read."""


def _job(name: str) -> Job[Any, Any]:
    job: Job[Any, Any] = importlib.import_module(f"nightshift.jobs.{name}").JOB
    return job


def _check(run: Callable[[], object], refusal: type[NightshiftError], begins: str) -> None:
    started = time.process_time()
    said = ""
    try:
        run()
    except refusal as error:
        said = str(error)
    assert time.process_time() - started < MOST_SECONDS
    if said:
        assert said.startswith(begins)
        assert len(said) <= MOST_WORDS
        assert said.isprintable(), "one line, without control characters"
        assert not [words for words in NOT_OURS if words in said], said


def _take(job: str, event: Any) -> None:
    model = _job(job).request

    def go() -> None:
        call = parse(event, model)
        assert isinstance(call.request, model)
        call.request.check(Policy())
        policy_to_try(call.request)

    _check(go, RequestError, "event: ")


@of_each_job
@few
@given(data=st.data())
def test_an_event_is_a_request_or_a_request_error(job: str, data: st.DataObject) -> None:
    _take(job, data.draw(hostile.events(job)))


@pytest.mark.long
@of_each_job
@share
@given(data=st.data())
def test_10_000_events_are_requests_or_request_errors(job: str, data: st.DataObject) -> None:
    _take(job, data.draw(hostile.events(job)))


@of_each_job
def test_what_is_huge_or_odd_stands_in_every_field(job: str) -> None:
    for field in [*_job(job).request.model_fields, "source", "a\nb"]:
        for value in [*hostile.HUGE, *hostile.ODD]:
            for least in hostile.events_of(job)[:1]:
                _take(job, {**least, field: value})


@few
@given(hostile.policy_texts())
@example(hostile._BOMB)
def test_a_policy_text_is_a_policy_or_a_policy_error(text: str) -> None:
    _check(lambda: Policy.parse(text), PolicyError, "policy: ")


@pytest.mark.long
@many
@given(hostile.policy_texts())
def test_10_000_policy_texts_are_policies_or_policy_errors(text: str) -> None:
    _check(lambda: Policy.parse(text), PolicyError, "policy: ")


@few
@given(hostile.spoiled([hostile.FULL_POLICY]))
def test_a_policy_of_an_event_is_a_policy_or_a_policy_error(content: Any) -> None:
    _take("backup", {"dry_run": True, "policy": content})


@pytest.mark.long
@many
@given(hostile.spoiled([hostile.FULL_POLICY]))
def test_10_000_policies_of_events_are_policies_or_policy_errors(content: Any) -> None:
    _take("backup", {"dry_run": True, "policy": content})


@of_each_job
@few
@given(data=st.data())
def test_a_run_asks_aws_for_nothing_before_event_and_policy_are_right(job: str, data: st.DataObject) -> None:
    """The whole run, with an AWS that holds this policy and would not survive another question."""
    event, text = data.draw(hostile.events(job)), data.draw(hostile.policy_texts())

    def read(*_: Any) -> None:
        raise AwsReachedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spine, "stored_policy", lambda _: Policy.parse(text))
        patch.setattr(logger, "error", lambda _: None)
        with pytest.raises((RequestError, PolicyError, AwsReachedError)):
            spine.run(replace(_job(job), read=read), event, Context(), FakeClock())


def test_every_function_is_here() -> None:
    assert len(JOBS) == 7
