"""An embedded AWS on which a person can try the jobs: the demo fleet and clusters, and a policy that says nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local import history, seed
from local.clusters import seed_demo_clusters
from local.embedded import EmbeddedAws
from local.fleet import seed_demo_fleet
from local.seed import Disk

REGION = "us-east-1"
HISTORY_DAYS = 20  # so short that no guard refuses the cleanup, and no event takes minutes
POLICY_PARAMETER = "/nightshift/policy"
POLICY = "{}"  # as in the template: every default is in the model
DEMO_POLICY = Path(__file__).with_name("demo_policy.yaml")
# What the files in events/ name.
EXAMPLE_DISKS = (Disk(), Disk("/dev/sdf", 20, delete_on_termination=False))
EXAMPLE_INSTANCE, EXAMPLE_VOLUME = "i-0123456789abcdef0", "vol-0123456789abcdef0"


def client(service: str, url: str, region: str = REGION, config: Config | None = None, caller: str = "testing") -> Any:
    """A boto3 client of the embedded AWS, whatever the caller's own AWS settings are."""
    return boto3.client(  # type: ignore[call-overload]  # the stubs want literal names
        service,
        endpoint_url=url,
        region_name=region,
        config=config,
        aws_access_key_id=caller,
        aws_secret_access_key="testing",  # it takes any
    )


def put_policy(url: str, text: str = POLICY, region: str = REGION) -> None:
    """What the template's parameter holds after a deployment."""
    client("ssm", url, region).put_parameter(Name=POLICY_PARAMETER, Type="String", Value=text, Overwrite=True)


def make_topic(url: str, region: str = REGION) -> str:
    """The topic of the alerts, which no deployment has made here; its ARN, for NIGHTSHIFT_TOPIC_ARN."""
    arn: str = client("sns", url, region).create_topic(Name="nightshift-alerts")["TopicArn"]
    return arn


def demo_policy(now: datetime) -> str:
    """The demo operator's policy; its slot was an hour ago, so that none passes meanwhile."""
    hour_ago = now - timedelta(hours=1)
    return DEMO_POLICY.read_text().format(minute=hour_ago.minute, hour=hour_ago.hour)


def seed_example(region: str, now: datetime) -> None:
    """The instance and the volume that the events in the repository name, with some nights behind them."""
    backend = seed.backend_of(region)
    with seed.first_ids(EXAMPLE_INSTANCE, EXAMPLE_VOLUME):
        made = seed.instance(backend, {"Name": "example", "env": "prod", "Backup": "nightly"}, EXAMPLE_DISKS)
    history.nightly(backend, made, now, HISTORY_DAYS)


@contextmanager
def demo_stage(host: str = "127.0.0.1", port: int = 0) -> Iterator[EmbeddedAws]:
    """The embedded AWS with the demo fleet, clusters and policy of this moment, the events' example and the topic."""
    with EmbeddedAws(host, port) as embedded:
        embedded.reset()
        now = datetime.now(UTC)
        seed_demo_fleet(REGION, now, history_days=HISTORY_DAYS)
        seed_demo_clusters(REGION, now)
        seed_example(REGION, now)
        put_policy(embedded.url, demo_policy(now))
        make_topic(embedded.url)
        embedded.requests.clear()
        yield embedded
