"""What a snapshot remembers of the instance it was made of: enough to restore when the instance is gone."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from nightshift.fleet import Disk, Instance, Volume

_NONE = "-"
_DELETED, _KEPT = "d", "k"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an instance stood, as in the tag nightshift:origin; None where it had no such thing."""

    zone: str | None
    instance_type: str | None
    subnet_id: str | None
    private_ip: str | None

    @classmethod
    def of(cls, instance: Instance) -> Self:
        return cls(instance.zone, instance.type, instance.subnet_id, instance.private_ip)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """None where the text is of another form."""
        words = [None if word == _NONE else word for word in text.split()]
        return cls(*words) if len(words) == len(cls.__slots__) else None

    @property
    def text(self) -> str:
        return " ".join(word or _NONE for word in (self.zone, self.instance_type, self.subnet_id, self.private_ip))


@dataclass(frozen=True, slots=True)
class SavedDisk:
    """One EBS disk of an instance, as in the tags nightshift:devices/<n>; None where AWS named no such thing."""

    device: str
    volume_id: str
    type: str | None
    iops: int | None
    throughput_mibps: int | None
    delete_on_termination: bool

    @classmethod
    def of(cls, disk: Disk, volume: Volume | None) -> Self:
        kind, iops, throughput = (volume.type, volume.iops, volume.throughput_mibps) if volume else (None, None, None)
        return cls(disk.device, disk.volume_id, kind, iops, throughput, disk.delete_on_termination)

    @classmethod
    def read(cls, entry: str) -> Self | None:
        """None where the entry is of another form."""
        device, _, rest = entry.rpartition("=")
        fields = rest.split(":")
        if not device or len(fields) != len(cls.__slots__) - 1 or fields[-1] not in (_DELETED, _KEPT):
            return None
        volume_id, kind, iops, throughput, ending = fields
        if not all(number == _NONE or number.isdecimal() for number in (iops, throughput)):
            return None
        return cls(
            device,
            volume_id,
            None if kind == _NONE else kind,
            None if iops == _NONE else int(iops),
            None if throughput == _NONE else int(throughput),
            ending == _DELETED,
        )

    @property
    def entry(self) -> str:
        fields = (self.volume_id, self.type or _NONE, self.iops or _NONE, self.throughput_mibps or _NONE)
        ending = _DELETED if self.delete_on_termination else _KEPT
        return f"{self.device}={':'.join(map(str, fields))}:{ending}"


def packed(disks: Iterable[SavedDisk], most: int) -> list[str]:
    """The disks by device, as many to a line of at most so many characters as fit."""
    lines: list[str] = []
    for disk in sorted(disks, key=lambda disk: disk.device):
        if lines and len(lines[-1]) + 1 + len(disk.entry) <= most:
            lines[-1] += f" {disk.entry}"
        else:
            lines.append(disk.entry)
    return lines


def unpacked(line: str) -> list[SavedDisk]:
    """The disks of a line; what is of another form is passed over."""
    return [disk for entry in line.split() if (disk := SavedDisk.read(entry))]
