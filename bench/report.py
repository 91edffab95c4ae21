"""What the bench found, as tables: what was measured, and against what goal."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """A figure that was to stay on one side of a limit."""

    what: str
    figure: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit

    @property
    def row(self) -> tuple[str, ...]:
        bound = "at least" if self.at_least else "at most"
        return self.what, f"{self.figure:.2f}", f"{bound} {self.limit:g}", "yes" if self.met else "**no**"


@dataclass(frozen=True)
class Table:
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def markdown(self) -> str:
        lines = [self.header, ["---"] * len(self.header), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True)
class Section:
    """words: how it was measured, for whoever reads the figures."""

    title: str
    words: str
    goals: Sequence[Goal]
    tables: Sequence[Table] = ()

    @property
    def markdown(self) -> str:
        goals = [Table(["ratio", "is", "was to be", "met"], [goal.row for goal in self.goals])] if self.goals else []
        parts = [f"## {self.title}", self.words, *(table.markdown for table in [*goals, *self.tables])]
        return "\n\n".join(parts)
