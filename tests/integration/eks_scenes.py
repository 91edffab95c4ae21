"""What tests of eks_info set up and look at."""

from datetime import timedelta
from typing import Any

from local import clusters
from local.world import Message, world
from tests.support import NOW, REGION

KEY = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d"
FINDINGS = "nightshift:findings"


def backend() -> Any:
    return clusters.backend_of(REGION)


def well(name: str, **different: Any) -> Any:
    """A cluster that nothing is found of, unless something is different."""
    return clusters.cluster(backend(), name, **{"key": KEY, **different})


def degraded(cluster: Any, name: str = "web") -> Any:
    return clusters.node_group(backend(), cluster, name, status="DEGRADED", issues=[("AccessDenied", "no rights")])


def tags_of(name: str) -> dict[str, str]:
    return dict(backend().clusters[name].tags)


def told(name: str) -> str | None:
    return tags_of(name).get(FINDINGS)


def messages() -> list[Message]:
    """What was sent since this was asked last."""
    sent = list(world.messages)
    world.messages.clear()
    return sent


def tomorrow() -> None:
    world.clock.set(world.now() + timedelta(days=1))


def row(outcome: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any]
    [found] = [each for each in outcome["clusters"] if each["name"] == name]
    return found


def codes(outcome: dict[str, Any], name: str) -> list[str]:
    return [finding["code"] for finding in row(outcome, name)["findings"]]


YESTERDAY, LAST_MONTH = NOW - timedelta(days=1), NOW - timedelta(days=29)
