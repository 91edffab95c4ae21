"""The tagging job without AWS: its scope, its calls, and what becomes of a call that is refused."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from nightshift.aws.session import Aws
from nightshift.errors import AwsError, Fault
from nightshift.fleet import Instance, Interface, Volume
from nightshift.jobs import tagging
from nightshift.jobs.tagging import Inventory
from nightshift.outcome import Action, Change, Decision, Plan, Status
from nightshift.plan.tag_rules import Place
from nightshift.policy import Policy
from nightshift.request import FleetRequest
from nightshift.settings import Settings
from tests.builders import a_volume, an_instance
from tests.support import ACCOUNT, NOW, REGION, FakeClock

RULES = [{"set": {"env": "prod"}}]


def planned(
    fleet: Sequence[Instance],
    volumes: Sequence[Volume] = (),
    interfaces: Sequence[Interface] = (),
    instance_ids: list[str] | None = None,
    **wanted: Any,
) -> Plan:
    inventory = Inventory(Place(REGION, ACCOUNT), {each.id: each for each in fleet}, volumes, interfaces)
    request = FleetRequest.model_construct(instance_ids=instance_ids)
    return tagging.plan(inventory, request, Policy.of({"tagging": wanted}), NOW)


def shown(plan: Plan) -> dict[str, tuple[str, str]]:
    return {decision.resource: (decision.action.value, decision.reason) for decision in plan.decisions}


def test_rules_and_propagation_are_one_hop_in_one_plan() -> None:
    plan = planned(
        [an_instance("i-1", tags={"Name": "web"})],
        [a_volume("vol-1", instance_ids=["i-1"], tags={"env": "dev"})],
        [Interface("eni-1", "i-1")],
        rules=RULES,
        propagate=["Name", "env"],
    )
    assert shown(plan) == {
        "i-1": ("tag", "env=prod (rule 1)"),
        "vol-1": ("tag", "Name=web (i-1); env=dev stays: i-1 says prod, and does not overwrite"),
        "eni-1": ("tag", "Name=web, env=prod (i-1)"),
    }


def test_a_key_that_rules_contest_is_propagated_as_it_is() -> None:
    plan = planned(
        [an_instance("i-1", tags={"env": "dev"})],
        [a_volume("vol-1", instance_ids=["i-1"])],
        rules=[{"set": {"env": "prod"}, "overwrite": True}, {"set": {"env": "stage"}, "overwrite": True}],
        propagate=["env"],
    )
    assert shown(plan) == {
        "i-1": ("tag", "env left alone: rule 1 says prod, rule 2 says stage"),
        "vol-1": ("tag", "env=dev (i-1)"),
    }
    assert [decision.error for decision in plan.decisions] == ["RuleConflict", None]
    assert [decision.resource for decision in plan.changes] == ["vol-1"]


def test_everything_in_scope_says_why_it_is_left_alone() -> None:
    plan = planned(
        [
            an_instance("i-1", tags={"env": "prod"}),
            an_instance("i-2", state="stopped"),
            an_instance("i-3", state="shutting-down"),
        ],
        [
            a_volume("vol-1", instance_ids=["i-1"], tags={"env": "prod"}),
            a_volume("vol-2", instance_ids=["i-2"]),
            a_volume("vol-3", instance_ids=["i-3"]),
            a_volume("vol-4"),
        ],
        rules=[{"when": {"state": "running"}, "set": {"env": "prod"}}],
        propagate=["env"],
    )
    assert shown(plan) == {
        "i-1": ("skip", "its tags are as the policy wants them"),
        "i-2": ("skip", "no rule applies to it"),
        "i-3": ("skip", "it is shutting-down"),
        "vol-1": ("skip", "its tags are as the policy wants them"),
        "vol-2": ("skip", "its instance has none of env"),
        "vol-3": ("skip", "its instance i-3 is shutting-down"),
    }


def test_named_instances_bring_only_what_is_attached_to_them() -> None:
    plan = planned(
        [an_instance("i-1", tags={"env": "prod"}), an_instance("i-2", tags={"env": "dev"})],
        [a_volume("vol-1", instance_ids=["i-1", "i-2"]), a_volume("vol-2", instance_ids=["i-2"])],
        [Interface("eni-2", "i-2")],
        instance_ids=["i-1", "i-9", "i-9"],
        propagate=["env"],
    )
    assert shown(plan) == {
        "i-1": ("skip", "no rule applies to it"),
        "vol-1": ("tag", "env left alone: i-1 says prod, i-2 says dev"),
        "i-9": ("skip", f"not found in {REGION}"),
    }


def test_an_ending_instance_has_no_say() -> None:
    plan = planned(
        [an_instance("i-1", tags={"env": "prod"}), an_instance("i-2", tags={"env": "dev"}, state="terminated")],
        [a_volume("vol-1", instance_ids=["i-1", "i-2"])],
        propagate=["env"],
    )
    assert shown(plan)["vol-1"] == ("tag", "env=prod (i-1)")


def test_a_policy_that_asks_nothing_says_so() -> None:
    plan = planned([an_instance()])
    assert (plan.decisions, plan.notes) == ([], ["the policy has no tagging rules and propagates nothing"])


def test_an_empty_region_says_so() -> None:
    assert planned([], rules=RULES).notes == [f"there is no instance in {REGION}"]


def test_equal_tags_share_a_call_of_at_most_200_resources() -> None:
    fleet = [an_instance(f"i-{number:03}") for number in range(201)]
    odd = an_instance("i-odd", tags={"Name": "odd"})
    plan = planned([*fleet, odd], rules=[*RULES, {"when": {"name": "odd"}, "set": {"odd": "yes"}}])
    calls = {decision.change for decision in plan.changes}
    sizes = sorted(len(call.resource_ids) for call in calls if isinstance(call, tagging.SetTags))
    assert sizes == [1, 1, 200]


class FakeTags:
    """create_tags of an AWS where some resources make trouble."""

    def __init__(self, troubles: Mapping[str, Sequence[AwsError]]) -> None:
        self.troubles = {id_: list(errors) for id_, errors in troubles.items()}
        self.sizes: list[int] = []
        self.tagged: set[str] = set()

    def __call__(self, _aws: Aws, resource_ids: Sequence[str], tags: Mapping[str, str]) -> None:
        self.sizes.append(len(resource_ids))
        for id_ in resource_ids:
            if self.troubles.get(id_):
                errors = self.troubles[id_]
                raise errors.pop(0) if len(errors) > 1 else errors[0]
        self.tagged |= set(resource_ids)


def decisions(count: int) -> list[Decision]:
    fleet = [an_instance(f"i-{number:03}") for number in range(count)]
    return planned(fleet, rules=RULES).changes


def applied(
    monkeypatch: pytest.MonkeyPatch,
    wanted: int | Sequence[Decision],
    troubles: Mapping[str, Sequence[AwsError]],
    seconds: float = 600,
) -> tuple[FakeTags, dict[str, tuple[Status, Action, str | None]]]:
    fake = FakeTags(troubles)
    monkeypatch.setattr(tagging, "create_tags", fake)
    clock = FakeClock()
    aws = Aws(ACCOUNT, Settings(region=REGION, workers=1), clock, clock.now() + timedelta(seconds=seconds))
    to_apply = decisions(wanted) if isinstance(wanted, int) else wanted
    results = tagging.apply(aws, to_apply)
    assert len(results) == len(to_apply)
    return fake, {each.resource: (each.outcome, each.action, each.error) for each in results}


GONE = AwsError("InvalidInstanceID.NotFound", "The instance ID 'i-042' does not exist", Fault.GONE)
FULL = AwsError("TagLimitExceeded", "", Fault.TAGS)
DENIED = AwsError("UnauthorizedOperation", "explicit deny", Fault.PERMANENT)
BUSY = AwsError("ConcurrentTagAccess", "", Fault.WAIT)
LOST = AwsError("ReadTimeoutError", "", Fault.UNKNOWN)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (GONE, (Status.SKIPPED, Action.SKIP, "InvalidInstanceID.NotFound")),
        (FULL, (Status.FAILED, Action.TAG, "TagLimitExceeded")),
        (DENIED, (Status.FAILED, Action.TAG, "UnauthorizedOperation")),
    ],
)
def test_one_resource_never_costs_the_others_their_tags(
    monkeypatch: pytest.MonkeyPatch, error: AwsError, expected: tuple[Status, Action, str]
) -> None:
    aws, results = applied(monkeypatch, 200, {"i-042": [error]})
    assert results.pop("i-042") == expected
    assert set(results.values()) == {(Status.DONE, Action.TAG, None)}
    assert aws.tagged == set(results)
    assert len(aws.sizes) <= 1 + 2 * 8


def test_several_bad_resources_are_all_found(monkeypatch: pytest.MonkeyPatch) -> None:
    _, results = applied(monkeypatch, 31, {"i-000": [GONE], "i-015": [DENIED], "i-030": [GONE]})
    assert {id_ for id_, (outcome, _, _) in results.items() if outcome is not Status.DONE} == {
        "i-000",
        "i-015",
        "i-030",
    }


def test_a_tag_policy_is_no_reason_for_a_storm_of_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """An organization's tag policy takes the tags of one kind of resource or does not: no single one is to blame."""
    refused = AwsError("TagPolicyViolation", "env must be prod or dev", Fault.PERMANENT)
    aws, results = applied(monkeypatch, 31, {"i-000": [refused]})
    assert aws.sizes == [31]
    assert set(results.values()) == {(Status.FAILED, Action.TAG, "TagPolicyViolation")}

    disks = [a_volume(f"vol-{number}", instance_ids=["i-1"]) for number in range(2)]
    nics = [Interface("eni-1", "i-1")]
    mixed = planned([an_instance("i-1", tags={"env": "x"})], disks, nics, propagate=["env"])
    aws, results = applied(monkeypatch, mixed.changes, {"vol-0": [refused]})
    assert aws.sizes[0] == 3
    assert sorted(aws.sizes[1:]) == [1, 2]
    assert {id_: outcome for id_, (outcome, _, _) in results.items()} == {
        "eni-1": Status.DONE,
        "vol-0": Status.FAILED,
        "vol-1": Status.FAILED,
    }


@pytest.mark.parametrize("error", [BUSY, LOST])
def test_what_may_pass_is_sent_again_whole(monkeypatch: pytest.MonkeyPatch, error: AwsError) -> None:
    aws, results = applied(monkeypatch, 3, {"i-001": [error, AwsError("x", "", Fault.PERMANENT)]})
    assert aws.sizes == [3, 3, 2, 1, 1, 1]
    assert results["i-001"] == (Status.FAILED, Action.TAG, "x")


def test_a_half_that_waits_does_not_unsay_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    _, results = applied(monkeypatch, 4, {"i-000": [GONE], "i-003": [BUSY]}, seconds=10)
    assert {id_: outcome for id_, (outcome, _, _) in results.items()} == {
        "i-000": Status.SKIPPED,
        "i-001": Status.DONE,
        "i-002": Status.REMAINING,
        "i-003": Status.REMAINING,
    }


def test_a_change_of_another_job_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    aws = Aws(ACCOUNT, Settings(region=REGION), clock, clock.now() + timedelta(seconds=600))
    with pytest.raises(TypeError, match="no tagging"):
        tagging.apply(aws, [Decision("i-1", Action.TAG, "", Change())])
