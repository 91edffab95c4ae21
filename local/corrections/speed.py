"""What moto works out anew for every call or field although it never changes, worked out once: no answer differs."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from moto import backends
from moto.core import responses, serialize, utils
from moto.core.serialize import AttributePicker, AttributePickerContext, EC2Serializer, XFormedAttributePicker

from local.corrections.patch import corrects, replaces

_missing = vars(serialize)["MISSING"]
_picked = AttributePicker.__call__
_possible_keys = XFormedAttributePicker.get_possible_keys
# What is replaced, by its place: what answers are compared with.
ORIGINALS = {
    (AttributePicker, "__call__"): _picked,
    (XFormedAttributePicker, "get_possible_keys"): _possible_keys,
    (EC2Serializer, "_serialize_body"): EC2Serializer._serialize_body,
}
_keys: dict[tuple[Any, ...], tuple[str, ...]] = {}


@cache
def _folders_of_moto() -> tuple[str, ...]:
    return tuple(_list_of_moto_modules())


_list_of_moto_modules = backends.list_of_moto_modules
replaces(backends, "list_of_moto_modules", _folders_of_moto)
replaces(responses, "method_names_from_class", cache(utils.method_names_from_class))


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


@corrects(EC2Serializer, "_serialize_body")
def serialize_body(_self: Any, body: Mapping[str, Any]) -> str:
    """The document as xmltodict writes it for moto, without its checks of each name: they are those of AWS's model."""
    [(root, content)] = body.items()
    return '<?xml version="1.0" encoding="utf-8"?>\n' + _element(root, content)


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, each) for each in value)
    attributes = inner = ""
    if isinstance(value, Mapping):
        attributes = "".join(f" {key[1:]}={quoteattr(str(each))}" for key, each in value.items() if key[0] == "@")
        inner = "".join(_element(key, each) for key, each in value.items() if key[0] != "@")
    elif value is not None:
        inner = str(value).lower() if isinstance(value, bool) else escape(str(value))
    return f"<{name}{attributes}>{inner}</{name}>" if inner else f"<{name}{attributes}/>"
