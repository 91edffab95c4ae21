"""Contract: DescribeInstanceStatus (API reference)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local import seed
from local.world import Check, world

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def only(answer: dict[str, Any]) -> Any:
    [status] = answer["InstanceStatuses"]
    return status


def test_a_healthy_instance_has_three_checks(ec2: Any, machine: Any) -> None:
    """API reference, InstanceStatus: SystemStatus, InstanceStatus and AttachedEbsStatus."""
    status = only(ec2.describe_instance_status())
    for check in ("SystemStatus", "InstanceStatus", "AttachedEbsStatus"):
        assert status[check] == {"Status": "ok", "Details": [{"Name": "reachability", "Status": "passed"}]}


SHOWN_AS: dict[Check, tuple[str, str]] = {
    "system": ("SystemStatus", "system-status.status"),
    "instance": ("InstanceStatus", "instance-status.status"),
    "ebs": ("AttachedEbsStatus", "attached-ebs-status.status"),
}


@pytest.mark.parametrize("check", SHOWN_AS)
def test_impaired_since(ec2: Any, backend: Any, machine: Any, check: Check) -> None:
    """API reference, InstanceStatusDetails.ImpairedSince; the filter finds the impaired one and no other."""
    field, filter_name = SHOWN_AS[check]
    seed.instance(backend, {})
    world.impair(machine.id, check, since=NOON)
    status = only(ec2.describe_instance_status(Filters=[{"Name": filter_name, "Values": ["impaired"]}]))
    assert status["InstanceId"] == machine.id
    detail = {"Name": "reachability", "Status": "failed", "ImpairedSince": NOON}
    assert status[field] == {"Status": "impaired", "Details": [detail]}
    world.recover(machine.id)
    assert (
        ec2.describe_instance_status(Filters=[{"Name": filter_name, "Values": ["impaired"]}])["InstanceStatuses"] == []
    )


@pytest.mark.parametrize("state", ["initializing", "insufficient-data", "not-applicable"])
def test_the_other_states(ec2: Any, machine: Any, state: str) -> None:
    """botocore model, SummaryStatus: ok, impaired, insufficient-data, not-applicable, initializing."""
    world.set_check(machine.id, "instance", state)
    assert only(ec2.describe_instance_status())["InstanceStatus"]["Status"] == state


def test_events(ec2: Any, backend: Any, machine: Any) -> None:
    """API reference, InstanceStatusEvent; filter event.code."""
    seed.instance(backend, {})
    event = {
        "InstanceEventId": "instance-event-0d59937288b749b32",
        "Code": "system-reboot",
        "Description": "scheduled reboot",
        "NotBefore": NOON,
        "NotAfter": NOON + timedelta(hours=2),
        "NotBeforeDeadline": NOON + timedelta(days=7),
    }
    world.events[machine.id] = [event]
    status = only(ec2.describe_instance_status(Filters=[{"Name": "event.code", "Values": ["system-reboot"]}]))
    assert (status["InstanceId"], status["Events"]) == (machine.id, [event])


def test_a_stopped_instance_has_no_status(ec2: Any, machine: Any) -> None:
    """API reference: only running ones unless IncludeAllInstances; the checks of the others are not-applicable."""
    machine.stop()
    assert ec2.describe_instance_status()["InstanceStatuses"] == []
    status = only(ec2.describe_instance_status(IncludeAllInstances=True))
    assert status["InstanceState"] == {"Code": 80, "Name": "stopped"}
    assert status["AttachedEbsStatus"] == {"Status": "not-applicable"}
