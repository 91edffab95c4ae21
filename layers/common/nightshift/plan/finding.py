"""A finding: what is wrong with a cluster, how bad that is, and what to do."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """The most severe has the lowest."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """kind and subject say what it is about; another level of the same is news, and what is no more is cleared.

    They stand in a tag: no part has a space or a colon, kind has no dash.
    """

    kind: str
    severity: Severity
    what: str
    to_do: str
    level: str = ""
    subject: str = ""

    @property
    def code(self) -> str:
        """As eos-60, skew-2:workers, public."""
        head = f"{self.kind}-{self.level}" if self.level else self.kind
        return f"{head}:{self.subject}" if self.subject else head
