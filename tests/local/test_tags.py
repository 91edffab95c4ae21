"""Contract: tags (UG, Using_Tags; API reference of CreateTags and DeleteTags)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from local import seed
from local.seed import Disk

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def write(ec2: Any, resources: list[str], **tags: str) -> None:
    ec2.create_tags(Resources=resources, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])


def test_reserved_keys_are_refused(ec2: Any, machine: Any, refused: Any) -> None:
    """UG: "Tag keys starting with 'aws:' are reserved for internal use"."""
    with refused("InvalidParameterValue"):
        write(ec2, [machine.id], **{"aws:mine": "x"})
    with refused("InvalidParameterValue"):
        ec2.delete_tags(Resources=[machine.id], Tags=[{"Key": "aws:mine"}])


def test_reserved_keys_are_refused_in_creating_calls(ec2: Any, volume_ids: dict[str, str], refused: Any) -> None:
    """The same for TagSpecifications."""
    tags = [{"ResourceType": "snapshot", "Tags": [{"Key": "AWS:mine", "Value": "x"}]}]
    with refused("InvalidParameterValue"):
        ec2.create_snapshot(VolumeId=volume_ids["/dev/sdf"], TagSpecifications=tags)


@pytest.mark.parametrize(("key", "value"), [("k" * 129, "v"), ("k", "v" * 257)])
def test_lengths(ec2: Any, machine: Any, key: str, value: str, refused: Any) -> None:
    """UG: key 128, value 256 characters."""
    with refused("InvalidParameterValue"):
        write(ec2, [machine.id], **{key: value})


def test_at_most_1000_resources(ec2: Any, backend: Any, refused: Any) -> None:
    """API reference, CreateTags: up to 1,000 ids. The code is not verified."""
    volume = seed.volume(backend, Disk())
    ids = [seed.snapshot(backend, volume, NOON).id for _ in range(1001)]
    with refused("InvalidParameterValue"):
        write(ec2, ids, a="b")
    write(ec2, ids[:1000], a="b")


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ("i-0123456789abcdef0", "InvalidInstanceID.NotFound"),
        ("eni-0123456789abcdef0", "InvalidNetworkInterfaceID.NotFound"),
        ("snap-0123456789abcdef0", "InvalidSnapshot.NotFound"),
    ],
)
def test_a_missing_resource_is_named_and_nothing_written(
    ec2: Any, machine: Any, missing: str, code: str, refused: Any
) -> None:
    """ERR: the code names the kind; CreateTags is all or nothing."""
    with refused(code):
        write(ec2, [machine.id, missing], new="tag")
    tags = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [machine.id]}])["Tags"]
    assert [each["Key"] for each in tags] == ["Name"]


def test_the_tags_of_aws_do_not_count(ec2: Any, backend: Any, machine: Any, refused: Any) -> None:
    """UG: tags with aws: do not count against the limit of 50."""
    seed.system_tags(backend, machine.id, {f"aws:{n}": "x" for n in range(5)})
    write(ec2, [machine.id], **{str(n): "x" for n in range(49)})
    with refused("TagLimitExceeded"):
        write(ec2, [machine.id], one="more")


def test_deleting_without_naming_any_deletes_all_of_ours(ec2: Any, backend: Any, machine: Any) -> None:
    """API reference, DeleteTags: "If you omit this parameter, we delete all user-defined tags"."""
    seed.system_tags(backend, machine.id, {"aws:mine": "x"})
    ec2.delete_tags(Resources=[machine.id])
    tags = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [machine.id]}])["Tags"]
    assert [each["Key"] for each in tags] == ["aws:mine"]


def test_what_is_gone_has_no_tags(ec2: Any, backend: Any) -> None:
    """docs/aws.md, Where moto differs: there they stay in DescribeTags for ever; in AWS they go with the resource."""
    volume = seed.volume(backend, Disk(tags={"a": "b"}))
    snapshot = seed.snapshot(backend, volume, NOON, {"a": "b"})
    ec2.delete_snapshot(SnapshotId=snapshot.id)
    ec2.delete_volume(VolumeId=volume.id)
    assert ec2.describe_tags()["Tags"] == []


def test_an_image_that_is_gone_has_no_tags(ec2: Any) -> None:
    """The same for a deregistered image."""
    tags = [{"ResourceType": "image", "Tags": [{"Key": "a", "Value": "b"}]}]
    image = ec2.register_image(Name="image", RootDeviceName="/dev/sda1", TagSpecifications=tags)["ImageId"]
    assert len(ec2.describe_tags()["Tags"]) == 1
    ec2.deregister_image(ImageId=image)
    assert ec2.describe_tags()["Tags"] == []
