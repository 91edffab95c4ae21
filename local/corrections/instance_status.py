"""DescribeInstanceStatus: the three status checks, when they began to fail, and scheduled events.

AWS: API reference (InstanceStatus, EbsStatusSummary, InstanceStatusEvent). moto's instances are
always healthy, without attached-EBS check or events, and its status filters find the healthy ones.
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.instances import InstanceResponse

from local.corrections.clock import naive
from local.corrections.filters import matches
from local.corrections.paging import paged
from local.corrections.patch import corrects
from local.world import CHECKS, CheckState, world

FIELDS = {"system": "SystemStatus", "instance": "InstanceStatus", "ebs": "AttachedEbsStatus"}
REACHABILITY = {
    "ok": "passed",
    "impaired": "failed",
    "initializing": "initializing",
    "insufficient-data": "insufficient-data",
}
EVENT_TIMES = ("NotBefore", "NotAfter", "NotBeforeDeadline")


@corrects(InstanceResponse)
@paged("InstanceStatuses", ids="InstanceIds", key=lambda shown: shown["InstanceId"])
def describe_instance_status(self: Any) -> ActionResult:
    """Only running instances, unless IncludeAllInstances; named ones must exist."""
    backend, wanted = self.ec2_backend, self._get_param("InstanceIds", [])
    instances = backend.get_multi_instances_by_id(wanted) if wanted else backend.all_instances()
    if not self._get_bool_param("IncludeAllInstances", False):
        instances = [each for each in instances if each.is_running()]
    statuses = [status_of(each) for each in instances]
    for name, values in self._filters_from_querystring().items():
        statuses = [each for each in statuses if matches(_filter_value(each, name), values)]
    return ActionResult({"InstanceStatuses": statuses})


def status_of(instance: Any) -> dict[str, Any]:
    shown = {
        "InstanceId": instance.id,
        "AvailabilityZone": instance.availability_zone,
        "InstanceState": {"Code": instance.state_code, "Name": instance.state},
        "Events": [_shown_event(event) for event in world.events.get(instance.id, [])],
    }
    for check in CHECKS:
        state = world.checks.get((instance.id, check), CheckState("ok"))
        shown[FIELDS[check]] = _summary(state if instance.is_running() else CheckState("not-applicable"))
    return shown


def _summary(state: CheckState) -> dict[str, Any]:
    if state.status not in REACHABILITY:
        return {"Status": state.status}
    detail: dict[str, Any] = {"Name": "reachability", "Status": REACHABILITY[state.status]}
    if state.since:
        detail["ImpairedSince"] = naive(state.since)
    return {"Status": state.status, "Details": [detail]}


def _shown_event(event: dict[str, Any]) -> dict[str, Any]:
    return {name: naive(value) if name in EVENT_TIMES else value for name, value in event.items() if value}


def _filter_value(shown: dict[str, Any], name: str) -> Any:
    subject, _, field = name.partition(".")
    summaries = {
        "system-status": "SystemStatus",
        "instance-status": "InstanceStatus",
        "attached-ebs-status": "AttachedEbsStatus",
    }
    events = {
        "code": "Code",
        "description": "Description",
        "instance-event-id": "InstanceEventId",
        "not-before": "NotBefore",
        "not-after": "NotAfter",
        "not-before-deadline": "NotBeforeDeadline",
    }
    if subject in summaries and field == "status":
        return shown[summaries[subject]]["Status"]
    if subject in summaries:
        return [each["Status"] for each in shown[summaries[subject]].get("Details", [])]
    if subject == "event":
        return [each.get(events[field]) for each in shown["Events"]]
    if name == "availability-zone":
        return shown["AvailabilityZone"]
    if name == "instance-state-name":
        return shown["InstanceState"]["Name"]
    if name == "instance-state-code":
        return shown["InstanceState"]["Code"]
    raise NotImplementedError(f"the filter {name} of DescribeInstanceStatus")
