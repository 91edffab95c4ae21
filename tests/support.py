"""What tests of whole runs share: clocks to set, a Lambda context, the events that start a run."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from local.world import world

ACCOUNT = "123456789012"
REGION = "eu-central-1"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass
class FakeClock:
    """Time that passes only by sleeping."""

    time: datetime = NOW
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


class WorldClock:
    """The embedded AWS's own time, so that a run and AWS agree; it passes only by sleeping."""

    def now(self) -> datetime:
        return world.now()

    def sleep(self, seconds: float) -> None:
        world.clock.advance(seconds=seconds)


class RunDied(BaseException):
    """Lambda ends a run without asking it: no `except` of the run may see this as an error to handle."""


class MortalClock(WorldClock):
    """The clock of a run that dies when it is told to: each call asks for the time first, so none is sent any more."""

    dead = False

    def now(self) -> datetime:
        if self.dead:
            raise RunDied
        return super().now()

    def sleep(self, seconds: float) -> None:
        if self.dead:
            raise RunDied
        super().sleep(seconds)


class Context(LambdaContext):
    """What Lambda hands to a handler."""

    def __init__(self, seconds: float = 900) -> None:
        self._aws_request_id = "00000000-0000-0000-0000-000000000000"
        self._invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:nightshift"
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]  # static in powertools, not in Lambda
        return int(self._seconds * 1000)


def scheduled() -> dict[str, Any]:
    """An event of EventBridge's schedule; its time is another than NOW, as it must never be used."""
    return {
        "version": "0",
        "id": "89d1a02d-5ec7-412e-82f5-13505f849b41",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": "2001-01-01T00:00:00Z",
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/nightshift"],
        "detail": {},
    }


def by_resource(outcome: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The decisions of an outcome, by resource."""
    return {decision["resource"]: decision for decision in outcome["decisions"]}
