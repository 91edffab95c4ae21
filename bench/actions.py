"""What the endpoint answers to each action; one that is not in the table is refused, so that none is answered wrong."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bench.account import Account
from bench.records import ACCOUNT, KEY, Record

PAGE = 1000
type Form = Mapping[str, str]

# What the account has none of, by what the answer calls it.
_NONE_OF_IT = {
    "DescribeAddresses": "addressesSet",
    "DescribeEgressOnlyInternetGateways": "egressOnlyInternetGatewaySet",
    "DescribeInternetGateways": "internetGatewaySet",
    "DescribeLockedSnapshots": "snapshotSet",
    "DescribeNatGateways": "natGatewaySet",
    "DescribeNetworkInterfaces": "networkInterfaceSet",
    "DescribeRouteTables": "routeTableSet",
    "DescribeSubnets": "subnetSet",
    "DescribeVpcEndpoints": "vpcEndpointSet",
    "DescribeVpcs": "vpcSet",
}
_ZONES = (
    "<availabilityZoneInfo><item><zoneName>us-east-1a</zoneName><zoneState>available</zoneState></item>"
    "</availabilityZoneInfo>"
)


@dataclass(frozen=True)
class Refusal(Exception):  # noqa: N818  # an answer, as AWS gives it
    code: str
    message: str
    status: int = 400


class Actions:
    """AWS over one account. now: the endpoint's time."""

    def __init__(self, account: Account, now: Callable[[], datetime]) -> None:
        self._account, self._now = account, now
        self._lists: dict[str, list[Record]] = {}
        self._answers: dict[str, Callable[[Form], str | bytes]] = {
            "DescribeSnapshots": lambda form: self._listed(form, "snapshotSet", account.snapshots),
            "DescribeVolumes": lambda form: self._listed(form, "volumeSet", account.volumes),
            "DescribeImages": lambda form: self._listed(form, "imagesSet", account.images),
            "DescribeInstances": lambda form: self._listed(form, "reservationSet", account.instances, _reservation),
            "DescribeInstanceStatus": lambda form: self._listed(form, "instanceStatusSet", account.health),
            "DescribeAvailabilityZones": lambda _: _ZONES,
            "DescribeSnapshotAttribute": _not_shared,
            "DeleteSnapshot": self._delete,
            "CreateSnapshot": self._save_volume,
            "CreateSnapshots": self._save_instance,
            "CreateTags": self._tag,
        }

    def answer(self, action: str, form: Form) -> bytes:
        """The body. Refusal: AWS's error."""
        if none := _NONE_OF_IT.get(action):
            inner: str | bytes = f"<{none}/>"
        elif action in self._answers:
            inner = self._answers[action](form)
        else:
            raise Refusal("InvalidAction", f"the bench's endpoint has no {action}")
        start = f'<{action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>bench</requestId>'
        body = inner if isinstance(inner, bytes) else inner.encode()
        return b"".join((start.encode(), body, f"</{action}Response>".encode()))

    def _listed(
        self, form: Form, name: str, all_of_them: Mapping[str, Record], write: Callable[[Record], bytes] | None = None
    ) -> bytes:
        token = form.get("NextToken")
        # A list is the one of its first page: what is deleted meanwhile does not move the others.
        found = self._lists.pop(token) if token else _found(form, all_of_them)
        size = min(int(form.get("MaxResults", PAGE)), PAGE)
        page, rest = found[:size], found[size:]
        more = b""
        if rest:
            token = f"after-{page[-1].id}-{len(rest)}-{len(self._lists)}"
            self._lists[token] = rest
            more = f"<nextToken>{token}</nextToken>".encode()
        items = b"".join(record.xml if write is None else write(record) for record in page)
        return b"".join((more, f"<{name}>".encode(), items, f"</{name}>".encode()))

    def _delete(self, form: Form) -> str:
        id_ = form["SnapshotId"]
        if id_ not in self._account.snapshots:
            raise Refusal("InvalidSnapshot.NotFound", f"The snapshot '{id_}' does not exist.")
        if id_ in self._account.refusing:
            raise Refusal("InvalidSnapshot.InUse", f"The snapshot {id_} is currently in use by ami-0abc")
        if any(id_ in image.head for image in self._account.images.values()):
            raise Refusal("InvalidSnapshot.InUse", f"The snapshot {id_} is currently in use by an image")
        del self._account.snapshots[id_]
        return "<return>true</return>"

    def _save_volume(self, form: Form) -> str:
        return self._made(form["VolumeId"], _tags(form, "TagSpecification.1.Tag"))

    def _save_instance(self, form: Form) -> str:
        instance_id = form["InstanceSpecification.InstanceId"]
        tags = _tags(form, "TagSpecification.1.Tag")
        items = "".join(
            f"<item>{self._made(volume.id, tags)}</item>"
            for volume in self._account.volumes.values()
            if instance_id in volume.fields["attachment.instance-id"]
        )
        return f"<snapshotSet>{items}</snapshotSet>"

    def _made(self, volume_id: str, tags: Mapping[str, str]) -> str:
        return self._account.snapshots[self._account.saved(volume_id, self._now(), tags)].head

    def _tag(self, form: Form) -> str:
        tags = _tags(form, "Tag")
        for id_ in _values(form, "ResourceId"):
            for kind in (self._account.instances, self._account.volumes, self._account.snapshots):
                if id_ in kind:
                    kind[id_].tag(tags)
        return "<return>true</return>"


def parameter(account: Account) -> bytes:
    """The answer to SSM's GetParameter."""
    value = {"Name": "/nightshift/policy", "Type": "String", "Value": account.policy, "Version": 1}
    return json.dumps({"Parameter": value}).encode()


def key() -> bytes:
    """The answer to KMS's DescribeKey."""
    metadata = {
        "KeyId": KEY.rpartition("/")[2],
        "Arn": KEY,
        "Enabled": True,
        "KeyState": "Enabled",
        "KeyManager": "CUSTOMER",
    }
    return json.dumps({"KeyMetadata": metadata}).encode()


def _found(form: Form, all_of_them: Mapping[str, Record]) -> list[Record]:
    """Those that are named by id, or meet all filters; nothing is public, and nobody else's is to be seen."""
    if _values(form, "RestorableBy"):
        return []
    if ids := [each for kind in ("InstanceId", "VolumeId", "SnapshotId") for each in _values(form, kind)]:
        return [all_of_them[id_] for id_ in dict.fromkeys(ids) if id_ in all_of_them]
    asked = [(form[f"Filter.{number}.Name"], set(_values(form, f"Filter.{number}.Value"))) for number in _filters(form)]
    try:
        return [each for each in all_of_them.values() if all(each.meets(name, values) for name, values in asked)]
    except KeyError as error:
        raise Refusal("InvalidParameterValue", f"the bench's endpoint has no filter {error}") from error


def _filters(form: Form) -> Iterable[int]:
    return range(1, 1 + sum(key.startswith("Filter.") and key.endswith(".Name") for key in form))


def _values(form: Form, name: str) -> list[str]:
    return [value for key, value in form.items() if key.startswith(f"{name}.") and key[len(name) + 1 :].isdecimal()]


def _tags(form: Form, name: str) -> dict[str, str]:
    numbers = [key.split(".")[-2] for key in form if key.startswith(f"{name}.") and key.endswith(".Key")]
    return {form[f"{name}.{number}.Key"]: form[f"{name}.{number}.Value"] for number in numbers}


def _reservation(record: Record) -> bytes:
    start = f"<item><reservationId>r-{record.id[2:]}</reservationId><ownerId>{ACCOUNT}</ownerId><groupSet/>"
    return b"".join((start.encode(), b"<instancesSet>", record.xml, b"</instancesSet></item>"))


def _not_shared(form: Form) -> str:
    return f"<snapshotId>{form['SnapshotId']}</snapshotId><createVolumePermission/>"
