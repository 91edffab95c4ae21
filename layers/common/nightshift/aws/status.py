"""Status checks and scheduled events of instances, and which instance types have instance-store volumes."""

from collections.abc import Iterable
from typing import Any

from nightshift.aws.describe import chunks, filters, pages
from nightshift.aws.session import Aws
from nightshift.plan.health import Check, Event, Health

_FIELDS = {"system": "SystemStatus", "instance": "InstanceStatus", "ebs": "AttachedEbsStatus"}

# DescribeInstanceTypes: MaxResults of 5 to 100.
_TYPES_A_PAGE = 100


def all_health(aws: Aws) -> list[Health]:
    """Of every instance of the region, whatever its state."""
    # Not by id: one unknown id would fail the whole call, and it takes 100 at most.
    found = pages(aws.ec2, "describe_instance_status", IncludeAllInstances=True)
    return [_health(described) for page in found for described in page["InstanceStatuses"]]


def health_of(aws: Aws, instance_id: str) -> Health:
    """Of this instance; without any check where AWS has none."""
    # With ids AWS takes no MaxResults.
    found = pages(aws.ec2, "describe_instance_status", None, InstanceIds=[instance_id], IncludeAllInstances=True)
    described = [each for page in found for each in page["InstanceStatuses"]]
    return _health(described[0]) if described else Health(instance_id, {}, ())


def instance_storage(aws: Aws, types: Iterable[str]) -> dict[str, bool | None]:
    """Whether these instance types have instance-store volumes; one that AWS does not know here is missing."""
    return {
        described["InstanceType"]: described.get("InstanceStorageSupported")
        for some in chunks(sorted(set(types)))
        for page in pages(aws.ec2, "describe_instance_types", _TYPES_A_PAGE, Filters=filters({"instance-type": some}))
        for described in page["InstanceTypes"]
    }


def _health(described: dict[str, Any]) -> Health:
    return Health(
        described["InstanceId"],
        {name: _check(described[field]) for name, field in _FIELDS.items() if field in described},
        tuple(_event(event) for event in described.get("Events", ())),
    )


def _check(summary: dict[str, Any]) -> Check:
    since = (detail["ImpairedSince"] for detail in summary.get("Details", ()) if "ImpairedSince" in detail)
    return Check(summary["Status"], min(since, default=None))


def _event(described: dict[str, Any]) -> Event:
    return Event(
        described["Code"],
        described.get("Description", ""),
        described.get("NotBefore"),
        described.get("NotAfter"),
        described.get("NotBeforeDeadline"),
    )
