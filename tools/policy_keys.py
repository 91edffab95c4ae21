"""Every key that a policy may have, read from the models: for the reference and for the test of policy.yaml."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, get_args

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from nightshift.policy import Policy

# The level of a path that has any name (a plan) or number (a rule).
ANY = "*"

_WORDS = {"boolean": "true or false", "null": "null", "object": "a mapping", "array": "a list"}


@dataclass(frozen=True)
class Key:
    """One key. path: from the top, as ("backup", "plans", "*", "schedule")."""

    path: tuple[str, ...]
    field: FieldInfo

    @property
    def name(self) -> str:
        """As it is written in the reference."""
        return ".".join(self.path).replace(f"plans.{ANY}", "plans.<plan>").replace(f"rules.{ANY}", "rules[]")

    @property
    def is_section(self) -> bool:
        """Only holds other keys, and says nothing by itself."""
        return _model_in(self.field.annotation) is not None and self.field.description is None

    @property
    def required(self) -> bool:
        return self.field.default is PydanticUndefined

    @property
    def default(self) -> Any:
        """As YAML would hold it; what is itself at its default is left out."""
        return _plain(self.field.default)

    @property
    def default_text(self) -> str:
        """On one line; a text that is no plain word in quotes."""
        if self.required:
            return "required"
        text: str = yaml.safe_dump(self.default, default_flow_style=True, sort_keys=False, width=1000)
        return text.removesuffix("\n...\n").strip().replace("'", '"')

    @property
    def expected(self) -> str:
        return _expected(self.field.annotation, self.field.metadata)


def policy_keys(model: type[BaseModel] = Policy, path: tuple[str, ...] = ()) -> Iterator[Key]:
    """In the order of the models."""
    for name, field in model.model_fields.items():
        key = Key((*path, name), field)
        yield key
        inner = _model_in(field.annotation)
        if inner is not None:
            yield from policy_keys(inner, key.path if field.annotation is inner else (*key.path, ANY))


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation is, or holds as the values of a mapping or list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for inner in get_args(annotation) if (model := _model_in(inner))), None)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_defaults=True)
    return {name: _plain(inner) for name, inner in value.items()} if isinstance(value, dict) else value


def _expected(annotation: Any, metadata: list[Any]) -> str:
    """What a value must be: by its JSON Schema, and for texts that are parsed in the parser's own words."""
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[annotation, *metadata] if metadata else annotation)
    schema = adapter.json_schema()
    words = [_in_words(choice, adapter) for choice in schema.get("anyOf", [schema])]
    return ", or ".join(sorted(words, key=lambda each: each != "null"))


def _in_words(schema: dict[str, Any], adapter: TypeAdapter[Any]) -> str:
    match schema:
        case {"const": word}:
            return f"`{word}`"
        case {"type": "integer", "minimum": least, "maximum": most}:
            return f"a whole number from {least} to {most}"
        case {"type": "integer", "minimum": least}:
            return f"a whole number from {least} on"
        case {"type": "string"}:
            return _parsers_words(adapter) or "text"
    return _WORDS[schema.get("type", "object")]


def _parsers_words(adapter: TypeAdapter[Any]) -> str | None:
    """What the error says that was expected; None for a text that may be anything."""
    try:
        adapter.validate_python("?")
    except ValidationError as error:
        message: str = error.errors()[0]["msg"]
        return message.removeprefix("Value error, expected ").partition(": ")[0]
    return None
