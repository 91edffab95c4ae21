"""The tags by which a restore knows, at its next run, what it has made and what that took the place of.

On a volume that it made, from the creating call on: nightshift:restored-from=<snapshot> and nightshift:restore=<what
for>; nightshift:restored=<time> once it stands at its place and the restore has ended. On the volume whose place it
takes, before that is detached: nightshift:replaced-by=<new volume> <instance> <device> <d or k, as nightshift:devices>.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from nightshift.fleet import Volume
from nightshift.plan.tags import REPLACED_BY, RESTORE, RESTORED, RESTORED_FROM

UNDONE = "undone"


class Mode(StrEnum):
    VOLUME = "volume"
    ATTACH = "attach"
    REPLACE = "replace"
    ROOT = "root"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a volume was made for. place: the zone it is for, or the instance and the device at it.

    parts: how many volumes the restore is of, which tells a whole instance's from a single volume's.
    """

    mode: str
    place: str
    device: str = ""
    parts: int = 1

    @classmethod
    def of(cls, volume: Volume) -> Self | None:
        """None: no restore of ours made it, or it has been taken away since."""
        words = volume.tags.get(RESTORE, "").split(" ")
        mode, place, device, _, parts = [*words, "", "", "", "", ""][:5]
        if mode not in set(Mode) or not place or RESTORED_FROM not in volume.tags:
            return None
        return cls(mode, place, device, int(parts) if parts.isdecimal() else 1)

    @property
    def text(self) -> str:
        words = (self.mode, self.place, self.device, f"of {self.parts}" if self.parts > 1 else "")
        return " ".join(filter(None, words))


@dataclass(frozen=True, slots=True)
class Former:
    """A volume whose place another one has taken, or is about to."""

    volume: Volume
    replaced_by: str
    instance_id: str
    device: str
    delete_on_termination: bool

    @classmethod
    def of(cls, volume: Volume) -> Self | None:
        """None where it is none, or the tag is of another form."""
        words = volume.tags.get(REPLACED_BY, "").split(" ")
        if len(words) != 4 or words[3] not in ("d", "k"):  # noqa: PLR2004 - the four words of the tag
            return None
        new, instance_id, device, ending = words
        return cls(volume, new, instance_id, device, ending == "d")


def replaced_by(new_volume_id: str, instance_id: str, device: str, delete_on_termination: bool) -> str:
    """The tag's value."""
    return f"{new_volume_id} {instance_id} {device} {'d' if delete_on_termination else 'k'}"


def formers_of(volumes: Iterable[Volume], instance_id: str) -> list[Former]:
    """The volumes that stood at this instance, by device."""
    found = [former for volume in volumes if (former := Former.of(volume)) and former.instance_id == instance_id]
    return sorted(found, key=lambda former: (former.device, former.volume.id))


def made_for(volumes: Iterable[Volume], snapshot_id: str, mode: Mode, place: str) -> Volume | None:
    """The usable volume that an earlier run of the same restore has made.

    One that stood at its place and was taken out since has been written on: it is not what was saved any more.
    """
    found = [
        volume
        for volume in volumes
        if volume.tags.get(RESTORED_FROM) == snapshot_id
        if (purpose := Purpose.of(volume)) and (purpose.mode, purpose.place) == (mode, place)
        if volume.state in ("creating", "available", "in-use") and REPLACED_BY not in volume.tags
        if RESTORED not in volume.tags or place in volume.instance_ids
    ]
    return min(found, key=lambda volume: (volume.created, volume.id), default=None)
