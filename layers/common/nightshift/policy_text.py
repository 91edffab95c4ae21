"""YAML as a policy may use it: safe, without aliases and without a key given twice."""

import re
from typing import Any

import yaml

from nightshift.errors import PolicyError
from nightshift.text import shown

# SSM's advanced tier holds 8 KB: a larger text never came from there.
MAX_BYTES = 8192

# What PyYAML raises at text that says one type (!!bool) and holds another.
_OF_PYYAML = (ValueError, KeyError, IndexError, AttributeError, TypeError)

# A policy has seven levels. PyYAML takes seconds where there are thousands, and ends in a RecursionError.
MOST_LEVELS = 40
MOST_DIGITS = 100

_INT = "tag:yaml.org,2002:int"
_PLAIN_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_PLAIN_NUMBER_LINE = re.compile(rf"(?:{_PLAIN_NUMBER.pattern})\Z")  # the resolver asks with match


class _Loader(yaml.SafeLoader):
    """Refuses what makes a short text unfold to a huge one, or one key silently win over another.

    A whole number is what is one in every version of YAML. What YAML 1.1 alone calls a number, and means another one
    than people read (010 is 8, 1:30 is 90, 1_0 is 10), stays text, as it was written.
    """

    _levels = 0

    def fetch_flow_collection_start(self, TokenClass: type[yaml.Token]) -> None:  # noqa: N803 - PyYAML's name
        if self.flow_level >= MOST_LEVELS:
            raise yaml.scanner.ScannerError(None, None, _too_deep(), self.get_mark())
        super().fetch_flow_collection_start(TokenClass)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]  # PyYAML's stubs have no types here
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not allowed", event.start_mark)
        if self._levels >= MOST_LEVELS:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # as above
            raise yaml.composer.ComposerError(None, None, _too_deep(), mark)
        self._levels += 1
        node = super().compose_node(parent, index)
        self._levels -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except _OF_PYYAML as error:
            problem = f"{type(error).__name__}: {error}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        text = self.construct_scalar(node)
        if not _PLAIN_NUMBER.fullmatch(text) or len(text) > MOST_DIGITS:
            raise ValueError(f"{text} is no whole number in up to {MOST_DIGITS} plain digits, as 10")
        return int(text)

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Any, Any]:
        if not isinstance(node, yaml.MappingNode):
            problem = "expected a mapping of keys to values"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(None, None, "merge keys (<<) are not allowed", key.start_mark)
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                problem = f"the key {key.value} is given twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen |= {key.value} if isinstance(key, yaml.ScalarNode) else set()
        return super().construct_mapping(node, deep)


_Loader.add_constructor(_INT, _Loader.construct_yaml_int)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, _PLAIN_NUMBER_LINE if tag == _INT else pattern) for tag, pattern in resolvers]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _too_deep() -> str:
    return f"nested more than {MOST_LEVELS} levels deep"


def parse_yaml(text: str) -> Any:
    """What the text holds; PolicyError names the line that is wrong."""
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise PolicyError(f"policy: the text is longer than {MAX_BYTES} bytes, the most that SSM holds")
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.reader.ReaderError as error:
        where = f"line {text.count('\n', 0, error.position) + 1}: "
        raise PolicyError(f"policy: is no YAML: {where}unacceptable character U+{error.character:04X}") from error
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise PolicyError(f"policy: is no YAML: {where}{shown(str(error.problem), 200)}") from error
    except (yaml.YAMLError, *_OF_PYYAML, RecursionError) as error:
        raise PolicyError(f"policy: is no YAML: {type(error).__name__}: {shown(str(error), 200)}") from error
