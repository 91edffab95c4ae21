"""An embedded AWS on which a person can try the jobs: the demo fleet, and a policy that says nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config

from local.embedded import EmbeddedAws
from local.fleet import seed_demo_fleet

REGION = "us-east-1"
HISTORY_DAYS = 20  # so short that no guard refuses the cleanup, and no event takes minutes
POLICY_PARAMETER = "/nightshift/policy"
POLICY = "{}"  # as in the template: every default is in the model


def client(service: str, url: str, region: str = REGION, config: Config | None = None) -> Any:
    """A boto3 client of the embedded AWS, whatever the caller's own AWS settings are."""
    return boto3.client(  # type: ignore[call-overload]  # the stubs want literal names
        service,
        endpoint_url=url,
        region_name=region,
        config=config,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",  # it takes any
    )


def put_policy(url: str, text: str = POLICY, region: str = REGION) -> None:
    """What the template's parameter holds after a deployment."""
    client("ssm", url, region).put_parameter(Name=POLICY_PARAMETER, Type="String", Value=text, Overwrite=True)


def make_topic(url: str, region: str = REGION) -> str:
    """The topic of the alerts, which no deployment has made here; its ARN, for NIGHTSHIFT_TOPIC_ARN."""
    arn: str = client("sns", url, region).create_topic(Name="nightshift-alerts")["TopicArn"]
    return arn


@contextmanager
def demo_stage(host: str = "127.0.0.1", port: int = 0) -> Iterator[EmbeddedAws]:
    """The embedded AWS with the demo fleet of this moment, the default policy and the topic of the alerts."""
    with EmbeddedAws(host, port) as embedded:
        embedded.reset()
        seed_demo_fleet(REGION, datetime.now(UTC), history_days=HISTORY_DAYS)
        put_policy(embedded.url)
        make_topic(embedded.url)
        embedded.requests.clear()
        yield embedded
