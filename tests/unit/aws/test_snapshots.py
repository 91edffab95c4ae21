"""Snapshots as they are read."""

from datetime import datetime
from typing import Any

import pytest

from nightshift.aws import snapshots
from nightshift.aws.session import Aws
from nightshift.clock import SystemClock
from nightshift.settings import Settings
from tests.support import NOW

TAGS = {"nightshift:stack": "nightshift", "nightshift:slot/nightly": "2026-11-24T03:00:00Z", "owner": "kim"}


def _described(id_: str, state: str = "completed") -> dict[str, Any]:
    return {
        "SnapshotId": id_,
        "VolumeId": "vol-1",
        "State": state,
        "StartTime": datetime(2026, 11, 24, 3),  # noqa: DTZ001  # of no importance here
        "VolumeSize": 8,
        "Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()],
    }


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What AWS lists, page by page."""
    pages: list[dict[str, Any]] = []
    monkeypatch.setattr(Aws, "ec2", None)
    monkeypatch.setattr(snapshots, "pages", lambda *_args, **_conditions: iter(pages))
    return pages


@pytest.fixture
def aws() -> Aws:
    return Aws("123456789012", Settings(), SystemClock(), NOW)


def test_one_that_moves_to_the_next_page_is_one(listed: list[dict[str, Any]], aws: Aws) -> None:
    """As it was seen last."""
    listed += [
        {"Snapshots": [_described("snap-1"), _described("snap-2", "pending")]},
        {"Snapshots": [_described("snap-2"), _described("snap-3")]},
    ]
    found = [(snapshot.id, snapshot.state) for snapshot in snapshots.ours(aws)]
    assert found == [("snap-1", "completed"), ("snap-2", "completed"), ("snap-3", "completed")]


def test_people_s_tags_are_kept_where_they_are_asked_for(listed: list[dict[str, Any]], aws: Aws) -> None:
    listed += [{"Snapshots": [_described("snap-1")]}]
    assert "owner" not in snapshots.ours(aws)[0].tags
    assert snapshots.ours(aws, people_s=True)[0].tags == TAGS
