"""YAML as a policy may use it: safe, without aliases and without a key given twice."""

from typing import Any

import yaml

from nightshift.errors import PolicyError

# SSM's advanced tier holds 8 KB: a larger text never came from there.
MAX_BYTES = 8192


class _Loader(yaml.SafeLoader):
    """Refuses what makes a short text unfold to a huge one, or one key silently win over another."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]  # PyYAML's stubs have no types here
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not allowed", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen if isinstance(key, yaml.ScalarNode) else False:
                problem = f"the key {key.value} is given twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
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
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PolicyError(f"policy: is no YAML: {type(error).__name__}: {str(error)[:200]}") from error
