"""Instances: descriptions become records; one function a change."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from nightshift.aws.describe import LOOK_SECONDS, chunks, filters, pages, tags_of
from nightshift.aws.faults import aws_errors
from nightshift.aws.session import Aws
from nightshift.errors import AwsError, Fault
from nightshift.fleet import Disk, Instance

# How long a started instance is watched: one that cannot run falls back to stopped within that time.
WATCHED_SECONDS = 60
# So many looks may still show the stop of before it, with its reason.
STALE_LOOKS = 6

# What AWS answers to a start before the stop has ended; also the reason of an instance that stopped on request.
NOT_YET = "IncorrectInstanceState"
ON_REQUEST = "Client.UserInitiatedShutdown"


def all_instances(aws: Aws, tag_key: str | None = None) -> list[Instance]:
    """Every instance of the region, terminated ones too while AWS still lists them; or those with this tag."""
    return list(_described(aws, {"tag-key": [tag_key]} if tag_key else {}))


def with_ids(aws: Aws, instance_ids: Sequence[str]) -> list[Instance]:
    """These instances, without those that are not there."""
    return [instance for some_ids in chunks(instance_ids) for instance in _described(aws, {"instance-id": some_ids})]


def look(aws: Aws, instance_id: str) -> Instance:
    """This instance right now. AwsError with Fault.GONE: it is not there any more."""
    found = with_ids(aws, [instance_id])
    if not found:
        raise AwsError("InvalidInstanceID.NotFound", f"{instance_id} is not there any more", Fault.GONE)
    return found[0]


def stop(aws: Aws, instance_id: str) -> None:
    """AwsError where AWS did not say yes."""
    with aws_errors():
        aws.ec2.stop_instances(InstanceIds=[instance_id])


def start(aws: Aws, instance_id: str) -> Instance | None:
    """Start it; the instance once it runs, None where AWS does not say so within a minute.

    AwsError where it fell back to stopped: AWS answers yes also where the instance cannot run (a bad key, say).
    """
    before = look(aws, instance_id)
    _send_start(aws, instance_id)
    stopped = 0
    for _ in range(WATCHED_SECONDS // LOOK_SECONDS):
        now = look(aws, instance_id)
        if now.state == "running":
            return now
        stopped += now.state == "stopped"
        new = now.state_code != before.state_code or stopped > STALE_LOOKS
        if now.state == "stopped" and new and now.state_code not in ("", ON_REQUEST):
            words = f"{now.id} fell back to stopped: {now.state_message}"
            raise AwsError(now.state_code, words, Fault.PERMANENT)
        if not aws.time_for(LOOK_SECONDS):
            break
        aws.clock.sleep(LOOK_SECONDS)
    return None


def _send_start(aws: Aws, instance_id: str) -> None:
    try:
        with aws_errors():
            aws.ec2.start_instances(InstanceIds=[instance_id])
    except AwsError as error:
        # AWS's parts do not learn at the same moment that a stop has ended.
        raise AwsError(error.code, error.message, Fault.WAIT if error.code == NOT_YET else error.fault) from error


def keep_delete_on_termination(aws: Aws, instance_id: str, device: str, delete: bool) -> None:
    """Attached by hand, a volume outlives its instance; this says whether it does. AwsError."""
    with aws_errors():
        aws.ec2.modify_instance_attribute(
            InstanceId=instance_id,
            BlockDeviceMappings=[{"DeviceName": device, "Ebs": {"DeleteOnTermination": delete}}],
        )


def _described(aws: Aws, conditions: Mapping[str, Sequence[str]]) -> Iterator[Instance]:
    return (
        _instance(described)
        for page in pages(aws.ec2, "describe_instances", Filters=filters(conditions))
        for reservation in page["Reservations"]
        for described in reservation["Instances"]
    )


def _instance(described: dict[str, Any]) -> Instance:
    return Instance(
        id=described["InstanceId"],
        state=described["State"]["Name"],
        type=described["InstanceType"],
        zone=described["Placement"]["AvailabilityZone"],
        vpc_id=described.get("VpcId"),
        subnet_id=described.get("SubnetId"),
        private_ip=described.get("PrivateIpAddress"),
        root_device=described.get("RootDeviceName"),
        disks=tuple(
            Disk(mapping["DeviceName"], mapping["Ebs"]["VolumeId"], mapping["Ebs"].get("DeleteOnTermination", False))
            for mapping in described.get("BlockDeviceMappings", ())
            if "Ebs" in mapping
        ),
        interface_ids=tuple(interface["NetworkInterfaceId"] for interface in described.get("NetworkInterfaces", ())),
        tags=tags_of(described),
        stopped=_stopped(described.get("StateTransitionReason", "")),
        state_code=described.get("StateReason", {}).get("Code", ""),
        state_message=described.get("StateReason", {}).get("Message", ""),
        marketplace=any(code["ProductCodeType"] == "marketplace" for code in described.get("ProductCodes", ())),
        operator=described.get("Operator", {}).get("Principal"),
    )


def _stopped(reason: str) -> datetime | None:
    """The time in "User initiated (2026-11-24 12:00:00 GMT)"."""
    found = re.search(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)", reason)
    return datetime.fromisoformat(found[1]).replace(tzinfo=UTC) if found else None
