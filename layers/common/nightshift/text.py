"""Text of whoever wrote it (tags, events, policies, AWS's own messages), made harmless to show."""


def visible(text: str) -> str:
    """One line; what is no visible character stands as an escape: line breaks, terminal escapes, marks that turn the
    direction of text, lone surrogates."""
    return text if text.isprintable() else "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def shown(text: str, most: int) -> str:
    """The same, cut."""
    return visible(text) if len(text) <= most else f"{visible(text[:most])}..."
