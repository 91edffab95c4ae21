"""What the canned account holds, and how EC2 writes it.

Made here once and handed out as bytes, so that what is measured is the client.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from xml.sax.saxutils import escape

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0c1a5e2e-7f4b-4c57-9d0a-5a1d4c1f0e11"


@dataclass
class Record:
    """One resource: the fields by which it can be filtered, and its XML, in which the tags come last."""

    id: str
    fields: Mapping[str, Sequence[str]]
    head: str
    tags: dict[str, str] = field(default_factory=dict)
    _xml: bytes = b""

    @property
    def xml(self) -> bytes:
        if not self._xml:
            self._xml = f"<item>{self.head}{tag_set(self.tags)}</item>".encode()
        return self._xml

    def tag(self, tags: Mapping[str, str]) -> None:
        self.tags |= tags
        self._xml = b""

    def meets(self, name: str, values: Collection[str]) -> bool:
        """Whether a filter takes it. KeyError: there is no such filter here."""
        if name.startswith("tag:"):
            return self.tags.get(name.removeprefix("tag:"), "") in values
        if name == "tag-key":
            return not self.tags.keys().isdisjoint(values)
        return not set(self.fields[name]).isdisjoint(values)


def tag_set(tags: Mapping[str, str]) -> str:
    items = "".join(
        f"<item><key>{escape(key)}</key><value>{escape(value)}</value></item>" for key, value in tags.items()
    )
    return f"<tagSet>{items}</tagSet>"


def time(moment: datetime) -> str:
    """As EC2 writes times: with milliseconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.123Z"


def snapshot(id_: str, volume_id: str, started: datetime, tags: Mapping[str, str], description: str) -> Record:
    head = (
        f"<snapshotId>{id_}</snapshotId><volumeId>{volume_id}</volumeId><status>completed</status>"
        f"<startTime>{time(started)}</startTime><progress>100%</progress><ownerId>{ACCOUNT}</ownerId>"
        f"<volumeSize>100</volumeSize><description>{escape(description)}</description><encrypted>true</encrypted>"
        f"<kmsKeyId>{KEY}</kmsKeyId><storageTier>standard</storageTier><completionTime>{time(started)}</completionTime>"
        f"<fullSnapshotSizeInBytes>42949672960</fullSnapshotSizeInBytes>"
    )
    return Record(id_, {"snapshot-id": [id_], "volume-id": [volume_id], "status": ["completed"]}, head, dict(tags))


def volume(id_: str, instance_id: str, device: str, created: datetime, tags: Mapping[str, str]) -> Record:
    head = (
        f"<volumeId>{id_}</volumeId><size>100</size><snapshotId/><availabilityZone>us-east-1a</availabilityZone>"
        f"<status>in-use</status><createTime>{time(created)}</createTime><attachmentSet><item><volumeId>{id_}</volumeId>"
        f"<instanceId>{instance_id}</instanceId><device>{device}</device><status>attached</status>"
        f"<attachTime>{time(created)}</attachTime><deleteOnTermination>true</deleteOnTermination></item></attachmentSet>"
        f"<volumeType>gp3</volumeType><iops>3000</iops><encrypted>true</encrypted><kmsKeyId>{KEY}</kmsKeyId>"
        f"<multiAttachEnabled>false</multiAttachEnabled><throughput>125</throughput>"
    )
    return Record(id_, {"volume-id": [id_], "attachment.instance-id": [instance_id]}, head, dict(tags))


def instance(id_: str, disks: Mapping[str, str], launched: datetime, tags: Mapping[str, str]) -> Record:
    """disks: the volume's id by device, the root first."""
    mappings = "".join(
        f"<item><deviceName>{device}</deviceName><ebs><volumeId>{volume_id}</volumeId><status>attached</status>"
        f"<attachTime>{time(launched)}</attachTime><deleteOnTermination>true</deleteOnTermination></ebs></item>"
        for device, volume_id in disks.items()
    )
    head = (
        f"<instanceId>{id_}</instanceId><imageId>ami-0a1b2c3d4e5f60718</imageId>"
        f"<instanceState><code>16</code><name>running</name></instanceState><privateDnsName/><dnsName/><reason/>"
        f"<amiLaunchIndex>0</amiLaunchIndex><productCodes/><instanceType>m7g.large</instanceType>"
        f"<launchTime>{time(launched)}</launchTime><placement><availabilityZone>us-east-1a</availabilityZone>"
        f"<groupName/><tenancy>default</tenancy></placement><monitoring><state>disabled</state></monitoring>"
        f"<subnetId>subnet-0a1b2c3d4e5f60718</subnetId><vpcId>vpc-0a1b2c3d4e5f60718</vpcId>"
        f"<privateIpAddress>10.0.0.10</privateIpAddress><architecture>arm64</architecture>"
        f"<rootDeviceType>ebs</rootDeviceType><rootDeviceName>{next(iter(disks))}</rootDeviceName>"
        f"<blockDeviceMapping>{mappings}</blockDeviceMapping><virtualizationType>hvm</virtualizationType>"
    )
    return Record(id_, {"instance-id": [id_], "instance-state-name": ["running"]}, head, dict(tags))


def health(instance_id: str) -> Record:
    """What DescribeInstanceStatus says of an instance that is well."""
    checks = "".join(
        f"<{kind}Status><status>ok</status><details><item><name>reachability</name><status>passed</status></item>"
        f"</details></{kind}Status>"
        for kind in ("system", "instance", "attachedEbs")
    )
    head = (
        f"<instanceId>{instance_id}</instanceId><availabilityZone>us-east-1a</availabilityZone>"
        f"<instanceState><code>16</code><name>running</name></instanceState>{checks}"
    )
    return Record(instance_id, {}, head)


def image(id_: str, snapshot_id: str) -> Record:
    head = (
        f"<imageId>{id_}</imageId><imageLocation>{ACCOUNT}/golden</imageLocation><imageState>available</imageState>"
        f"<imageOwnerId>{ACCOUNT}</imageOwnerId><creationDate>2026-01-01T00:00:00.000Z</creationDate>"
        f"<isPublic>false</isPublic><architecture>arm64</architecture><imageType>machine</imageType>"
        f"<name>golden {id_}</name><rootDeviceType>ebs</rootDeviceType><rootDeviceName>/dev/xvda</rootDeviceName>"
        f"<blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><snapshotId>{snapshot_id}</snapshotId>"
        f"<volumeSize>8</volumeSize><deleteOnTermination>true</deleteOnTermination><volumeType>gp3</volumeType>"
        f"<encrypted>false</encrypted></ebs></item></blockDeviceMapping><virtualizationType>hvm</virtualizationType>"
    )
    return Record(id_, {}, head)
