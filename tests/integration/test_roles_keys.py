"""Volumes that customers' own keys encrypt: what EC2 and SNS ask of KMS in a role's name meanwhile is allowed too."""

from typing import Any

import pytest

from local import seed
from local.embedded import EmbeddedAws
from local.iam.enforce import Enforcer
from local.seed import Disk
from local.stage import client
from local.world import world
from nightshift.job import Job
from nightshift.jobs import backup, restore, status_check
from nightshift.run import run
from tests.integration.acting import acting, no_denial
from tests.integration.restore_scenes import devices, saved_whole
from tests.integration.scenes import NIGHTLY, SLOT, machine
from tests.integration.wards import set_tags
from tests.support import NOW, REGION, Context, WorldClock

DISKS = (Disk("/dev/sda1", 20, encrypted=True), Disk("/dev/sdf", 100, encrypted=True, delete_on_termination=False))
TO_MAKE = {
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
}


@pytest.fixture
def box(aws: EmbeddedAws, backend: Any) -> Any:
    """A server whose volumes have a customer's key, saved last night."""
    key = client("kms", aws.url, REGION).create_key()["KeyMetadata"]["Arn"]
    made = machine(backend, NIGHTLY, DISKS)
    for volume in seed.volumes_of(backend, made).values():
        volume.kms_key_id = key
    saved_whole(backend, made, SLOT)
    return made


def asked(aws: EmbeddedAws, job: Job[Any, Any], event: Any) -> tuple[dict[str, Any], set[str]]:
    """The outcome of a run with its role, and what was asked of KMS meanwhile, all of it allowed."""
    with acting(aws, job.name) as enforcer:
        outcome = run(job, event, Context(), WorldClock())
    no_denial(enforcer)
    return outcome, _of_keys(enforcer)


def _of_keys(enforcer: Enforcer) -> set[str]:
    return {each.action for each in enforcer.allowed if each.action.startswith("kms:")}


@pytest.mark.parametrize("mode", ["volume", "attach", "replace", "root"])
def test_every_mode_of_restore_may_use_the_keys_and_so_may_its_undo(
    mode: str, aws: EmbeddedAws, ec2: Any, box: Any
) -> None:
    before = devices(ec2, box)
    outcome, keys = asked(aws, restore.JOB, {"instance_id": box.id, "mode": mode})
    assert (outcome["failed"], outcome["remaining"], outcome["refused"]) == (0, 0, None), outcome
    assert outcome["done"]
    assert keys == TO_MAKE
    if mode in ("replace", "root"):
        undone, keys = asked(aws, restore.JOB, outcome["restore"]["undo"])
        assert (undone["failed"], undone["remaining"]) == (0, 0)
        assert devices(ec2, box) == before
        assert keys == {"kms:CreateGrant"}


def test_an_instance_with_such_volumes_is_stopped_and_started(
    aws: EmbeddedAws, backend: Any, box: Any, topic: str
) -> None:
    """And told of, through the topic that has a key of its own."""
    set_tags(backend, box, nightshift__remedy="stop-start")
    world.impair(box.id, "system", since=NOW.replace(hour=10))
    outcome, keys = asked(aws, status_check.JOB, {})
    assert outcome["done"] == 1
    assert keys == {"kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey"}


def test_a_backup_of_such_volumes_needs_no_right_on_the_key(aws: EmbeddedAws, backend: Any, box: Any) -> None:
    """docs/security.md, Encryption."""
    world.clock.advance(days=1)
    outcome, keys = asked(aws, backup.JOB, {})
    assert (outcome["done"], keys) == (2, set())
