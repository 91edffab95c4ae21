"""The event in its three forms, and that a wrong one is refused by name before anything is called."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.errors import RequestError
from nightshift.jobs.backup import BackupRequest
from nightshift.jobs.cleanup import CleanupRequest
from nightshift.policy import Policy
from nightshift.request import PlanRequest, Request, parse, policy_to_try

INSTANCE, VOLUME = "i-0123456789abcdef0", "vol-0123456789abcdef0"
SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event", "time": "2001-01-01T00:00:00Z", "detail": {}}
STATE_CHANGE = {
    "source": "aws.ec2",
    "detail-type": "EC2 Instance State-change Notification",
    "detail": {"instance-id": INSTANCE, "state": "running"},
}

both_jobs = pytest.mark.parametrize("model", [BackupRequest, CleanupRequest])


@both_jobs
def test_a_scheduled_event_asks_for_everything(model: type[PlanRequest]) -> None:
    call = parse(SCHEDULED, model)
    assert call.request == model()
    assert not call.by_person


@both_jobs
def test_a_state_change_asks_for_that_instance(model: type[PlanRequest]) -> None:
    call = parse(STATE_CHANGE, model)
    assert call.request == model(instance_ids=[INSTANCE])
    assert not call.by_person


@both_jobs
def test_a_person_who_says_nothing_asks_for_what_the_schedule_does(model: type[PlanRequest]) -> None:
    call = parse({}, model)
    assert call.request == parse(SCHEDULED, model).request
    assert call.by_person


@pytest.mark.parametrize(
    ("model", "event"),
    [
        (BackupRequest, {"dry_run": True, "plans": ["nightly"], "now": True}),
        (BackupRequest, {"instance_ids": ["i-01234567"], "volume_ids": ["vol-01234567", VOLUME]}),
        (CleanupRequest, {"dry_run": True, "plans": ["nightly"], "volume_ids": [VOLUME], "confirm": 812}),
        (CleanupRequest, {"confirm": 0, "instance_ids": [INSTANCE]}),
        (CleanupRequest, {"dry_run": True, "policy": "paused: true"}),
        (CleanupRequest, {"dry_run": True, "policy": {"paused": True}}),
    ],
)
def test_every_field_of_the_contract_is_taken(model: type[PlanRequest], event: dict[str, Any]) -> None:
    call = parse(event, model)
    assert call.request.model_dump(exclude_unset=True) == event
    assert call.by_person


BAD = [
    # (event, what the message must name, and what was expected)
    ({"dryrun": True}, "dryrun", "known are: "),
    ({"detail": {}}, "detail", "known are: "),
    ({"source": "aws.s3"}, "source", "known are: "),
    ({"source": []}, "source", "known are: "),
    ({"dry_run": "true"}, "dry_run = 'true'", "true or false"),
    ({"dry_run": 1}, "dry_run = 1", "true or false"),
    ({"dry_run": None}, "dry_run = None", "true or false"),
    ({"plans": "nightly"}, "plans = 'nightly'", "must be a list"),
    ({"plans": []}, "plans = []", "must not be empty"),
    ({"plans": [1]}, "plans.0 = 1", "must be text"),
    ({"instance_ids": INSTANCE}, "instance_ids", "must be a list"),
    ({"instance_ids": []}, "instance_ids = []", "must not be empty"),
    ({"instance_ids": [INSTANCE, VOLUME]}, "instance_ids.1", "the id of an instance, as i-"),
    ({"instance_ids": ["i-0123456789ABCDEF0"]}, "instance_ids.0", "the id of an instance"),
    ({"instance_ids": ["i-0123456789abcdef"]}, "instance_ids.0", "the id of an instance"),
    ({"instance_ids": ["i-0123456789abcdef0 "]}, "instance_ids.0", "the id of an instance"),
    ({"instance_ids": ["i-0123456789abcdef0\n"]}, "instance_ids.0", "the id of an instance"),
    ({"instance_ids": ["i-*"]}, "instance_ids.0", "the id of an instance"),
    ({"instance_ids": [None]}, "instance_ids.0 = None", "must be text"),
    ({"instance_ids": {INSTANCE: 1}}, "instance_ids", "must be a list"),
    ({"volume_ids": []}, "volume_ids = []", "must not be empty"),
    ({"volume_ids": [INSTANCE]}, "volume_ids.0", "the id of a volume, as vol-"),
    ({"volume_ids": ["vol-"]}, "volume_ids.0", "the id of a volume"),
    ({"policy": "paused: true"}, "policy", 'only together with "dry_run": true'),
    ({"policy": {}, "dry_run": False}, "policy", 'only together with "dry_run": true'),
    ({"policy": ["paused"], "dry_run": True}, "policy", ""),
    ({"policy": 1, "dry_run": True}, "policy", ""),
    ({"source": "aws.ec2"}, "detail-type = None", "EC2 Instance State-change Notification"),
    ({**STATE_CHANGE, "detail-type": "EBS Volume Notification"}, "detail-type = 'EBS", "State-change Notification"),
    ({**STATE_CHANGE, "detail": {}}, "instance_ids.0 = None", "must be text"),
    ({**STATE_CHANGE, "detail": None}, "instance_ids.0 = None", "must be text"),
    ({**STATE_CHANGE, "detail": {"instance-id": "i-1"}}, "instance_ids.0 = 'i-1'", "the id of an instance"),
]  # fmt: skip


@both_jobs
@pytest.mark.parametrize(("event", "names", "expected"), BAD)
def test_a_wrong_field_is_named(model: type[PlanRequest], event: dict[str, Any], names: str, expected: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse(event, model)
    message = str(caught.value)
    assert message.startswith("event: ")
    assert names in message
    assert expected in message


@pytest.mark.parametrize(
    ("model", "event", "names"),
    [
        (BackupRequest, {"confirm": 3}, "confirm"),
        (BackupRequest, {"now": "yes"}, "now = 'yes'"),
        (BackupRequest, {"now": None}, "now = None"),
        (CleanupRequest, {"now": True}, "now"),
        (CleanupRequest, {"confirm": -1}, "confirm = -1"),
        (CleanupRequest, {"confirm": True}, "confirm = True"),
        (CleanupRequest, {"confirm": "812"}, "confirm = '812'"),
        (CleanupRequest, {"confirm": 1.5}, "confirm = 1.5"),
        (CleanupRequest, {"snapshot_ids": ["snap-01234567"]}, "snapshot_ids"),
    ],
)
def test_another_job_s_field_and_a_wrong_value_are_refused(
    model: type[PlanRequest], event: dict[str, Any], names: str
) -> None:
    with pytest.raises(RequestError, match="event: ") as caught:
        parse(event, model)
    assert names in str(caught.value)


@both_jobs
@pytest.mark.parametrize("event", [None, [], [{}], "", "{}", 1, 1.5, True])
def test_an_event_that_is_no_object_is_refused(model: type[PlanRequest], event: object) -> None:
    with pytest.raises(RequestError, match="expected a JSON object"):
        parse(event, model)


def test_a_job_without_instances_takes_no_state_change() -> None:
    with pytest.raises(RequestError, match="instance_ids"):
        parse(STATE_CHANGE, Request)


@both_jobs
@pytest.mark.parametrize("plan", ["weekly", "", "Nightly", "ignore"])
def test_a_plan_that_the_policy_has_not_is_named_with_those_it_has(model: type[PlanRequest], plan: str) -> None:
    policy = Policy.of({"backup": {"plans": {"nightly": {}, "hourly": {}}}})
    with pytest.raises(RequestError, match="no such plan; its plans are nightly, hourly") as caught:
        model(plans=["nightly", plan]).check(policy)
    assert repr(plan) in str(caught.value)
    model(plans=["hourly", "nightly"]).check(policy)
    model().check(policy)


@pytest.mark.parametrize(
    ("policy", "paused"),
    [("paused: true", True), ("", False), ({}, False), ({"paused": True}, True)],
)
def test_a_dry_run_tries_the_policy_that_it_brings(policy: object, paused: bool) -> None:
    found = policy_to_try(CleanupRequest(dry_run=True, policy=policy))  # type: ignore[arg-type]  # of any kind
    assert found is not None
    assert found.paused == paused


def test_a_request_without_a_policy_tries_none() -> None:
    assert policy_to_try(CleanupRequest(dry_run=True)) is None


@pytest.mark.parametrize("policy", ["pausd: true", {"pausd": True}, "["])
def test_a_wrong_policy_of_an_event_is_the_event_s_fault(policy: object) -> None:
    with pytest.raises(RequestError, match="event: policy: "):
        policy_to_try(CleanupRequest(dry_run=True, policy=policy))  # type: ignore[arg-type]  # of any kind


keys = st.one_of(
    st.sampled_from([*BackupRequest.model_fields, *CleanupRequest.model_fields, "source", "detail", "detail-type"]),
    st.text(max_size=3),
)
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from(["aws.events", "aws.ec2", STATE_CHANGE["detail-type"], "nightly", INSTANCE, VOLUME]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
)


@both_jobs
@given(event=st.one_of(values, st.dictionaries(keys, values, max_size=4)))
def test_whatever_json_comes_in_is_a_request_or_a_request_error(model: type[PlanRequest], event: object) -> None:
    with suppress(RequestError):
        call = parse(event, model)
        assert isinstance(call.request, model)
        call.request.check(Policy())
        policy_to_try(call.request)
