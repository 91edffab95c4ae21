"""Contract: filters (UG, Using_Filtering; docs/aws.md, Filters)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from local import seed
from local.seed import Disk

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def found(ec2: Any, name: str, *values: str) -> int:
    return len(ec2.describe_snapshots(OwnerIds=["self"], Filters=[{"Name": name, "Values": list(values)}])["Snapshots"])


@pytest.fixture
def volume(backend: Any) -> Any:
    return seed.volume(backend, Disk())


@pytest.mark.parametrize(
    "action",
    [
        "describe_snapshots",
        "describe_volumes",
        "describe_tags",
        "describe_images",
        "describe_instances",
        "describe_instance_status",
        "describe_network_interfaces",
        "describe_locked_snapshots",
    ],
)
def test_an_unknown_filter_is_refused(ec2: Any, action: str, refused: Any) -> None:
    """ERR: InvalidParameterValue, "The filter 'x' is invalid"."""
    with refused("InvalidParameterValue"):
        getattr(ec2, action)(Filters=[{"Name": "no-such-filter", "Values": ["x"]}])


def test_at_most_200_values(ec2: Any, refused: Any) -> None:
    """UG, Using_Filtering: 200 values a filter; ERR: FilterLimitExceeded."""
    found(ec2, "volume-id", *(f"vol-{n:017x}" for n in range(200)))
    with refused("FilterLimitExceeded"):
        found(ec2, "volume-id", *(f"vol-{n:017x}" for n in range(201)))


def test_wildcards_can_be_escaped(ec2: Any, backend: Any, volume: Any) -> None:
    r"""UG: `*` and `?` are wildcards, `\*` and `\?` are not, and nothing else is special."""
    for value in ("a*b", "axb", "a?b", "a[x]b"):
        seed.snapshot(backend, volume, NOON, {"k": value})
    assert found(ec2, "tag:k", "a*b") == 4
    assert found(ec2, "tag:k", "a?b") == 3
    assert found(ec2, "tag:k", r"a\*b") == 1
    assert found(ec2, "tag:k", r"a\?b") == 1
    assert found(ec2, "tag:k", "a[x]b") == 1


def test_instances_know_wildcards(ec2: Any, backend: Any) -> None:
    """UG: the wildcards hold for every filter."""
    seed.instance(backend, {}, type="t3.micro")
    seed.instance(backend, {}, type="m5.large")
    answer = ec2.describe_instances(Filters=[{"Name": "instance-type", "Values": ["t3.*"]}])
    assert len(answer["Reservations"]) == 1


def test_start_time_has_wildcards(ec2: Any, backend: Any, volume: Any) -> None:
    """API reference, DescribeSnapshots, filter start-time, with the wildcards of every filter."""
    seed.snapshot(backend, volume, NOON)
    seed.snapshot(backend, volume, NOON.replace(year=2025))
    assert found(ec2, "start-time", "2026-*") == 1
    assert found(ec2, "start-time", "2026-11-24T12:00:00.000Z") == 1


def test_owner_alias_is_a_filter(ec2: Any, backend: Any, volume: Any) -> None:
    """API reference, DescribeSnapshots, filter owner-alias."""
    seed.snapshot(backend, volume, NOON)
    seed.snapshot(backend, volume, NOON, owner="137112412989", owner_alias="amazon", public=True)
    answer = ec2.describe_snapshots(Filters=[{"Name": "owner-alias", "Values": ["amazon"]}])
    assert len(answer["Snapshots"]) == 1


def test_one_of_several_values_is_enough(ec2: Any, backend: Any, volume: Any) -> None:
    """UG: values of one filter are alternatives; tag-key of a resource with several keys needs one."""
    seed.snapshot(backend, volume, NOON, {"a": "1", "b": "2"})
    assert found(ec2, "tag-key", "a", "x") == 1


def test_instances_and_tags_take_values_as_they_are(ec2: Any, backend: Any) -> None:
    r"""UG: brackets are no wildcard, `\*` is a star; also for tags of instances and in DescribeTags."""
    for value in ("a[x]b", "axb", "a*b"):
        seed.instance(backend, {"k": value})
    for value in ("a[x]b", r"a\*b"):
        instances = ec2.describe_instances(Filters=[{"Name": "tag:k", "Values": [value]}])["Reservations"]
        assert len(instances) == 1
        tags = ec2.describe_tags(Filters=[{"Name": "value", "Values": [value]}])["Tags"]
        assert [each["Value"] for each in tags] == [value.replace("\\", "")]
