"""Records of a fleet for tests of pure code: what a test does not care about has a default."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from nightshift.fleet import Attachment, Disk, Instance, Snapshot, Volume
from nightshift.outcome import Outcome, Result, in_order
from nightshift.plan.slots import slot_text
from nightshift.plan.tags import INSTANCE, SLOT, STACK

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    """A time in UTC, as 2026-11-24 03:00."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def a_snapshot(
    id_: str = "snap-1",
    slot: datetime | Mapping[str, datetime | str] = at("2026-11-24 03:00"),  # noqa: B008 - a datetime is frozen
    *,
    volume_id: str = "vol-1",
    instance_id: str | None = None,
    state: str = "completed",
    started: datetime | None = None,
    tier: str = "standard",
    tags: Mapping[str, str] | None = None,
) -> Snapshot:
    """One of ours. slot: of the plan nightly; or the slots of its plans, as times or as they stand in the tag."""
    slots = {"nightly": slot} if isinstance(slot, datetime) else slot
    times = [time for time in slots.values() if isinstance(time, datetime)]
    texts = {plan: slot_text(time) if isinstance(time, datetime) else time for plan, time in slots.items()}
    return Snapshot(
        id=id_,
        volume_id=volume_id,
        state=state,
        started=started or min(times, default=LONG_AGO) + timedelta(seconds=40),
        size_gib=8,
        tier=tier,
        tags={STACK: "nightshift"}
        | {f"{SLOT}{plan}": text for plan, text in texts.items()}
        | ({INSTANCE: instance_id} if instance_id else {})
        | dict(tags or {}),
    )


def a_volume(
    id_: str = "vol-1",
    *,
    instance_ids: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
    state: str | None = None,
    type_: str = "gp3",
    created: datetime = LONG_AGO,
    outpost: str | None = None,
    operator: str | None = None,
) -> Volume:
    return Volume(
        id=id_,
        state=state or ("in-use" if instance_ids else "available"),
        type=type_,
        zone="eu-central-1a",
        size_gib=8,
        iops=3000,
        throughput_mibps=125,
        created=created,
        attachments=tuple(Attachment(id_, device(1), "attached") for id_ in instance_ids),
        tags=dict(tags or {}),
        outpost=outpost,
        operator=operator,
    )


def an_instance(
    id_: str = "i-1",
    volume_ids: Sequence[str] = ("vol-1",),
    *,
    tags: Mapping[str, str] | None = None,
    state: str = "running",
) -> Instance:
    """The first of its volumes is the root."""
    return Instance(
        id=id_,
        state=state,
        type="t3.micro",
        zone="eu-central-1a",
        vpc_id="vpc-1",
        subnet_id="subnet-1",
        private_ip="10.0.0.4",
        root_device=device(0),
        disks=tuple(Disk(device(n), volume_id, delete_on_termination=n == 0) for n, volume_id in enumerate(volume_ids)),
        interface_ids=("eni-1",),
        tags=dict(tags or {}),
    )


def device(number: int) -> str:
    """/dev/xvda for the root, /dev/xvdba and so on for the others."""
    return (
        "/dev/xvda"
        if number == 0
        else f"/dev/xvd{chr(ord('b') + (number - 1) // 26)}{chr(ord('a') + (number - 1) % 26)}"
    )


def an_outcome(results: Sequence[Result], refused: str | None = None, *, dry_run: bool = False) -> Outcome:
    """Of a run of cleanup."""
    return Outcome(
        job="cleanup",
        run_id="run-1",
        account="123456789012",
        region="eu-central-1",
        dry_run=dry_run,
        started=at("2026-11-24 03:00"),
        seconds=12.345,
        refused=refused,
        calls={"DescribeSnapshots": 3, "DeleteSnapshot": 11},
        results=in_order(results),
    )
