"""What concerns every test run: its order, and its closing words."""

from collections.abc import Generator

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The nights take longest: begun last, they would be lived by one worker while the other has nothing to do."""
    items.sort(key=lambda item: item.name != "test_a_year")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """Says it plainly when `sam local` itself was not run: a skip is easily overlooked."""
    yield  # after everything else that is to be said
    skipped = terminalreporter.stats.get("skipped", [])
    not_run = [report for report in skipped if "sam_local" in report.keywords]
    if not_run:
        reason = not_run[0].longrepr[2].removeprefix("Skipped: ")
        terminalreporter.write_line(f"sam local: not run, {reason}")
