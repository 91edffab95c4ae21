"""A hook of the embedded AWS that lets a call through only if a role allows all that AWS would ask IAM about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from local.embedded import EmbeddedAws
from local.iam.account import UnmappedError
from local.iam.evaluate import Question, Verdict
from local.iam.requests import questions
from local.iam.role import Role
from local.wire import Fault

# What a service answers to a call that is not allowed, and its HTTP status (API references, "Common errors").
_REFUSALS = {
    "ec2": ("UnauthorizedOperation", 403),
    "eks": ("AccessDeniedException", 403),
    "kms": ("AccessDeniedException", 400),
    "sns": ("AuthorizationError", 403),
    "ssm": ("AccessDeniedException", 400),
}


@dataclass
class Enforcer:
    """Asked before moto. denied, allowed: what was asked of IAM. unmapped: calls that nobody has described."""

    role: Role
    unmapped: list[str]
    denied: list[Question] = field(default_factory=list)
    allowed: list[Question] = field(default_factory=list)

    def __call__(self, service: str, action: str, params: dict[str, Any]) -> Fault | None:
        try:
            asked = questions(self.role.account, service, action, params)
        except UnmappedError as gap:
            self.unmapped.append(str(gap))
            return Fault("UnmappedAction", str(gap), 501)
        for question in asked:
            verdict = self.role.verdict(question)
            if verdict is not Verdict.ALLOWED:
                self.denied.append(question)
                return self._refusal(service, question, verdict)
            self.allowed.append(question)
        return None

    def _refusal(self, service: str, question: Question, verdict: Verdict) -> Fault:
        code, status = _REFUSALS[service]
        who = f"arn:aws:sts::{self.role.account.id}:assumed-role/{self.role.job}/{self.role.job}"
        about = f"User: {who} is not authorized to perform: {question.action} on resource: {question.resource}"
        why = (
            f"because {verdict.value} the {question.action} action" if verdict is Verdict.NOT_ALLOWED else verdict.value
        )
        return Fault(code, f"You are not authorized to perform this operation. {about} {why}", status)


@contextmanager
def acting_as(aws: EmbeddedAws, role: Role, caller: str) -> Iterator[Enforcer]:
    """Every call that this access key signs meanwhile is the role's. One that nobody has described counts as one that
    moto does not have."""
    enforcer, before = Enforcer(role, aws.unimplemented), aws.callers.get(caller)
    aws.callers[caller] = enforcer
    try:
        yield enforcer
    finally:
        # Two runs of one caller may overlap.
        aws.callers.pop(caller, None)
        if before:
            aws.callers[caller] = before
