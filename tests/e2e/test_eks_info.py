"""The built eks_info under the emulator, on the demo's clusters, two days running."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from local.clusters import seed_demo_clusters
from local.embedded import EmbeddedAws
from local.emulator import Emulator
from local.stage import REGION, make_topic, put_policy
from local.template import logical_id
from local.world import Message, world
from tests.e2e.grants import called_in, granted

pytestmark = pytest.mark.usefixtures("built")

# SNS encrypts with the topic's key.
ON_OUR_BEHALF = {"kms:Decrypt", "kms:GenerateDataKey*"}


class Days:
    """Two runs on the same clusters, and the messages of each."""

    def __init__(self, aws: EmbeddedAws) -> None:
        aws.reset()
        seed_demo_clusters(REGION, datetime.now(UTC))
        put_policy(aws.url)
        environment = {"NIGHTSHIFT_TOPIC_ARN": make_topic(aws.url)}
        with Emulator(logical_id("eks_info"), endpoint_url=aws.url, region=REGION, environment=environment) as function:
            self.outcomes = [(function.invoke({}), self._messages()) for _ in range(2)]
        self.unimplemented = list(aws.unimplemented)

    @staticmethod
    def _messages() -> list[Message]:
        sent = list(world.messages)
        world.messages.clear()
        return sent


@pytest.fixture(scope="module")
def days(embedded_server: EmbeddedAws) -> Iterator[Days]:
    yield Days(embedded_server)
    embedded_server.reset()


def test_each_cluster_is_a_row_with_what_is_wrong_with_it(days: Days) -> None:
    (outcome, _), _ = days.outcomes
    found = {each["name"]: [finding["code"] for finding in each["findings"]] for each in outcome["clusters"]}
    assert found == {
        "legacy": ["eos-x7", "skew-2:batch", "nodegroup:web", "insight-warning:c3d4e5f6"],
        "orders": ["eos-30", "insight-error:a1b2c3d4"],
        "platform": [],
        "sandbox": ["addon:aws-ebs-csi-driver", "public", "encryption-aws"],
    }
    assert (outcome["done"], outcome["skipped"], outcome["failed"]) == (3, 1, 0)
    assert days.unimplemented == []


def test_the_second_day_tells_nothing_again(days: Days) -> None:
    (first, told), (second, told_again) = days.outcomes
    assert (len(told), told_again) == (1, [])
    assert (second["planned"], second["skipped"]) == (0, 4)
    assert [row["findings"] for row in second["clusters"]] == [row["findings"] for row in first["clusters"]]


def test_what_it_calls_is_what_its_role_grants(days: Days) -> None:
    called: set[str] = set().union(*(called_in(outcome, "eks") for outcome, _ in days.outcomes))
    assert called | ON_OUR_BEHALF == granted("eks_info")


def test_one_message_names_every_cluster_that_has_something(days: Days) -> None:
    (_, [message]), _ = days.outcomes
    assert message.subject == f"Nightshift {REGION}: 9 new findings on 3 EKS clusters"
    heads: list[Any] = [line.split(" ")[0] for line in message.text.splitlines() if "(Kubernetes" in line]
    assert heads == ["legacy", "orders", "sandbox"]
