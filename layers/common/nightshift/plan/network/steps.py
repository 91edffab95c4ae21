"""The steps of a run: each changes one part, and knows the ids of those that it builds on, as far as they are there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from nightshift.outcome import Action, Change, Decision
from nightshift.plan.network.parts import Part, Resource
from nightshift.plan.network.survey import Present, Survey
from nightshift.plan.slots import slot_text
from nightshift.plan.tags import ADOPTED, NETWORK, NETWORK_STACK, RESOURCE

IDENTITY = (NETWORK, RESOURCE, NETWORK_STACK, ADOPTED)


@dataclass(frozen=True, slots=True)
class Step(Change):
    """One change of one part.

    id: the part's, where it is there already. known: ids by key. tags: what the part gets. seed: what its ClientToken
    is made of, so that the same step has the same token in every run of an hour.
    """

    action: Action
    part: Part
    id: str | None = None
    known: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    seed: str = ""


@dataclass(frozen=True, slots=True)
class Marks:
    """What the parts of a network are tagged with. declared: people's own tags."""

    stack_tag: str
    declared: Mapping[str, str]
    now: datetime

    def of_new(self, part: Resource) -> dict[str, str]:
        return dict(self.declared) | {"Name": part.title} | self._identity(part)

    def of_adopted(self, part: Resource) -> dict[str, str]:
        """Nothing but what makes it part of the network, so that it can be taken off again."""
        return self._identity(part) | {ADOPTED: slot_text(self.now)}

    def _identity(self, part: Resource) -> dict[str, str]:
        return {NETWORK: part.network, RESOURCE: part.key, NETWORK_STACK: self.stack_tag}

    def seed(self, part: Part, survey: Survey) -> str:
        """With the hour, for AWS remembers a token, and what was made with it may have been deleted by hand."""
        former = survey.former.get(part.key, ())
        return " ".join([self.stack_tag, part.network, part.key, f"{self.now:%Y-%m-%dT%H}", *former])


def known(part: Part, survey: Survey, *more: str) -> tuple[tuple[str, str], ...]:
    """The ids of the parts that it builds on, and of some more, as far as they are there."""
    ids = {key: id_ for key in (*part.needs, *more) if (id_ := survey.id_of(key))}
    return tuple(ids.items())


def numbered(decisions: Sequence[Decision]) -> list[Decision]:
    """With the number of its step before the reason of each change."""
    total = sum(decision.change is not None for decision in decisions)
    steps = iter(range(1, total + 1))
    return [
        Decision(
            decision.resource,
            decision.action,
            f"step {next(steps)} of {total}: {decision.reason}" if decision.change else decision.reason,
            decision.change,
        )
        for decision in decisions
    ]


def kept(present: Present, why: str) -> Decision:
    return Decision(present.part.key, Action.KEEP, f"{present.id}: {why}")
