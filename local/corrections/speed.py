"""What moto works out anew for every call or field although it never changes, worked out once: no answer differs."""

from functools import cache
from typing import Any

from moto import backends
from moto.core import responses, serialize, utils
from moto.core.serialize import AttributePicker, AttributePickerContext, XFormedAttributePicker

from local.corrections.patch import corrects, replaces

_missing, _xml = vars(serialize)["MISSING"], vars(serialize)["xmltodict"]
_picked = AttributePicker.__call__
_possible_keys = XFormedAttributePicker.get_possible_keys
_keys: dict[tuple[Any, ...], tuple[str, ...]] = {}


@cache
def _folders_of_moto() -> tuple[str, ...]:
    return tuple(_list_of_moto_modules())


_list_of_moto_modules = backends.list_of_moto_modules
replaces(backends, "list_of_moto_modules", _folders_of_moto)
replaces(responses, "method_names_from_class", cache(utils.method_names_from_class))


replaces(_xml, "_validate_name", cache(_xml._validate_name))


@corrects(AttributePicker, "__call__")
def picked(self: Any, context: AttributePickerContext) -> Any:
    """moto looks through its transformations one by one for each field; hardly any field has one."""
    if f"{context.key_path}.{context.key}".endswith(tuple(self.response_transformers)):
        return _picked(self, context)
    values = (utils.get_value(context.obj, key, _missing) for key in self.get_possible_keys(context))
    return next((value for value in values if value is not _missing), None)


@corrects(XFormedAttributePicker)
def get_possible_keys(self: Any, context: AttributePickerContext) -> tuple[str, ...]:
    """Under which names a field is looked for: moto asks six providers of aliases about each field of each resource."""
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
