"""A bad day at AWS: slow answers, half an answer, half a list, an empty list. Numbers as in test_bad_day."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from local.corrections import paging
from local.embedded import EmbeddedAws
from local.wire import Answer, Fault
from local.world import world
from nightshift.aws import describe, session
from nightshift.aws.session import CONNECTING, READING, reserve_of
from nightshift.errors import ReadError
from tests.integration.bad_days import (
    CHANGES,
    JOBS,
    POLICY,
    READS,
    From,
    Slow,
    a_day,
    held_true,
    nothing_changed,
)
from tests.integration.scenes import (
    CUT,
    DENIED,
    LISTS,
    LOST,
    THROTTLE,
    Trouble,
    changes,
    empty,
    lone_volume,
    machine,
    nights,
    saved_volumes,
    snapshot_ids,
    volume_ids,
)
from tests.support import scheduled

type Run = Callable[..., dict[str, Any]]
type StorePolicy = Callable[[str], None]

EVERY_JOB = tuple(CHANGES)


# ---------------------------------------------------------------- slow


@pytest.mark.parametrize("seconds", [3, 60, 120, 300, 900])
def test_04_the_last_call_ends_before_lambda_ends_the_run(seconds: float) -> None:
    reserve = reserve_of(timedelta(seconds=seconds)).total_seconds()
    assert (CONNECTING + READING) * reserve <= reserve - 3, "time for the outcome"
    assert READING * reserve >= 6, "time for AWS to answer"


def test_04_a_real_slow_socket_is_given_up_and_what_it_made_is_found(
    aws: EmbeddedAws, backend: Any, ec2: Any, run_job: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "READING", 0.01)  # 0.4 s
    box = machine(backend)
    aws.hooks.append(Trouble("CreateSnapshots", Answer(after=True, delay_seconds=1.2)))
    aws.hooks.append(Trouble("DescribeVolumes", Answer(delay_seconds=1.2)))
    outcome = run_job(JOBS["backup"], {})
    [decision] = outcome["decisions"]
    assert (decision["outcome"], outcome["calls"]["CreateSnapshots"]) == ("done", 1)
    assert "was found after an unclear answer" in decision["reason"]
    assert outcome["calls"]["DescribeVolumes"] == 2, "a read is asked again"
    assert saved_volumes(ec2) == volume_ids(box)


@pytest.mark.parametrize("job", EVERY_JOB)
def test_04_answers_that_take_30_seconds_leave_an_outcome_before_the_end(
    job: str, aws: EmbeddedAws, backend: Any, ec2: Any, topic: str, policy: StorePolicy, run_job: Run
) -> None:
    policy(POLICY)
    day = a_day(backend, job)
    aws.hooks.append(Slow(30))
    aws.hooks.append(Trouble(day.change, LOST))
    outcome = run_job(day.job, {}, seconds=600)
    held_true(day, ec2, outcome)
    assert outcome["failed"] == 0
    assert outcome["seconds"] < 600
    world.clock.advance(minutes=20)
    again = run_job(day.job, scheduled())
    assert again["planned"] == outcome["remaining"]
    assert day.untouchable <= snapshot_ids(ec2)


# ---------------------------------------------------------------- half


@pytest.mark.parametrize("answer", [CUT, Answer(body=b"<x/>"), Answer(body=b'{"a":'), THROTTLE, Answer(drop=True)])
@pytest.mark.parametrize("job", EVERY_JOB)
def test_05_a_read_without_a_whole_answer_is_asked_again(
    job: str, answer: Any, aws: EmbeddedAws, backend: Any, ec2: Any, topic: str, policy: StorePolicy, run_job: Run
) -> None:
    policy(POLICY)
    day = a_day(backend, job)
    for action in ("GetParameter", *LISTS):
        aws.hooks.append(Trouble(action, answer, times=2))
    outcome = run_job(day.job, scheduled())
    aws.hooks.clear()
    held_true(day, ec2, outcome)
    assert outcome["done"] == len(day.ids)
    assert outcome["calls"]["GetParameter"] == 3


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Fault("InternalError", status=500), "InternalError"),
        (CUT, "UnreadableAnswerError"),
        (Answer(body=b"<x/>"), "UnreadableAnswerError"),
        (DENIED, "UnauthorizedOperation"),
        (Fault("RequestExpired"), "RequestExpired"),
        (Fault("ExpiredToken"), "ExpiredToken"),
        (Fault("AuthFailure", status=401), "AuthFailure"),
        (Fault("OptInRequired", status=401), "OptInRequired"),
        (Fault("Blocked", "", status=401), "Blocked"),
        (Fault("InvalidPaginationToken"), "InvalidPaginationToken"),
    ],
    ids=["02 500", "05 cut", "05 another body", "20", "21", "21 token", "22 auth", "22 opt-in", "22 blocked", "23"],
)
@pytest.mark.parametrize("job", EVERY_JOB)
def test_what_cannot_be_read_changes_nothing_and_the_code_is_told(
    job: str,
    answer: Any,
    code: str,
    aws: EmbeddedAws,
    backend: Any,
    ec2: Any,
    topic: str,
    policy: StorePolicy,
    run_job: Run,
) -> None:
    policy(POLICY)
    aws.requests.clear()
    day = a_day(backend, job)
    aws.hooks.append(Trouble(READS[job], answer, times=99))
    with pytest.raises(ReadError, match=code):
        run_job(day.job, scheduled())
    aws.hooks.clear()
    nothing_changed(day, ec2, aws.requests)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Fault("InternalError", status=500), "InternalError"),
        (Fault("InvalidNextToken"), "InvalidNextToken"),
        (Fault("RequestExpired"), "RequestExpired"),
        (CUT, "UnreadableAnswerError"),
    ],
    ids=["500", "token", "21 credentials", "cut"],
)
@pytest.mark.parametrize("job", EVERY_JOB)
def test_23_when_page_7_fails_nothing_changes(
    job: str,
    answer: Any,
    code: str,
    aws: EmbeddedAws,
    backend: Any,
    ec2: Any,
    topic: str,
    policy: StorePolicy,
    run_job: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(describe.pages, "__defaults__", (5,))  # EC2's smallest page
    policy(POLICY)
    day = a_day(backend, job)
    nights(backend, lone_volume(backend, {}), 40)
    for _ in range(40 if READS[job] == "DescribeInstances" else 0):
        machine(backend)
    action = READS[job]
    if job == "backup":
        action = "DescribeVolumes"
        for _ in range(40):
            lone_volume(backend)
    seventh = From(7, action, answer)
    aws.hooks.append(seventh)
    aws.requests.clear()
    with pytest.raises(ReadError, match=code):
        run_job(day.job, scheduled())
    assert seventh.met >= 7
    aws.hooks.clear()
    nothing_changed(day, ec2, aws.requests)


# ---------------------------------------------------------------- empty


@pytest.mark.parametrize("job", EVERY_JOB)
def test_24_an_empty_but_valid_answer_changes_nothing_that_is_not_seen(
    job: str, aws: EmbeddedAws, backend: Any, ec2: Any, topic: str, policy: StorePolicy, run_job: Run
) -> None:
    policy(POLICY)
    day = a_day(backend, job)
    before = snapshot_ids(ec2)
    aws.requests.clear()
    for action in LISTS:
        aws.hooks.append(Trouble(action, empty(action), times=99))
    outcome = run_job(day.job, scheduled())
    assert (outcome["planned"], outcome["decisions"]) == (0, [])
    assert len(outcome["notes"]) == 1, "and it says so"
    aws.hooks.clear()
    assert snapshot_ids(ec2) == before
    assert changes(aws.requests) == []


@pytest.mark.parametrize("hidden", ["DescribeVolumes", "DescribeInstances"])
def test_24_hidden_volumes_do_not_make_their_last_snapshots_go(
    hidden: str, aws: EmbeddedAws, backend: Any, ec2: Any, policy: StorePolicy, run_job: Run
) -> None:
    policy(POLICY)
    day = a_day(backend, "cleanup")
    held_on_its_volume = nights(backend, lone_volume(backend, {}), 1)[0].id
    aws.hooks.append(Trouble(hidden, empty(hidden), times=99))
    aws.requests.clear()
    if hidden == "DescribeVolumes":
        with pytest.raises(ReadError, match="shows not a single volume"):
            run_job(day.job, {})
        nothing_changed(day, ec2, aws.requests)
    else:
        held_true(day, ec2, run_job(day.job, {}))
    aws.hooks.clear()
    assert held_on_its_volume in snapshot_ids(ec2)


@pytest.mark.parametrize("job", EVERY_JOB)
def test_24_an_empty_page_is_no_end_of_the_list(
    job: str,
    aws: EmbeddedAws,
    backend: Any,
    ec2: Any,
    topic: str,
    policy: StorePolicy,
    run_job: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """EC2 may answer a filtered list with an empty page and a token."""
    monkeypatch.setattr(describe.pages, "__defaults__", (5,))
    policy(POLICY)
    day = a_day(backend, job)
    asked: list[str] = []

    def empty_first(_service: str, action: str, params: Any) -> Answer | None:
        if action not in LISTS or "NextToken" in params or action in asked:
            return None
        asked.append(action)
        return empty(action, token=paging.encode(action, [""]))

    aws.hooks.append(empty_first)
    outcome = run_job(day.job, scheduled())
    aws.hooks.clear()
    held_true(day, ec2, outcome)
    assert outcome["done"] == len(day.ids)
    assert READS[job] in asked
