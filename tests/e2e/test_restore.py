"""The built restore under AWS's emulator: a broken server, its restore in place and its undo."""

from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.kms.models import kms_backends

from local import seed
from local.embedded import EmbeddedAws
from local.emulator import Emulator
from local.stage import client, put_policy
from local.template import logical_id
from local.world import world
from tests.e2e.grants import called_in, granted
from tests.integration.restore_scenes import devices, saved_whole
from tests.integration.scenes import machine

pytestmark = pytest.mark.usefixtures("built")

REGION = "eu-central-1"

# What EC2 does with the keys of encrypted volumes in the caller's name.
ON_OUR_BEHALF = {
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
}


def test_a_server_comes_back_and_goes_back_and_what_is_called_is_granted(embedded: EmbeddedAws) -> None:
    ec2, backend = client("ec2", embedded.url, REGION), seed.backend_of(REGION)
    put_policy(embedded.url, region=REGION)
    world.root_task_seconds = 0
    key = kms_backends[DEFAULT_ACCOUNT_ID][REGION].create_key("", "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None)
    box = machine(backend, {"Name": "db"}, [seed.Disk("/dev/sda1", 20, encrypted=True)])
    for volume in seed.volumes_of(backend, box).values():
        volume.kms_key_id = key.arn
    saved_whole(backend, box, world.now())
    former = devices(ec2, box)
    called: set[str] = set()

    with Emulator(logical_id("restore"), endpoint_url=embedded.url, region=REGION) as function:

        def invoke(event: dict[str, Any]) -> dict[str, Any]:
            outcome: dict[str, Any] = function.invoke({"instance_id": box.id, **event})
            assert (outcome["failed"], outcome["remaining"], outcome["refused"]) == (0, 0, None), outcome
            called.update(called_in(outcome))
            return outcome

        assert len(invoke({"list": True})["points"]) == 1
        assert invoke({})["done"] == 1
        assert invoke({"mode": "attach"})["done"] == 2
        for mode in ("replace", "root"):
            restored = invoke({"mode": mode})
            assert devices(ec2, box)["/dev/sda1"] != former["/dev/sda1"]
            assert invoke({"mode": mode})["planned"] == 0
            invoke(restored["restore"]["undo"])
            assert devices(ec2, box)["/dev/sda1"] == former["/dev/sda1"]
    assert embedded.unimplemented == []
    assert called | ON_OUR_BEHALF == granted("restore")
