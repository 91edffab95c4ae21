"""The canned account: a fleet with the snapshots of its nights, in memory; what is changed stays changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from bench import records
from bench.records import Record

TAG = "Backup"
STACK = "nightshift"
DEVICES = ("/dev/xvda", "/dev/sdf", "/dev/sdg", "/dev/sdh")


@dataclass(frozen=True)
class Size:
    """nights: how many snapshots each volume has, one a night, the newest of so many nights ago.

    images: so many of the oldest night's snapshots back an image.
    refusing: so many more of them are refused when they are to be deleted, as a disabled image's would be.
    """

    instances: int = 0
    disks: int = 2
    nights: int = 0
    nights_ago: int = 0
    images: int = 0
    refusing: int = 0


@dataclass
class Account:
    """All that is there, by kind and id, in the order in which EC2 lists it."""

    instances: dict[str, Record] = field(default_factory=dict)
    health: dict[str, Record] = field(default_factory=dict)
    volumes: dict[str, Record] = field(default_factory=dict)
    snapshots: dict[str, Record] = field(default_factory=dict)
    images: dict[str, Record] = field(default_factory=dict)
    refusing: set[str] = field(default_factory=set)
    policy: str = ""
    _numbers: Iterable[int] = field(default_factory=lambda: count(1))

    @classmethod
    def of(cls, size: Size, now: datetime, policy: str = "") -> "Account":
        account = cls(policy=policy)
        born = now - timedelta(days=400)
        for number in range(size.instances):
            account._launch(number, size.disks, born)
        for ago in reversed(range(size.nights_ago, size.nights_ago + size.nights)):
            account._night(slot_before(now) - timedelta(days=ago))
        oldest = list(account.snapshots)[: len(account.volumes)]
        for number, snapshot_id in enumerate(_spread(oldest, size.images)):
            image_id = f"ami-{number:017x}"
            account.images[image_id] = records.image(image_id, snapshot_id)
        backing = set(_spread(oldest, size.images))
        account.refusing = set(_spread([each for each in oldest if each not in backing], size.refusing))
        return account

    def _launch(self, number: int, disks: int, born: datetime) -> None:
        id_ = f"i-{number:017x}"
        attached = {device: self._new("vol") for device in DEVICES[:disks]}
        tags = {"Name": f"web-{number}", "Owner": f"team-{number}", TAG: "nightly"}
        self.instances[id_] = records.instance(id_, attached, born, tags)
        self.health[id_] = records.health(id_)
        for device, volume_id in attached.items():
            self.volumes[volume_id] = records.volume(volume_id, id_, device, born, {"Name": f"web-{number}"})

    def _night(self, slot: datetime) -> None:
        for volume_id, volume in self.volumes.items():
            instance_id = volume.fields["attachment.instance-id"][0]
            self.saved(volume_id, slot + timedelta(minutes=3), _our_tags(slot, instance_id, volume_id))

    def saved(self, volume_id: str, started: datetime, tags: Mapping[str, str]) -> str:
        """A new snapshot of a volume; its id."""
        id_ = self._new("snap")
        self.snapshots[id_] = records.snapshot(id_, volume_id, started, tags, "Nightshift: nightly")
        return id_

    def _new(self, prefix: str) -> str:
        return f"{prefix}-{next(iter(self._numbers)):017x}"


def slot_before(now: datetime) -> datetime:
    """The nightly slot of the canned account: of this very hour, so that at any time of the day a night has begun."""
    return now.replace(minute=0, second=0, microsecond=0)


def _our_tags(slot: datetime, instance_id: str, volume_id: str) -> dict[str, str]:
    return {
        # People's: on each another one, as whoever names snapshots puts the day into it.
        "Name": f"web {instance_id[-4:]} {slot:%Y-%m-%d}",
        "nightshift:stack": STACK,
        "nightshift:slot/nightly": f"{slot.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "nightshift:instance": instance_id,
        "nightshift:origin": "us-east-1a m7g.large subnet-0a1b2c3d4e5f60718 10.0.0.10",
        "nightshift:devices/1": f"/dev/xvda={volume_id}:gp3:3000:125:d",
    }


def _spread(ids: Sequence[str], number: int) -> list[str]:
    """So many of them, each in the middle of its part: a single one is neither the first nor the last."""
    return [ids[(2 * index + 1) * len(ids) // (2 * number)] for index in range(number)]
