"""Conditions of IAM policies: the operators that the template uses, with AWS's semantics; any other is an error.

Sources, by the titles of the IAM User Guide: "IAM JSON policy elements: Condition operators" (OPS), "Set operators for
multivalued context keys" (SET), "IAM JSON policy elements: Condition" (COND).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

# A key's values in a request; a single-valued key has one.
type Values = Sequence[str]
type Context = Mapping[str, Values]
type Test = Callable[[Values, Values], bool]


class PolicyNotUnderstoodError(ValueError):
    """A policy says something that is not evaluated here: better no answer than a wrong one."""


def holds(condition: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Whether every key of every operator agrees (COND: operators and keys are joined by AND, values by OR).

    Names of keys are not case-sensitive (COND, "Condition key names are not case-sensitive").
    """
    known = {key.lower(): values for key, values in context.items()}
    return all(
        _operator(name)(known.get(key.lower(), ()), _texts(wanted))
        for name, keys in condition.items()
        for key, wanted in keys.items()
    )


def like(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern in which * stands for any characters, none too, and ? for one."""
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    if "${" in pattern:
        raise PolicyNotUnderstoodError(f"a policy variable: {pattern}")
    return re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern), re.DOTALL)


def _equal(wanted: str, value: str) -> bool:
    """OPS: "Exact matching, case sensitive": * and ? are themselves."""
    if "${" in wanted:
        raise PolicyNotUnderstoodError(f"a policy variable: {wanted}")
    return wanted == value


def _equal_bool(wanted: str, value: str) -> bool:
    return wanted.lower() == value.lower()


def _fits(value: str, wanted: Values, match: Callable[[str, str], bool]) -> bool:
    return any(match(each, value) for each in wanted)


def _positive(match: Callable[[str, str], bool]) -> Test:
    """OPS: "If the key that you specify in a policy condition is not present in the request context, the values do
    not match and the condition is false."""
    return lambda values, wanted: any(_fits(value, wanted, match) for value in values)


def _negated(match: Callable[[str, str], bool]) -> Test:
    """OPS: true where the key is not present; COND: several values of a negated operator are joined by NOR."""
    return lambda values, wanted: not any(_fits(value, wanted, match) for value in values)


def _null(values: Values, wanted: Values) -> bool:
    """OPS, "Condition operator to check existence of condition keys": true: the key must not be there; false: it must
    be there, and its value not be null."""
    return any(_equal_bool("false" if values else "true", each) for each in wanted)


# Of one value: whether it fits the wanted ones.
_MATCHES: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    "StringEquals": (_equal, True),
    "StringNotEquals": (_equal, False),
    "StringLike": (like, True),
    "StringNotLike": (like, False),
    "Bool": (_equal_bool, True),
}


@cache
def _operator(name: str) -> Test:
    quantifier, colon, plain = name.rpartition(":")
    if name == "Null":
        return _null
    if plain not in _MATCHES:
        raise PolicyNotUnderstoodError(f"an unknown condition operator: {name}")
    match, positive = _MATCHES[plain]

    def of_one(value: str, wanted: Values) -> bool:
        return _fits(value, wanted, match) is positive

    match quantifier, colon:
        case "", "":
            return _positive(match) if positive else _negated(match)
        case "ForAllValues", ":":
            # SET: "also returns true if there are no context keys in the request, or if [its] value resolves to null".
            return lambda values, wanted: all(of_one(value, wanted) for value in values)
        case "ForAnyValue", ":":
            # SET: false where the key is not there.
            return lambda values, wanted: any(of_one(value, wanted) for value in values)
    raise PolicyNotUnderstoodError(f"an unknown condition operator: {name}")


def _texts(value: Any) -> tuple[str, ...]:
    """COND: a value or a list; YAML's true is IAM's "true"."""
    values = value if isinstance(value, list) else [value]
    return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in values)
