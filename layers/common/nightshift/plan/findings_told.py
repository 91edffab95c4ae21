"""Which findings people have been told, in tags of the cluster, and which are news.

nightshift:findings holds the codes of the findings, with a space between them; where they do not fit into one value,
nightshift:findings/2, /3 and so on hold the others. A cluster without such a tag has none; `none` says the same.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from nightshift.fleet import Tags
from nightshift.outcome import Change
from nightshift.plan.finding import Finding
from nightshift.plan.tags import FINDINGS, MOST_VALUE

NONE = "none"

# What a code of a finding that is no more stood for.
_ONCE = {
    "eos": "end of support",
    "skew": "nodes behind their control plane",
    "failed": "cluster FAILED",
    "issue": "cluster health",
    "nodegroup": "node group degraded",
    "addon": "add-on degraded",
    "fargate": "Fargate profile failed",
    "public": "endpoint open to everyone",
    "encryption": "no KMS key of yours for secrets",
    "insight": "insight",
}


@dataclass(frozen=True, slots=True)
class News(Change):
    """What people are told of one cluster, and the tags that then say so.

    new: findings that they were not told. cleared: what they were told and is no more, in words. still: codes of
    what they were told and is so still.
    """

    cluster: str
    arn: str
    version: str
    new: tuple[Finding, ...]
    cleared: tuple[str, ...]
    still: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]

    @property
    def words(self) -> str:
        parts = [
            f"new: {'; '.join(finding.what for finding in self.new)}" if self.new else "",
            f"cleared: {', '.join(self.cleared)}" if self.cleared else "",
            f"told before: {', '.join(self.still)}" if self.still else "",
        ]
        return "; ".join(filter(None, parts))


def told(tags: Tags) -> list[str]:
    """The codes that the tags of a cluster hold."""
    values = (value for key, value in sorted(tags.items(), key=_number) if _is_ours(key))
    return [code for value in values for code in value.split() if code != NONE]


def changed(
    found: Sequence[Finding], before: Collection[str], not_judged: Collection[str]
) -> tuple[list[Finding], list[str], list[str]]:
    """The findings that are new, the codes that are cleared, and the codes to remember.

    not_judged: findings that this run knows nothing about, by kind or kind:subject; what was told of them stays told.
    """
    topics = {_topic(finding.code) for finding in found}
    kept = [code for code in before if {_topic(code)[0], ":".join(_topic(code))} & set(not_judged)]
    new = [finding for finding in found if finding.code not in before]
    cleared = [code for code in before if code not in kept and _topic(code) not in topics]
    return new, cleared, [*(finding.code for finding in found), *kept]


def to_write(codes: Iterable[str], present: Tags) -> tuple[tuple[str, str], ...]:
    """The tags that hold these codes and nothing else, over those that are there."""
    values = _joined(codes) or [NONE]
    wanted = {_key(number): value for number, value in enumerate(values, start=1)}
    left_over = {key: NONE for key in present if _is_ours(key) and key not in wanted}
    return tuple({**wanted, **left_over}.items())


def in_words(code: str) -> str:
    """What a code stood for, when there is nothing else left of it: node group degraded (workers)."""
    kind, subject = _topic(code)
    return _ONCE.get(kind, kind) + (f" ({subject})" if subject else "")


def _topic(code: str) -> tuple[str, str]:
    """Its kind and subject: eos-60 and eos-30 are of one."""
    head, _, subject = code.partition(":")
    return head.partition("-")[0], subject


def _joined(codes: Iterable[str]) -> list[str]:
    """As few values as hold them all."""
    values: list[str] = []
    for code in codes:
        if values and len(values[-1]) + 1 + len(code) <= MOST_VALUE:
            values[-1] += f" {code}"
        else:
            values.append(code)
    return values


def _key(number: int) -> str:
    return FINDINGS if number == 1 else f"{FINDINGS}/{number}"


def _is_ours(key: str) -> bool:
    return key == FINDINGS or key.startswith(f"{FINDINGS}/")


def _number(tag: tuple[str, str]) -> tuple[int, str]:
    return len(tag[0]), tag[0]
