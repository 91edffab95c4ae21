"""Names of every character there is, ESC and NUL too, in both messages: one subject in ASCII, one line each."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.errors import AwsError, Fault, RequestError
from nightshift.outcome import Action, Result, Status, in_order
from nightshift.plan.finding import Finding, Severity
from nightshift.plan.findings_told import News
from nightshift.plan.health import Announced, State
from nightshift.plan.remedies import Care
from nightshift.plan.transition import Transition
from nightshift.report import cluster_message, mail, message
from nightshift.report.mail import Message
from nightshift.text import shown, visible

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOSTILE = [
    "\x1b[2J\x1b]0;title\x07", "a\0b", "a\r\nSubject: b", "\u202egnp.bew", "\u2028\u2029\x85", "\ud800", "\udbff\udfff",
    "\U0001f600" * 256, "\U0010ffff" * 256, "a\u0301" * 128, "\t" * 256, "%s{0}", '"}\n{"level": "ERROR"}', "<b>&",
]  # fmt: skip
names = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=256), st.text(st.characters(categories=["C", "Z"])))


def _of_status(name: str) -> Message:
    change = Transition(Announced(State()), State(frozenset({"instance"})), NOW)
    made = message.compose(
        [Care("i-00000000000000001", name, "eu-central-1a", change, None, None, name)], "eu-central-1"
    )
    assert made is not None
    return made


def _of_clusters(words: str) -> Message:
    finding = Finding("nodegroup", Severity.CRITICAL, words, words, subject=words)
    news = News("one", "arn:one", "1.35", (finding,), (words,), (words,), ())
    made = cluster_message.compose([news], "eu-central-1")
    assert made is not None
    return made


@pytest.mark.parametrize("compose", [_of_status, _of_clusters])
@given(name=names)
def test_a_message_is_one_subject_and_lines(compose: Callable[[str], Message], name: str) -> None:
    made, harmless = compose(name), compose("web")
    assert made.subject.isascii()
    assert made.subject.isprintable()
    assert made.subject.startswith("Nightshift eu-central-1: ")
    assert len(made.subject) < 100
    assert not [each for each in made.text.replace("\n", "") if mail._invisible(each)]
    assert abs(len(made.text.split("\n")) - len(harmless.text.split("\n"))) <= 1, "an empty name has no line of its own"
    made.text.encode()


@given(names)
def test_a_reason_an_error_and_what_is_cut_are_one_line(text: str) -> None:
    [result] = in_order([Result("i-1", Action.TAG, text, Status.DONE)])
    for words in (
        result.reason,
        str(RequestError(text)),
        str(AwsError("Code", text, Fault.PERMANENT)),
        shown(text, 80),
    ):
        assert words.isprintable()
        words.encode()


@pytest.mark.parametrize(
    ("text", "as_shown"),
    [
        ("web", "web"),
        ("Zoë 😀 名", "Zoë 😀 名"),
        ("a\nb", r"a\nb"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\u202e\ud800\0", r"\u202e\ud800\x00"),
        ("C:\\new", "C:\\new"),
    ],
)
def test_what_can_be_seen_stays_as_it_is(text: str, as_shown: str) -> None:
    assert visible(text) == as_shown
    assert shown(text, len(text)) == as_shown
    assert shown(f"{text}x", len(text)) == f"{as_shown}..."
