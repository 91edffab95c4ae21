"""What tests of status_check look at and set up: tags, states, what was sent, and AWS's bad days."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto.ec2.models.instances import Instance

from local import seed
from local.embedded import EmbeddedAws
from local.wire import Fault
from local.world import world
from tests.support import NOW

EVENTS = Path(__file__).parents[2] / "events"
RETIREMENT = {
    "InstanceEventId": "instance-event-0d59937288b749b32",
    "Code": "instance-retirement",
    "Description": "The instance is running on degraded hardware",
    "NotBefore": NOW + timedelta(days=7),
}
POWER = ("RebootInstances", "StopInstances", "StartInstances")


def tags(ec2: Any, instance: Any) -> dict[str, str]:
    described = ec2.describe_instances(InstanceIds=[instance.id])["Reservations"][0]["Instances"][0]
    return {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}


def status_of(ec2: Any, instance: Any) -> str | None:
    return tags(ec2, instance).get("nightshift:status")


def state_of(ec2: Any, instance: Any) -> str:
    described = ec2.describe_instances(InstanceIds=[instance.id])["Reservations"][0]["Instances"][0]
    name: str = described["State"]["Name"]
    return name


def sent(aws: EmbeddedAws, *actions: str) -> list[str]:
    return [action for _, action in aws.requests if action in actions]


def answers(aws: EmbeddedAws, action: str, code: str, status: int = 400, times: int = 1_000) -> None:
    """The next so many calls of this action are refused with this code."""
    left = [times]

    def hook(service: str, called: str, params: dict[str, Any]) -> Fault | None:
        if called != action or not left[0]:
            return None
        left[0] -= 1
        return Fault(code, status=status)

    aws.hooks.append(hook)


def set_tags(backend: Any, instance: Any, **tags: str) -> None:
    """Keys with _ for : and - of ours, as nightshift__mute_until."""
    seed.system_tags(backend, instance.id, {key.replace("__", ":").replace("_", "-"): v for key, v in tags.items()})


def slow_stop(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch, duration: timedelta) -> None:
    """Instances are stopping for so long, in the world's time."""
    stopping: list[tuple[Any, datetime]] = []
    stop = Instance.stop

    def begin(self: Any) -> Any:
        before = stop(self)
        self._state.name, self._state.code = "stopping", 64
        stopping.append((self, world.now() + duration))
        return before

    def end(_service: str, _action: str, _params: dict[str, Any]) -> None:
        for instance, ends in stopping:
            if instance.state == "stopping" and world.now() >= ends:
                instance._state.name, instance._state.code = "stopped", 80

    monkeypatch.setattr(Instance, "stop", begin)
    aws.hooks.append(end)
