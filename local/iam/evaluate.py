"""Whether a role's policies allow a request: IAM's evaluation of identity policies, as a pure function.

Sources, by the titles of the IAM User Guide: "Policy evaluation logic", "The difference between explicit and implicit
denies", "IAM JSON policy elements: Action", "... Resource". What is not here, because no role of the template has it:
resource policies, permission boundaries, service control policies, NotAction, NotResource, policy variables.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Self

from local.iam.conditions import Context, PolicyNotUnderstoodError, holds, like

_ELEMENTS = {"Sid", "Effect", "Action", "Resource", "Condition"}


class Verdict(Enum):
    ALLOWED = "allowed"
    # No statement allows it.
    NOT_ALLOWED = "no identity-based policy allows"
    # A statement denies it, whatever others allow.
    DENIED = "with an explicit deny in an identity-based policy"


@dataclass(frozen=True)
class Question:
    """One thing that AWS asks IAM on behalf of a call: an action on one resource ("*": the action knows none)."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


@dataclass(frozen=True)
class Statement:
    sid: str
    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> Self:
        """From a policy's JSON. PolicyNotUnderstoodError: it has an element that is not evaluated here."""
        if unknown := written.keys() - _ELEMENTS:
            raise PolicyNotUnderstoodError(f"an unknown element: {', '.join(sorted(unknown))}")
        if written["Effect"] not in ("Allow", "Deny"):
            raise PolicyNotUnderstoodError(f"an unknown effect: {written['Effect']}")
        return cls(
            written.get("Sid", ""),
            written["Effect"] == "Allow",
            _each(written["Action"]),
            _each(written["Resource"]),
            written.get("Condition", {}),
        )

    def applies(self, question: Question) -> bool:
        """Actions are not case-sensitive; a * in a resource may stand for colons and slashes too."""
        return (
            any(like(action.lower(), question.action.lower()) for action in self.actions)
            and any(like(resource, question.resource) for resource in self.resources)
            and holds(self.condition, question.context)
        )


def evaluate(statements: Iterable[Statement], question: Question) -> Verdict:
    """A deny wins over every allow; what no statement allows is denied."""
    applying = [each.allows for each in statements if each.applies(question)]
    if not all(applying):
        return Verdict.DENIED
    return Verdict.ALLOWED if applying else Verdict.NOT_ALLOWED


def _each(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
