"""The AWS clients of one run, with what must hold for every call that leaves it.

Whatever a job calls passes through the same hooks of botocore: a dry run refuses changes, every request sent is
counted, paced below AWS's token buckets, and repeated only where that is safe; what cannot be read is no answer.
"""

import random
import threading
from collections import Counter
from datetime import datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader

from nightshift.aws.answers import AnswerReaders, raise_unreadable, unreadable
from nightshift.aws.faults import SERVER_ERROR, THROTTLED, OutOfTimeError
from nightshift.aws.pace import Pacer, is_read
from nightshift.clock import Clock
from nightshift.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_eks import EKSClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_ssm import SSMClient

# So long before Lambda would end it a run sends no more calls: the last one may still be on its way then, and the
# outcome of 10,000 changes takes seconds too. It is to have ended by itself ten seconds before Lambda's end. A tenth
# of the run's time, within these bounds.
LEAST_RESERVE, MOST_RESERVE = timedelta(seconds=15), timedelta(seconds=40)

# How much of the reserve the last call may take; the rest is for the outcome.
CONNECTING, READING = 0.1, 0.6

# AWS has no ClientToken for these: sent twice, they are done twice, or refused although they took effect. After an
# unknown answer the job looks first.
SENT_ONCE = frozenset(
    {
        "AllocateAddress",
        "AssociateVpcCidrBlock",
        "AttachVolume",
        "CreateInternetGateway",
        "CreateSnapshot",
        "CreateSnapshots",
        "CreateSubnet",
        "CreateVpc",
        "DetachVolume",
        "RebootInstances",
    }
)

MOST_ATTEMPTS = 5


@cache
def _models() -> Loader:
    """Read once a process: EC2's model alone has 4 MB, and it is found among the folders of 400 services."""
    loader: Loader = botocore.session.get_session().get_component("data_loader")
    return loader


class ReadOnlyError(BotoCoreError):
    fmt = "{action} was refused: a dry run changes nothing"


def reserve_of(left: timedelta) -> timedelta:
    """How long before Lambda's end a run that has so much time sends its last call."""
    return min(MOST_RESERVE, max(LEAST_RESERVE, left / 10))


class Aws:
    """One account and region, for one run.

    deadline: when the run must have stopped by itself (UTC). read_only: every change is refused before it is sent.
    reserve: from the deadline to Lambda's end; no call takes longer than that.
    calls: HTTP requests sent, by action, repeated ones too.
    """

    def __init__(
        self,
        account: str,
        settings: Settings,
        clock: Clock,
        deadline: datetime,
        read_only: bool = False,
        reserve: timedelta = LEAST_RESERVE,
    ) -> None:
        self.region, self.account, self.settings, self.clock = settings.region, account, settings, clock
        self.deadline, self.read_only, self._reserve = deadline, read_only, reserve
        self.calls: Counter[str] = Counter()
        self.pacer = Pacer(clock, settings.bucket_share)
        self._counting = threading.Lock()

    @property
    def seconds_left(self) -> float:
        """Until the run should end."""
        return (self.deadline - self.clock.now()).total_seconds()

    def time_for(self, seconds: float) -> bool:
        """Whether so much time is left before the run should end."""
        return seconds < self.seconds_left

    @cached_property
    def ec2(self) -> "EC2Client":
        return self._hooked(self._session.client("ec2", **self._options()))

    @cached_property
    def ssm(self) -> "SSMClient":
        return self._hooked(self._session.client("ssm", **self._options()))

    @cached_property
    def kms(self) -> "KMSClient":
        return self._hooked(self._session.client("kms", **self._options()))

    @cached_property
    def sns(self) -> "SNSClient":
        return self._hooked(self._session.client("sns", **self._options()))

    @cached_property
    def eks(self) -> "EKSClient":
        return self._hooked(self._session.client("eks", **self._options()))

    def _options(self) -> dict[str, Any]:
        config = Config(
            connect_timeout=self._reserve.total_seconds() * CONNECTING,
            read_timeout=self._reserve.total_seconds() * READING,
            max_pool_connections=self.settings.workers + 2,
            # botocore's own retries are off: _again decides, with the run's clock and deadline.
            retries={"mode": "standard", "total_max_attempts": 1},
        )
        return {"region_name": self.region, "config": config}

    def _hooked[C](self, client: C) -> C:
        events = client.meta.events  # type: ignore[attr-defined]  # every client has it; no common type says so
        events.register("before-call", self._refuse_changes)
        events.register("before-send", self._count_and_pace)
        events.register("needs-retry", self._again)
        events.register("after-call", raise_unreadable)
        return client

    @cached_property
    def _session(self) -> boto3.Session:
        """Of this run, as credentials may be others by the next."""
        core = botocore.session.get_session()
        core.register_component("response_parser_factory", AnswerReaders())
        session = boto3.Session(botocore_session=core)
        # Last, as boto3 adds a folder of its own to the loader that it finds, each time.
        core.register_component("data_loader", _models())
        return session

    def _refuse_changes(self, model: Any, **_: object) -> None:
        if self.read_only and not is_read(model.name):
            raise ReadOnlyError(action=model.name)

    def _count_and_pace(self, event_name: str, **_: object) -> None:
        action = event_name.rpartition(".")[2]
        if not self.pacer.wait_for_token(action, self.seconds_left) or not self.time_for(0):
            raise OutOfTimeError(action=action)
        with self._counting:
            self.calls[action] += 1

    def _again(
        self, operation: Any, attempts: int, response: Any, caught_exception: Exception | None, **_: object
    ) -> float | None:
        """botocore's question whether to send a request again; it sleeps so many seconds more (none)."""
        action = operation.name
        if _was_throttled(response):
            self.pacer.throttled(action)
        elif not _failed(operation, response, caught_exception) or action in SENT_ONCE or attempts >= MOST_ATTEMPTS:
            return None
        delay = min(0.5 * 2**attempts, 15) * random.uniform(0.5, 1)  # noqa: S311 - jitter, no secret
        if not self.time_for(delay):
            return None
        self.clock.sleep(delay)
        return 0.0


def _was_throttled(response: Any) -> bool:
    return response is not None and response[1].get("Error", {}).get("Code") in THROTTLED


def _failed(operation: Any, response: Any, caught_exception: Exception | None) -> bool:
    if caught_exception is not None or response is None:
        return caught_exception is not None
    http, parsed = response
    return http.status_code >= SERVER_ERROR or unreadable(operation, http, parsed) is not None
