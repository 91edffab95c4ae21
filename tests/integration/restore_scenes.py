"""What tests of restore set up and look at."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from local import seed
from local.history import our_tags
from local.seed import Disk
from tests.integration.scenes import SLOT, machine

DAY = timedelta(days=1)
DISKS = (Disk("/dev/sda1", 20), Disk("/dev/sdf", 100, "gp3", 6000, 500, delete_on_termination=False))


def saved_server(backend: Any) -> Any:
    """A server with two volumes, saved in each of the last three nights."""
    made = machine(backend, {"Name": "db", "Backup": "nightly"}, DISKS)
    for ago in range(3):
        saved_whole(backend, made, SLOT - ago * DAY)
    return made


def saved_whole(backend: Any, box: Any, slot: datetime, **kind: Any) -> list[Any]:
    """One snapshot of each volume, at one instant, by device."""
    tags = our_tags(backend, box, slot)
    started = slot + timedelta(seconds=40)
    return [
        seed.snapshot(backend, volume, started, {**tags, "team": "data"}, **kind)
        for _, volume in sorted(seed.volumes_of(backend, box).items())
    ]


def volumes(ec2: Any) -> dict[str, dict[str, Any]]:
    return {volume["VolumeId"]: volume for volume in ec2.describe_volumes()["Volumes"]}


def devices(ec2: Any, box: Any) -> dict[str, str]:
    """The volume at each device of an instance."""
    [reservation] = ec2.describe_instances(InstanceIds=[box.id])["Reservations"]
    return {
        mapping["DeviceName"]: mapping["Ebs"]["VolumeId"]
        for mapping in reservation["Instances"][0]["BlockDeviceMappings"]
    }


def endings(ec2: Any, box: Any) -> dict[str, bool]:
    """Whether each disk is deleted with the instance."""
    [reservation] = ec2.describe_instances(InstanceIds=[box.id])["Reservations"]
    return {
        mapping["DeviceName"]: mapping["Ebs"]["DeleteOnTermination"]
        for mapping in reservation["Instances"][0]["BlockDeviceMappings"]
    }


def new_volumes(ec2: Any, before: Mapping[str, Any]) -> list[dict[str, Any]]:
    """By size."""
    return sorted((each for id_, each in volumes(ec2).items() if id_ not in before), key=lambda each: each["Size"])


def went_well(outcome: dict[str, Any]) -> None:
    assert (outcome["failed"], outcome["remaining"], outcome["refused"]) == (0, 0, None), outcome


def ending(outcome: dict[str, Any]) -> dict[str, Any]:
    """The step that failed."""
    [failed] = [each for each in outcome["decisions"] if each["outcome"] == "failed"]
    return dict(failed)
