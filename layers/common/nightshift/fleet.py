"""What an account holds, as frozen records: sizes in GiB, throughput in MiB/s, times in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

type Tags = Mapping[str, str]

# AWS's own tag on the instances of a group.
AUTO_SCALING_GROUP = "aws:autoscaling:groupName"


@dataclass(frozen=True, slots=True)
class Disk:
    """One EBS volume as an instance sees it."""

    device: str
    volume_id: str
    delete_on_termination: bool


@dataclass(frozen=True, slots=True)
class Instance:
    id: str
    state: str
    type: str
    zone: str
    vpc_id: str | None
    subnet_id: str | None
    private_ip: str | None
    root_device: str | None
    disks: tuple[Disk, ...]
    interface_ids: tuple[str, ...]
    tags: Tags = field(default_factory=dict, hash=False)
    # When somebody last asked to stop it, where AWS says so.
    stopped: datetime | None = None
    # Why it is in this state, where AWS says so: its code and its words.
    state_code: str = ""
    state_message: str = ""
    # Has AWS Marketplace product codes.
    marketplace: bool = False
    # The service that runs it for its owner (EKS Auto Mode, ...), where one does.
    operator: str | None = None

    @property
    def root_volume_id(self) -> str | None:
        return next((disk.volume_id for disk in self.disks if disk.device == self.root_device), None)

    @property
    def ending(self) -> bool:
        """Being terminated, or gone already and still described for a while."""
        return self.state in ("shutting-down", "terminated")


@dataclass(frozen=True, slots=True)
class Attachment:
    """state: attaching, attached, busy, detaching or detached."""

    instance_id: str
    device: str
    state: str


@dataclass(frozen=True, slots=True)
class Volume:
    id: str
    state: str
    type: str
    zone: str
    size_gib: int
    iops: int | None
    throughput_mibps: int | None
    created: datetime
    attachments: tuple[Attachment, ...]
    tags: Tags = field(default_factory=dict, hash=False)
    multi_attach: bool = False
    # The ARN of the key that encrypts it; None: it is not encrypted.
    key: str | None = None
    # The Outpost that it is on, by ARN; None: in the region's own zones.
    outpost: str | None = None
    # The service that made it for its owner (EKS Auto Mode, ...) and alone may change it, where one did.
    operator: str | None = None

    @property
    def instance_ids(self) -> tuple[str, ...]:
        """The instances that it is attached to, or about to be."""
        return tuple(
            attachment.instance_id
            for attachment in self.attachments
            if attachment.state in ("attaching", "attached", "busy")
        )


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface that is attached to an instance."""

    id: str
    instance_id: str
    tags: Tags = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    id: str
    volume_id: str
    state: str
    started: datetime
    size_gib: int
    tier: str = "standard"
    tags: Tags = field(default_factory=dict, hash=False)
    owner: str = ""
    # The ARN of the key that encrypts it; None: it is not encrypted.
    key: str | None = None
    # Why it failed, in AWS's words.
    message: str = ""

    @property
    def live(self) -> bool:
        """A backup, or about to be one: what makes a second one of its slot needless."""
        return self.state in ("pending", "completed")
