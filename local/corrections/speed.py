"""What moto works out again for every call or every field although it never changes, worked out once: no answer differs."""

from functools import cache
from typing import Any

from moto import backends
from moto.core import responses
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker

from local.corrections.patch import corrects, replaces

_possible_keys = XFormedAttributePicker.get_possible_keys
_keys: dict[tuple[Any, ...], tuple[str, ...]] = {}


@cache
def _folders_of_moto() -> tuple[str, ...]:
    return tuple(_list_of_moto_modules())


_list_of_moto_modules = backends.list_of_moto_modules
replaces(backends, "list_of_moto_modules", _folders_of_moto)
replaces(responses, "method_names_from_class", cache(responses.method_names_from_class))


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
