"""Beside Cloud Custodian: the same work, on the same endpoint, each as a whole process."""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.measure import Measured, measured, python
from bench.policies import COST_CENTRE, NIGHTLY, keeping
from bench.report import Goal, Section, Table
from bench.server import REGION, ROOT, Server

LATENCY = 0.03
ROUNDS = 3
CUT_AFTER_SECONDS = 30
NO_LIMIT_SECONDS = 3600
CUSTODIAN = [str(ROOT / ".venv/peer/bin/python"), "-P", str(ROOT / "bench/workers/custodian.py")]
VERSION = next(
    line.split()[0].partition("==")[2]
    for line in (ROOT / "requirements" / "peer.txt").read_text().splitlines()
    if line.startswith("c7n==")
)
WORDS = (
    f"Cloud Custodian (c7n) {VERSION} does the same work on the same endpoint, with AWS's buckets and 30 ms an "
    "answer, at their real speed; reading has neither. Each is measured as a whole process, its imports too. For "
    "c7n was chosen what is cheapest for it. Its account is given to it, so that it asks no STS. Its cache is "
    "off, as it would have to be written first. Of an old snapshot it is asked for the age alone: `delete` by "
    "itself leaves out those that back an image, and the filter for it would list the images once more. Its "
    "retries, its two threads and its batches (25 resources a tag, 50 a deletion) are its own and no policy sets "
    "them; botocore's retries are as they come. It writes what it found as JSON, as it always does; Nightshift "
    "writes its log. The snapshot that is refused is in the middle of all, and so of a batch. What is cut off is "
    "killed after 30 s and started once more; wall and CPU are those of both runs. Sharing is asked by Nightshift"
    " alone; c7n would only if it were told to, so no goal compares that. One round each, Nightshift first; "
    "reading is the median of three. Deletions take Nightshift longer by the clock: it leaves a fifth of AWS's "
    "bucket to others, where c7n takes all of it and is throttled."
)

KEEP_NINE = keeping(9, check_sharing=False)
# Nine nights ago is the oldest one; half a day less, as its snapshots began a few minutes after the hour.
OLD = "{resource: aws.ebs-snapshot, filters: [{type: age, days: 8.5, op: ge}]"
DELETE_OLD = f"{OLD}, actions: [delete]"
# 1,050 of the oldest night, 50 of which back an image.
TEN_NIGHTS = {"instances": 525, "nights": 10, "images": 50}


@dataclass(frozen=True)
class Work:
    """policy: Nightshift's. peer: c7n's, less its name and the last brace; without, Nightshift works alone.

    counted: by what its end is seen, which changes by `wanted`; what only reads wants nothing.
    cut: killed when its time is up, and started again. peak: what memory may be of c7n's.
    """

    what: str
    job: str
    policy: str
    size: Mapping[str, int]
    peer: str = ""
    event: str = "{}"
    counted: str = "snapshots"
    wanted: int = 0
    cut: bool = False
    throttling: bool = True
    latency: float = LATENCY
    rounds: int = 1
    peak: float = 0.9


@dataclass(frozen=True)
class Used:
    """wall, cpu: seconds; peak: MiB. done: share of the work."""

    wall: float
    cpu: float
    peak: float
    calls: Mapping[str, int] = field(default_factory=dict)
    throttled: int = 0
    done: float = 1.0

    @property
    def changes(self) -> str:
        made = {action: number for action, number in self.calls.items() if not action.startswith(("Describe", "Get"))}
        return ", ".join(f"{action} {number:,}" for action, number in made.items()) or "none"


type Compared = Mapping[str, Used]
OURS, PEER = "Nightshift", "c7n"


def works() -> list[Work]:
    return [
        Work("1,000 deletions of 10,500", "cleanup", KEEP_NINE, TEN_NIGHTS, DELETE_OLD, wanted=1000),
        Work("the same, sharing asked before", "cleanup", keeping(9), TEN_NIGHTS, wanted=1000),
        Work(
            "snapshots of 500 volumes", "backup", NIGHTLY,
            {"instances": 250, "nights": 1, "nights_ago": 1},
            "{resource: aws.ebs, actions: [{type: snapshot, copy-tags: ['*']}]", wanted=500,
        ),
        Work(
            "a tag on 5,000 instances", "tagging", COST_CENTRE,
            {"instances": 5000, "disks": 1},
            "{resource: aws.ec2, filters: ['tag:CostCentre': absent], "
            "actions: [{type: tag, tags: {CostCentre: '4711'}}]",
            counted="tagged", wanted=5000,
        ),
        Work(
            "reading 100,000 snapshots", "cleanup", KEEP_NINE, {"instances": 5000, "nights": 10}, OLD,
            event='{"dry_run": true}', throttling=False, latency=0, rounds=ROUNDS, peak=0.7,
        ),
        Work(
            "1,050 deletions, one refused", "cleanup", KEEP_NINE,
            {"instances": 525, "nights": 10, "refusing": 1}, DELETE_OLD, wanted=1049,
        ),
        Work("1,000 deletions, cut off once", "cleanup", KEEP_NINE, TEN_NIGHTS, DELETE_OLD, wanted=1000, cut=True),
    ]  # fmt: skip


def compared(server: Server, work: Work) -> Compared:
    """One after the other, so many rounds; medians."""
    rounds = [{whose: _used(server, work, whose) for whose in _who(work)} for _ in range(work.rounds)]
    return {whose: _median([each[whose] for each in rounds]) for whose in _who(work)}


def section(server: Server) -> Section:
    return of([(work, compared(server, work)) for work in works()])


def of(found: Sequence[tuple[Work, Compared]]) -> Section:
    header = ["work", "", "wall, s", "CPU, s", "peak, MiB", "calls", "changes among them", "throttled", "done"]
    rows = [_row(work, whose, used) for work, both in found for whose, used in both.items()]
    goals = [goal for work, both in found for goal in _goals(work, both)]
    return Section("Beside Cloud Custodian", WORDS, goals, [Table(header, rows)])


def peer_policy(work: Work) -> str:
    """c7n's, as YAML."""
    return f"policies: [{work.peer}, name: bench}}]"


def _who(work: Work) -> Sequence[str]:
    return (OURS, PEER) if work.peer else (OURS,)


def _used(server: Server, work: Work, whose: str) -> Used:
    server.become(work.policy, throttling=work.throttling, latency=work.latency, **work.size)
    before = server.seen()[work.counted]
    limits = [CUT_AFTER_SECONDS, NO_LIMIT_SECONDS] if work.cut else [NO_LIMIT_SECONDS]
    run = _ours if whose == OURS else _peer
    runs = [run(server, work, limit) for limit in limits]
    seen = server.seen()
    return Used(
        sum(each.wall for each in runs),
        sum(each.cpu for each in runs),
        max(each.peak for each in runs),
        seen["calls"],
        sum(seen["throttled"].values()),
        abs(seen[work.counted] - before) / work.wanted if work.wanted else 1.0,
    )


def _ours(server: Server, work: Work, at_most_seconds: float) -> Measured:
    return measured(python("bench.workers.job", work.job, work.event), server.environment, at_most_seconds)


def _peer(server: Server, work: Work, at_most_seconds: float) -> Measured:
    environment = {key: value for key, value in server.environment.items() if key != "PYTHONPATH"}
    with tempfile.TemporaryDirectory() as folder:
        policy = Path(folder) / "policy.yml"
        policy.write_text(peer_policy(work))
        arguments = ["run", "-s", folder, "--cache-period", "0", "-r", REGION, str(policy)]
        return measured([*CUSTODIAN, *arguments], environment, at_most_seconds)


def _median(rounds: Sequence[Used]) -> Used:
    """Of what the machine has a say in; the rest is the same in each round, or the worst of them counts."""
    return Used(
        median(each.wall for each in rounds),
        median(each.cpu for each in rounds),
        median(each.peak for each in rounds),
        Counter(rounds[-1].calls),
        max(each.throttled for each in rounds),
        min(each.done for each in rounds),
    )


def _goals(work: Work, both: Compared) -> list[Goal]:
    ours, goals = both[OURS], []
    if PEER in both:
        goals += [
            Goal(f"{work.what}: CPU, Nightshift / c7n", ours.cpu / both[PEER].cpu, 1.0),
            Goal(f"{work.what}: peak, Nightshift / c7n", ours.peak / both[PEER].peak, work.peak),
        ]
    if work.wanted:
        goals += [
            Goal(f"{work.what}: throttle answers to Nightshift", ours.throttled, 0),
            Goal(f"{work.what}: share that Nightshift did", ours.done, 1.0, at_least=True),
        ]
    return goals


def _row(work: Work, whose: str, used: Used) -> Sequence[str]:
    return (
        work.what,
        whose,
        f"{used.wall:.0f}",
        f"{used.cpu:.1f}",
        f"{used.peak:.0f}",
        f"{sum(used.calls.values()):,}",
        used.changes,
        f"{used.throttled:,}",
        f"{used.done:.1%}" if work.wanted else "",
    )
