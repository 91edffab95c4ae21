"""Over any declaration: built once it stays, cut anywhere it is completed, destroyed nothing is left."""

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from nightshift.outcome import Action
from nightshift.plan.network.region import Region
from nightshift.plan.network.survey import survey
from tests.unit.plan.network.declarations import DESTROY, declarations
from tests.unit.plan.network.model import EMPTY, after, built, is_empty, planned, refused, steps


def shape(found: Region) -> dict[str, Any]:
    """What a network is, without AWS's ids."""
    return {key: present.part for key, present in survey(found, "main", {}).parts.items()}


@given(declarations())
def test_what_is_built_is_as_declared_and_a_second_run_does_nothing(event: dict[str, Any]) -> None:
    assume(refused(EMPTY, event) is None)
    there = built(EMPTY, event)
    assert steps(there, event) == []
    assert refused(there, event) is None
    assert {decision.action for decision in planned(there, event)} == {Action.KEEP}


@given(declarations())
def test_one_decision_for_each_part_and_each_step_has_its_number(event: dict[str, Any]) -> None:
    assume(refused(EMPTY, event) is None)
    decisions = planned(EMPTY, event)
    assert len({(decision.resource, decision.action) for decision in decisions}) == len(decisions)
    for number, decision in enumerate(decisions, start=1):
        assert decision.reason.startswith(f"step {number} of {len(decisions)}: ")


@given(declarations(), st.data())
def test_a_run_cut_after_any_step_is_completed_to_the_same(event: dict[str, Any], data: st.DataObject) -> None:
    assume(refused(EMPTY, event) is None)
    wanted = steps(EMPTY, event)
    cut = data.draw(st.integers(0, len(wanted)))
    half = after(EMPTY, wanted[:cut])
    rest = steps(half, event)
    assert refused(half, event) is None
    assert [step.part for step in rest] == [step.part for step in wanted[cut:]]
    assert shape(after(half, rest)) == shape(built(EMPTY, event))


@given(declarations())
def test_destroyed_nothing_is_left(event: dict[str, Any]) -> None:
    assume(refused(EMPTY, event) is None)
    there = built(EMPTY, event)
    assert refused(there, DESTROY) is None
    assert is_empty(built(there, DESTROY))


@given(declarations(), st.data())
def test_a_half_built_network_is_destroyed_too_and_a_half_destroyed_one(
    event: dict[str, Any], data: st.DataObject
) -> None:
    assume(refused(EMPTY, event) is None)
    wanted = steps(EMPTY, event)
    half = after(EMPTY, wanted[: data.draw(st.integers(0, len(wanted)))])
    going = steps(half, DESTROY)
    quarter = after(half, going[: data.draw(st.integers(0, len(going)))])
    assert refused(quarter, DESTROY) is None
    assert is_empty(built(quarter, DESTROY))


@given(declarations(), declarations())
def test_another_declaration_moves_nothing_that_is_there(before: dict[str, Any], then: dict[str, Any]) -> None:
    """Either it is refused with what to do, or what was there keeps its place; and it ends in a network that stays."""
    assume(refused(EMPTY, before) is None)
    there = built(EMPTY, before)
    why = refused(there, then)
    if why is not None:
        assert "nothing was changed. " in why
        return
    changed = built(there, then)
    assert steps(changed, then) == []
    places = {subnet.id: (subnet.cidr, subnet.zone) for subnet in changed.subnets}
    assert all(places[subnet.id] == (subnet.cidr, subnet.zone) for subnet in there.subnets)
    standing = {gateway.id: gateway.subnet_id for gateway in changed.nat_gateways}
    assert all(standing[gateway.id] == gateway.subnet_id for gateway in there.nat_gateways)
    assert is_empty(built(changed, DESTROY))
