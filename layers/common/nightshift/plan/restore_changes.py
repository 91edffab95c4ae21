"""What a restore changes at AWS, a step each."""

import hashlib
from dataclasses import dataclass

from nightshift.outcome import Change
from nightshift.plan.restore_marks import Purpose

# AWS answers a ClientToken with what was first made with it, for ever: so many are tried where that is of no use now.
MOST_TOKENS = 5

type TagPairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NewVolume(Change):
    """One CreateVolume call. key: the ARN of the snapshot's key; None: not encrypted. spent: see token."""

    snapshot_id: str
    zone: str
    size_gib: int
    type: str
    iops: int | None
    throughput_mibps: int | None
    key: str | None
    purpose: Purpose
    tags: TagPairs
    spent: int

    def token(self, attempt: int) -> str:
        """The same for the same restore, so that a second call makes no second volume.

        AWS answers a token with its first volume for ever, so one that cannot be used any more spends it.
        """
        identity = f"{self.purpose.text}|{self.snapshot_id}|{self.zone}|{self.spent + attempt}"
        return hashlib.sha256(identity.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Incoming:
    """The volume that is attached: one that is there, or the one that this run makes of a snapshot."""

    snapshot_id: str
    volume_id: str | None = None

    @property
    def id(self) -> str:
        return self.volume_id or self.snapshot_id


@dataclass(frozen=True, slots=True)
class Swap:
    """At a device of an instance, one volume takes the place of another. outgoing: None where nothing is there."""

    instance_id: str
    device: str
    incoming: Incoming
    outgoing: str | None
    delete_on_termination: bool


@dataclass(frozen=True, slots=True)
class MarkFormer(Change):
    """Writes on the outgoing volume what takes its place, before it is detached."""

    swap: Swap


@dataclass(frozen=True, slots=True)
class Stop(Change):
    instance_id: str


@dataclass(frozen=True, slots=True)
class Detach(Change):
    """The outgoing volume of a swap; only at rest, and only where the incoming one can follow."""

    swap: Swap


@dataclass(frozen=True, slots=True)
class Attach(Change):
    """at_rest: the instance must not run."""

    swap: Swap
    at_rest: bool


@dataclass(frozen=True, slots=True)
class GiveUp(Change):
    """Writes on a volume that the restore it was made for will not end."""

    volume_id: str


@dataclass(frozen=True, slots=True)
class Start(Change):
    """Starts the instance, waits for its checks, and writes down that the restore has ended.

    undoes: these swaps put former volumes back. Else, where the instance cannot run, the former ones go back.
    given_up: volumes of restores that did not end.
    """

    instance_id: str
    swaps: tuple[Swap, ...]
    undoes: bool
    given_up: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplaceRoot(Change):
    """One CreateReplaceRootVolumeTask, and the marks on both volumes when it has succeeded.

    going_on: the task of a run that was cut, which this one ends. spent: earlier tasks, whose tokens make no new one.
    """

    instance_id: str
    device: str
    snapshot_id: str
    former_id: str
    delete_on_termination: bool
    going_on: str | None
    spent: frozenset[str]

    def token(self, attempt: int) -> str:
        """The same for the same restore, so that a second call makes no second task."""
        identity = f"root|{self.instance_id}|{self.snapshot_id}|{attempt}"
        return hashlib.sha256(identity.encode()).hexdigest()
