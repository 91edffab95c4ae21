"""Faults of the event and of the policy, in the words of the person who wrote them."""

import reprlib
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

_EXPECTED = {
    "extra_forbidden": "is not known here; known are: {known}",
    "missing": "is missing",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "string_type": "must be text (put it in quotes)",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "too_short": "must not be empty",
}


def first_fault(error: ValidationError, model: type[BaseModel]) -> str:
    """The first thing that is wrong: where it stands, its value, and what was expected."""
    fault = error.errors(include_url=False)[0]
    where = ".".join(str(step) for step in fault["loc"] if step != "[key]") or "the whole"
    # A rule about several fields names them itself.
    if not fault["loc"] and fault["type"] == "value_error":
        return _expected(fault, model)
    if fault["type"] == "missing":
        return f"{where} is missing"
    return f"{where} = {_short(fault['input'])}: {_expected(fault, model)}"


def _expected(fault: ErrorDetails, model: type[BaseModel]) -> str:
    words = _EXPECTED.get(fault["type"])
    if words:
        return words.format(known=", ".join(_known(model, fault["loc"][:-1])))
    return fault["msg"].removeprefix("Value error, ")


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


def _short(value: object) -> str:
    try:
        return reprlib.Repr(maxstring=80, maxother=80, maxlevel=2).repr(value)
    except ValueError:
        return "a number of thousands of digits"
