"""`make year`: a year of nights, shown to a person; `make test` and `make test-long` live it too."""

import argparse
import contextlib
import io
import logging
import os
import sys
from datetime import timedelta
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

from local.embedded import EmbeddedAws
from tests.botocore_cache import make_methods_once
from tests.direct import without_a_wire
from tests.year.broken import BROKEN
from tests.year.year import Options, Year
from tools.cost import of_runs, of_snapshots_at_most

HOURS = 3600


def main() -> int:
    """0: every invariant held on every night."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets is part of what the same seed must give again.
        sys.exit("PYTHONHASHSEED must be 0: run it by `make year`")
    arguments = _arguments()
    options = Options(arguments.seed, arguments.nights, arguments.share_of_bad_days, arguments.check_every)
    make_methods_once()
    logging.disable(logging.CRITICAL)
    with EmbeddedAws() as aws, contextlib.ExitStack() as changes:
        if not arguments.over_http:
            changes.enter_context(without_a_wire(aws))
        if arguments.broken:
            changes.enter_context(patch.object(*BROKEN[arguments.broken]))
        year = Year(aws, options)
        with contextlib.redirect_stdout(io.StringIO()):
            year.live()
        unimplemented = list(aws.unimplemented)
    return _report(year, unimplemented)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Live a year of nights on the embedded AWS, and judge every one.")
    default = Options()
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--nights", type=int, default=default.nights)
    parser.add_argument("--share-of-bad-days", type=float, default=default.share_of_bad_days)
    parser.add_argument("--check-every", type=int, default=default.check_every)
    parser.add_argument("--over-http", action="store_true", help="slower, and the same year")
    parser.add_argument(
        "--broken", choices=BROKEN, metavar="HOW", help="live it with software that is broken on purpose"
    )
    given = parser.parse_args()
    if given.nights < 1 or not 0 <= given.share_of_bad_days <= 1 or given.check_every < 1:
        parser.error("expected at least one night, a share of bad days from 0 to 1, and a check every so many nights")
    return given


def _report(year: Year, unimplemented: list[str]) -> int:
    diary, judge, weather, bill = year.diary, year.judge, year.weather, year.bill
    runs, snapshots = sum(diary.runs.values()), of_snapshots_at_most(bill.gib_hours_until_now)
    table = Table("of the year", "")
    rows = {
        "nights": diary.nights,
        "what people did to the fleet": len(diary.deeds),
        "runs": runs,
        "calls": diary.calls,
        "hours of Lambda": round(diary.seconds / HOURS, 1),
        "snapshots made": diary.done["backup"],
        "snapshots deleted": diary.done["cleanup"],
        "snapshots at the end, others' too": bill.kept,
        "tags set": diary.done["tagging"],
        "calls that met bad weather": sum(weather.met.values()),
        "runs that raised or were killed": sum(diary.raised.values()),
        "calls faster than AWS's buckets": year.buckets.refused,
        "cleanups refused by the guard, then confirmed": diary.refusals,
        "slots that were not saved, as an outcome said": sum(judge.excused.values()),
        "slots that were saved twice for a while": len(judge.duplicates),
        "dollars for snapshots, if each were as large as its volume": f"at most {snapshots:.2f}",
        "dollars for Lambda (EC2's API is free)": f"{of_runs(runs, diary.seconds):.2f}",
        **{
            f"longest time between two snapshots of plan {plan}": f"{_in_seconds(gap)} ({where})"
            for plan, (gap, where) in sorted(judge.longest_gaps.items())
        },
    }
    for what, figure in rows.items():
        table.add_row(what, str(figure))
    console = Console()
    console.print(table)
    for met, times in weather.met.most_common():
        console.print(f"  {met}: {times}")
    for fault in [*judge.faults, *unimplemented]:
        console.print(f"[red]{fault}[/]", markup=True)
    if judge.faults or unimplemented:
        console.print(f"On night {diary.nights}. Again: {year.options.command}")
        return 1
    return 0


def _in_seconds(gap: timedelta) -> timedelta:
    return timedelta(seconds=round(gap.total_seconds()))


if __name__ == "__main__":
    sys.exit(main())
