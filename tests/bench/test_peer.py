"""The comparison with Cloud Custodian, as far as it needs no Cloud Custodian."""

from dataclasses import replace

import pytest
import yaml

from bench import peer
from bench.peer import OURS, PEER, Used, Work
from bench.server import Server

CALLS = {"DescribeSnapshots": 11, "GetParameter": 1, "DeleteSnapshot": 1000}
BOTH = {OURS: Used(230, 2, 90, CALLS), PEER: Used(200, 4, 120, CALLS, 80, 0.9)}


def _not_met(work: Work, both: peer.Compared) -> list[str]:
    return [goal.what.removeprefix(f"{work.what}: ") for goal in peer.of([(work, both)]).goals if not goal.met]


@pytest.mark.parametrize("work", [each for each in peer.works() if each.peer], ids=lambda work: work.what)
def test_custodian_gets_a_policy_of_its_own(work: Work) -> None:
    (policy,) = yaml.safe_load(peer.peer_policy(work))["policies"]
    assert policy["name"] == "bench"
    assert ("actions" in policy) == (work.wanted > 0)


def test_what_is_worse_than_custodian_misses_its_goal() -> None:
    deletion = peer.works()[0]
    assert _not_met(deletion, BOTH) == []
    worse = replace(BOTH[OURS], cpu=4.1, peak=109, throttled=1, done=0.999)
    assert _not_met(deletion, BOTH | {OURS: worse}) == [
        "CPU, Nightshift / c7n",
        "peak, Nightshift / c7n",
        "throttle answers to Nightshift",
        "share that Nightshift did",
    ]


def test_what_nightshift_does_alone_is_compared_with_nobody() -> None:
    alone = peer.works()[1]
    assert not alone.peer
    assert [goal.what for goal in peer.of([(alone, {OURS: BOTH[OURS]})]).goals] == [
        f"{alone.what}: throttle answers to Nightshift",
        f"{alone.what}: share that Nightshift did",
    ]


def test_the_table_names_the_changes_among_the_calls() -> None:
    (table,) = peer.of([(peer.works()[0], BOTH)]).tables
    assert [row[5:] for row in table.rows] == [
        ("1,012", "DeleteSnapshot 1,000", "0", "100.0%"),
        ("1,012", "DeleteSnapshot 1,000", "80", "90.0%"),
    ]


def test_what_nightshift_did_is_counted_by_what_is_there(server: Server) -> None:
    small = {"instances": 2, "nights": 10, "refusing": 1}
    work = replace(peer.works()[0], size=small, peer="", wanted=4, throttling=False, latency=0)
    used = peer.compared(server, work)[OURS]
    assert used.done == 0.75
    assert used.calls["DeleteSnapshot"] == 4
