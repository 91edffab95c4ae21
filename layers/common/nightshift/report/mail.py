"""A mail, as SNS sends it and people can read it.

Names and other tags are written by anyone: they are shown in one line, without control characters, and cut.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

# SNS, Publish: a subject is ASCII text of less than 100 characters, a message at most 262,144 bytes in all.
MOST_SUBJECT = 99
MOST_BYTES = 250_000
MOST_LINE = 1000

_CONSOLES = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}


@dataclass(frozen=True, slots=True)
class Message:
    subject: str
    text: str


def subject(region: str, head: str) -> str:
    """In ASCII, as SNS wants it."""
    ascii_only = f"Nightshift {region}: {head}".encode("ascii", "replace").decode()
    return one_line(ascii_only, MOST_SUBJECT)


def within_bounds(entries: Iterable[str], total: int) -> list[str]:
    """As many entries as SNS takes, and how many more there are."""
    room = MOST_BYTES
    kept: list[str] = []
    for entry in entries:
        room -= len(entry.encode()) + 1
        if room < 0:
            return [*kept, "", f"... and {total - len(kept):,} more"]
        kept.append(entry)
    return kept


def one_line(text: str, most: int = MOST_LINE) -> str:
    """Text of whoever may write tags, made harmless: no line breaks, no control or invisible characters, cut."""
    visible = (" " if each.isspace() else each for each in text if each.isspace() or not _invisible(each))
    line = " ".join("".join(visible).split())
    return line if len(line) <= most else f"{line[: most - 3]}..."


def console(region: str) -> str:
    """The address of AWS's console."""
    host = next((host for prefix, host in _CONSOLES.items() if region.startswith(prefix)), "console.aws.amazon.com")
    return f"https://{region}.{host}"


def _invisible(character: str) -> bool:
    """Control, format (also those that turn the direction of text) and unassigned characters, lone surrogates."""
    return unicodedata.category(character).startswith("C")
