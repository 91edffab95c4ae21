"""Coverage: the tag's rules, one row each; a word that means nothing is never passed over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from nightshift.fleet import Volume
from nightshift.plan.coverage import cannot_be_saved, covered
from tests.builders import a_volume, an_instance

PLANS = ("nightly", "weekly", "hourly")


@dataclass(frozen=True)
class Row:
    """own: the volume's tag; of_instances: those of the instances that it is attached to; None: they have none."""

    name: str
    own: str | None
    of_instances: Sequence[str | None]
    plans: Sequence[str] = ()
    why_not: str = ""
    doubts: str = ""


KNOWN = "the policy's are nightly, weekly, hourly"
IGNORED = "its own tag says Backup=ignore"
ROWS = [
    Row("by its instance's tag", None, ["nightly"], ["nightly"]),
    Row("by its own tag, attached to nothing", "weekly", [], ["weekly"]),
    Row("its own tag wins over its instance's", "weekly", ["nightly"], ["weekly"]),
    Row("its own tag is enough", "weekly", [None], ["weekly"]),
    Row("several plans, in the order of the tag", None, ["weekly,nightly"], ["weekly", "nightly"]),
    Row("spaces and empty words do not matter", None, [" weekly ,, nightly,"], ["weekly", "nightly"]),
    Row("a plan named twice is one", None, ["weekly,weekly"], ["weekly"]),
    Row("true is the first plan", None, ["true"], ["nightly"]),
    Row("yes is the first plan, however written", "YES", [], ["nightly"]),
    Row("true beside the first plan is one", None, ["True,nightly,weekly"], ["nightly", "weekly"]),
    Row("Multi-Attach has the plans of all its instances", None, ["weekly", "nightly,weekly"], ["weekly", "nightly"]),
    Row("Multi-Attach: one with the tag is enough", None, [None, "nightly"], ["nightly"]),
    Row("its own ignore", "ignore", [], why_not=IGNORED),
    Row("its own ignore wins over its instance's plan", "ignore", ["nightly"], why_not=IGNORED),
    Row("its instance's ignore wins over its own plan", "nightly", ["ignore"], why_not="i-0 says Backup=ignore"),
    Row("Multi-Attach: one ignore wins over all", None, ["nightly", "Ignore"], why_not="i-1 says Backup=ignore"),
    Row("ignore among plans wins", None, ["nightly, IGNORE"], why_not="i-0 says Backup=ignore"),
    Row("a word that names no plan", None, ["dayly"], why_not=f"Backup=dayly: dayly names no plan; {KNOWN}"),
    Row("plans are in small letters", None, ["Weekly"], why_not=f"Backup=Weekly: Weekly names no plan; {KNOWN}"),
    Row("a value of nothing", None, [""], why_not=f"Backup=: it names no plan; {KNOWN}"),
    Row("its own value of nothing is its own", "", ["nightly"], why_not=f"Backup=: it names no plan; {KNOWN}"),
    Row("false is no plan", "false", [], why_not=f"Backup=false: false names no plan; {KNOWN}"),
    Row(
        "good and bad words: the good ones hold, the bad ones are told", None, ["nightly,dayly,off"],
        ["nightly"], doubts=f"Backup=nightly,dayly,off: dayly, off names no plan; {KNOWN}",
    ),
    Row(
        "Multi-Attach: a bad word of one is told", None, ["nightly", "dayly"],
        ["nightly"], doubts=f"Backup=nightly,dayly: dayly names no plan; {KNOWN}",
    ),
]  # fmt: skip


def tagged(value: str | None, key: str = "Backup") -> Mapping[str, str]:
    return {} if value is None else {key: value}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_which_plans_a_volume_has_and_why_it_has_none(row: Row) -> None:
    instances = [an_instance(f"i-{n}", tags=tagged(value)) for n, value in enumerate(row.of_instances)]
    volume = a_volume(instance_ids=[instance.id for instance in instances], tags=tagged(row.own))
    found = covered(volume, instances, "Backup", PLANS)
    assert found is not None
    assert (list(found.plans), found.why_not) == (list(row.plans), row.why_not)
    assert found.doubts == (row.why_not if "names no plan" in row.why_not else row.doubts)
    assert found.by_own_tag == (row.own is not None and bool(row.plans))


@pytest.mark.parametrize("of_instances", [[], [None], [None, None]])
def test_without_any_tag_a_volume_is_out_of_scope(of_instances: Sequence[str | None]) -> None:
    instances = [an_instance(f"i-{n}", tags=tagged(value)) for n, value in enumerate(of_instances)]
    assert covered(a_volume(tags={"backup": "nightly"}), instances, "Backup", PLANS) is None


def test_the_tag_s_key_is_the_policy_s() -> None:
    volume = a_volume(tags={"save": "nightly", "Backup": "ignore"})
    found = covered(volume, [], "save", PLANS)
    assert found is not None
    assert found.plans == ("nightly",)


@pytest.mark.parametrize(
    ("state", "of_instances", "reason"),
    [
        ("available", [], ""),
        ("in-use", ["running"], ""),
        ("in-use", ["stopped"], ""),
        ("creating", [], "the volume is in state creating"),
        ("deleting", [], "the volume is in state deleting"),
        ("error", [], "the volume is in state error"),
        ("in-use", ["shutting-down"], "i-0 is being terminated"),
        ("in-use", ["terminated"], "i-0 is being terminated"),
        ("in-use", ["terminated", "running"], ""),
    ],
)
def test_what_aws_would_not_save_is_said(state: str, of_instances: Sequence[str], reason: str) -> None:
    instances = [an_instance(f"i-{n}", state=of) for n, of in enumerate(of_instances)]
    assert cannot_be_saved(a_volume(state=state), instances) == reason


@pytest.mark.parametrize(
    ("volume", "reason"),
    [
        (
            a_volume(outpost="arn:aws:outposts:1:2:outpost/op-1"),
            "not covered: it is on arn:aws:outposts:1:2:outpost/op-1, and its snapshot would leave that for the region",
        ),
        (a_volume(operator="eks.amazonaws.com"), "not covered: eks.amazonaws.com runs it"),
    ],
)
def test_what_is_not_covered_is_said(volume: Volume, reason: str) -> None:
    assert cannot_be_saved(volume, []) == reason
