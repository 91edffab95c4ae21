"""The policy as YAML: its traps, and that nothing but PolicyError ever comes out."""

from contextlib import suppress

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nightshift.errors import PolicyError
from nightshift.policy import Keep, Policy
from nightshift.policy_text import MAX_BYTES

IN_KEEP = "backup: {plans: {nightly: {keep: {%s}}}}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("backup: &plan {}\ncleanup: *plan", "line 2: aliases (*name) are not allowed"),
        ("a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]", "line 2: aliases"),
        ("paused: false\npaused: true", "line 2: the key paused is given twice"),
        ('paused: false\n"paused": true', "line 2: the key paused is given twice"),
        ("backup:\n  plans:\n    nightly: {}\n    nightly: {}", "line 4: the key nightly is given twice"),
        ("paused: false\n<<: {paused: true}", ""),
        ("<<: {paused: true, paused: false}", ""),
        (IN_KEEP % "last: 08", "keep.last = '08': must be a whole number"),  # no octal, so it is text
        ("paused: 2026-11-24", "paused = datetime.date(2026, 11, 24): must be true or false"),
        ("time_zone: 2026-11-24", "must be text (put it in quotes)"),
        ("paused: 2026-13-45", "month must be in 1..12"),
        ("paused: off\n---\npaused: on", "but found another document"),
        ("paused: !!python/object/apply:os.system [x]", "could not determine a constructor"),
        ("? [a]\n: b", "unhashable"),
        ("\tpaused: true", "line 1"),
        ("paused: \x00", "unacceptable character"),
        ("paused: true\ntime_zone: \x1b[31m", "is no YAML: line 2: unacceptable character U+001B"),
        ("paused: true\ntime_zone: '\ud800'", "is no YAML: line 2: unacceptable character U+D800"),
        ("{" * 8000, "line 1: nested more than 40 levels deep"),
        (IN_KEEP % "last: !!int 010", "line 1: ValueError: 010 is no whole number in up to 100 plain digits, as 10"),
        (IN_KEEP % f"last: {'9' * 101}", "is no whole number in up to 100 plain digits"),
        ("%YAML 9.9\n---\n{}", "incompatible YAML document"),
        ("[" * 4000, "line 1: nested more than 40 levels deep"),
        ("- " * 4000, "line 1: nested more than 40 levels deep"),
        ("#" + "x" * MAX_BYTES, f"longer than {MAX_BYTES} bytes"),
        ("#" + "ä" * (MAX_BYTES // 2), f"longer than {MAX_BYTES} bytes"),
        ("paused: !!bool maybe", ""),
        ("paused: !!int ''", ""),
        ("paused: !!timestamp tomorrow", ""),
        ("!!set 010", "line 1: expected a mapping of keys to values"),
        ("paused: !!omap x", "line 1"),
        ("paused: !!pairs x", "line 1"),
        ("paused: 0x" + "F" * 4000, ""),
    ],
)
def test_the_traps_of_yaml_are_policy_errors(text: str, problem: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.parse(text)
    assert problem in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("text", ["010", "+010", "1:30", "190:20:30", "1_000", "0x1F", "0b11", "0o10", "-010", "00"])
def test_what_only_yaml_1_1_calls_a_number_is_refused_by_name(text: str) -> None:
    """010 would be 8, 1:30 would be 90: fewer than meant would be kept, and nobody told."""
    with pytest.raises(PolicyError, match=r"keep\.last = ") as caught:
        Policy.parse(IN_KEEP % f"last: {text}")
    assert f"nightly.keep.last = '{text}': must be a whole number, in plain digits" in str(caught.value)


@pytest.mark.parametrize(("text", "number"), [("10", 10), ("+10", 10), ("0", 0), ("-1", -1), ("!!int 10", 10)])
def test_a_number_is_what_every_yaml_calls_one(text: str, number: int) -> None:
    assert Policy.parse(IN_KEEP % f"last: {text}").backup.plans["nightly"].keep.last == number


def test_what_only_looks_like_a_number_is_the_text_that_was_written() -> None:
    [rule] = Policy.parse("tagging: {rules: [{set: {cost: 010, floor: 1:30}}]}").tagging.rules
    assert rule.set == {"cost": "010", "floor": "1:30"}


def test_a_text_of_just_8_kb_is_read() -> None:
    assert Policy.parse("#" + "x" * (MAX_BYTES - 1)) == Policy()


# What people type: our keys, values of every kind, YAML's own signs.
WORDS = """
time_zone paused backup tag plans nightly schedule start_within keep last daily within cleanup set when rules tagging
propagate status_check remedy_after null true 1e3 0x1F 1:30 2026-11-24 .inf .nan << = ~ !!bool !!int !!float !!timestamp
!!binary !!set !!omap !!str !!null & * ? | > ' " [ ] { } , # % @ -
"""
words = st.sampled_from(WORDS.split())
yaml_like = st.lists(st.one_of(words, st.sampled_from([": ", "\n", "\n  ", "- ", ", ", " "]), st.text(max_size=3)))
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.dates())
trees = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3))
)


@given(yaml_like.map("".join))
def test_no_text_raises_anything_but_a_policy_error(text: str) -> None:
    with suppress(PolicyError):
        Policy.parse(text)


@given(st.sampled_from(sorted(Policy.model_fields)), trees)
def test_no_content_raises_anything_but_a_policy_error(section: str, content: object) -> None:
    with suppress(PolicyError):
        Policy.of({section: content})
    with suppress(PolicyError):
        Policy.parse(yaml.safe_dump({section: content}))


@given(st.builds(Keep, last=st.integers(-1, 99), daily=st.integers(-1, 99), within=st.sampled_from([None, "14d"])))
def test_a_policy_that_is_written_out_is_read_back(keep: Keep) -> None:
    policy = Policy.of({"backup": {"plans": {"own": {"keep": keep.model_dump()}}}})
    assert Policy.parse(yaml.safe_dump(policy.model_dump())) == policy
