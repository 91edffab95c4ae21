"""YAML as a policy may use it: safe, without aliases and without a key given twice."""

from typing import Any

import yaml

from nightshift.errors import PolicyError

# SSM's advanced tier holds 8 KB: a larger text never came from there.
MAX_BYTES = 8192

# What PyYAML raises at text that says one type (!!bool) and holds another, or is nested too deeply.
_OF_PYYAML = (ValueError, KeyError, IndexError, AttributeError, TypeError, RecursionError)


class _Loader(yaml.SafeLoader):
    """Refuses what makes a short text unfold to a huge one, or one key silently win over another."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]  # PyYAML's stubs have no types here
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not allowed", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(None, None, "merge keys (<<) are not allowed", key.start_mark)
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                problem = f"the key {key.value} is given twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen |= {key.value} if isinstance(key, yaml.ScalarNode) else set()
        return super().construct_mapping(node, deep)


def parse_yaml(text: str) -> Any:
    """What the text holds; PolicyError names the line that is wrong."""
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise PolicyError(f"policy: the text is longer than {MAX_BYTES} bytes, the most that SSM holds")
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise PolicyError(f"policy: is no YAML: {where}{error.problem}") from error
    except (yaml.YAMLError, *_OF_PYYAML) as error:
        raise PolicyError(f"policy: is no YAML: {type(error).__name__}: {str(error)[:200]}") from error
