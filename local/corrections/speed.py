"""What moto works out again for every call or every field although it never changes, worked out once: no answer differs."""

from functools import cache
from typing import Any

import xmltodict
from moto import backends
from moto.core import responses
from moto.core.serialize import AttributePicker, AttributePickerContext, XFormedAttributePicker
from moto.core.utils import MISSING, get_value

from local.corrections.patch import corrects, replaces

_picked = AttributePicker.__call__
_possible_keys = XFormedAttributePicker.get_possible_keys
_keys: dict[tuple[Any, ...], tuple[str, ...]] = {}


@cache
def _folders_of_moto() -> tuple[str, ...]:
    return tuple(_list_of_moto_modules())


_list_of_moto_modules = backends.list_of_moto_modules
replaces(backends, "list_of_moto_modules", _folders_of_moto)
replaces(responses, "method_names_from_class", cache(responses.method_names_from_class))


replaces(xmltodict, "_validate_name", cache(xmltodict._validate_name))


@corrects(AttributePicker, "__call__")
def picked(self: Any, context: AttributePickerContext) -> Any:
    """moto looks through its transformations one by one for each field; hardly any field has one."""
    if f"{context.key_path}.{context.key}".endswith(tuple(self.response_transformers)):
        return _picked(self, context)
    values = (get_value(context.obj, key, MISSING) for key in self.get_possible_keys(context))
    return next((value for value in values if value is not MISSING), None)


@corrects(XFormedAttributePicker)
def get_possible_keys(self: Any, context: AttributePickerContext) -> tuple[str, ...]:
    """Under which names a field is looked for: moto asks seven providers of aliases about each field of each resource."""
    shape = context.shape
    parent = getattr(shape, "parent", None)
    key = (
        type(context.obj),
        context.key,
        context.service_model and context.service_model.service_name,
        shape.name,
        shape.serialization.get("name"),
        parent and parent.name,
    )
    if key not in _keys:
        _keys[key] = tuple(dict.fromkeys(_possible_keys(self, context)))
    return _keys[key]
