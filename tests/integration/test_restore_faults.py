"""A restore on a bad night: cut at any call, a server that does not start, and what is refused beforehand."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from moto.ec2.models.instances import Instance

from local import seed
from local.embedded import EmbeddedAws
from local.seed import Disk
from local.world import world
from nightshift.jobs.restore import JOB
from tests.integration.cuts import Cut
from tests.integration.restore_scenes import DAY, devices, endings, saved_whole
from tests.integration.scenes import SLOT, changes, machine, volume_ids

type Run = Callable[..., dict[str, Any]]


def test_a_server_that_cannot_start_gets_its_former_volumes_back(
    ec2: Any, box: Any, run_job: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that is disabled: AWS answers the start with yes, and the instance falls back to stopped."""
    former, fates, start = devices(ec2, box), endings(ec2, box), Instance.start

    def fall_back(self: Any) -> Any:
        if set(volume_ids(self)) == set(former.values()):
            return start(self)
        self.state_reason.code = "Client.InternalError"
        self.state_reason.message = "Client.InternalError: Client error on launch"
        return self._state

    monkeypatch.setattr(Instance, "start", fall_back)
    outcome = run_job(JOB, {"instance_id": box.id, "mode": "replace"})
    [failed] = [decision for decision in outcome["decisions"] if decision["outcome"] == "failed"]
    assert (failed["resource"], failed["action"], failed["error"]) == (box.id, "start", "Client.InternalError")
    assert "the former volumes were put back, and the instance runs again" in failed["reason"]
    assert (devices(ec2, box), endings(ec2, box), box.state) == (former, fates, "running")


def test_a_volume_that_ends_in_error_stops_nothing(
    ec2: Any, box: Any, backend: Any, aws: EmbeddedAws, run_job: Run
) -> None:
    """A key that cannot be used shows only after CreateVolume's yes: the server must still run on."""
    former = devices(ec2, box)

    def break_it(_service: str, action: str, _params: Mapping[str, Any]) -> None:
        for volume in backend.volumes.values():
            if volume.id not in former.values():
                volume.status = "error"

    aws.hooks.append(break_it)
    outcome = run_job(JOB, {"instance_id": box.id, "mode": "replace"})
    assert (outcome["failed"], outcome["done"]) == (1, 0)
    assert outcome["decisions"][0]["error"] == "VolumeNotMade"
    assert (devices(ec2, box), box.state) == (former, "running")


def test_what_the_time_does_not_suffice_for_is_ended_later(ec2: Any, box: Any, run_job: Run) -> None:
    world.set_check(box.id, "instance", "initializing")
    event = {"instance_id": box.id, "mode": "replace"}
    first = run_job(JOB, event, seconds=30)
    assert first["failed"] == 0
    world.recover(box.id)
    assert run_job(JOB, event)["remaining"] == 0
    assert box.state == "running"


def refused(run_job: Run, aws: EmbeddedAws, event: Mapping[str, Any]) -> str:
    """Why it was refused; nothing has been changed."""
    aws.requests.clear()
    outcome = run_job(JOB, dict(event))
    assert changes(aws.requests) == []
    assert (outcome["done"], outcome["failed"]) == (0, 0)
    assert outcome["refused"], outcome
    assert run_job(JOB, {**event, "dry_run": True})["refused"] == outcome["refused"]
    return str(outcome["refused"])


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ({"state": "pending"}, "is pending: send it again when it has completed"),
        ({"state": "error"}, "is error, and will never be a backup: name another one"),
        ({"tier": "archive"}, "aws ec2 restore-snapshot-tier --snapshot-id snap-"),
    ],
)
def test_a_snapshot_that_is_no_backup_now(
    kind: dict[str, Any], said: str, backend: Any, box: Any, aws: EmbeddedAws, run_job: Run
) -> None:
    root, _ = saved_whole(backend, box, SLOT - 5 * DAY, **kind)
    assert said in refused(run_job, aws, {"snapshot_id": root.id})


@pytest.mark.parametrize("mode", ["replace", "root"])
def test_an_instance_of_a_group(mode: str, backend: Any, box: Any, aws: EmbeddedAws, run_job: Run) -> None:
    seed.system_tags(backend, box.id, {"aws:autoscaling:groupName": "web"})
    assert "is in the Auto Scaling group web" in refused(run_job, aws, {"instance_id": box.id, "mode": mode})


@pytest.mark.parametrize("mode", ["attach", "replace", "root", "undo"])
def test_an_instance_that_is_being_terminated(mode: str, box: Any, aws: EmbeddedAws, run_job: Run) -> None:
    box.terminate()
    assert f"{box.id} is terminated" in refused(run_job, aws, {"instance_id": box.id, "mode": mode})


def test_a_zone_that_is_gone(box: Any, aws: EmbeddedAws, run_job: Run) -> None:
    words = refused(run_job, aws, {"instance_id": box.id, "zone": "eu-central-1z"})
    assert "zone eu-central-1z is not available: name another one with zone, of eu-central-1a" in words


def test_a_set_of_which_a_volume_is_missing(backend: Any, box: Any, aws: EmbeddedAws, run_job: Run) -> None:
    _, data = saved_whole(backend, box, SLOT + DAY / 24)
    backend.snapshots.pop(data.id)
    words = refused(run_job, aws, {"instance_id": box.id})
    assert f"has no snapshot of {volume_ids(box)[1]} (/dev/sdf)" in words
    assert run_job(JOB, {"instance_id": box.id, "partial": True})["done"] == 1


def test_a_set_that_is_of_two_instants(backend: Any, box: Any, aws: EmbeddedAws, run_job: Run) -> None:
    _, data = saved_whole(backend, box, SLOT + DAY / 24)
    data.start_time = data.start_time.replace(minute=30)
    assert "were not saved at one instant" in refused(run_job, aws, {"instance_id": box.id, "mode": "replace"})


def test_a_volume_of_several_instances(backend: Any, aws: EmbeddedAws, run_job: Run) -> None:
    pair = [machine(backend) for _ in range(2)]
    shared = seed.volume(backend, Disk("", 100, "io2", 4000, multi_attach=True))
    for each in pair:
        backend.attach_volume(shared.id, each.id, "/dev/sdf")
    saved_whole(backend, pair[0], SLOT)
    words = refused(run_job, aws, {"instance_id": pair[0].id, "mode": "replace"})
    assert f"{shared.id} is attached to several instances (Multi-Attach)" in words
    beside = run_job(JOB, {"instance_id": pair[0].id, "partial": True})
    assert f"the new volume of {shared.id} is no Multi-Attach volume" in beside["notes"]


def test_the_root_of_an_instance_that_is_stopped(box: Any, aws: EmbeddedAws, run_job: Run) -> None:
    box.stop()
    words = refused(run_job, aws, {"instance_id": box.id, "mode": "root"})
    assert "is stopped, and AWS replaces roots of running instances: use replace" in words


def test_instance_store_data_would_be_lost(backend: Any, aws: EmbeddedAws, run_job: Run) -> None:
    made = machine(backend, type="m5d.large")
    saved_whole(backend, made, SLOT)
    words = refused(run_job, aws, {"instance_id": made.id, "mode": "replace"})
    assert "m5d.large has instance-store volumes, and a stop loses their data" in words


def test_another_point_while_one_is_under_way(box: Any, aws: EmbeddedAws, run_job: Run) -> None:
    aws.hooks.append(Cut(4, after=True))
    run_job(JOB, {"instance_id": box.id, "mode": "replace"})
    aws.hooks.clear()
    at = (SLOT - DAY / 2).isoformat()
    words = refused(run_job, aws, {"instance_id": box.id, "mode": "replace", "at": at})
    assert "has not ended" in words
    point = f'"at": "{SLOT:%Y-%m-%dT%H}:00:40Z"'
    assert f'finish it by {{"mode": "replace", "instance_id": "{box.id}", {point}}}' in words
