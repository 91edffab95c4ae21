"""Faults of the event and of the policy, in the words of the person who wrote them."""

import reprlib
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from nightshift.text import shown

# {known} are the names at that place; the others are pydantic's own measures of the rule.
_EXPECTED = {
    "extra_forbidden": "is not known here; known are: {known}",
    "missing": "is missing",
    "int_type": "must be a whole number, in plain digits",
    "bool_type": "must be true or false",
    "string_type": "must be text (put it in quotes)",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "too_short": "must not be empty",
    "too_long": "must have at most {max_length} of them",
    "greater_than_equal": "must be greater than or equal to {ge}",
    "less_than_equal": "must be less than or equal to {le}",
    "literal_error": "must be {expected}",
    "string_too_short": "must have at least {min_length} character",
    "string_too_long": "must have at most {max_length} characters",
    "string_unicode": "must be text without halves of characters (lone surrogates)",
    "invalid_key": "must be text, as every key",
    "finite_number": "must be a finite number",
}

MOST_WORDS = 300


def first_fault(error: ValidationError, model: type[BaseModel]) -> str:
    """The first thing that is wrong: where it stands, its value, and what was expected."""
    fault = error.errors(include_url=False)[0]
    where = ".".join(shown(str(step), 80) for step in fault["loc"] if step != "[key]") or "the whole"
    # A rule about several fields names them itself.
    if not fault["loc"] and fault["type"] == "value_error":
        return _expected(fault, model)
    if fault["type"] == "missing":
        return f"{where} is missing"
    return f"{where} = {short(fault['input'])}: {_expected(fault, model)}"


def _expected(fault: ErrorDetails, model: type[BaseModel]) -> str:
    words = _EXPECTED.get(fault["type"])
    if words:
        return words.format(known=", ".join(_known(model, fault["loc"][:-1])), **fault.get("ctx", {}))
    return shown(fault["msg"].removeprefix("Value error, "), MOST_WORDS)


def _known(place: Any, path: Sequence[int | str]) -> list[str]:
    """The names that a model has at this place; steps into a list or a mapping are passed through."""
    model = _model_in(place)
    if model is None:
        return []
    if not path:
        return sorted(model.model_fields)
    field = model.model_fields.get(str(path[0]))
    return _known(field.annotation, path[1:]) if field else _known(model, path[1:])


def _model_in(place: Any) -> type[BaseModel] | None:
    """The model that an annotation as list[Model] or dict[str, Model] | None holds."""
    if isinstance(place, type) and issubclass(place, BaseModel):
        return place
    return next((model for inner in get_args(place) if (model := _model_in(inner))), None)


def short(value: object) -> str:
    """A value as it was given, cut, in one line of visible characters."""
    try:
        return shown(reprlib.Repr(maxstring=80, maxother=80, maxlevel=2).repr(value), MOST_WORDS)
    except ValueError:
        return "a number of thousands of digits"
