"""A restore that AWS refuses: no capacity, no room, a device that is taken. The server runs on or can be put back, no
volume is made twice, and the same event goes on once AWS lets it. Numbers as in test_bad_day."""

from collections.abc import Callable
from typing import Any

import pytest
from moto.ec2.models.instances import Instance

from local import seed
from local.embedded import EmbeddedAws
from local.stage import client
from local.wire import Fault
from nightshift.jobs.restore import JOB
from tests.integration.restore_scenes import devices, ending, endings, new_volumes, volumes, went_well
from tests.integration.scenes import Trouble, changes, volume_ids
from tests.support import REGION

type Run = Callable[..., dict[str, Any]]

FOR_GOOD = 10_000
NO_INSTANCE = Fault("InsufficientInstanceCapacity", "We currently do not have sufficient capacity", 500)
# Each meets a call that makes or moves a volume.
REFUSALS = [
    ("CreateVolume", Fault("InsufficientVolumeCapacity", "There is not enough capacity in the zone", 500)),
    ("CreateVolume", Fault("VolumeLimitExceeded", "You have exceeded your maximum gp3 storage limit")),
    ("CreateVolume", Fault("InvalidParameterValue", "The key is disabled")),
    ("AttachVolume", Fault("InvalidParameterValue", "Invalid value '/dev/sdf' for unixDevice. It is already in use")),
    ("AttachVolume", Fault("InvalidVolume.ZoneMismatch", "The volume is not in the same zone as the instance")),
    ("AttachVolume", Fault("AttachmentLimitExceeded", "The instance type allows 28 attachments")),
    ("AttachVolume", Fault("VolumeInUse", "The volume is already attached to an instance")),
    ("DetachVolume", Fault("IncorrectState", "The volume is being modified")),
]


@pytest.mark.parametrize(("action", "answer"), REFUSALS, ids=[f"{action}-{fault.code}" for action, fault in REFUSALS])
def test_28_29_a_refusal_is_told_and_the_same_event_goes_on_with_the_same_volumes(
    action: str, answer: Fault, ec2: Any, box: Any, aws: EmbeddedAws, event: Any, run_job: Run
) -> None:
    former, before = devices(ec2, box), volumes(ec2)
    aws.hooks.append(Trouble(action, answer, FOR_GOOD))
    failed = ending(run_job(JOB, event))
    assert failed["error"] == answer.code
    assert answer.message in failed["reason"]
    if action == "CreateVolume":
        assert (box.state, devices(ec2, box)) == ("running", former), "nothing is stopped before all is made"
    aws.hooks.clear()
    went_well(run_job(JOB, event))
    made = {each["VolumeId"] for each in new_volumes(ec2, before)}
    assert (len(made), set(devices(ec2, box).values()), box.state) == (len(former), made, "running")


@pytest.mark.parametrize("action", ["AttachVolume", "DetachVolume"])
def test_29_a_refusal_midway_can_be_undone(
    action: str, ec2: Any, box: Any, aws: EmbeddedAws, event: Any, undo: Any, run_job: Run
) -> None:
    former, fates = devices(ec2, box), endings(ec2, box)
    aws.hooks.append(Trouble(action, Fault("AttachmentLimitExceeded"), FOR_GOOD))
    ending(run_job(JOB, event))
    aws.hooks.clear()
    went_well(run_job(JOB, undo))
    assert (devices(ec2, box), endings(ec2, box), box.state) == (former, fates, "running")


def test_28_no_capacity_for_the_start_is_told_and_the_same_event_starts_it_later(
    ec2: Any, box: Any, aws: EmbeddedAws, event: Any, run_job: Run
) -> None:
    former = devices(ec2, box)
    aws.hooks.append(Trouble("StartInstances", NO_INSTANCE, FOR_GOOD))
    failed = ending(run_job(JOB, event))
    assert (failed["resource"], failed["action"]) == (box.id, "start")
    assert (failed["error"], box.state) == ("InsufficientInstanceCapacity", "stopped")
    assert "sufficient capacity; the same event starts it as it stands, undo goes back" in failed["reason"]
    restored = devices(ec2, box)
    assert set(restored.values()).isdisjoint(former.values())
    aws.hooks.clear()
    went_well(run_job(JOB, event))
    assert (devices(ec2, box), box.state) == (restored, "running")


def test_28_no_capacity_for_the_start_leaves_undo(
    ec2: Any, box: Any, aws: EmbeddedAws, event: Any, undo: Any, run_job: Run
) -> None:
    former, fates = devices(ec2, box), endings(ec2, box)
    aws.hooks.append(Trouble("StartInstances", NO_INSTANCE, FOR_GOOD))
    ending(run_job(JOB, event))
    aws.hooks.clear()
    went_well(run_job(JOB, undo))
    assert (devices(ec2, box), endings(ec2, box), box.state) == (former, fates, "running")


@pytest.fixture
def key(backend: Any, box: Any, aws: EmbeddedAws) -> str:
    """Of a customer's, that encrypts the server's volumes and their snapshots."""
    arn: str = client("kms", aws.url, REGION).create_key()["KeyMetadata"]["Arn"]
    for volume in seed.volumes_of(backend, box).values():
        volume.encrypted, volume.kms_key_id = True, arn
    for snapshot in backend.snapshots.values():
        snapshot.encrypted, snapshot.kms_key_id = True, arn
    return arn


@pytest.mark.parametrize("made_unusable", ["disable_key", "schedule_key_deletion"])
def test_25_a_key_that_cannot_be_used_is_named_before_anything_changes(
    made_unusable: str, ec2: Any, box: Any, aws: EmbeddedAws, key: str, event: Any, run_job: Run
) -> None:
    former = devices(ec2, box)
    getattr(client("kms", aws.url, REGION), made_unusable)(KeyId=key.rpartition("/")[2])
    aws.requests.clear()
    outcome = run_job(JOB, event)
    assert f"is encrypted with {key}, which is " in outcome["refused"]
    assert "enable it, or cancel its deletion, in the KMS console" in outcome["refused"]
    assert changes(aws.requests) == []
    assert (box.state, devices(ec2, box)) == ("running", former)


def test_25_a_key_that_goes_after_the_read_is_named_and_the_server_runs_on(
    ec2: Any, box: Any, backend: Any, aws: EmbeddedAws, key: str, event: Any, run_job: Run
) -> None:
    """CreateVolume answers yes, and the volume ends in error."""
    former = devices(ec2, box)

    def break_it(_service: str, _action: str, _params: Any) -> None:
        for volume in backend.volumes.values():
            if volume.id not in former.values():
                volume.status = "error"

    aws.hooks.append(break_it)
    failed = ending(run_job(JOB, event))
    assert failed["error"] == "VolumeNotMade"
    assert f"the usual cause is its key {key}" in failed["reason"]
    assert (box.state, devices(ec2, box)) == ("running", former)


def test_25_where_the_instance_falls_back_for_a_key_it_is_named_and_the_former_volumes_are_put_back(
    ec2: Any, box: Any, key: str, event: Any, run_job: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """StartInstances answers yes, and the instance is stopped again."""
    former, start = devices(ec2, box), Instance.start

    def fall_back(self: Any) -> Any:
        if set(volume_ids(self)) == set(former.values()):
            return start(self)
        self.state_reason.code = "Client.InternalError"
        self.state_reason.message = "Client.InternalError: Client error on launch"
        return self._state

    monkeypatch.setattr(Instance, "start", fall_back)
    failed = ending(run_job(JOB, event))
    assert failed["error"] == "Client.InternalError"
    assert f"the usual cause is a key that cannot be used: {key}" in failed["reason"]
    assert "the former volumes were put back, and the instance runs again" in failed["reason"]
    assert (box.state, devices(ec2, box)) == ("running", former)
