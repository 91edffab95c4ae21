"""What people were told stands in tags: nothing is told twice, nothing is forgotten, everything fits."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.plan.finding import Finding, Severity
from nightshift.plan.findings_told import NONE, changed, in_words, to_write, told
from nightshift.plan.tags import FINDINGS, MOST_VALUE

KINDS = ("eos", "skew", "nodegroup", "addon", "public", "encryption", "insight", "issue")


def a_finding(code: str) -> Finding:
    head, _, subject = code.partition(":")
    kind, _, level = head.partition("-")
    return Finding(kind, Severity.WARNING, f"{code} is there", "do something", level, subject)


def news(found: list[str], before: list[str], not_judged: frozenset[str] = frozenset()) -> dict[str, list[str]]:
    new, cleared, codes = changed([a_finding(code) for code in found], before, not_judged)
    return {"new": [each.code for each in new], "cleared": cleared, "codes": codes}


@pytest.mark.parametrize(
    ("found", "before", "new", "cleared"),
    [
        ([], [], [], []),
        (["public"], [], ["public"], []),
        (["public"], ["public"], [], []),
        ([], ["public"], [], ["public"]),
        # another level of the same is news, and no end of it
        (["eos-30"], ["eos-60"], ["eos-30"], []),
        (["eos-x7"], ["eos-0"], ["eos-x7"], []),
        (["skew-2:web"], ["skew-3:web"], ["skew-2:web"], []),
        (["encryption-aws"], ["encryption-none"], ["encryption-aws"], []),
        # the same of another subject is another thing
        (["nodegroup:web"], ["nodegroup:batch"], ["nodegroup:web"], ["nodegroup:batch"]),
        (["skew-2:web", "skew-2:batch"], ["skew-2:web"], ["skew-2:batch"], []),
    ],
)
def test_news(found: list[str], before: list[str], new: list[str], cleared: list[str]) -> None:
    assert news(found, before) == {"new": new, "cleared": cleared, "codes": found}


def test_what_a_run_knows_nothing_about_stays_told() -> None:
    assert news(["public"], ["eos-30", "skew-2:web"], frozenset({"eos"})) == {
        "new": ["public"],
        "cleared": ["skew-2:web"],
        "codes": ["public", "eos-30"],
    }


def test_the_tag_is_readable() -> None:
    assert dict(to_write(["eos-60", "skew-2:web", "public"], {})) == {FINDINGS: "eos-60 skew-2:web public"}


def test_nothing_left_is_written_too() -> None:
    assert dict(to_write([], {FINDINGS: "public", "Name": "one"})) == {FINDINGS: NONE}
    assert told({FINDINGS: NONE}) == told({}) == []


def test_what_does_not_fit_goes_on_in_further_tags_and_those_are_emptied_again() -> None:
    many = [f"nodegroup:{'x' * 60}{number}" for number in range(8)]
    tags = dict(to_write(many, {}))
    assert list(tags) == [FINDINGS, f"{FINDINGS}/2", f"{FINDINGS}/3"]
    assert told(tags) == many
    fewer = tags | dict(to_write(["public"], tags))
    assert fewer == {FINDINGS: "public", f"{FINDINGS}/2": NONE, f"{FINDINGS}/3": NONE}
    assert told(fewer) == ["public"]


names = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_", min_size=1, max_size=100)
codes = st.builds(
    lambda kind, level, subject: Finding(kind, Severity.INFO, "", "", level, subject).code,
    st.sampled_from(KINDS),
    st.sampled_from(("", "2", "x60", "error")),
    st.one_of(st.just(""), names),
)
many_codes = st.lists(codes, max_size=120, unique=True)


@given(many_codes, many_codes)
def test_what_was_told_is_what_the_tags_say(before: list[str], after: list[str]) -> None:
    tags = {"Name": "one"} | dict(to_write(before, {}))
    written = dict(to_write(after, tags))
    assert told(tags | written) == after
    assert all(len(value) <= MOST_VALUE for value in written.values())
    assert all(key == FINDINGS or key.startswith(f"{FINDINGS}/") for key in written)


@given(many_codes, many_codes)
def test_the_next_run_has_no_news(before: list[str], found: list[str]) -> None:
    tags: dict[str, str] = dict(to_write(before, {}))
    first: Any = news(found, told(tags))
    tags |= dict(to_write(first["codes"], tags))
    assert news(found, told(tags)) == {"new": [], "cleared": [], "codes": found}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("eos-60", "end of support"),
        ("nodegroup:web", "node group degraded (web)"),
        ("skew-2:web", "nodes behind their control plane (web)"),
        ("public", "endpoint open to everyone"),
        ("somebody-wrote-this", "somebody"),
    ],
)
def test_what_a_code_stood_for(code: str, words: str) -> None:
    assert in_words(code) == words
