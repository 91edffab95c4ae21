"""The seeded fleet: quick, the same every time, and with everything in it that a real fleet has."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from local import seed
from local.embedded import EmbeddedAws
from local.fleet import MACHINES, seed_demo_fleet
from local.seed import Disk

REGION = "eu-central-1"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def pages(ec2: Any, action: str, result: str, **parameters: Any) -> list[Any]:
    found = ec2.get_paginator(action).paginate(**parameters, PaginationConfig={"PageSize": 1000})
    return [each for page in found for each in page[result]]


def test_the_cost_of_snapshots_grows_with_their_number(ec2: Any, backend: Any) -> None:
    """Ten times as many cost ten times as much; a hundred times, as moto as it is, would be of each with each.

    Half way between is far from both: a collection of garbage in the middle doubles or trebles a time.
    """
    volume = seed.volume(backend, Disk())

    def seconds(first: int, last: int) -> tuple[float, float]:
        began = time.process_time()
        for hours in range(first, last):
            tags = {"nightshift:stack": "nightshift", "nightshift:instance": "i-0123456789abcdef0"}
            seed.snapshot(backend, volume, NOW - timedelta(hours=hours), tags)
        seeded = time.process_time()
        assert len(pages(ec2, "describe_snapshots", "Snapshots", OwnerIds=["self"])) == last
        return seeded - began, time.process_time() - seeded

    seeding_few, listing_few = seconds(0, 1_000)
    seeding_many, listing_many = seconds(1_000, 10_000)
    assert seeding_many < 50 * seeding_few
    assert listing_many < 50 * listing_few


def test_the_fleet_is_the_same_every_time(aws: EmbeddedAws, backend: Any) -> None:
    def everything() -> Any:
        seed_demo_fleet(REGION, NOW, history_days=10)
        fresh = seed.backend_of(REGION)
        return {name: dict(tags) for name, tags in fresh.tags.items()}, sorted(fresh.snapshots), sorted(fresh.volumes)

    first = everything()
    aws.reset()
    assert everything() == first


def test_the_fleet_has_the_states_of_real_fleets(aws: EmbeddedAws, ec2: Any) -> None:
    fleet = seed_demo_fleet(REGION, NOW)
    assert len(fleet) == len(MACHINES) + 1
    assert len(fleet) >= 40
    states = Counter(each.state for each in fleet.values())
    assert states.keys() == {"running", "stopped", "terminated"}
    statuses = {each["InstanceId"]: each for each in pages(ec2, "describe_instance_status", "InstanceStatuses")}
    for field in ("SystemStatus", "InstanceStatus", "AttachedEbsStatus"):
        assert any(each[field]["Status"] == "impaired" for each in statuses.values())
    assert sum(bool(each["Events"]) for each in statuses.values()) == 3
    volumes = pages(ec2, "describe_volumes", "Volumes")
    assert {each["State"] for each in volumes} == {"in-use", "available", "error"}
    assert max(len(each["Attachments"]) for each in volumes) == 2
    assert {each["VolumeType"] for each in volumes} == {"gp2", "gp3", "io2", "st1", "sc1", "standard"}
    assert len(ec2.describe_locked_snapshots()["Snapshots"]) == 1
    assert len(ec2.describe_images(Owners=["self"])["Images"]) == 1
    assert len(ec2.describe_images(Owners=["self"], IncludeDisabled=True)["Images"]) == 2
    assert len(ec2.describe_snapshots(OwnerIds=["self"], RestorableByUserIds=["all"])["Snapshots"]) == 1
    snapshots = pages(ec2, "describe_snapshots", "Snapshots", OwnerIds=["self"])
    assert {each["State"] for each in snapshots} == {"completed", "pending", "error"}
    assert min(each["StartTime"] for each in snapshots) < NOW - timedelta(days=729)
    assert {each["StorageTier"] for each in snapshots} == {"standard", "archive"}
    assert aws.unimplemented == []
