"""Which tags a resource gets: tables for the rules of the policy, properties for what must hold of all of them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.fleet import Tags
from nightshift.plan.tag_rules import Place, TagVerdict, by_rules, matches, propagated
from nightshift.plan.tags import MOST_TAGS
from nightshift.policy import TagRule, When
from tests.builders import an_instance

HERE = Place("eu-central-1", "123456789012")


def verdict_on(tags: Tags, *rules: dict[str, Any]) -> TagVerdict:
    return by_rules(an_instance(tags=tags), HERE, [TagRule.model_validate(rule) for rule in rules])


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, True),
        ({"region": "eu-*"}, True),
        ({"region": "us-*"}, False),
        ({"account": "123456789012"}, True),
        ({"account": "2*"}, False),
        ({"vpc": "vpc-1"}, True),
        ({"vpc": "vpc-2"}, False),
        ({"az": "*-1[ab]"}, True),
        ({"az": "*-1b"}, False),
        ({"state": "running"}, True),
        ({"state": "stop*"}, False),
        ({"type": "t3.*"}, True),
        ({"type": "m?.*"}, False),
        ({"name": "web-*"}, True),
        ({"name": "Web-*"}, False),
        ({"tag": {"env": "prod"}}, True),
        ({"tag": {"Env": "prod"}}, False),
        ({"tag": {"env": "prod", "owner": "*"}}, False),
        ({"region": "eu-*", "type": "m5.*"}, False),
    ],
)
def test_every_condition_that_is_given_must_hold(condition: dict[str, Any], expected: bool) -> None:
    instance = an_instance(tags={"Name": "web-1", "env": "prod"})
    assert matches(When.model_validate(condition), instance, HERE) is expected


@pytest.mark.parametrize("condition", [{"vpc": "*"}, {"name": "*"}, {"tag": {"env": "*"}}])
def test_what_an_instance_does_not_have_matches_no_glob(condition: dict[str, Any]) -> None:
    assert not matches(When.model_validate(condition), replace(an_instance(), vpc_id=None), HERE)


@pytest.mark.parametrize(
    ("tags", "rules", "to_write", "reason"),
    [
        pytest.param({}, [], {}, "", id="no rule"),
        pytest.param({}, [{"set": {"env": "prod"}}], {"env": "prod"}, "env=prod (rule 1)", id="missing"),
        pytest.param({"env": "prod"}, [{"set": {"env": "prod"}}], {}, "", id="there"),
        pytest.param(
            {"env": "dev"},
            [{"set": {"env": "prod"}}],
            {},
            "env=dev stays: rule 1 says prod, and does not overwrite",
            id="another value",
        ),
        pytest.param(
            {"env": "dev"},
            [{"set": {"env": "prod"}, "overwrite": True}],
            {"env": "prod"},
            "env=prod instead of dev (rule 1)",
            id="overwrite",
        ),
        pytest.param(
            {"env": ""},
            [{"set": {"env": "prod"}}],
            {},
            "env= stays: rule 1 says prod, and does not overwrite",
            id="empty",
        ),
        pytest.param({"Env": "dev"}, [{"set": {"env": "prod"}}], {"env": "prod"}, "env=prod (rule 1)", id="case"),
        pytest.param(
            {},
            [{"set": {"env": "prod", "owner": "web"}}, {"set": {"env": "prod", "team": "a"}}],
            {"env": "prod", "owner": "web", "team": "a"},
            "env=prod, owner=web (rule 1); team=a (rule 2)",
            id="rules that agree",
        ),
        pytest.param(
            {},
            [{"when": {"tag": {"env": "prod"}}, "set": {"owner": "web"}}, {"set": {"env": "prod"}}],
            {"env": "prod", "owner": "web"},
            "env=prod (rule 2); owner=web (rule 1)",
            id="a rule that another one makes apply",
        ),
        pytest.param(
            {"env": "dev"},
            [
                {"when": {"tag": {"env": "dev"}}, "set": {"env": "stage"}, "overwrite": True},
                {"when": {"tag": {"env": "stage"}}, "set": {"env": "dev", "seen": "yes"}, "overwrite": True},
                {"set": {"owner": "web"}},
            ],
            {"owner": "web"},
            "owner=web (rule 3); env left alone: rule 1 says stage, rule 2 says dev",
            id="rules that never come to rest",
        ),
    ],
)
def test_rules(tags: Tags, rules: list[dict[str, Any]], to_write: Tags, reason: str) -> None:
    verdict = verdict_on(tags, *rules)
    assert (verdict.to_write, verdict.reason) == (to_write, reason)


@pytest.mark.parametrize(
    ("tags", "overwrite", "conflict"),
    [
        ({}, (False, False), True),
        ({}, (True, False), True),
        ({"env": "dev"}, (True, True), True),
        ({"env": "prod"}, (True, True), True),
        ({"env": "dev"}, (False, False), False),
        ({"env": "dev"}, (True, False), False),
    ],
)
def test_two_rules_conflict_where_both_would_write(tags: Tags, overwrite: tuple[bool, bool], conflict: bool) -> None:
    values = ("prod", "stage")
    rules = [{"set": {"env": value}, "overwrite": over} for value, over in zip(values, overwrite, strict=True)]
    verdict = verdict_on(tags, *rules, {"set": {"owner": "web"}})
    assert verdict.error == ("RuleConflict" if conflict else None)
    assert verdict.after["owner"] == "web"
    if conflict:
        assert verdict.after.get("env") == tags.get("env")
        assert "env left alone: rule 1 says prod, rule 2 says stage" in verdict.reason


def test_a24_aws_keys_are_never_copied_and_leave_room() -> None:
    """Copying all tags breaks on aws: keys; they do not count against the limit either."""
    aws_s = {f"aws:cloudformation:{number}": "x" for number in range(10)}
    theirs = {f"k{number}": "x" for number in range(MOST_TAGS - 1)}
    verdict = propagated({**aws_s, **theirs}, {"i-0a": {**aws_s, "Name": "web"}}, ["Name", "env"])
    assert verdict.to_write == {"Name": "web"}
    assert verdict.error is None


def test_a27_what_is_attached_gets_what_it_lacks() -> None:
    verdict = propagated({"env": "prod"}, {"i-0a": {"Name": "web", "env": "prod", "cost": "7"}}, ["Name", "env"])
    assert verdict.to_write == {"Name": "web"}
    assert verdict.reason == "Name=web (i-0a)"


def test_a28_nothing_is_overwritten_silently() -> None:
    verdict = propagated({"Name": "data"}, {"i-0a": {"Name": "web"}}, ["Name"])
    assert verdict.to_write == {}
    assert verdict.reason == "Name=data stays: i-0a says web, and does not overwrite"


@pytest.mark.parametrize(
    ("second", "to_write", "error"),
    [
        ({"env": "prod", "Name": "b"}, {"env": "prod"}, "RuleConflict"),
        ({"env": "prod", "Name": "a"}, {"env": "prod", "Name": "a"}, None),
        ({}, {"env": "prod", "Name": "a"}, None),
    ],
)
def test_a_volume_of_several_instances(second: Tags, to_write: Tags, error: str | None) -> None:
    verdict = propagated({}, {"i-0b": second, "i-0a": {"env": "prod", "Name": "a"}}, ["env", "Name"])
    assert (verdict.to_write, verdict.error) == (to_write, error)
    if error:
        assert "Name left alone: i-0a says a, i-0b says b" in verdict.reason


def test_what_does_not_fit_is_named_in_the_order_of_the_rules() -> None:
    full = {f"k{number}": "x" for number in range(MOST_TAGS - 1)}
    verdict = verdict_on(
        full, {"set": {"first": "1", "second": "2"}}, {"set": {"k0": "y", "third": "3"}, "overwrite": True}
    )
    assert verdict.to_write == {"first": "1", "k0": "y"}
    assert verdict.error == "TagLimitExceeded"
    assert verdict.reason.endswith("no room for second=2 (rule 1), third=3 (rule 2): AWS allows 50 tags")


KEYS = ("Name", "env", "owner", "team")
VALUES = ("a", "b", "c")
some_tags = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES))
filler = st.integers(min_value=0, max_value=MOST_TAGS).map(lambda count: {f"k{n}": "x" for n in range(count)})
fitting_tags = (
    st.tuples(some_tags, filler)
    .map(lambda both: dict([*both[0].items(), *both[1].items()][:MOST_TAGS]))
    .map(lambda tags: {**tags, "aws:x": "y"})
)
conditions = st.builds(
    lambda tag, state: When(tag=tag, state=state),
    st.dictionaries(st.sampled_from(KEYS), st.sampled_from((*VALUES, "*", "[ab]")), max_size=2),
    st.sampled_from((None, "running", "stopped")),
)
some_rules = st.lists(
    st.builds(
        TagRule,
        when=conditions,
        set=st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), min_size=1),
        overwrite=st.booleans(),
    ),
    max_size=6,
)


@given(tags=fitting_tags, rules=some_rules)
def test_the_next_run_has_nothing_left_to_write(tags: Tags, rules: list[TagRule]) -> None:
    first = by_rules(an_instance(tags=tags), HERE, rules)
    second = by_rules(an_instance(tags=first.after), HERE, rules)
    assert second.to_write == {}
    assert (second.error is None) == (first.error is None)


@given(tags=fitting_tags, rules=some_rules)
def test_without_overwrite_only_what_is_missing_is_set(tags: Tags, rules: list[TagRule]) -> None:
    humble = [rule.model_copy(update={"overwrite": False}) for rule in rules]
    assert by_rules(an_instance(tags=tags), HERE, humble).to_write.keys().isdisjoint(tags)


@given(tags=fitting_tags, rules=some_rules)
def test_never_more_than_aws_takes_and_never_reserved_keys(tags: Tags, rules: list[TagRule]) -> None:
    verdict = by_rules(an_instance(tags=tags), HERE, rules)
    assert len([key for key in verdict.after if not key.startswith("aws:")]) <= MOST_TAGS
    assert not [key for key in verdict.to_write if key.startswith(("aws:", "nightshift:"))]


@given(tags=fitting_tags, owners=st.dictionaries(st.sampled_from(("i-0a", "i-0b")), some_tags, min_size=1))
def test_propagation_is_done_after_one_run(tags: Tags, owners: dict[str, Tags]) -> None:
    first = propagated(tags, owners, KEYS)
    assert first.to_write.keys().isdisjoint(tags)
    assert len([key for key in first.after if not key.startswith("aws:")]) <= MOST_TAGS
    second = propagated(first.after, owners, KEYS)
    assert (second.to_write, second.error) == ({}, first.error)


@given(tags=some_tags, rules=some_rules, data=st.data())
def test_the_order_of_the_rules_does_not_matter(tags: Tags, rules: list[TagRule], data: st.DataObject) -> None:
    """As long as there is room for all."""
    shuffled = data.draw(st.permutations(rules))
    one, other = by_rules(an_instance(tags=tags), HERE, rules), by_rules(an_instance(tags=tags), HERE, shuffled)
    assert (one.after, one.contested.keys()) == (other.after, other.contested.keys())
