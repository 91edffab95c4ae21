"""The one message of a run of eks_info."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nightshift.plan.finding import Finding, Severity
from nightshift.plan.findings_told import News
from nightshift.report.cluster_message import compose, headline
from nightshift.report.mail import Message

PUBLIC = Finding("public", Severity.WARNING, "its endpoint is open to everyone: 0.0.0.0/0", "narrow it")
ENDS = Finding("eos", Severity.CRITICAL, "support ends tomorrow", "upgrade", "7")


def a_news(cluster: str = "one", *new: Finding, cleared: tuple[str, ...] = (), still: tuple[str, ...] = ()) -> News:
    return News(cluster, "arn", "1.34", new, cleared, still, ())


def message(*news: News, region: str = "eu-central-1") -> Message:
    made = compose(news, region)
    assert made
    return made


def test_nothing_to_tell() -> None:
    assert compose([], "eu-central-1") is None
    assert headline([]) == ""


def test_of_one_finding_the_subject_says_it() -> None:
    assert message(a_news("one", PUBLIC)).subject == "Nightshift eu-central-1: one: its endpoint is open to everyone"


def test_of_one_that_is_cleared_the_subject_says_it() -> None:
    made = message(a_news("one", cleared=("node group degraded (web)",)))
    assert made.subject == "Nightshift eu-central-1: one: cleared: node group degraded (web)"


def test_of_several_the_subject_counts_them() -> None:
    made = message(a_news("one", PUBLIC, ENDS), a_news("two", cleared=("public",)))
    assert made.subject == "Nightshift eu-central-1: 2 new findings, 1 cleared on 2 EKS clusters"
    assert message(a_news("one", PUBLIC, ENDS)).subject.endswith("2 new findings on 1 EKS cluster")


def test_it_says_what_is_new_what_to_do_what_is_cleared_what_stays_and_where() -> None:
    made = message(a_news("one", PUBLIC, cleared=("node group degraded (web)",), still=("eos-60",)))
    assert made.text == (
        "eu-central-1: 1 new finding, 1 cleared on 1 EKS cluster\n"
        "\n"
        "one (Kubernetes 1.34)\n"
        "  NEW, warning: its endpoint is open to everyone: 0.0.0.0/0\n"
        "    to do: narrow it\n"
        "  CLEARED: node group degraded (web)\n"
        "  still: eos-60\n"
        "  https://eu-central-1.console.aws.amazon.com/eks/clusters/one?region=eu-central-1"
    )


def test_the_cluster_with_the_most_severe_finding_comes_first() -> None:
    text = message(a_news("a", cleared=("x",)), a_news("b", PUBLIC), a_news("c", PUBLIC, ENDS)).text
    assert [line[0] for line in text.splitlines() if "(Kubernetes" in line] == ["c", "b", "a"]


@given(st.text(), st.text(), st.integers(1, 3))
def test_whatever_aws_says_sns_takes(what: str, to_do: str, clusters: int) -> None:
    finding = Finding("issue", Severity.CRITICAL, what, to_do)
    made = message(*(a_news(f"cluster-{number}", finding) for number in range(clusters)))
    assert made.subject.isascii()
    assert len(made.subject) < 100
    assert made.subject.isprintable()


def test_a_message_of_many_clusters_fits() -> None:
    long: Any = Finding("issue", Severity.CRITICAL, "ä" * 5000, "do")
    made = message(*(a_news(f"cluster-{number}", *[long] * 10) for number in range(200)))
    assert len(made.text.encode()) <= 262_144
    assert "more" in made.text.splitlines()[-1]
