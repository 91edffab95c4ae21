"""How many calls each job makes, against the least that its work can be done with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil

from bench.measure import measured, python
from bench.policies import ALL_PLANS_KEEP_ALL, COST_CENTRE, FOUR_OTHERS, NIGHTLY, keeping
from bench.report import Goal, Section, Table
from bench.server import Server

PAGE, TAGGED_AT_ONCE = 1000, 200


@dataclass(frozen=True)
class Case:
    """least: calls by action, without GetParameter, which each run makes once."""

    job: str
    what: str
    least: Mapping[str, int]
    policy: str = NIGHTLY
    event: str = "{}"
    size: Mapping[str, int] = field(default_factory=dict)


def cases() -> list[Case]:
    return [
        Case("backup", "500 instances of two volumes", _backup(500),
             size={"instances": 500, "nights": 1, "nights_ago": 1}),
        Case("cleanup", "10,000 snapshots, five plans, 1,000 to go", _cleanup(500, 10), keeping(9, FOUR_OTHERS),
             size=_fleet(500, 10)),
        Case("cleanup", "the same, nobody asked about sharing", _cleanup(500, 10) | {"DescribeSnapshotAttribute": 0},
             keeping(9, FOUR_OTHERS, check_sharing=False), size=_fleet(500, 10)),
        Case("cleanup", "100,000 snapshots, 1,000 of them to go", _cleanup(500, 100), keeping(99),
             size=_fleet(500, 100)),
        Case("cleanup", "100,000 snapshots, five plans, none to go", {"DescribeSnapshots": 100}, ALL_PLANS_KEEP_ALL,
             size=_fleet(5000, 10)),
        Case("status_check", "5,000 instances, all well", _pages(DescribeInstances=5000, DescribeInstanceStatus=5000),
             size={"instances": 5000}),
        Case("tagging", "5,000 instances, one tag on each",
             {**_pages(DescribeInstances=5000), "CreateTags": 5000 // TAGGED_AT_ONCE}, COST_CENTRE,
             size={"instances": 5000}),
    ]  # fmt: skip


def made(case: Case, server: Server, speed: float = 20, share: float = 0.8) -> tuple[Mapping[str, int], int]:
    """The calls that the endpoint saw, by action, and how many it throttled; a share above 1 is that of no bucket."""
    server.become(case.policy, throttling=share <= 1, speed=speed, **case.size)
    environment = server.environment | {"NIGHTSHIFT_BUCKET_SHARE": str(share)}
    measured(python("bench.workers.job", case.job, case.event, str(speed)), environment)
    seen = server.seen()
    if undone := [action for action, number in case.least.items() if seen["calls"].get(action, 0) < number]:
        raise RuntimeError(f"{case.job}, {case.what}: not all of {', '.join(undone)} were made")
    return seen["calls"], sum(seen["throttled"].values())


def section(server: Server) -> Section:
    rows, most, throttled = [], 0.0, 0
    for case in cases():
        calls, refused = made(case, server)
        least, total = 1 + sum(case.least.values()), sum(calls.values())
        most, throttled = max(most, total / least), throttled + refused
        rows.append((case.job, case.what, f"{total:,}", f"{least:,}", f"{total / least:.2f}"))
    return Section(
        "Calls",
        "All that the endpoint received, against pages of 1,000, the changes, and one `GetParameter`; cleanup asks one "
        "`DescribeSnapshotAttribute` a deletion, and once each for public, locked and imaged snapshots, volumes and "
        f"holds. `CreateTags` takes {TAGGED_AT_ONCE} resources at a time, as AWS recommends small batches.",
        [Goal("calls / least", most, 1.0), Goal("throttle answers", throttled, 0)],
        [Table(["job", "work", "calls", "least", "ratio"], rows)],
    )


def _fleet(instances: int, nights: int) -> dict[str, int]:
    return {"instances": instances, "nights": nights}


def _backup(instances: int) -> dict[str, int]:
    """With the last night's snapshots there and this one's wanted: of two volumes each."""
    return {
        **_pages(DescribeInstances=instances, DescribeVolumes=2 * instances, DescribeSnapshots=2 * instances),
        "CreateSnapshots": instances,
    }


def _cleanup(instances: int, nights: int) -> dict[str, int]:
    public, deletions = 1, 2 * instances
    once = dict.fromkeys(("DescribeImages", "DescribeLockedSnapshots", "DescribeInstances"), 1)
    pages = _pages(DescribeVolumes=2 * instances, DescribeSnapshots=2 * instances * nights)
    return {
        **once,
        **pages,
        "DescribeSnapshots": pages["DescribeSnapshots"] + public,
        "DescribeSnapshotAttribute": deletions,
        "DeleteSnapshot": deletions,
    }


def _pages(**numbers: int) -> dict[str, int]:
    return {action: ceil(number / PAGE) for action, number in numbers.items()}
