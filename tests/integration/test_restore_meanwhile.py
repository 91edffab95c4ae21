"""Restore while others act: a server that is started, a volume that goes elsewhere, a start that is denied."""

from collections.abc import Callable
from typing import Any

from local.embedded import EmbeddedAws
from local.wire import Fault
from nightshift.jobs.restore import JOB
from tests.integration.cuts import Cut, Meanwhile
from tests.integration.restore_scenes import devices, ending, went_well
from tests.integration.scenes import machine

type Run = Callable[..., dict[str, Any]]


def test_somebody_starts_the_server_meanwhile(ec2: Any, box: Any, aws: EmbeddedAws, event: Any, run_job: Run) -> None:
    """After the stop, before the first volume is taken out: nothing is swapped while it runs."""
    before = devices(ec2, box)
    started: list[str] = []

    def start(_service: str, action: str, _params: Any) -> None:
        if action == "DescribeInstances" and box.state == "stopped" and not started:
            # The look that ends the stop comes first.
            started.append("seen")
        elif action == "DescribeInstances" and started == ["seen"]:
            started.append("started")
            box.start()

    aws.hooks.append(start)
    outcome = run_job(JOB, event)
    aws.hooks.clear()
    failed = ending(outcome)
    assert (failed["action"], failed["error"]) == ("detach", "IncorrectInstanceState")
    assert "somebody started it meanwhile" in failed["reason"]
    assert devices(ec2, box) == before
    went_well(run_job(JOB, event))


def test_the_former_volume_goes_elsewhere_meanwhile(
    ec2: Any, box: Any, backend: Any, aws: EmbeddedAws, event: Any, undo: Any, run_job: Run
) -> None:
    """Nothing is taken out before it is known that the other one can follow."""
    before, other = devices(ec2, box), machine(backend, {"Name": "other"})
    run_job(JOB, event)
    restored = devices(ec2, box)
    aws.hooks.append(Meanwhile(1, lambda: backend.attach_volume(before["/dev/sda1"], other.id, "/dev/sdq")))
    outcome = run_job(JOB, undo)
    failed = ending(outcome)
    assert f"is at /dev/sdq of {other.id} meanwhile" in failed["reason"]
    assert devices(ec2, box) == restored


def test_a_start_that_aws_denies_leaves_nobody_in_doubt(
    ec2: Any, box: Any, aws: EmbeddedAws, event: Any, run_job: Run
) -> None:
    before = devices(ec2, box)

    def deny(_service: str, action: str, _params: Any) -> Fault | None:
        return Fault("UnauthorizedOperation", "explicit deny", 403) if action == "StartInstances" else None

    aws.hooks.append(deny)
    failed = ending(run_job(JOB, event))
    assert "the former volumes were put back, and the instance is stopped: it could not be started" in failed["reason"]
    assert devices(ec2, box) == before


def test_the_former_volume_goes_to_another_device_meanwhile(
    ec2: Any, box: Any, backend: Any, aws: EmbeddedAws, event: Any, undo: Any, run_job: Run
) -> None:
    before = devices(ec2, box)
    run_job(JOB, event)
    restored = devices(ec2, box)
    aws.hooks.append(Meanwhile(1, lambda: backend.attach_volume(before["/dev/sda1"], box.id, "/dev/sdz")))
    failed = ending(run_job(JOB, undo))
    assert f"is at /dev/sdz of {box.id} meanwhile, not at /dev/sda1" in failed["reason"]
    assert restored.items() <= devices(ec2, box).items()


def test_what_was_attached_by_a_run_that_was_cut_is_not_taken_for_new_later(
    ec2: Any, box: Any, aws: EmbeddedAws, run_job: Run
) -> None:
    """Cut between attaching the last volume and writing down that it stands there."""
    beside, before = {"instance_id": box.id, "mode": "attach"}, devices(ec2, box)
    aws.hooks.append(Cut(5, after=True))
    run_job(JOB, beside)
    aws.hooks.clear()
    went_well(run_job(JOB, beside))
    used = {id_ for device, id_ in devices(ec2, box).items() if device not in before}
    for volume_id in used:
        ec2.detach_volume(VolumeId=volume_id, InstanceId=box.id)
    went_well(run_job(JOB, beside))
    assert not used & set(devices(ec2, box).values())
