"""The message of eks_info: one mail a run that says which findings are new and which are cleared."""

from collections.abc import Iterator, Sequence

from nightshift.plan.findings_told import News
from nightshift.report.mail import Message, console, one_line, subject, within_bounds


def compose(news: Sequence[News], region: str) -> Message | None:
    """The one message of a run, the most severe first; None: there is nothing to tell."""
    if not news:
        return None
    in_order = sorted(news, key=lambda each: (_rank(each), each.cluster))
    head = headline(in_order)
    text = "\n".join([f"{region}: {head}", *within_bounds(_entries(in_order, region), len(in_order))])
    return Message(subject(region, _of_one(in_order) or head), text)


def headline(news: Sequence[News]) -> str:
    """What changed, in one line; empty: nothing."""
    if not news:
        return ""
    new, cleared = (sum(counts) for counts in zip(*((len(each.new), len(each.cleared)) for each in news), strict=True))
    clusters = f"on {len(news):,} EKS cluster{'' if len(news) == 1 else 's'}"
    parts = [f"{new:,} new finding{'' if new == 1 else 's'}" if new else "", f"{cleared:,} cleared" if cleared else ""]
    return f"{', '.join(filter(None, parts))} {clusters}"


def _rank(news: News) -> int:
    """Of its most severe new finding; clusters with none come last."""
    return min((finding.severity.rank for finding in news.new), default=len(news.new) + 9)


def _of_one(news: Sequence[News]) -> str:
    """Where there is one finding on one cluster: its words."""
    if len(news) > 1 or len(news[0].new) + len(news[0].cleared) > 1:
        return ""
    [only] = news
    words = only.new[0].what.partition(":")[0] if only.new else f"cleared: {only.cleared[0]}"
    return f"{only.cluster}: {words}"


def _entries(news: Sequence[News], region: str) -> Iterator[str]:
    for each in news:
        yield "\n".join(_entry(each, region))


def _entry(news: News, region: str) -> Iterator[str]:
    yield f"\n{news.cluster} (Kubernetes {news.version})"
    for finding in news.new:
        yield f"  NEW, {finding.severity}: {one_line(finding.what)}"
        yield f"    to do: {one_line(finding.to_do)}"
    yield from (f"  CLEARED: {one_line(words)}" for words in news.cleared)
    if news.still:
        yield f"  still: {one_line(', '.join(news.still))}"
    yield f"  {console(region)}/eks/clusters/{news.cluster}?region={region}"
