"""What is said of EC2's calls agrees with AWS's service authorization reference, and nothing is passed over."""

from collections.abc import Iterator
from typing import Any

import pytest

from local.iam import ec2
from local.iam.account import KINDS, Account, UnmappedError
from local.iam.reference import actions
from local.iam.requests import questions
from local.seed import Disk, backend_of, snapshot, volume
from tests.support import NOW

REGION = "eu-central-1"
ACCOUNT = Account(REGION)


@pytest.mark.parametrize("action", sorted(ec2.TOUCHES))
def test_what_a_call_makes_is_a_type_that_the_action_knows(action: str) -> None:
    [known] = actions(f"ec2:{action}")
    for kind in ec2.MAKES.get(action, ()):
        assert "aws:RequestTag/${TagKey}" in known.type_named(kind).keys


def test_the_kinds_of_ids_are_types_of_the_reference() -> None:
    [known] = actions("ec2:CreateTags")
    assert {kind.name for kind in known.types} >= set(KINDS.values())


@pytest.mark.parametrize(
    ("service", "action"),
    [
        ("ec2", "TerminateInstances"),
        ("ec2", "DescribeInstanceAttribute"),
        ("eks", "DeleteCluster"),
        ("iam", "PassRole"),
    ],
)
def test_a_call_that_nobody_has_described_is_an_error(service: str, action: str) -> None:
    with pytest.raises(UnmappedError):
        questions(ACCOUNT, service, action, {})


def test_an_id_of_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(UnmappedError):
        questions(ACCOUNT, "ec2", "CreateTags", {"ResourceId.1": "xyz-1", "Tag.1.Key": "a"})


def test_a_read_without_resources_is_of_everything() -> None:
    [asked] = questions(ACCOUNT, "ec2", "DescribeVolumes", {})
    assert (asked.resource, dict(asked.context)) == (
        "*",
        {"aws:RequestedRegion": (REGION,), "ec2:Region": (REGION,)},
    )


@pytest.fixture
def disk() -> Iterator[Any]:
    """A volume and a snapshot of it, without a server."""
    backend = backend_of(REGION)
    backend.reset()
    made = volume(backend, Disk("", 1, tags={"Name": "old"}))
    yield made, snapshot(backend, made, NOW)
    backend.reset()


def test_a_tag_call_asks_for_each_resource_with_its_tags(disk: Any) -> None:
    made, saved = disk
    gone = "snap-0123456789abcdef0"
    params = {
        "ResourceId.1": made.id,
        "ResourceId.2": saved.id,
        "ResourceId.3": gone,
        "Tag.1.Key": "a",
        "Tag.1.Value": "1",
        "Tag.2.Key": "b",
    }
    of_volume, of_snapshot = questions(ACCOUNT, "ec2", "CreateTags", params)
    assert of_volume.resource == f"arn:aws:ec2:{REGION}:123456789012:volume/{made.id}"
    assert of_snapshot.resource == f"arn:aws:ec2:{REGION}::snapshot/{saved.id}"
    assert of_volume.context["aws:ResourceTag/Name"] == ("old",)
    assert of_volume.context["aws:RequestTag/a"] == ("1",)
    assert of_volume.context["aws:RequestTag/b"] == ("",)
    assert of_volume.context["aws:TagKeys"] == ("a", "b")
    assert "ec2:CreateAction" not in of_volume.context
    assert "aws:ResourceTag/Name" not in of_snapshot.context


def test_a_call_that_makes_and_tags_is_asked_for_both(disk: Any) -> None:
    """The tags of the request belong to what is made, not to what it is made of."""
    made_of, _ = disk
    params = {
        "VolumeId": made_of.id,
        "TagSpecification.1.ResourceType": "snapshot",
        "TagSpecification.1.Tag.1.Key": "nightshift:stack",
        "TagSpecification.1.Tag.1.Value": "n",
    }
    source, made, tagging = questions(ACCOUNT, "ec2", "CreateSnapshot", params)
    assert source.resource.endswith(f":volume/{made_of.id}")
    assert "aws:RequestTag/nightshift:stack" not in source.context
    assert made.resource == tagging.resource == f"arn:aws:ec2:{REGION}::snapshot/*"
    assert made.context["aws:RequestTag/nightshift:stack"] == ("n",)
    assert (tagging.action, tagging.context["ec2:CreateAction"]) == ("ec2:CreateTags", ("CreateSnapshot",))
    untagged = questions(ACCOUNT, "ec2", "CreateSnapshot", {"VolumeId": made_of.id})
    assert [each.action for each in untagged] == ["ec2:CreateSnapshot"] * 2
