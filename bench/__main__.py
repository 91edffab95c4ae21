"""Measure all, or the sections that are named, and write docs/performance.md: `make bench`, `make bench ONLY=reading`.

All together take about an hour, most of it the waiting of real token buckets.
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
SECTIONS = ("rate", "calls", "reading", "pace", "peer", "cold_start", "scale", "cost")
INTRODUCTION = """# Performance

Written by `make bench`, on {date}: Python {python}, {machine}. The ratios were taken side by side in one run; the
seconds are of one machine on one day.
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help=f"some of {', '.join(SECTIONS)}: printed, not written")
    only = parser.parse_args().only
    with Server() as server:
        sections = [_measured(name, server) for name in only or SECTIONS]
    if not only:
        _write(sections, REPORT)
    missed = [goal.what for section in sections for goal in section.goals if not goal.met]
    print(f"not met: {', '.join(missed)}" if missed else "all goals met")
    return int(bool(missed))


def _measured(name: str, server: Server) -> Section:
    measure: Callable[[Server], Section] = import_module(f"bench.{name}").section
    section = measure(server)
    print(f"{section.markdown}\n", flush=True)
    return section


def _write(sections: list[Section], to: Path) -> None:
    introduction = INTRODUCTION.format(
        date=f"{datetime.now(UTC):%Y-%m-%d}", python=platform.python_version(), machine=_machine()
    )
    to.write_text("\n\n".join([introduction.strip(), *(section.markdown for section in sections)]) + "\n")


def _machine() -> str:
    models = [
        line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    return f"{len(models)} cores of {models[0]}" if models else platform.machine()


if __name__ == "__main__":
    sys.exit(main())
