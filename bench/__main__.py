"""Measure all, or the sections that are named, and write docs/performance.md: `make bench`, `make bench ONLY=reading`.

All together take most of an hour, the larger part of it the waiting of real token buckets.
"""

import argparse
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from bench.report import Section
from bench.server import ROOT, Server

REPORT = ROOT / "docs" / "performance.md"
MEASURED = ROOT / ".build" / "bench"
SECTIONS = ("rate", "calls", "reading", "pace", "peer", "cold_start", "scale", "cost")
INTRODUCTION = """# Performance

Written by `make bench`. The ratios of a section were taken side by side, in one run; the seconds are of one machine on
one day: {machine}, Python {python}.
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help=f"some of {', '.join(SECTIONS)}; the others stay as last measured")
    only = parser.parse_args().only
    with Server() as server:
        sections = [_measured(name, server) for name in only or SECTIONS]
    _write(REPORT)
    missed = [goal.what for section in sections for goal in section.goals if not goal.met]
    print(f"not met: {', '.join(missed)}" if missed else "all goals met")
    return int(bool(missed))


def _measured(name: str, server: Server) -> Section:
    measure: Callable[[Server], Section] = import_module(f"bench.{name}").section
    section = measure(server)
    print(f"{section.markdown}\n", flush=True)
    MEASURED.mkdir(parents=True, exist_ok=True)
    _file(name).write_text(f"{section.markdown}\n\nMeasured on {datetime.now(UTC):%Y-%m-%d}.")
    return section


def _write(to: Path) -> None:
    """Once each section was measured here."""
    missing = [name for name in SECTIONS if not _file(name).exists()]
    if missing:
        print(f"{to.name} is written when these were measured here too: {', '.join(missing)}")
    else:
        introduction = INTRODUCTION.format(python=platform.python_version(), machine=_machine()).strip()
        to.write_text("\n\n".join([introduction, *(_file(name).read_text() for name in SECTIONS)]) + "\n")


def _file(name: str) -> Path:
    return MEASURED / f"{name}.md"


def _machine() -> str:
    models = [
        line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    return f"{len(models)} cores of {models[0]}" if models else platform.machine()


if __name__ == "__main__":
    sys.exit(main())
