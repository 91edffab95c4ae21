"""Whole runs of tagging: what is set, what is left alone, and what one bad resource costs the others."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from local import seed
from local.embedded import EmbeddedAws
from local.seed import Disk
from local.wire import Fault
from nightshift.errors import PolicyError, ReadError, RequestError, RunFailed
from nightshift.jobs.tagging import JOB
from tests.integration.scenes import DENIED, THROTTLE, Listener, Trouble, counts, tags_of, volume_ids
from tests.support import by_resource, scheduled

type Run = Callable[..., dict[str, Any]]
type StorePolicy = Callable[[str], None]

EVENTS = Path(__file__).parents[2] / "events"
PROPAGATE = "tagging: {propagate: [Name, env]}"
ENV = "tagging: {rules: [{set: {env: prod}}]}"
BOTH = "tagging: {rules: [{set: {env: prod}}], propagate: [Name, env]}"
UNKNOWN_ID = "i-0123456789abcdef0"
CREATE_TAGS = ("ec2", "CreateTags")


def event(name: str, instance_id: str = UNKNOWN_ID) -> Any:
    return json.loads((EVENTS / name).read_text().replace(UNKNOWN_ID, instance_id))


def tags(ec2: Any, resource_id: str) -> dict[str, str]:
    return tags_of(ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [resource_id]}]))


def interface_id(an_instance: Any) -> str:
    return str(an_instance.nics[0].id)


def resources(an_instance: Any) -> list[str]:
    return [an_instance.id, *volume_ids(an_instance), interface_id(an_instance)]


def wanted(outcome: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return sorted((each["resource"], each["action"], each["reason"]) for each in outcome["decisions"])


@pytest.fixture
def web(backend: Any) -> Any:
    return seed.instance(backend, {"Name": "web"}, [Disk(), Disk("/dev/sdf", 10)])


def test_a27_volumes_and_interfaces_get_what_the_instance_will_have_in_one_run(
    run_job: Run, policy: StorePolicy, ec2: Any, web: Any
) -> None:
    policy(BOTH)
    outcome = run_job(JOB, {})
    assert counts(outcome) == {"planned": 4, "done": 4}
    for id_ in resources(web):
        assert tags(ec2, id_) == {"Name": "web", "env": "prod"}
    assert by_resource(outcome)[web.id]["reason"] == "env=prod (rule 1)"
    assert by_resource(outcome)[interface_id(web)]["reason"] == f"Name=web, env=prod ({web.id})"
    assert outcome["calls"] == {
        "CreateTags": 2,
        "DescribeInstances": 1,
        "DescribeNetworkInterfaces": 1,
        "DescribeVolumes": 1,
        "GetParameter": 1,
    }


def test_a_dry_run_shows_exactly_what_the_run_does(
    run_job: Run, policy: StorePolicy, aws: EmbeddedAws, web: Any
) -> None:
    policy(BOTH)
    shown = run_job(JOB, event("tagging-dry-run.json"))
    assert CREATE_TAGS not in aws.requests
    assert counts(shown) == {"planned": 4}
    assert wanted(shown) == wanted(run_job(JOB, {}))


def test_the_second_run_has_nothing_to_do(run_job: Run, policy: StorePolicy, aws: EmbeddedAws, web: Any) -> None:
    policy(BOTH)
    run_job(JOB, event("tagging.json"))
    aws.requests.clear()
    assert counts(run_job(JOB, event("tagging.json"))) == {"skipped": 4}
    assert CREATE_TAGS not in aws.requests


def test_a28_a_tag_that_is_there_stays_unless_the_rule_overwrites(
    run_job: Run, policy: StorePolicy, ec2: Any, backend: Any
) -> None:
    dev = seed.instance(backend, {"env": "dev"}, [Disk(tags={"env": "test"})])
    policy(BOTH)
    kept = by_resource(run_job(JOB, {}))
    assert kept[dev.id]["reason"] == "env=dev stays: rule 1 says prod, and does not overwrite"
    assert kept[volume_ids(dev)[0]]["reason"] == f"env=test stays: {dev.id} says dev, and does not overwrite"
    assert tags(ec2, dev.id) == {"env": "dev"}

    policy("tagging: {rules: [{set: {env: prod}, overwrite: true}]}")
    assert by_resource(run_job(JOB, {}))[dev.id]["reason"] == "env=prod instead of dev (rule 1)"
    assert tags(ec2, dev.id) == {"env": "prod"}
    assert tags(ec2, volume_ids(dev)[0]) == {"env": "test"}


def test_a24_aws_keys_neither_break_a_run_nor_count(run_job: Run, policy: StorePolicy, ec2: Any, backend: Any) -> None:
    stack = {f"aws:cloudformation:{number}": "x" for number in range(10)}
    made = seed.instance(backend, {f"k{number}": "x" for number in range(49)})
    seed.system_tags(backend, made.id, stack)
    policy("tagging: {rules: [{set: {Name: web}}], propagate: [Name]}")
    assert counts(run_job(JOB, {})) == {"planned": 3, "done": 3}
    assert len(tags(ec2, made.id)) == 49 + 10 + 1
    assert tags(ec2, volume_ids(made)[0]) == {"Name": "web"}


@pytest.mark.parametrize("key", ["aws:x", "nightshift:stack", "AWS:x"])
@pytest.mark.parametrize("text", ["tagging: {{rules: [{{set: {{'{}': x}}}}]}}", "tagging: {{propagate: ['{}']}}"])
def test_reserved_keys_are_a_policy_error(run_job: Run, policy: StorePolicy, web: Any, key: str, text: str) -> None:
    policy(text.format(key))
    with pytest.raises(PolicyError, match=key):
        run_job(JOB, {})


def test_two_rules_that_contradict_each_other(run_job: Run, policy: StorePolicy, ec2: Any, web: Any) -> None:
    policy("tagging: {rules: [{set: {env: prod, owner: a}}, {when: {name: 'w*'}, set: {env: dev}}], propagate: [env]}")
    outcome = run_job(JOB, {})
    assert by_resource(outcome)[web.id] == {
        "resource": web.id,
        "action": "tag",
        "reason": "owner=a (rule 1); env left alone: rule 1 says prod, rule 2 says dev",
        "outcome": "failed",
        "error": "RuleConflict",
    }
    assert tags(ec2, web.id) == {"Name": "web", "owner": "a"}
    assert by_resource(outcome)[volume_ids(web)[0]]["reason"] == "its instance has none of env"
    with pytest.raises(RunFailed, match="1 failed"):
        run_job(JOB, scheduled())


def test_a_volume_of_two_instances_that_differ(run_job: Run, policy: StorePolicy, ec2: Any, backend: Any) -> None:
    """Also where only one of the two was asked for: the other one has its say."""
    one, two = (seed.instance(backend, {"Name": name, "env": "prod"}) for name in ("one", "two"))
    shared = seed.volume(backend, Disk("", 100, "io2", 4000, multi_attach=True))
    for each in (one, two):
        backend.attach_volume(shared.id, each.id, "/dev/sdf")
    policy(PROPAGATE)
    outcome = run_job(JOB, {"instance_ids": [one.id]})
    names = ", ".join(sorted([f"{one.id} says one", f"{two.id} says two"]))
    assert by_resource(outcome)[shared.id]["error"] == "RuleConflict"
    assert by_resource(outcome)[shared.id]["reason"].endswith(f"Name left alone: {names}")
    assert tags(ec2, shared.id) == {"env": "prod"}
    assert set(by_resource(outcome)) == {*resources(one), shared.id}


def test_what_does_not_fit_into_50_tags_is_named(run_job: Run, policy: StorePolicy, ec2: Any, backend: Any) -> None:
    full = seed.instance(backend, {f"k{number}": "x" for number in range(49)})
    policy("tagging: {rules: [{set: {first: '1', second: '2'}}]}")
    outcome = run_job(JOB, {})
    assert by_resource(outcome)[full.id]["error"] == "TagLimitExceeded"
    assert by_resource(outcome)[full.id]["reason"] == (
        "first=1 (rule 1); no room for second=2 (rule 1): AWS allows 50 tags"
    )
    assert tags(ec2, full.id).keys() - {f"k{number}" for number in range(49)} == {"first"}


def test_201_resources_are_two_calls(run_job: Run, policy: StorePolicy, aws: EmbeddedAws, backend: Any) -> None:
    for _ in range(201):
        seed.instance(backend, {})
    policy(ENV)
    outcome = run_job(JOB, {})
    assert counts(outcome) == {"planned": 201, "done": 201}
    assert outcome["calls"] == {"CreateTags": 2, "DescribeInstances": 1, "GetParameter": 1}


def test_a_volume_that_is_deleted_meanwhile_costs_the_others_nothing(
    run_job: Run, policy: StorePolicy, aws: EmbeddedAws, ec2: Any, backend: Any
) -> None:
    made = [seed.instance(backend, {"Name": "web"}) for _ in range(7)]
    doomed = volume_ids(made[3])[0]

    def delete_it(_service: str, action: str, _params: Mapping[str, Any]) -> None:
        if action == "CreateTags" and doomed in backend.volumes:
            ec2.detach_volume(VolumeId=doomed, InstanceId=made[3].id, Force=True)
            ec2.delete_volume(VolumeId=doomed)

    made[3].stop()
    aws.hooks.append(delete_it)
    policy(PROPAGATE)
    outcome = run_job(JOB, scheduled())
    assert counts(outcome) == {"planned": 13, "done": 13, "skipped": 8}
    gone = by_resource(outcome)[doomed]
    assert (gone["action"], gone["outcome"], gone["error"]) == ("skip", "skipped", "InvalidVolume.NotFound")
    assert gone["reason"].endswith("it is gone since it was read")
    for each in made:
        assert tags(ec2, interface_id(each)) == {"Name": "web"}


def test_one_resource_that_is_denied_fails_alone(
    run_job: Run, policy: StorePolicy, aws: EmbeddedAws, backend: Any
) -> None:
    made = [seed.instance(backend, {}) for _ in range(5)]
    aws.hooks.append(Trouble("CreateTags", DENIED, times=99, of=made[2].id))
    policy(ENV)
    outcome = run_job(JOB, {})
    assert counts(outcome) == {"planned": 5, "done": 4, "failed": 1}
    assert outcome["decisions"][0]["resource"] == made[2].id
    assert outcome["decisions"][0]["error"] == "UnauthorizedOperation"


@pytest.mark.parametrize("fault", [Fault("ConcurrentTagAccess"), THROTTLE, Fault("InternalError", "", 500)])
def test_what_passes_is_waited_for(
    run_job: Run, policy: StorePolicy, aws: EmbeddedAws, ec2: Any, web: Any, fault: Fault
) -> None:
    aws.hooks.append(Trouble("CreateTags", fault, times=2))
    policy(ENV)
    assert counts(run_job(JOB, {})) == {"planned": 1, "done": 1}
    assert tags(ec2, web.id)["env"] == "prod"


def test_nothing_is_planned_from_half_a_reading(run_job: Run, policy: StorePolicy, aws: EmbeddedAws, web: Any) -> None:
    aws.hooks.append(Trouble("DescribeNetworkInterfaces", DENIED))
    policy(BOTH)
    with pytest.raises(ReadError, match="UnauthorizedOperation"):
        run_job(JOB, {})
    assert CREATE_TAGS not in aws.requests


def test_a_new_instance_is_tagged_by_itself(
    run_job: Run, policy: StorePolicy, aws: EmbeddedAws, ec2: Any, backend: Any, web: Any
) -> None:
    other = seed.instance(backend, {"Name": "other"})
    policy(BOTH)
    filters = Listener("DescribeVolumes")
    aws.hooks.append(filters)
    outcome = run_job(JOB, event("tagging-new-instance.json", web.id))
    assert set(by_resource(outcome)) == set(resources(web))
    assert counts(outcome) == {"planned": 4, "done": 4}
    assert [each["Filter.1.Value.1"] for each in filters.heard] == [web.id]
    assert tags(ec2, other.id) == {"Name": "other"}


def test_named_instances_and_one_that_is_not_there(run_job: Run, policy: StorePolicy, backend: Any, web: Any) -> None:
    seed.instance(backend, {"Name": "other"})
    policy(ENV)
    outcome = run_job(JOB, {"instance_ids": [web.id, UNKNOWN_ID]})
    assert counts(outcome) == {"planned": 1, "done": 1, "skipped": 1}
    assert by_resource(outcome)[UNKNOWN_ID]["reason"] == "not found in eu-central-1"
    assert by_resource(run_job(JOB, event("tagging-instance.json")))[UNKNOWN_ID]["action"] == "skip"


def test_without_rules_nothing_is_read(run_job: Run, web: Any) -> None:
    outcome = run_job(JOB, scheduled())
    assert outcome["notes"] == ["the policy has no tagging rules and propagates nothing"]
    assert outcome["calls"] == {"GetParameter": 1}
    assert outcome["decisions"] == []


def test_without_propagation_only_instances_are_read(run_job: Run, policy: StorePolicy, web: Any) -> None:
    policy(ENV)
    assert run_job(JOB, {"dry_run": True})["calls"] == {"DescribeInstances": 1, "GetParameter": 1}


def test_a_policy_is_tried_in_a_dry_run(run_job: Run, web: Any) -> None:
    outcome = run_job(JOB, {"dry_run": True, "policy": {"tagging": {"propagate": ["Name"]}}})
    assert counts(outcome) == {"planned": 3, "skipped": 1}


def test_a_paused_policy_shows_and_changes_nothing(
    run_job: Run, policy: StorePolicy, aws: EmbeddedAws, web: Any
) -> None:
    policy(f"paused: true\n{ENV}")
    outcome = run_job(JOB, scheduled())
    assert (outcome["refused"], counts(outcome)) == ("paused by the policy", {"planned": 1, "remaining": 1})
    assert CREATE_TAGS not in aws.requests


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"volume_ids": ["vol-0123456789abcdef0"]}, "volume_ids = .* is not known here; known are: .*instance_ids"),
        ({"plans": ["nightly"]}, "plans = "),
        ({"dry_run": "yes"}, "dry_run = 'yes': must be true or false"),
        ({"instance_ids": UNKNOWN_ID}, "instance_ids = .*: must be a list"),
        ({"instance_ids": ["web-1"]}, "instance_ids.0 = 'web-1': expected the id of an instance"),
        ({"instance_ids": ["i-0123456789ABCDEF0"]}, "instance_ids.0 = "),
        ({"instance_ids": [7]}, "instance_ids.0 = 7"),
        ({"instance_ids": []}, "instance_ids = .*: must not be empty"),
        ({"policy": {}}, "policy only together with"),
        ([], "expected a JSON object"),
    ],
)
def test_a_wrong_event_is_named_and_nothing_called(run_job: Run, aws: EmbeddedAws, fields: Any, named: str) -> None:
    with pytest.raises(RequestError, match=named):
        run_job(JOB, fields)
    assert aws.requests == []
