"""Filters within AWS's limits, and what an answer becomes: docs/aws.md, Filters."""

import pytest

from nightshift.aws.describe import chunks, filters
from nightshift.aws.instances import _instance
from nightshift.aws.volumes import _volume
from tests.builders import LONG_AGO


@pytest.mark.parametrize(("ids", "sizes"), [(0, []), (200, [200]), (201, [200, 1]), (1000, [200] * 5)])
def test_a_filter_takes_at_most_200_values(ids: int, sizes: list[int]) -> None:
    wanted = [f"vol-{n}" for n in range(ids)]
    asked = list(chunks(wanted))
    assert [len(some) for some in asked] == sizes
    assert [id_ for some in asked for id_ in some] == wanted


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("prod*", r"prod\*"),
        ("a?c", r"a\?c"),
        ("a\\b", r"a\\b"),
        (r"\*", r"\\\*"),
        ("plain [x] value", "plain [x] value"),
    ],
)
def test_a_value_is_taken_literally(value: str, sent: str) -> None:
    assert filters({"tag:nightshift:stack": [value]}) == [{"Name": "tag:nightshift:stack", "Values": [sent]}]


VOLUME = {
    "VolumeId": "vol-1",
    "State": "in-use",
    "VolumeType": "gp3",
    "AvailabilityZone": "eu-central-1a",
    "Size": 8,
    "CreateTime": LONG_AGO,
}
INSTANCE = {
    "InstanceId": "i-1",
    "State": {"Name": "running"},
    "InstanceType": "c6g.large",
    "Placement": {"AvailabilityZone": "eu-central-1a"},
}
OUTPOST = "arn:aws:outposts:eu-central-1:123456789012:outpost/op-1"
MANAGED = {"Operator": {"Managed": True, "Principal": "eks.amazonaws.com"}}


def test_where_a_volume_is_and_who_runs_it() -> None:
    assert (_volume(VOLUME).outpost, _volume(VOLUME).operator) == (None, None)
    assert _volume(VOLUME | {"OutpostArn": OUTPOST}).outpost == OUTPOST
    assert _volume(VOLUME | MANAGED).operator == "eks.amazonaws.com"
    assert _volume(VOLUME | {"Operator": {"Managed": False}}).operator is None


def test_who_runs_an_instance() -> None:
    assert _instance(INSTANCE).operator is None
    assert _instance(INSTANCE | MANAGED).operator == "eks.amazonaws.com"
