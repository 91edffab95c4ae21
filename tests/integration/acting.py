"""Runs and calls with a function's role evaluated, as IAM would."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.embedded import EmbeddedAws
from local.iam.account import Account
from local.iam.enforce import Enforcer, acting_as
from local.iam.role import role_of
from local.stage import client
from tests.support import REGION

# The access key of the jobs: what the tests themselves call has another, and is asked nothing.
CALLER = "nightshift"
ONCE = Config(retries={"total_max_attempts": 1})
DENIED = ("UnauthorizedOperation", "AccessDeniedException", "AuthorizationError")

type Call = Callable[[], Any]


@contextmanager
def acting(aws: EmbeddedAws, job: str) -> Iterator[Enforcer]:
    """What the jobs of this process call meanwhile is asked of this job's role."""
    with acting_as(aws, role_of(job, REGION), CALLER) as enforcer:
        yield enforcer


def role_client(aws: EmbeddedAws, service: str) -> Any:
    """A client whose calls are the role's."""
    return client(service, aws.url, REGION, ONCE, caller=CALLER)


def refused(call: Call) -> str | None:
    """The code with which IAM refuses it; None: it got past IAM, whatever happened then."""
    try:
        call()
    except ClientError as error:
        code: str = error.response["Error"]["Code"]
        return code if code in DENIED else None
    return None


def denied(aws: EmbeddedAws, job: str, call: Call) -> tuple[str | None, str | None]:
    """How a call of this role is refused, and for which action and type of resource; None and None: it is not."""
    with acting(aws, job) as enforcer:
        code = refused(call)
    if code is None:
        return None, None
    assert enforcer.denied, "refused, but not by the role"
    asked = enforcer.denied[0]
    return code, asked.action


def no_denial(enforcer: Enforcer) -> None:
    if enforcer.denied:
        pytest.fail(f"denied: {', '.join(map(str, enforcer.denied))}; {enforcer.denied[0].context}")


def make_alerts_topic(url: str) -> str:
    """Its ARN; made anew it is the same."""
    attributes = {"KmsMasterKeyId": Account(REGION).arn("kms:Decrypt", "key", "AlertsKey")}
    made: str = client("sns", url, REGION).create_topic(Name="AlertsTopic", Attributes=attributes)["TopicArn"]
    return made
