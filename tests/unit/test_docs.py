"""The documents say what the code says: the policy's keys and defaults, and where things are."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from nightshift.policy import Policy
from tools.policy_keys import ANY, Key, policy_keys
from tools.render_docs import ROOT, policy_schema, rendered, stale

POLICY = ROOT / "policy.yaml"
STANDARD_TIER_BYTES = 4096
PAGES = sorted(page for folder in (ROOT, ROOT / "docs", ROOT / "docs" / "decisions") for page in folder.glob("*.md"))
# The job that CONTRIBUTING.md makes up.
EXAMPLE = "idle"
# The documents leave out what all of the layer's modules have in common.
ROOTS = (ROOT, ROOT / "layers" / "common", ROOT / "layers" / "common" / "nightshift")

KEYS = {key.path: key for key in policy_keys()}
DEFAULT = re.compile(r"# default: (?P<value>.*?)(?:;|$)")
PLANS = ("backup", "plans")

# Faults and hazards of AWS's, a row each: what it does, what Nightshift does, and the tests, as a file and a function.
HAZARDS = (ROOT / "docs" / "hazards.md").read_text()
HAZARD_ROWS = re.findall(r"^\| (?!AWS \|).*$", HAZARDS, flags=re.MULTILINE)
HAZARD_TESTS = re.compile(r"`((?:\w+/)+test_\w+\.py)::((?:\w+::)?\w+)`")


@dataclass(frozen=True)
class Place:
    """A key of policy.yaml, and the line that it stands in."""

    path: tuple[str, ...]
    line: str


def test_the_example_policy_is_the_defaults() -> None:
    assert Policy.parse(POLICY.read_text()) == Policy()


def test_the_example_policy_fits_into_a_parameter() -> None:
    text = POLICY.read_text()
    assert len(text.encode()) <= STANDARD_TIER_BYTES
    assert "{{" not in text  # SSM refuses it


def test_the_examples_in_it_are_a_policy_too() -> None:
    policy = Policy.parse(_with_examples(POLICY.read_text()))
    [rule] = policy.tagging.rules
    assert None not in rule.when.model_dump().values()
    assert policy.tagging.propagate


def test_every_key_is_in_it() -> None:
    assert {place.path for place in _places()} == KEYS.keys()


@pytest.mark.parametrize("key", [key for key in KEYS.values() if not key.is_section], ids=lambda key: key.name)
def test_it_says_the_default_of(key: Key) -> None:
    lines = [place.line for place in _places() if place.path == key.path]
    if key.required:
        assert any("# required" in line for line in lines)
        return
    said = [yaml.safe_load(match["value"]) for line in lines if (match := DEFAULT.search(line))]
    # What stands below plans is its default: test_the_example_policy_is_the_defaults.
    assert said == (["the plan nightly below"] if key.path == PLANS else [key.default])


def test_the_keys_are_those_of_the_json_schema() -> None:
    schema = policy_schema()
    models = [schema, *schema["$defs"].values()]
    in_schema = sorted(name for model in models for name in model["properties"])
    assert in_schema == sorted(path[-1] for path in KEYS)


def test_every_key_of_the_reference_is_described() -> None:
    assert [key.name for key in KEYS.values() if not key.is_section and not key.field.description] == []


def test_the_generated_documents_are_up_to_date() -> None:
    assert stale(rendered()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text())]
    assert [link for link in links if link and "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_is_named_is_there(page: Path) -> None:
    named = re.findall(r"`((?:\w+/)+\w+\.(?:py|json|yaml|md|toml))`", page.read_text())
    missing = [name for name in named if not any((root / name).exists() for root in ROOTS)]
    assert [name for name in missing if EXAMPLE not in name] == []


@pytest.mark.parametrize(("file", "function"), sorted(set(HAZARD_TESTS.findall(HAZARDS))))
def test_a_test_that_the_hazards_name_is_there(file: str, function: str) -> None:
    level: ast.Module | ast.ClassDef = ast.parse((ROOT / "tests" / file).read_text())
    *classes, name = function.split("::")
    for of in classes:
        [level] = [node for node in level.body if isinstance(node, ast.ClassDef) and node.name == of]
    assert name in {node.name for node in level.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", HAZARD_ROWS, ids=lambda row: row[2:50])
def test_each_hazard_has_a_test_and_nothing_else_beside_it(row: str) -> None:
    _, _, _, tests, _ = row.split("|")
    for_many_rows = re.findall(r"^- \*\*(.+?)\*\*: `", HAZARDS, flags=re.MULTILINE)
    named = [name.strip() for name in re.split(r"[;,]", tests)]
    assert [name for name in named if name not in for_many_rows and not HAZARD_TESTS.fullmatch(name)] == []


def test_no_hazard_is_lost() -> None:
    assert len(HAZARD_ROWS) == len(set(HAZARD_ROWS)) == 30 + 30


def _places() -> list[Place]:
    """Each key once for each line that it stands in, those of the examples too."""
    text = POLICY.read_text()
    lines = text.splitlines()
    marks = [*_walk(yaml.compose(text, yaml.SafeLoader)), *_walk(yaml.compose(_with_examples(text), yaml.SafeLoader))]
    return list(dict.fromkeys(Place(path, lines[number]) for path, number in marks if path in KEYS))


def _with_examples(text: str) -> str:
    """The policy with its examples in force, in place of the line above where that has the same key."""
    active = re.sub(r"^( *)(\w+:).*(?=\n\1#\2)", "", text, flags=re.MULTILINE)
    return re.sub(r"^( *)#(?=[\w-])", r"\1", active, flags=re.MULTILINE)


def _walk(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int]]:
    """Every key of a YAML tree with the number of its line; a plan's name and a rule's number are any."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, ANY if path == PLANS else key.value)
            yield below, key.start_mark.line
            yield from _walk(value, below)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _walk(item, (*path, ANY))
