"""How the demo shows outcomes to a person."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from local.world import world

ROWS = 14
BRIEF = 3  # so few rows are for a picture: a run that changed nothing shows its counts alone
_STYLES = {"done": "green", "failed": "bold red", "remaining": "yellow", "planned": "cyan", "skipped": "dim"}
# What differs between two decisions with the same reason.
_PARTICULARS = re.compile(
    r"=[^,(]+|\b(?:snap|vol|i|ami|eni)-[0-9a-f]+\b|\d{4}-\d\d-\d\d(?:T?[ \d:]*Z?)?|\d{4}-W\d\d|\d+"
)


def opening(console: Console, url: str, region: str) -> None:
    console.print(
        Panel(
            f"A fleet of about 40 instances in {region}, on an embedded AWS at {url}.\n"
            "The functions are the built ones, under AWS's Runtime Interface Emulator.",
            title="Nightshift",
        )
    )


def job(console: Console, event: Mapping[str, Any], outcome: Mapping[str, Any], rows: int) -> None:
    """One run: its event and counts, then one example of each reason."""
    console.print(f"\n[bold]{outcome['job']}[/bold] [dim]<-[/dim] {json.dumps(event)}")
    counts = ", ".join(
        f"[{_STYLES[name]}]{outcome[name]} {name}[/]" for name in ("done", "failed", "remaining", "skipped")
    )
    calls = ", ".join(f"{count} {name}" for name, count in outcome["calls"].items())
    console.print(f"{outcome['planned']} planned: {counts} in {outcome['seconds']} s  [dim]{calls}[/dim]")
    for note in outcome["notes"]:
        console.print(f"note: {note}", highlight=False)
    if outcome["refused"]:
        console.print(Panel(Text(outcome["refused"]), title="refused", border_style="red"))
    elif outcome["decisions"] and (rows > BRIEF or outcome["planned"]):
        console.print(_examples(outcome["decisions"], rows))
    for message in world.messages:
        console.print(Panel(Text(message.text), title=f"e-mail: {message.subject}", border_style="yellow"))
    world.messages.clear()


def closing(console: Console, nights: Sequence[Sequence[Mapping[str, Any]]], seconds: float) -> None:
    console.rule("[bold]Summary")
    table = Table("job", "night", "planned", "done", "failed", "remaining", "alone", "calls", box=SIMPLE)
    for number, night in enumerate(nights, start=1):
        for outcome in night:
            figures = (outcome[name] for name in ("planned", "done", "failed", "remaining", "skipped"))
            table.add_row(outcome["job"], str(number), *map(str, figures), str(sum(outcome["calls"].values())))
    console.print(table)
    again = sum(outcome["done"] for outcome in nights[-1])
    console.print(f"The second night changed {again} things. {seconds:.0f} s in all.")


def _examples(decisions: Sequence[Mapping[str, Any]], rows: int) -> Table:
    """The first decision of each kind, with how many more there are of it."""
    kinds: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for decision in decisions:
        kind = _PARTICULARS.sub("*", decision["reason"])
        kinds.setdefault((decision["action"], decision["outcome"], kind, str(_step(decision))), []).append(decision)
    table = Table(box=None, show_header=False, padding=(0, 1))
    for column in ("outcome", "action", "resource", "more"):
        table.add_column(column, no_wrap=True)
    table.add_column("reason", overflow="fold")
    # What changed stands first: steps in their order, else the most frequent kind on top.
    shown = sorted(kinds.values(), key=lambda group: (group[0]["outcome"] == "skipped", _step(group[0]), -len(group)))[
        :rows
    ]
    for group in shown:
        table.add_row(*_row(group[0], len(group)))
    hidden = len(kinds) - len(shown)
    if hidden:
        table.add_row("", "", f"{hidden} more kinds", "", "")
    return table


def _step(decision: Mapping[str, Any]) -> int:
    """Which step of its plan it is; 0 for what is no step."""
    found = re.match(r"step (\d+) of", decision["reason"])
    return int(found[1]) if found else 0


def _row(decision: Mapping[str, Any], count: int) -> Iterable[Text]:
    style = _STYLES[decision["outcome"]]
    more = f"+{count - 1}" if count > 1 else ""
    reason = decision["reason"] + (f" [{decision['error']}]" if decision["error"] else "")
    return (
        Text(decision["outcome"], style),
        Text(decision["action"], style),
        Text(decision["resource"]),
        Text(more, "dim"),
        Text(reason, "default"),
    )
