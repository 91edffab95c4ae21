"""What people type wrong, in the event and in the policy: said clearly by every handler, before anything changes."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.stage import POLICY_PARAMETER, client
from nightshift.errors import PolicyError, RequestError
from tests.integration.scenes import changes, lone_volume, nights
from tests.support import REGION, Context

type Policy = Callable[[str], None]

FUNCTIONS = Path(__file__).parents[2] / "functions"
JOBS = sorted(app.parent.name for app in FUNCTIONS.glob("*/app.py"))
WITH_INSTANCES = [job for job in JOBS if job in ("backup", "cleanup", "status_check", "tagging")]
WITH_PLANS = [job for job in JOBS if job in ("backup", "cleanup")]
INSTANCE, VOLUME = "i-0123456789abcdef0", "vol-0123456789abcdef0"

# The event, and what the error must say: the field, what was given, and what was expected.
BAD_EVENTS: list[tuple[Any, list[str]]] = [
    ([], ["event", "expected a JSON object", "not list"]),
    (None, ["event", "expected a JSON object"]),
    ({"dryrun": True}, ["dryrun = True", "is not known here; known are", "dry_run", "policy"]),
    ({"restore_to": "now"}, ["restore_to = 'now'", "is not known here"]),
    ({"source": "me"}, ["source = 'me'", "is not known here"]),
    ({"dry_run": "yes"}, ["dry_run = 'yes'", "must be true or false"]),
    ({"dry_run": 1}, ["dry_run = 1", "must be true or false"]),
    ({"policy": {}}, ["policy only together with", '"dry_run": true']),
    ({"dry_run": True, "policy": {"time_zone": "Mars"}}, ["policy", "time_zone = 'Mars'", "IANA"]),
    ({"dry_run": True, "policy": "paused: maybe"}, ["policy", "paused = 'maybe'", "must be true or false"]),
    ({"source": "aws.ec2", "detail-type": "EBS Snapshot Notification"}, ["detail-type = 'EBS Snap", "State-change"]),
]

WITH_INSTANCES_ONLY: list[tuple[Any, list[str]]] = [
    ({"dryrun": True}, ["dryrun = True", "is not known here; known are", "instance_ids"]),
    ({"instance_ids": INSTANCE}, ["instance_ids = 'i-0123456789abcdef0'", "must be a list"]),
    ({"instance_ids": []}, ["instance_ids = []", "must not be empty"]),
    ({"instance_ids": [INSTANCE, 7]}, ["instance_ids.1 = 7", "must be text"]),
    ({"instance_ids": ["web-1"]}, ["instance_ids.0 = 'web-1'", "expected the id of an instance, as i-0123"]),
    ({"instance_ids": ["i-0123456789ABCDEF0"]}, ["instance_ids.0", "expected the id of an instance"]),
    ({"instance_ids": [INSTANCE + "\n"]}, ["instance_ids.0", "expected the id of an instance"]),
    (
        {"source": "aws.ec2", "detail-type": "EC2 Instance State-change Notification", "detail": {}},
        ["instance_ids.0 = None", "must be text"],
    ),
]

WITH_PLANS_ONLY: list[tuple[Any, list[str]]] = [
    ({"plans": "nightly"}, ["plans = 'nightly'", "must be a list"]),
    ({"plans": []}, ["plans = []", "must not be empty"]),
    ({"volume_ids": [INSTANCE]}, ["volume_ids.0 = 'i-0123456789abcdef0'", "expected the id of a volume, as vol-0123"]),
]

NET: dict[str, Any] = {"name": "main", "cidr": "10.0.0.0/16"}
OF_ONE_JOB: dict[str, list[tuple[Any, list[str]]]] = {
    "backup": [
        ({"now": "true"}, ["now = 'true'", "must be true or false"]),
    ],
    "cleanup": [
        ({"confirm": "812"}, ["confirm = '812'", "must be a whole number"]),
        ({"confirm": True}, ["confirm = True", "must be a whole number"]),
        ({"confirm": 8.5}, ["confirm = 8.5", "must be a whole number"]),
        ({"confirm": -1}, ["confirm = -1", "greater than or equal to 0"]),
    ],
    "restore": [
        ({}, ["expected exactly one of instance_id, volume_id and snapshot_id, not none"]),
        ({"instance_id": INSTANCE, "volume_id": VOLUME}, ["exactly one of", "not instance_id and volume_id"]),
        ({"instance_id": "web"}, ["instance_id = 'web'", "expected the id of an instance, as i-0123"]),
        ({"snapshot_id": VOLUME}, ["snapshot_id = 'vol-0123456789abcdef0'", "expected the id of a snapshot"]),
        ({"instance_id": INSTANCE, "mode": "clone"}, ["mode = 'clone'", "one of volume, attach, replace, root, undo"]),
        ({"instance_id": INSTANCE, "at": "2026-11-23T12:00:00"}, ["at = '2026-11-23T12:00:00'", "with its offset"]),
        ({"instance_id": INSTANCE, "at": "yesterday"}, ["at = 'yesterday'", "as 2026-11-23T12:00:00+01:00"]),
        ({"instance_id": INSTANCE, "at": 7}, ["at = 7", "with its offset"]),
        ({"instance_id": INSTANCE, "mode": "replace", "zone": "eu-central-1a"}, ["zone only with", "volume"]),
        ({"instance_id": INSTANCE, "to_instance_id": INSTANCE}, ["to_instance_id only with", "attach"]),
        ({"instance_id": INSTANCE, "former_volume_ids": [VOLUME]}, ["former_volume_ids only with", "undo"]),
        ({"volume_id": VOLUME, "mode": "undo"}, ['"mode": "undo" only with instance_id']),
        ({"instance_id": INSTANCE, "list": True, "mode": "replace"}, ["list only with", "without mode"]),
        ({"instance_id": INSTANCE, "list": "yes"}, ["list = 'yes'", "must be true or false"]),
    ],
    "eks_info": [
        ({"cluster_names": "one"}, ["cluster_names = 'one'", "must be a list"]),
        ({"cluster_names": []}, ["cluster_names = []", "must not be empty"]),
        ({"cluster_names": ["one", 2]}, ["cluster_names.1 = 2", "must be text"]),
        ({"cluster_names": [""]}, ["cluster_names.0 = ''", "expected the name of an EKS cluster: letters"]),
        ({"cluster_names": ["a/b"]}, ["cluster_names.0 = 'a/b'", "expected the name of an EKS cluster"]),
        ({"cluster_names": ["one\n"]}, ["cluster_names.0", "expected the name of an EKS cluster"]),
        ({"cluster_names": ["x" * 101]}, ["cluster_names.0", "expected the name of an EKS cluster"]),
        (
            {"source": "aws.ec2", "detail-type": "EC2 Instance State-change Notification", "detail": {}},
            ["instance_ids = [None]", "is not known here; known are: cluster_names"],
        ),
    ],
    "network": [
        ({"dryrun": True}, ["dryrun = True", "is not known here; known are: adopt, ", "dry_run", "vpc"]),
        ({"show": "yes"}, ["show = 'yes'", "must be true or false"]),
        ({"vpc": "main"}, ["vpc = 'main'", "must be a mapping"]),
        ({"vpc": {"cidr": "10.0.0.0/16"}}, ["vpc.name is missing"]),
        ({"vpc": {"name": "main"}}, ["vpc = {'name': 'main'}", "cidr is missing, as 10.0.0.0/16"]),
        ({"vpc": NET | {"size": 1}}, ["vpc.size = 1", "is not known here; known are: cidr, ipv6, name"]),
        ({"vpc": NET | {"name": "Main VPC"}}, ["vpc.name = 'Main VPC'", "1 to 32 of a-z, 0-9, -"]),
        ({"vpc": NET | {"cidr": "10.0.0.0"}}, ["vpc.cidr = '10.0.0.0'", "from /16 to /28"]),
        ({"vpc": NET | {"cidr": "ten"}}, ["vpc.cidr = 'ten'", "a block of IPv4 addresses, as 10.0.0.0/16"]),
        ({"vpc": NET | {"cidr": "10.0.0.1/16"}}, ["vpc.cidr = '10.0.0.1/16'", "has host bits set"]),
        ({"vpc": NET | {"cidr": "fd00::/56"}}, ["vpc.cidr = 'fd00::/56'", "a block of IPv4 addresses"]),
        ({"vpc": NET | {"cidr": "10.0.0.0/15"}}, ["vpc.cidr = '10.0.0.0/15'", "from /16 to /28"]),
        ({"vpc": NET | {"cidr": "10.0.0.0/29"}}, ["vpc.cidr = '10.0.0.0/29'", "from /16 to /28"]),
        ({"vpc": NET | {"cidr": "169.254.0.0/16"}}, ["vpc.cidr = '169.254.0.0/16'", "a block that hosts can have"]),
        ({"vpc": NET | {"secondary_cidrs": ["240.1.0.0/20"]}}, ["vpc.secondary_cidrs.0", "224.0.0.0/3 has a meaning"]),
        (
            {"vpc": NET | {"secondary_cidrs": ["10.0.4.0/24"]}},
            ["vpc.secondary_cidrs = ['10.0.4.0/24']", "10.0.4.0/24 overlaps 10.0.0.0/16 of the same VPC"],
        ),
        ({"vpc": NET, "avoid": ["10.0.0.0/8"]}, ["vpc = {", "10.0.0.0/16 overlaps 10.0.0.0/8, which is to be avoided"]),
        ({"vpc": NET, "avoid": ["10.0.0.9/8"]}, ["avoid.0 = '10.0.0.9/8'", "has host bits set"]),
        ({"vpc": NET | {"tags": {"Name": "x"}}}, ["vpc.tags.Name", "not Name and not of aws: or nightshift:"]),
        ({"vpc": NET | {"tags": {"nightshift:network": "x"}}}, ["vpc.tags.nightshift:network", "expected a key"]),
        (
            {"vpc": NET, "subnets": [{"name": "a", "cidr": "10.1.0.0/24", "zone": "z"}]},
            ["subnets = ", "a: 10.1.0.0/24 is outside of the VPC's 10.0.0.0/16"],
        ),
        (
            {"vpc": NET, "subnets": [{"name": n, "cidr": "10.0.0.0/24", "zone": "z"} for n in ("a", "b")]},
            ["a (10.0.0.0/24) overlaps b (10.0.0.0/24)"],
        ),
        (
            {"vpc": NET, "subnets": [{"name": "a", "prefix_length": 24, "zone": "z"}] * 2},
            ["a is declared twice"],
        ),
        (
            {"vpc": NET | {"cidr": "10.0.0.0/28"}, "subnets": [{"name": n, "prefix_length": 28} for n in ("a", "b")]},
            ["b: no room for a /28 in 10.0.0.0/28"],
        ),
        (
            {"vpc": NET, "subnets": [{"name": "a", "cidr": "10.0.0.0/29", "zone": "z"}]},
            ["subnets.0.cidr = '10.0.0.0/29'", "from /16 to /28"],
        ),
        (
            {"vpc": NET, "subnets": [{"name": "a", "prefix_length": 29}]},
            ["prefix_length = 29", "less than or equal to 28"],
        ),
        ({"vpc": NET, "subnets": [{"name": "a"}]}, ["subnets.0 = ", "expected either cidr or prefix_length"]),
        (
            {"vpc": NET, "subnets": [{"name": "a", "cidr": "10.0.0.0/24"}]},
            ["subnets.0 = ", "a cidr needs a zone", "give prefix_length instead"],
        ),
        (
            {"vpc": NET, "subnets": [{"name": "a", "prefix_length": 24, "public": True}]},
            ["internet_gateway = False", "expected true, for the public subnets a"],
        ),
        ({"vpc": NET, "nat_gateway": "two"}, ["nat_gateway = 'two'", "'none', 'one' or 'per_zone'"]),
        ({"vpc": NET, "nat_gateway": "one"}, ["nat_gateway = 'one'", "expected at least one of each"]),
        ({"vpc": NET, "endpoints": ["sqs"]}, ["endpoints.0 = 'sqs'", "'s3' or 'dynamodb'"]),
        ({"vpc": NET, "endpoints": ["s3", "s3"]}, ["endpoints = ['s3', 's3']", "each only once"]),
        ({"vpc": NET, "adopt": {"vpc": "main"}}, ["adopt.vpc = 'main'", "expected the id of a VPC, as vpc-0123"]),
        ({"vpc": NET, "adopt": {"subnets": {"a": "subnet-01234567"}}}, ["subnets.a: expected the name of a declared"]),
        (
            {"vpc": NET, "adopt": {"internet_gateway": "igw-01234567"}},
            ['only with "internet_gateway": true'],
        ),
        ({"subnets": [{"name": "a", "prefix_length": 24}]}, ["vpc is missing, but there is subnets"]),
        ({"destroy": True}, ['to destroy, send {"destroy": true, "vpc": {"name": "..."}} and nothing else']),
        ({"destroy": True, "vpc": NET}, ["vpc = {", "to destroy, give nothing but its name"]),
        ({"destroy": True, "vpc": {"name": "main"}, "show": True}, ["to destroy, send"]),
        ({"show": True, "vpc": NET}, ['to show what there is, send {"show": true} and nothing else']),
    ],
}

# What a job must be given before anything else of an event or of the policy is looked at.
LEAST: dict[str, dict[str, Any]] = {"restore": {"instance_id": INSTANCE}}

# A field that another job has; for jobs with few fields also those of the ones with many.
OF_ANOTHER_JOB = {
    "backup": ["confirm"],
    "cleanup": ["now"],
    "status_check": ["now", "confirm", "plans", "volume_ids"],
    "restore": ["now", "confirm", "plans", "volume_ids", "instance_ids"],
    "eks_info": ["now", "confirm", "plans", "volume_ids", "instance_ids"],
    "tagging": ["now", "confirm", "plans", "volume_ids"],
    "network": ["now", "confirm", "plans", "volume_ids", "instance_ids"],
}

BAD_POLICIES: list[tuple[str, list[str]]] = [
    ("time_zone: Mars/Olympus", ["time_zone = 'Mars/Olympus'", "expected a time zone of the IANA database"]),
    ("backup: {plans: {nightly: {schedule: every night}}}", ["plans.nightly.schedule = 'every night'", "five-field"]),
    ('backup: {plans: {nightly: {schedule: "0 25 * * *"}}}', ["nightly.schedule = '0 25 * * *'", "five-field cron"]),
    ("backup: [", ["is no YAML", "line 1"]),
    ("paused: true\npaused: false", ["is no YAML: line 2", "the key paused is given twice"]),
    ("backup: {plan: {}}", ["backup.plan = {}", "is not known here; known are: plans, tag"]),
    ("backup: {plans: {nightly: {keep: {dayly: 7}}}}", ["nightly.keep.dayly = 7", "known are: daily, hourly"]),
    ("tagging: {propagate: [aws:name]}", ["tagging.propagate.0 = 'aws:name'", "does not start with aws:"]),
]


def _handle(job: str, event: Any) -> Any:
    return importlib.import_module(f"functions.{job}.app").handler(event, Context())


def _check_messages(wrong: dict[str, tuple[str, list[str]]]) -> None:
    """For each case what it said, and what of it was missing."""
    unclear = {case: said for case, (said, wanted) in wrong.items() if not all(each in said for each in wanted)}
    assert unclear == {}


@pytest.mark.parametrize("job", JOBS)
def test_a_bad_event_is_named_before_anything_is_called(job: str, aws: EmbeddedAws, backend: Any) -> None:
    nights(backend, lone_volume(backend), 3)
    events = [
        *BAD_EVENTS,
        *(WITH_INSTANCES_ONLY if job in WITH_INSTANCES else []),
        *(WITH_PLANS_ONLY if job in WITH_PLANS else []),
        *OF_ONE_JOB.get(job, []),
    ]
    aws.requests.clear()
    wrong = {}
    for event, wanted in events:
        with pytest.raises(RequestError) as caught:
            _handle(job, event | LEAST.get(job, {}) if "policy" in (event or ()) else event)
        wrong[repr(event)] = (str(caught.value), wanted)
    _check_messages(wrong)
    assert all(said.startswith("event: ") for said, _ in wrong.values())
    assert aws.requests == []


@pytest.mark.parametrize("job", JOBS)
def test_a_field_of_another_job_is_not_passed_over(job: str, aws: EmbeddedAws) -> None:
    aws.requests.clear()
    for field in OF_ANOTHER_JOB[job]:
        with pytest.raises(RequestError, match=f"event: {field} = .* is not known here; known are: "):
            _handle(job, {field: 1})
    assert aws.requests == []


@pytest.mark.parametrize("job", WITH_PLANS)
@pytest.mark.parametrize("event", [{"plans": ["weekly"]}, {"plans": ["nightly", "weekly"], "dry_run": True}])
def test_an_unknown_plan_is_named_with_those_there_are(event: dict[str, Any], job: str, aws: EmbeddedAws) -> None:
    """What plans there are stands in the policy: that is all that was read."""
    aws.requests.clear()
    with pytest.raises(RequestError, match="plans = 'weekly': the policy has no such plan; its plans are nightly"):
        _handle(job, event)
    assert [action for _, action in aws.requests] == ["GetParameter"]


@pytest.mark.parametrize("job", JOBS)
def test_a_bad_policy_is_named_and_changes_nothing(job: str, aws: EmbeddedAws, backend: Any, policy: Policy) -> None:
    nights(backend, lone_volume(backend), 3)
    wrong = {}
    for text, wanted in BAD_POLICIES:
        policy(text)
        aws.requests.clear()
        with pytest.raises(PolicyError) as caught:
            _handle(job, LEAST.get(job, {}))
        wrong[text] = (str(caught.value), [*wanted, "policy: ", f"in the SSM parameter {POLICY_PARAMETER}"])
        assert [action for _, action in aws.requests] == ["GetParameter"]
    _check_messages(wrong)


@pytest.mark.parametrize("job", JOBS)
def test_a_missing_policy_says_how_to_make_one(job: str, aws: EmbeddedAws) -> None:
    client("ssm", aws.url, REGION).delete_parameter(Name=POLICY_PARAMETER)
    aws.requests.clear()
    with pytest.raises(PolicyError) as caught:
        _handle(job, LEAST.get(job, {}))
    assert f"the SSM parameter {POLICY_PARAMETER} is not there in {REGION}" in str(caught.value)
    assert f"aws ssm put-parameter --name {POLICY_PARAMETER}" in str(caught.value)
    assert changes(aws.requests) == []


def test_every_handler_is_tested() -> None:
    assert set(OF_ANOTHER_JOB) >= set(JOBS)
    assert set(JOBS) >= {"backup", "cleanup"}
