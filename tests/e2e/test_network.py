"""network as it is deployed: the built function under AWS's emulator; what it calls is what its role grants."""

from collections import defaultdict
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.emulator import Emulator
from local.stage import client, put_policy
from tests.e2e.grants import SERVICES, granted
from tests.integration.nets import DESTROY, WHOLE, id_of, of_network

pytestmark = pytest.mark.usefixtures("built")

REGION = "eu-central-1"
WEB, APP = WHOLE["subnets"]
OTHER_ZONE = {"name": "db", "prefix_length": 24, "zone": "eu-central-1b"}


def test_a_network_s_life_and_what_is_called_against_what_is_granted(embedded: EmbeddedAws) -> None:
    ec2 = client("ec2", embedded.url, REGION)
    put_policy(embedded.url, region=REGION)
    vpc = ec2.create_vpc(CidrBlock="10.60.0.0/16")["Vpc"]["VpcId"]
    legacy = {"vpc": {"name": "legacy", "cidr": "10.60.0.0/16"}, "adopt": {"vpc": vpc}}
    called: dict[str, int] = defaultdict(int)

    with Emulator("NetworkFunction", endpoint_url=embedded.url, region=REGION) as function:

        def invoke(event: dict[str, Any]) -> dict[str, Any]:
            outcome: dict[str, Any] = function.invoke(event)
            assert (outcome["job"], outcome["failed"], outcome["remaining"]) == ("network", 0, 0), outcome
            for action, count in outcome["calls"].items():
                called[f"{SERVICES.get(action, 'ec2')}:{action}"] += count
            return outcome

        built = invoke(WHOLE)
        assert built["done"] == built["planned"] > 0
        assert invoke(WHOLE)["planned"] == 0
        assert invoke({"show": True})["vpcs"]

        more = WHOLE | {"vpc": WHOLE["vpc"] | {"tags": {"env": "test"}}, "subnets": [WEB, APP, OTHER_ZONE]}
        assert invoke(more)["done"] > 0
        assert invoke(more | {"subnets": [WEB, APP, OTHER_ZONE | {"public": True}]})["done"] > 0
        ec2.delete_nat_gateway(NatGatewayId=id_of(ec2, "nat-gateway/a"))
        assert invoke(more)["done"] > 0

        assert invoke(legacy)["done"] == 1
        assert invoke({"destroy": True, "vpc": {"name": "legacy"}})["done"] == 1
        assert invoke(DESTROY)["done"] > 0
        assert invoke(DESTROY)["planned"] == 0

    assert of_network(ec2) == of_network(ec2, "legacy") == {}
    assert vpc in {each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]}
    assert embedded.unimplemented == []
    assert called.keys() == granted("network")
