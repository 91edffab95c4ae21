"""Text of whoever wrote it (tags, events, policies, AWS's own messages), made harmless to show."""

from collections.abc import Sequence


def visible(text: str) -> str:
    """One line; what is no visible character stands as an escape: line breaks, terminal escapes, marks that turn the
    direction of text, lone surrogates."""
    return text if text.isprintable() else "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def shown(text: str, most: int) -> str:
    """The same, cut."""
    return visible(text) if len(text) <= most else f"{visible(text[:most])}..."


def first_few(names: Sequence[str], most: int = 10) -> str:
    """So many of them, and how many there are more."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
