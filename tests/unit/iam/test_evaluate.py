"""IAM's evaluation of identity policies, by table. What is expected comes from the IAM User Guide."""

from typing import Any

import pytest

from local.iam.conditions import PolicyNotUnderstoodError, holds, like
from local.iam.evaluate import Question, Statement, Verdict, evaluate

MINE = "arn:aws:ec2:eu-central-1:123456789012:instance/i-1"
ANY = "arn:aws:ec2:eu-central-1:123456789012:instance/*"


@pytest.mark.parametrize(
    ("operator", "wanted", "values", "expected"),
    [
        ("StringEquals", "a", ["a"], True),
        ("StringEquals", ["b", "a"], ["a"], True),
        ("StringEquals", "a", ["A"], False),
        ("StringEquals", "a*", ["ab"], False),
        ("StringEquals", "a", [], False),
        ("StringNotEquals", "a", ["b"], True),
        ("StringNotEquals", ["a", "b"], ["b"], False),
        ("StringNotEquals", "a", [], True),
        ("StringLike", "snap-*", ["snap-1"], True),
        ("StringLike", "snap-?", ["snap-12"], False),
        ("StringLike", "SNAP-*", ["snap-1"], False),
        ("StringLike", "*", [""], True),
        ("StringLike", "*", [], False),
        ("StringNotLike", "snap-*", ["vol-1"], True),
        ("StringNotLike", "*", ["vol-1"], False),
        ("StringNotLike", "*", [], True),
        ("Bool", "true", ["true"], True),
        ("Bool", True, ["true"], True),
        ("Bool", "true", ["false"], False),
        ("Bool", "false", [], False),
    ],
)
def test_operators_on_a_key_with_one_value(operator: str, wanted: Any, values: list[str], expected: bool) -> None:
    """ "IAM JSON policy elements: Condition operators": case-sensitive; wildcards in StringLike only; "if the key ...
    is not present in the request context, the values do not match and the condition is false. If the policy condition
    requires that the key is not matched, such as StringNotLike ..., the condition is true"."""
    assert holds({operator: {"key": wanted}}, {"key": values} if values else {}) is expected


@pytest.mark.parametrize(
    ("wanted", "values", "expected"),
    [
        ("true", [], True),
        ("true", ["a"], False),
        ("false", [], False),
        ("false", ["a"], True),
        (False, ["a"], True),
    ],
)
def test_null_asks_whether_a_key_is_there(wanted: Any, values: list[str], expected: bool) -> None:
    """ "Condition operator to check existence of condition keys": true: it is not present; false: it exists and its
    value is not null. A key without values is as one that is not there."""
    assert holds({"Null": {"key": wanted}}, {"key": values}) is expected
    assert values or holds({"Null": {"key": wanted}}, {}) is expected


@pytest.mark.parametrize(
    ("operator", "wanted", "values", "expected"),
    [
        ("ForAllValues:StringEquals", ["a", "b"], ["a"], True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
        ("ForAllValues:StringEquals", ["a"], ["A"], False),
        ("ForAllValues:StringEquals", ["a"], [], True),
        ("ForAllValues:StringLike", "f/*", ["f/1", "f/2"], True),
        ("ForAllValues:StringLike", "f/*", ["f/1", "g"], False),
        ("ForAllValues:StringNotLike", "n:*", ["a", "b"], True),
        ("ForAllValues:StringNotLike", "n:*", ["a", "n:b"], False),
        ("ForAllValues:StringNotLike", "n:*", [], True),
        ("ForAnyValue:StringEquals", ["a", "b"], ["b", "c"], True),
        ("ForAnyValue:StringEquals", ["a", "b"], ["c"], False),
        ("ForAnyValue:StringEquals", ["a"], [], False),
        ("ForAnyValue:StringLike", "n:*", ["a", "n:b"], True),
        ("ForAnyValue:StringLike", "n:*", ["a"], False),
        ("ForAnyValue:StringNotEquals", "a", ["a", "b"], True),
        ("ForAnyValue:StringNotEquals", "a", ["a"], False),
        ("ForAnyValue:StringNotEquals", "a", [], False),
    ],
)
def test_set_operators_on_a_key_with_many_values(operator: str, wanted: Any, values: list[str], expected: bool) -> None:
    """ "Set operators for multivalued context keys": ForAllValues is true where every value of the request matches one
    of the policy, and where there is none; ForAnyValue where one matches, and false where there is none."""
    assert holds({operator: {"aws:TagKeys": wanted}}, {"aws:TagKeys": values}) is expected
    assert values or holds({operator: {"aws:TagKeys": wanted}}, {}) is expected


@pytest.mark.parametrize(
    ("context", "expected"),
    [({"a": ["1"], "b": ["2"]}, True), ({"a": ["1"]}, False), ({"a": ["1"], "b": ["9"]}, False), ({}, False)],
)
def test_keys_and_operators_are_joined_by_and(context: dict[str, list[str]], expected: bool) -> None:
    """ "Conditions with multiple context keys or values": multiple operators and keys: AND; values of one key: OR."""
    assert holds({"StringEquals": {"a": ["0", "1"]}, "StringLike": {"b": "2*"}}, context) is expected
    assert holds({"StringEquals": {"a": "1", "b": "2"}}, context) is expected


def test_the_name_of_a_key_is_not_case_sensitive() -> None:
    """ "IAM JSON policy elements: Condition": "Context key names are not case-sensitive". So a tag NIGHTSHIFT:STACK
    meets a condition on aws:ResourceTag/nightshift:stack."""
    condition = {"StringEquals": {"aws:ResourceTag/nightshift:stack": "n"}}
    assert holds(condition, {"aws:resourcetag/NIGHTSHIFT:STACK": ["n"]})


@pytest.mark.parametrize(
    "operator",
    ["StringEqualsIfExists", "ArnLike", "NumericEquals", "ForSomeValues:StringEquals", "ForAllValues:Null", "Strings"],
)
def test_an_operator_that_is_not_known_is_no_yes_and_no_no(operator: str) -> None:
    """Ours: an evaluator that passes over what it does not know gives false answers."""
    with pytest.raises(PolicyNotUnderstoodError):
        holds({operator: {"key": "a"}}, {"key": ["a"]})


@pytest.mark.parametrize("element", ["NotAction", "NotResource", "Principal"])
def test_an_element_that_is_not_known_is_an_error(element: str) -> None:
    """Ours, as above."""
    with pytest.raises(PolicyNotUnderstoodError):
        Statement.of({"Effect": "Allow", "Action": "a:B", "Resource": "*", element: "*"})


def test_policy_variables_are_not_understood() -> None:
    """ "IAM policy elements: Variables and tags" are not built here."""
    for operator in ("StringEquals", "StringLike"):
        with pytest.raises(PolicyNotUnderstoodError):
            holds({operator: {"key": "${aws:username}"}}, {"key": ["a"]})


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*", "", True),
        ("a*c", "abbc", True),
        ("a?c", "ac", False),
        ("a[bc]", "ab", False),
        ("a[bc]", "a[bc]", True),
        ("a.c", "abc", False),
        (ANY, MINE, True),
        (ANY, MINE.replace("instance", "volume"), False),
        (ANY, MINE.replace("123456789012", "210987654321"), False),
        (ANY, MINE.replace("eu-central-1", "us-east-1"), False),
        ("arn:aws:ec2:eu-central-1::snapshot/*", "arn:aws:ec2:eu-central-1::snapshot/snap-1", True),
        ("arn:aws:ec2:eu-central-1::snapshot/*", "arn:aws:ec2:eu-central-1:123456789012:snapshot/snap-1", False),
        ("arn:aws:eks:*:addon/*/*/*", "arn:aws:eks:eu-central-1:123456789012:addon/c/vpc-cni/0a", True),
        (ANY, "*", False),
    ],
)
def test_wildcards(pattern: str, text: str, expected: bool) -> None:
    """ "IAM JSON policy elements: Resource": * is any characters, ? is one, and nothing else is special; "the *
    character can expand to replace everything within a segment, including characters like a forward slash", and at a
    segment's end beyond the colon. An action that knows no resource asks for "*", which only * grants."""
    assert like(pattern, text) is expected


@pytest.mark.parametrize(
    ("actions", "asked", "expected"),
    [
        ("ec2:StopInstances", "ec2:StopInstances", True),
        ("EC2:stopinstances", "ec2:StopInstances", True),
        ("kms:GenerateDataKey*", "kms:GenerateDataKeyWithoutPlaintext", True),
        ("ec2:Stop*", "ec2:StartInstances", False),
        ("ec2:*", "eks:TagResource", False),
    ],
)
def test_actions(actions: str, asked: str, expected: bool) -> None:
    """ "IAM JSON policy elements: Action": wildcards; "The prefix and the action name are case insensitive"."""
    statement = Statement("", allows=True, actions=(actions,), resources=("*",))
    assert (evaluate([statement], Question(asked, MINE)) is Verdict.ALLOWED) is expected


ALLOW = Statement("", allows=True, actions=("ec2:*",), resources=(ANY,))
ALLOW_TAGGED = Statement(
    "", allows=True, actions=("ec2:*",), resources=("*",), condition={"StringEquals": {"aws:ResourceTag/a": "1"}}
)
DENY = Statement("", allows=False, actions=("ec2:Stop*",), resources=("*",))
DENY_TAGGED = Statement(
    "", allows=False, actions=("ec2:*",), resources=("*",), condition={"StringEquals": {"aws:ResourceTag/a": "1"}}
)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], Verdict.NOT_ALLOWED),
        ([ALLOW], Verdict.ALLOWED),
        ([ALLOW_TAGGED], Verdict.NOT_ALLOWED),
        ([ALLOW_TAGGED, ALLOW], Verdict.ALLOWED),
        ([ALLOW, DENY], Verdict.DENIED),
        ([DENY, ALLOW], Verdict.DENIED),
        ([DENY], Verdict.DENIED),
        ([ALLOW, DENY_TAGGED], Verdict.ALLOWED),
    ],
)
def test_a_deny_wins_and_what_nobody_allows_is_denied(statements: list[Statement], expected: Verdict) -> None:
    """ "Policy evaluation logic", "The difference between explicit and implicit denies": "If policies that apply to a
    request include an Allow statement and a Deny statement, the Deny statement trumps the Allow statement"; "an
    implicit denial occurs when there is no applicable Deny statement but also no applicable Allow statement"."""
    assert evaluate(statements, Question("ec2:StopInstances", MINE)) is expected
