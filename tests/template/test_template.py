"""What the template must hold: least rights, alarms that reach somebody, a policy that no deployment overwrites."""

import shlex
import tomllib
from itertools import product
from typing import Any

import pytest

from local.build import ROOT
from local.iam.reference import actions
from tests.template.roles import (
    FUNCTIONS,
    GLOBALS,
    PARAMETERS,
    RESOURCES,
    TEMPLATE,
    Statement,
    statements,
)

STATEMENTS = statements()
ALLOWED = [each for each in STATEMENTS if each.allows]
IS_OURS = {"aws:ResourceTag/nightshift:stack": {"Ref": "StackTag"}}
OUR_KEYS = "nightshift:*"

every_statement = pytest.mark.parametrize("statement", STATEMENTS, ids=str)
every_allowed = pytest.mark.parametrize("statement", ALLOWED, ids=str)
every_function = pytest.mark.parametrize("function", FUNCTIONS)


# ---------------------------------------------------------------- roles


@every_statement
def test_every_action_exists(statement: Statement) -> None:
    assert [name for name in statement.actions if not actions(name)] == []


@every_allowed
def test_everything_is_allowed_only_where_an_action_knows_no_resource_and_reads(statement: Statement) -> None:
    if "*" not in statement.resources:
        return
    too_much = [action.name for name in statement.actions for action in actions(name) if action.types]
    changing = [action.name for name in statement.actions for action in actions(name) if not action.reads]
    assert (too_much, changing) == ([], [])


@every_allowed
def test_what_is_read_is_read_in_this_region_only(statement: Statement) -> None:
    if "*" in statement.resources:
        assert statement.condition["StringEquals"]["aws:RequestedRegion"] == {"Ref": "AWS::Region"}


@every_allowed
def test_each_action_meets_a_resource_and_each_resource_an_action(statement: Statement) -> None:
    if "*" in statement.resources:
        return
    known = [action for name in statement.actions for action in actions(name)]
    meeting = [(one, arn) for one, arn in product(known, statement.resources) if one.types_in(arn)]
    assert {action.name for action, _ in meeting} == {action.name for action in known}
    assert {arn for _, arn in meeting} == set(statement.resources)


@every_allowed
def test_the_condition_keys_are_known_to_each_action_and_resource(statement: Statement) -> None:
    """A key that is not there makes an Allow grant nothing."""
    for name, resource in product(statement.actions, statement.resources):
        for action in actions(name):
            unknown = {
                kind.name: statement.condition_keys - action.keys - kind.keys for kind in action.types_in(resource)
            }
            assert not any(unknown.values()), (action.name, unknown)
            assert action.types or statement.condition_keys <= action.keys, action.name


@every_statement
def test_the_condition_keys_are_known_to_the_actions(statement: Statement) -> None:
    """A key that is not there makes a Deny deny nothing."""
    for action in (action for name in statement.actions for action in actions(name)):
        assert statement.condition_keys <= action.keys.union(*(kind.keys for kind in action.types)), action.name


@every_function
def test_no_resource_that_an_action_needs_is_forgotten(function: str) -> None:
    """CreateSnapshots asks for the instance, the volume and the snapshot: one of them missing, and it is refused."""
    mine = [each for each in ALLOWED if each.function == function]
    for action in {action for statement in mine for name in statement.actions for action in actions(name)}:
        granted = {
            kind.name
            for statement in mine
            if any(action in actions(name) for name in statement.actions)
            for resource in statement.resources
            for kind in action.types_in(resource)
        }
        assert {kind.name for kind in action.types if kind.required} <= granted, action.name


def test_only_snapshots_of_this_installation_are_deleted() -> None:
    deleting = [each for each in ALLOWED if _names(each, "ec2:DeleteSnapshot")]
    assert [(each.function, each.condition) for each in deleting] == [("CleanupFunction", {"StringEquals": IS_OURS})]


TAKING = ("Delete", "Terminate", "Modify", "Deregister", "Detach", "Release", "Reset", "Put", "Remove", "Revoke")
MADE_BY_NETWORK = {"aws:RequestTag/nightshift:network-stack": {"Ref": "StackTag"}}
OF_NETWORK = {"aws:ResourceTag/nightshift:network-stack": {"Ref": "StackTag"}}


def test_nothing_else_takes_something_away() -> None:
    """Snapshots are deleted, and nothing else; restore swaps volumes, and takes its own tags off; network takes
    away what it made."""
    changing = {
        (each.function, action.name)
        for each in ALLOWED
        if each.function != "NetworkFunction"
        for name in each.actions
        for action in actions(name)
        if not action.reads
    }
    assert {(function, name) for function, name in changing if name.split(":")[1].startswith(TAKING)} == {
        ("CleanupFunction", "ec2:DeleteSnapshot"),
        ("RestoreFunction", "ec2:DetachVolume"),
        ("RestoreFunction", "ec2:DeleteTags"),
        ("RestoreFunction", "ec2:ModifyInstanceAttribute"),
    }


def test_only_volumes_that_a_restore_marked_are_swapped() -> None:
    for statement in [each for each in ALLOWED if _names(each, "ec2:DetachVolume")]:
        if any(":volume/" in resource for resource in statement.resources):
            [(key, value)] = statement.condition["StringLike"].items()
            assert (key, value) in {
                ("aws:ResourceTag/nightshift:restored-from", "snap-*"),
                ("aws:ResourceTag/nightshift:replaced-by", "vol-*"),
            }


def test_networks_are_changed_only_where_they_carry_our_mark() -> None:
    """Made with the mark, else changed or deleted with it; only adoption marks what has none."""
    for statement in [each for each in ALLOWED if each.function == "NetworkFunction"]:
        changing = [action for name in statement.actions for action in actions(name) if not action.reads]
        if not changing:
            continue
        asked = statement.condition["StringEquals"]
        marked = {key: value for key, value in asked.items() if key.endswith("/nightshift:network-stack")}
        assert marked in (MADE_BY_NETWORK, OF_NETWORK), str(statement)
        if any(action.name.split(":")[1].startswith((*TAKING, "Disassociate", "Replace")) for action in changing):
            assert marked == OF_NETWORK, str(statement)


def test_snapshots_are_made_only_with_our_tag() -> None:
    for statement in [each for each in ALLOWED if _names(each, "ec2:CreateSnapshots")]:
        if any(":snapshot/" in resource for resource in statement.resources):
            asked = statement.condition["StringEquals"]["aws:RequestTag/nightshift:stack"]
            assert asked == {"Ref": "StackTag"}


@every_allowed
def test_tags_are_written_only_as_a_snapshot_is_made_or_within_limits(statement: Statement) -> None:
    if not _names(statement, "ec2:CreateTags"):
        return
    limited = {"aws:TagKeys", "ec2:CreateAction"} & statement.condition_keys
    assert limited or _is_denied_our_keys(statement.function)


def test_of_clusters_only_our_own_tags_are_written() -> None:
    for statement in [each for each in ALLOWED if _names(each, "eks:TagResource")]:
        assert statement.condition["ForAllValues:StringLike"] == {
            "aws:TagKeys": ["nightshift:findings", "nightshift:findings/*"]
        }
        assert all(":cluster/" in resource for resource in statement.resources)


def test_the_tagging_role_is_denied_our_keys() -> None:
    assert _is_denied_our_keys("TaggingFunction")


def test_no_statement_looks_only_at_the_keys_that_are_there() -> None:
    """ForAllValues is true of a request without any tag key: Null must say that there is one."""
    for statement in ALLOWED:
        for test, keys in statement.condition.items():
            if test.startswith("ForAllValues:"):
                assert statement.condition["Null"] == dict.fromkeys(keys, "false")


@every_function
def test_whoever_publishes_knows_the_topic_and_may_use_its_key(function: str) -> None:
    mine = [name for each in ALLOWED if each.function == function for name in each.actions]
    variables = FUNCTIONS[function].get("Environment", {}).get("Variables", {})
    assert ("sns:Publish" in mine) == ("NIGHTSHIFT_TOPIC_ARN" in variables)
    assert ("sns:Publish" in mine) == ("kms:GenerateDataKey*" in mine)


def _names(statement: Statement, action: str) -> bool:
    return any(each.name == action for name in statement.actions for each in actions(name))


def _is_denied_our_keys(function: str) -> bool:
    denied = [each for each in STATEMENTS if each.function == function and not each.allows]
    return any(
        _names(each, "ec2:CreateTags")
        and each.resources == ("*",)
        and each.condition == {"ForAnyValue:StringLike": {"aws:TagKeys": OUR_KEYS}}
        for each in denied
    )


# ---------------------------------------------------------------- functions


def test_a_failed_run_is_kept_and_not_repeated() -> None:
    config = GLOBALS["EventInvokeConfig"]
    assert config["MaximumRetryAttempts"] == 0
    assert config["DestinationConfig"]["OnFailure"] == {"Type": "SQS", "Destination": {"Fn::GetAtt": "FailedRuns.Arn"}}
    queue = RESOURCES["FailedRuns"]
    assert queue["Type"] == "AWS::SQS::Queue"
    assert queue["Properties"]["SqsManagedSseEnabled"] is True


@every_function
def test_no_function_goes_its_own_way(function: str) -> None:
    of_its_own = FUNCTIONS[function].keys() & (GLOBALS.keys() - {"Environment"})
    assert of_its_own == set()


@every_function
def test_logs_are_kept_as_long_as_the_operator_says(function: str) -> None:
    group = FUNCTIONS[function]["LoggingConfig"]["LogGroup"]["Ref"]
    assert RESOURCES[group]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert PARAMETERS["LogRetentionDays"]["Default"] in PARAMETERS["LogRetentionDays"]["AllowedValues"]


def test_reserved_concurrency_is_off_by_default() -> None:
    """New accounts have none to reserve, and the deployment would fail."""
    assert PARAMETERS["ReservedConcurrency"]["Default"] == ""
    assert GLOBALS["ReservedConcurrentExecutions"]["Fn::If"][0] == "HasReservedConcurrency"


def test_the_layer_is_built_for_the_architecture_that_it_runs_on() -> None:
    [layer] = [each for each in RESOURCES.values() if each["Type"] == "AWS::Serverless::LayerVersion"]
    assert layer["Metadata"] == {"BuildMethod": "python3.13", "BuildArchitecture": {"Ref": "Architecture"}}
    assert GLOBALS["Architectures"] == [{"Ref": "Architecture"}]
    assert GLOBALS["Runtime"] == layer["Metadata"]["BuildMethod"]
    assert PARAMETERS["Architecture"]["Default"] == "x86_64"


# ---------------------------------------------------------------- policy


def test_no_deployment_overwrites_an_edited_policy() -> None:
    parameter = RESOURCES["PolicyParameter"]
    assert parameter["Properties"]["Value"] == "{}"
    assert parameter["Properties"]["Tier"] == "Intelligent-Tiering"
    assert (parameter["DeletionPolicy"], parameter["UpdateReplacePolicy"]) == ("Retain", "Retain")


@pytest.mark.parametrize("command", ["deploy", "local_invoke", "local_start_lambda"])
def test_samconfig_says_what_the_template_says(command: str) -> None:
    """sam local does not know the stack: a value that differs there would look for other snapshots."""
    config: dict[str, Any] = tomllib.loads((ROOT / "samconfig.toml").read_text())["default"]
    said = dict(word.split("=", 1) for word in shlex.split(config[command]["parameters"]["parameter_overrides"]))
    assert said == {name: PARAMETERS[name]["Default"] for name in ("StackTag", "PolicyParameterName")}


def test_what_an_operator_looks_for_is_an_output() -> None:
    assert {"Policy", "Alerts", "FailedRuns", *FUNCTIONS} <= TEMPLATE["Outputs"].keys()
