"""The night of the built functions under the emulator, on the demo's fleet: what `make demo` shows, held to account."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from local.build import ROOT
from local.embedded import EmbeddedAws
from local.iam.enforce import acting_as
from local.iam.role import role_of
from local.seed import backend_of
from local.stage import make_topic
from local.template import logical_id
from local.world import world
from tests.e2e.grants import called_in, granted
from tools.cost import SECONDS, monthly
from tools.demo import NIGHT, REGION, runs, stage

pytestmark = pytest.mark.usefixtures("built")

# Granted, but called by AWS for us: nothing of it shows in a run's calls.
ON_OUR_BEHALF = {
    "backup": {"ec2:CreateTags"},  # the tags of the creating call (ec2:CreateAction)
    # SNS encrypts with the topic's key; an instance with encrypted volumes starts with a grant on theirs
    "status_check": {"kms:Decrypt", "kms:GenerateDataKey*", "kms:CreateGrant"},
}


class Nights:
    """Two nights on one fleet, with what was there before and after."""

    def __init__(self, aws: EmbeddedAws) -> None:
        with stage(aws) as functions, ExitStack() as roles:
            topic = make_topic(aws.url, REGION)
            self.roles = [
                roles.enter_context(acting_as(aws, role_of(job, REGION, AlertsTopic=topic), logical_id(job)))
                for job in functions
            ]
            self.before = _snapshots()
            self.first = [outcome for function in functions.values() for _, outcome in runs(function)]
            self.between = _snapshots()
            self.messages = list(world.messages)
            self.second = [outcome for function in functions.values() for _, outcome in runs(function)]
            self.after = _snapshots()
            self.messages_again = world.messages[len(self.messages) :]
            self.unimplemented = list(aws.unimplemented)

    @property
    def all(self) -> list[dict[str, Any]]:
        return self.first + self.second


@pytest.fixture(scope="module")
def nights(embedded_server: EmbeddedAws) -> Iterator[Nights]:
    yield Nights(embedded_server)
    embedded_server.reset()


def test_every_job_reaches_its_outcome_and_nothing_fails(nights: Nights) -> None:
    assert {outcome["job"] for outcome in nights.first} == set(NIGHT)
    assert [(outcome["job"], outcome["failed"], outcome["remaining"]) for outcome in nights.all] == [
        (outcome["job"], 0, outcome["planned"] if outcome["refused"] else 0) for outcome in nights.all
    ]
    assert nights.unimplemented == []


def test_counts_add_up(nights: Nights) -> None:
    for outcome in nights.all:
        counted = Counter(decision["outcome"] for decision in outcome["decisions"])
        assert outcome["omitted"] == 0
        assert {name: outcome[name] for name in ("done", "failed", "remaining", "skipped")} == {
            name: counted[name] for name in ("done", "failed", "remaining", "skipped")
        }
        assert outcome["planned"] == outcome["done"] + outcome["failed"] + outcome["remaining"]
        assert all(decision["reason"] for decision in outcome["decisions"])


def test_the_second_night_does_nothing_again(nights: Nights) -> None:
    assert [(outcome["job"], outcome["planned"]) for outcome in nights.second] == [(job, 0) for job in NIGHT]
    assert nights.after.keys() == nights.between.keys()
    assert nights.messages_again == []


def test_the_guard_is_read_before_a_night_of_many_deletions(nights: Nights) -> None:
    refused, confirmed = (outcome for outcome in nights.first if outcome["job"] == "cleanup")
    assert refused["refused"]
    assert refused["done"] == 0
    assert "DeleteSnapshot" not in refused["calls"]
    assert confirmed["done"] == confirmed["calls"]["DeleteSnapshot"] == refused["planned"] > 0


def test_only_ours_and_only_what_was_decided_is_deleted(nights: Nights) -> None:
    cleanup = next(outcome for outcome in nights.first if outcome["job"] == "cleanup" and not outcome["refused"])
    chosen = {decision["resource"] for decision in cleanup["decisions"] if decision["action"] == "delete"}
    deleted = nights.before.keys() - nights.after.keys()
    assert deleted == chosen
    for snapshot_id in deleted:
        tags = nights.before[snapshot_id]
        assert tags["nightshift:stack"] == "nightshift"
        assert not any(key.startswith(("aws:dlm:", "aws:backup:")) for key in tags)


def test_what_the_jobs_call_is_what_their_roles_grant(nights: Nights) -> None:
    called: dict[str, set[str]] = defaultdict(set)
    for outcome in nights.all:
        called[outcome["job"]] |= called_in(outcome)
    for job in NIGHT:
        assert called[job] | ON_OUR_BEHALF.get(job, set()) == granted(job), job


def test_every_call_is_allowed_by_the_role_of_its_function(nights: Nights) -> None:
    for enforcer in nights.roles:
        assert enforcer.allowed
        assert enforcer.denied == []


def test_one_message_says_what_changed(nights: Nights) -> None:
    (message,) = nights.messages
    assert message.subject
    for name in ("failing-host", "frozen-os", "stuck-disk"):
        assert name in message.text


def test_the_readme_says_what_make_cost_prints(nights: Nights) -> None:
    readme = (ROOT / "README.md").read_text()
    for what, dollars in monthly(SECONDS).items():
        assert f"| {what} | {dollars:.2f} |" in readme


def _snapshots() -> dict[str, dict[str, str]]:
    """Everyone's snapshots in the region, with their tags."""
    backend = backend_of(REGION)
    return {snapshot_id: dict(backend.tags.get(snapshot_id, {})) for snapshot_id in backend.snapshots}
