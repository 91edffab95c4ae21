"""Every right to write that template.yaml gives is tried: it works on what is the role's, and on nothing else."""

from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.iam.account import Account, Touched
from local.iam.evaluate import Question, Verdict
from local.iam.reference import actions
from local.iam.role import role_of
from local.seed import ACCOUNT
from local.template import jobs, logical_id
from tests.integration.acting import acting, denied, refused, role_client
from tests.integration.eks_scenes import well
from tests.integration.probes import Probe, estate, machine
from tests.integration.probes_network import ANOTHER_S, NETWORK, OURS
from tests.integration.probes_night import NIGHT
from tests.support import REGION
from tests.template.roles import statements

HERE = Account(REGION)
# Rights on whatever instance a person names: what is foreign to them is another account's, or another region's.
ANY_INSTANCE = ("ec2:StopInstances", "ec2:StartInstances", "ec2:ModifyInstanceAttribute")
THEIR_TOPIC = "arn:aws:sns:eu-central-1:123456789012:payroll"
BY_HAND = {
    ("status_check", "sns:Publish"),
    ("eks_info", "sns:Publish"),
    ("eks_info", "eks:TagResource"),
    ("backup", "ec2:CreateTags"),
    *(("restore", action) for action in ANY_INSTANCE),
}


def _granted() -> set[tuple[str, str]]:
    """The actions that write, by job; those of keys are tried together."""
    by_function = {logical_id(job): job for job in jobs()}
    return {
        (by_function[each.function], action.name)
        for each in statements()
        if each.allows
        for name in each.actions
        for action in actions(name)
        if not action.reads
    }


def test_no_right_to_write_is_without_a_probe() -> None:
    probed = {(each.job, each.action) for each in (*NIGHT, *NETWORK)} | BY_HAND
    assert {(job, name) for job, name in _granted() if not name.startswith("kms:")} - probed == set()


@pytest.mark.parametrize("probe", NIGHT, ids=str)
def test_it_is_done_to_machines_that_are_the_role_s_and_to_no_others(
    probe: Probe, aws: EmbeddedAws, backend: Any
) -> None:
    ec2 = role_client(aws, "ec2")
    for tags, asked in probe.cases:
        foreign = machine(backend, tags)
        found = denied(aws, probe.job, lambda it=foreign, asked=asked: probe.call(ec2, it, asked))  # type: ignore[misc]
        assert found == ("UnauthorizedOperation", probe.action), (tags, asked)
    own = machine(backend, probe.own)
    assert denied(aws, probe.job, lambda: probe.call(ec2, own, probe.asked)) == (None, None)


@pytest.mark.parametrize("probe", NETWORK, ids=str)
def test_it_is_done_to_networks_that_are_ours_and_to_no_others(probe: Probe, aws: EmbeddedAws, ec2: Any) -> None:
    as_role = role_client(aws, "ec2")
    for tags, asked in probe.cases:
        foreign = estate(ec2, tags)
        found = denied(aws, probe.job, lambda it=foreign, asked=asked: probe.call(as_role, it, asked))  # type: ignore[misc]
        assert found == ("UnauthorizedOperation", probe.action), (tags, asked)
    own = estate(ec2, probe.own)
    assert denied(aws, probe.job, lambda: probe.call(as_role, own, probe.asked)) == (None, None)


@pytest.mark.parametrize("action", sorted(each.action for each in NETWORK if each.foreign and not each.never))
@pytest.mark.parametrize("theirs", ["vpc", "subnet", "lone", "table", "other", "gateway"])
def test_one_thing_of_theirs_in_a_call_is_enough(action: str, theirs: str, aws: EmbeddedAws, ec2: Any) -> None:
    """EC2 asks about each resource of a call. What a route leads to it does not ask about (service authorization
    reference, CreateRoute and ReplaceRoute: the route table alone)."""
    probe = next(each for each in NETWORK if each.action == action)
    ours = estate(ec2, OURS)
    foreign = estate(ec2, ANOTHER_S)
    named: list[str] = []

    class Seen(dict[str, str]):
        def __getitem__(self, key: str) -> str:
            named.append(key)
            return super().__getitem__(key)

    code, _ = denied(
        aws,
        "network",
        lambda: probe.call(role_client(aws, "ec2"), Seen({**ours, theirs: foreign[theirs]}), probe.asked),
    )
    leads_to = action in ("ec2:CreateRoute", "ec2:ReplaceRoute") and theirs == "gateway"
    assert (code is not None) == (theirs in named and not leads_to)


@pytest.mark.parametrize("kind", ["instance", "disk", "interface", "volume"])
def test_network_tags_nothing_that_is_no_part_of_a_network(kind: str, aws: EmbeddedAws, backend: Any) -> None:
    it = machine(backend, OURS)
    for probe in NETWORK:
        if probe.action in ("ec2:CreateTags", "ec2:DeleteTags"):
            thing = dict.fromkeys(
                ("vpc", "subnet", "gateway", "egress", "table", "nat", "endpoint", "address"), it[kind]
            )
            call = lambda probe=probe, thing=thing: probe.call(role_client(aws, "ec2"), thing, probe.asked)  # noqa: E731
            assert denied(aws, "network", call)[0] == "UnauthorizedOperation"


@pytest.mark.parametrize("job", jobs())
@pytest.mark.parametrize("kind", ["snapshot", "volume", "instance"])
def test_no_role_makes_what_is_there_look_like_a_backup_of_ours(
    job: str, kind: str, aws: EmbeddedAws, backend: Any
) -> None:
    """By a tag call of its own: backup's tags come with the snapshot."""
    it = machine(backend, {})
    tags = [{"Key": "nightshift:stack", "Value": "nightshift"}]
    call = lambda: role_client(aws, "ec2").create_tags(Resources=[it[kind]], Tags=tags)  # noqa: E731
    assert denied(aws, job, call) == ("UnauthorizedOperation", "ec2:CreateTags")


# ---------------------------------------------------------------- other services


@pytest.mark.parametrize("job", ["status_check", "eks_info"])
def test_only_the_alerts_are_published_to(job: str, aws: EmbeddedAws, topic: str) -> None:
    sns = role_client(aws, "sns")
    assert denied(aws, job, lambda: sns.publish(TopicArn=topic, Message="x")) == (None, None)
    found = denied(aws, job, lambda: sns.publish(TopicArn=THEIR_TOPIC, Message="x"))
    assert found == ("AuthorizationError", "sns:Publish")


@pytest.mark.parametrize(
    ("tags", "allowed"),
    [
        ({"nightshift:findings": "none"}, True),
        ({"nightshift:findings": "a", "nightshift:findings/2": "b"}, True),
        ({"nightshift:stack": "nightshift"}, False),
        ({"nightshift:findings": "none", "env": "dev"}, False),
        ({"env": "dev"}, False),
        ({}, False),
    ],
)
def test_clusters_get_findings_and_no_other_tag(tags: dict[str, str], allowed: bool, aws: EmbeddedAws) -> None:
    arn = well("one").arn
    call = lambda: role_client(aws, "eks").tag_resource(resourceArn=arn, tags=tags)  # noqa: E731
    expected = (None, None) if allowed else ("AccessDeniedException", "eks:TagResource")
    assert denied(aws, "eks_info", call) == expected


def test_nothing_of_eks_but_clusters_is_tagged(aws: EmbeddedAws) -> None:
    arn = well("one").arn.replace(":cluster/one", ":nodegroup/one/web/0a1b")
    call = lambda: role_client(aws, "eks").tag_resource(resourceArn=arn, tags={"nightshift:findings": "x"})  # noqa: E731
    assert denied(aws, "eks_info", call) == ("AccessDeniedException", "eks:TagResource")


@pytest.mark.parametrize("action", ANY_INSTANCE)
@pytest.mark.parametrize(("account", "region"), [("210987654321", REGION), (ACCOUNT, "us-east-1")])
def test_any_instance_is_one_of_this_account_and_region(action: str, account: str, region: str) -> None:
    role = role_of("restore", REGION)
    own = HERE.question(action, Touched("instance", HERE.arn(action, "instance", "i-1"), {}))
    foreign = Account(region, account).arn(action, "instance", "i-1")
    assert role.verdict(own) is Verdict.ALLOWED
    assert role.verdict(Question(action, foreign, own.context)) is Verdict.NOT_ALLOWED


# ---------------------------------------------------------------- keys

KEY_RIGHTS = sorted((job, name) for job, name in _granted() if name.startswith("kms:"))
THROUGH_EC2 = {
    "kms:ViaService": (f"ec2.{REGION}.amazonaws.com",),
    "kms:GrantIsForAWSResource": ("true",),
    "aws:RequestedRegion": (REGION,),
}


@pytest.mark.parametrize(("job", "action"), KEY_RIGHTS)
def test_keys_are_used_for_the_alerts_or_through_ec2_alone(job: str, action: str) -> None:
    role = role_of(job, REGION)
    theirs, ours = (HERE.arn(action, "key", name) for name in ("0a1b2c3d", "AlertsKey"))
    by_itself = {"aws:RequestedRegion": (REGION,)}
    assert role.verdict(Question(action, theirs, by_itself)) is Verdict.NOT_ALLOWED
    through_another = THROUGH_EC2 | {"kms:ViaService": (f"s3.{REGION}.amazonaws.com",)}
    assert role.verdict(Question(action, theirs, through_another)) is Verdict.NOT_ALLOWED
    if action == "kms:CreateGrant":
        for_somebody = THROUGH_EC2 | {"kms:GrantIsForAWSResource": ("false",)}
        assert role.verdict(Question(action, theirs, for_somebody)) is Verdict.NOT_ALLOWED
    allowed = [Question(action, ours, by_itself), Question(action, theirs, THROUGH_EC2)]
    assert Verdict.ALLOWED in [role.verdict(each) for each in allowed]


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize("job", jobs())
def test_nothing_is_read_in_another_region(job: str) -> None:
    role = role_of(job, REGION)
    elsewhere = Account("us-east-1")
    for each in statements():
        if each.function == logical_id(job) and each.allows and "*" in each.resources:
            for name in each.actions:
                assert role.verdict(HERE.question(name, None)) is Verdict.ALLOWED
                assert role.verdict(elsewhere.question(name, None)) is Verdict.NOT_ALLOWED


@pytest.mark.parametrize("job", jobs())
def test_no_other_parameter_is_read(job: str, aws: EmbeddedAws) -> None:
    ssm = role_client(aws, "ssm")
    assert denied(aws, job, lambda: ssm.get_parameter(Name="/nightshift/policy")) == (None, None)
    assert denied(aws, job, lambda: ssm.get_parameter(Name="/nightshift/other"))[0] == "AccessDeniedException"


def test_what_is_refused_did_not_happen_and_says_why(aws: EmbeddedAws, backend: Any) -> None:
    it = machine(backend, {})
    with acting(aws, "cleanup") as enforcer:
        assert refused(lambda: role_client(aws, "ec2").delete_snapshot(SnapshotId=it["snapshot"]))
    assert it["snapshot"] in backend.snapshots
    [question] = enforcer.denied
    assert str(question) == f"ec2:DeleteSnapshot on arn:aws:ec2:{REGION}::snapshot/{it['snapshot']}"
