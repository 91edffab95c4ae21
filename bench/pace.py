"""How long changes take: under AWS's token buckets against what our share allows; without them against a bare loop."""

from dataclasses import dataclass
from statistics import median

from bench.measure import measured, python
from bench.policies import NIGHTLY, OWNERS, keeping
from bench.report import Goal, Section, Table
from bench.server import Server

SPEED = 5
SHARE = 0.8
ROUNDS = 5
LATENCY = 0.03


@dataclass(frozen=True)
class Night:
    """buckets: of the calls that are made one kind after the other, (number, burst, tokens a second)."""

    job: str
    what: str
    policy: str
    size: dict[str, int]
    buckets: tuple[tuple[int, float, float], ...]

    @property
    def least(self) -> float:
        """Seconds that our share of the buckets takes."""
        return sum(seconds_of_bucket(*bucket) for bucket in self.buckets)


NIGHTS = (
    Night(
        "cleanup",
        "1,000 deletions of 10,000 snapshots",
        keeping(9, check_sharing=False),
        {"instances": 500, "nights": 10},
        ((1000, 100, 5),),
    ),
    Night(
        "cleanup",
        "the same, with whom each is shared asked before",
        keeping(9),
        {"instances": 500, "nights": 10},
        ((1000, 100, 20), (1000, 100, 5)),
    ),
    Night(
        "backup",
        "500 instances of two volumes",
        NIGHTLY,
        {"instances": 500, "nights": 1, "nights_ago": 1},
        ((500, 100, 5),),
    ),
    Night(
        "tagging",
        "5,000 instances, another tag on the volume of each",
        OWNERS,
        {"instances": 5000, "disks": 1},
        ((5000, 100, 10),),
    ),
)

UNTHROTTLED = {"delete": 1000, "snapshot": 500, "tag": 1000}
NAMES = {"delete": "DeleteSnapshot", "snapshot": "CreateSnapshots", "tag": "CreateTags"}


def seconds_of_bucket(number: int, burst: float, refill: float) -> float:
    """What our share of a full bucket takes for so many calls."""
    return max(0.0, number - SHARE * burst) / (SHARE * refill)


def section(server: Server) -> Section:
    nights = [_night(server, night) for night in NIGHTS]
    rates = {kind: _rates(server, kind, number) for kind, number in UNTHROTTLED.items()}
    return Section(
        "Time",
        f"Under AWS's buckets, of which a run takes {SHARE:.0%}; the endpoint, its {LATENCY * 1000:.0f} ms and the "
        f"run's clock all go {SPEED} times as fast, so what the machine itself needs counts {SPEED} times. The least "
        f"is what the share allows from full buckets. Without buckets and latency: the rate of a bare boto3 loop in as "
        f"many threads, medians of {ROUNDS} rounds.",
        [
            Goal("longest against its least", max(seconds / least for _, seconds, least, _ in nights), 1.05),
            Goal("throttle answers", sum(throttled for *_, throttled in nights), 0),
            Goal("lowest rate / bare loop", min(ours / bare for ours, bare in rates.values()), 0.9, at_least=True),
        ],
        [
            Table(
                ["job", "work", "seconds", "least", "ratio"],
                [
                    (night.job, night.what, f"{seconds:.0f}", f"{least:.0f}", f"{seconds / least:.3f}")
                    for night, seconds, least, _ in nights
                ],
            ),
            Table(
                ["unthrottled", "calls a second", "bare loop", "ratio"],
                [
                    (NAMES[kind], f"{ours:.0f}", f"{bare:.0f}", f"{ours / bare:.2f}")
                    for kind, (ours, bare) in rates.items()
                ],
            ),
        ],
    )


def _night(server: Server, night: Night) -> tuple[Night, float, float, int]:
    """The seconds that the run took by its own clock, the least, and the throttle answers."""
    server.become(night.policy, throttling=True, speed=SPEED, latency=LATENCY, **night.size)
    said = measured(python("bench.workers.job", night.job, "{}", str(SPEED)), server.environment).said
    if said["remaining"] or said["failed"] or not said["done"]:
        raise RuntimeError(f"{night.what}: not all was done: {said}")
    return night, said["wall"] * SPEED, night.least, sum(server.seen()["throttled"].values())


def _rates(server: Server, kind: str, number: int) -> tuple[float, float]:
    """Calls a second: ours, and those of the bare loop."""
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(ROUNDS):
        for whose, of in rates.items():
            server.become(instances=1000, nights=1)
            environment = server.environment | {"NIGHTSHIFT_BUCKET_SHARE": "1000000"}
            said = measured(python("bench.workers.changes", kind, whose, str(number)), environment).said
            of.append(number / said["wall"])
    return median(rates["ours"]), median(rates["bare"])
