"""The pacer: never faster than our share of AWS's buckets, and no slower than need be."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.buckets import Buckets
from nightshift.aws.pace import Pacer, is_read
from nightshift.settings import Settings
from tests.support import FakeClock

BUCKETS = [
    # (action, size, refill per second), by AWS's page "Request throttling for the EC2 API"
    ("CreateSnapshot", 100, 5),
    ("CreateSnapshots", 100, 5),
    ("DeleteSnapshot", 100, 5),
    ("CreateTags", 100, 10),
    ("DeleteTags", 100, 10),
    ("StartInstances", 5, 2),
    ("CreateNatGateway", 10, 1),
    ("DeleteNatGateway", 10, 1),
    ("CreateVpc", 50, 5),
    ("StopInstances", 50, 5),
    ("DescribeSnapshots", 100, 20),
    ("GetParameter", 100, 20),
    # AWS publishes none of EKS: the project's own choice
    ("ListClusters", 20, 10),
    ("DescribeAddonVersions", 20, 10),
    ("TagResource", 20, 10),
]


def seconds_for(number: int, pacer: Pacer, clock: FakeClock, action: str) -> float:
    """How long so many calls one after the other have to wait."""
    start = clock.now()
    for _ in range(number):
        pacer.wait_for_token(action)
    return (clock.now() - start).total_seconds()


@pytest.mark.parametrize("action", ["CreateVpcEndpoint", "ModifyVpcEndpoint", "DeleteVpcEndpoints"])
def test_endpoints_have_the_smallest_bucket(action: str) -> None:
    clock = FakeClock()
    pacer = Pacer(clock, 1.0)
    assert seconds_for(2, pacer, clock, action) == 0
    assert seconds_for(11, pacer, clock, action) == pytest.approx(9 / 0.3)


@pytest.mark.parametrize("share", [1.0, 0.8, 0.2])
@pytest.mark.parametrize(("action", "size", "refill"), BUCKETS)
def test_half_a_share_goes_at_once_the_other_half_soon_and_the_rest_as_it_refills(
    action: str, size: int, refill: int, share: float
) -> None:
    clock = FakeClock()
    pacer = Pacer(clock, share)
    half = int(size * share / 2)
    assert seconds_for(half, pacer, clock, action) == 0
    soon = seconds_for(half, pacer, clock, action)
    assert half / (refill * share * 1.25) - 1 < soon <= (half + 1) / (refill * share * 1.25)
    after = 1000 - 2 * half
    assert soon + seconds_for(after, pacer, clock, action) == pytest.approx((1000 - size * share) / (refill * share))


def test_a_run_right_after_another_one_of_half_a_minute_is_not_throttled() -> None:
    """At the default share, by AWS's own bucket: it fills while the runs go on, up to its size."""
    clock, account = FakeClock(), FakeClock()
    aws_s = Buckets(account.now)
    for _ in range(2):
        pacer, end = Pacer(clock, Settings().bucket_share), clock.now() + timedelta(seconds=30)
        while clock.now() < end:
            pacer.wait_for_token("DeleteSnapshot")
            account.time = clock.now()
            assert aws_s.take("DeleteSnapshot")


def test_5000_deletions_take_the_time_that_aws_gives() -> None:
    clock = FakeClock()
    assert seconds_for(5000, Pacer(clock, 1.0), clock, "DeleteSnapshot") == pytest.approx(980, rel=0.001)


def test_each_action_has_a_bucket_of_its_own() -> None:
    clock = FakeClock()
    pacer = Pacer(clock, 1.0)
    seconds_for(100, pacer, clock, "CreateSnapshots")
    assert seconds_for(50, pacer, clock, "CreateSnapshot") == 0


def test_what_refills_is_never_more_than_the_share() -> None:
    clock = FakeClock()
    pacer = Pacer(clock, 0.8)
    first = seconds_for(400, pacer, clock, "DeleteSnapshot")
    clock.time += timedelta(hours=5)
    assert seconds_for(400, pacer, clock, "DeleteSnapshot") == pytest.approx(first) == pytest.approx(80)
    assert seconds_for(1, pacer, clock, "DeleteSnapshot") == pytest.approx(0.25)


def test_after_a_throttle_the_bucket_is_empty_whoever_emptied_it() -> None:
    clock = FakeClock()
    pacer = Pacer(clock, 0.8)
    pacer.throttled("DeleteSnapshot")
    assert seconds_for(4, pacer, clock, "DeleteSnapshot") == pytest.approx(1)
    assert seconds_for(10, pacer, clock, "CreateTags") == 0, "other actions go on"


def test_a_throttle_does_not_forgive_what_is_owed() -> None:
    clock = StandingClock()
    pacer = Pacer(clock, 0.8)
    for _ in range(84):  # 44 more than go at once: 84 threads at the same moment
        pacer.wait_for_token("DeleteSnapshot")
    pacer.throttled("DeleteSnapshot")
    pacer.wait_for_token("DeleteSnapshot")
    assert clock.slept == pytest.approx([each / 5 for each in range(1, 46)])


def test_what_would_come_too_late_is_not_waited_for() -> None:
    clock = FakeClock()
    pacer = Pacer(clock, 0.8)
    seconds_for(40, pacer, clock, "DeleteSnapshot")
    assert pacer.wait_for_token("DeleteSnapshot", at_most_seconds=0.3)
    assert not pacer.wait_for_token("DeleteSnapshot", at_most_seconds=0.1)
    assert clock.slept == [0.2]


class StandingClock(FakeClock):
    """As several threads see it that come at the same moment."""

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@given(
    st.lists(st.floats(0, 40), min_size=1, max_size=150),
    st.sampled_from(["DeleteSnapshot", "StartInstances", "DescribeVolumes"]),
    st.floats(0.1, 1),
)
def test_in_no_span_of_time_more_calls_than_the_bucket_gives(gaps: list[float], action: str, share: float) -> None:
    size, refill = {"DeleteSnapshot": (100, 5), "StartInstances": (5, 2), "DescribeVolumes": (100, 20)}[action]
    clock = FakeClock()
    pacer = Pacer(clock, share)
    sent: list[float] = []
    for gap in gaps:
        clock.time += timedelta(seconds=gap if gap > 20 else 0)  # bursts, and now and then a pause
        pacer.wait_for_token(action)
        sent.append(clock.now().timestamp())
    for first in range(0, len(sent), 7):
        for last in range(first, len(sent), 11):
            allowed = max(size * share, 1) + refill * share * (sent[last] - sent[first])
            assert last - first + 1 <= allowed + 0.01


@pytest.mark.parametrize(
    ("seconds", "actions", "share", "times"),
    [
        (0, ["DeleteSnapshot"], 1.0, 50),
        (0, ["DeleteSnapshot"], 0.8, 40),
        (-5, ["DeleteSnapshot"], 0.8, 40),
        (8, ["DeleteSnapshot"], 0.8, 80),
        (980, ["DeleteSnapshot"], 1.0, 5000),
        (
            100,
            ["DescribeSnapshotAttribute", "DeleteSnapshot"],
            0.8,
            400,
        ),  # one after the other: 80 + 100 / (1/16 + 1/4)
    ],
)
def test_how_much_a_run_has_time_for(seconds: float, actions: list[str], share: float, times: int) -> None:
    assert Pacer(FakeClock(), share).often_within(seconds, actions) == times


@pytest.mark.parametrize(
    ("action", "reads"),
    [
        ("DescribeSnapshots", True),
        ("GetParameter", True),
        ("ListTagsForResource", True),
        ("DeleteSnapshot", False),
        ("CreateTags", False),
        ("ModifySnapshotAttribute", False),
        ("Publish", False),
    ],
)
def test_what_a_dry_run_may_send(action: str, reads: bool) -> None:
    assert is_read(action) == reads
