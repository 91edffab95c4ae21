"""What is worked out once gives the answers that moto gives."""

from typing import Any

import pytest
import xmltodict  # type: ignore[import-untyped]  # moto brings it
from hypothesis import given
from hypothesis import strategies as st

from local.corrections import speed

TEXTS = st.text(st.characters(codec="utf-8", min_codepoint=32), max_size=8)
LEAVES = st.none() | st.booleans() | st.integers() | TEXTS
NAMES = st.sampled_from(["item", "tagSet", "key", "@xmlns"])


def structures(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    members = st.dictionaries(NAMES.filter(lambda name: name[0] != "@"), children, max_size=4)
    return members | st.lists(members, max_size=3)


@given(st.dictionaries(st.just("tagSet"), st.recursive(LEAVES, structures), min_size=1), TEXTS)
def test_a_document_is_written_as_by_xmltodict(content: dict[str, Any], namespace: str) -> None:
    body = {"DescribeTagsResponse": {"@xmlns": namespace, **content}}
    assert speed.serialize_body(None, body) == xmltodict.unparse(body, full_document=True, short_empty_elements=True)


DESCRIBES = ("describe_instances", "describe_volumes", "describe_snapshots", "describe_images", "describe_vpcs")


def test_answers_are_those_of_moto(ec2: Any, machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def answers() -> list[dict[str, Any]]:
        found = [getattr(ec2, describe)() for describe in DESCRIBES]
        return [{key: value for key, value in each.items() if key != "ResponseMetadata"} for each in found]

    ec2.create_snapshots(InstanceSpecification={"InstanceId": machine.id})
    quick = answers()
    for (owner, name), original in speed.ORIGINALS.items():
        monkeypatch.setattr(owner, name, original)
    assert machine.id in str(quick[0])
    assert answers() == quick
