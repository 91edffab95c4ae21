"""The log: one summary line, one line a change or failure; what was left, alone or for later, only for a person, and up
to a hundred in a line.

A fleet of 5,000 that is checked every five minutes, or 10,000 deletions that remain, would be gigabytes a month.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aws_lambda_powertools import Logger

from nightshift.outcome import Outcome, Result, Status

logger = Logger(service="nightshift")

_LEFT = (Status.SKIPPED, Status.REMAINING)

# Lambda cuts a line at 256 KB. A character of a reason may need 12 bytes in JSON.
_MOST_A_LINE, _MOST_CHARACTERS = 100, 15_000


def log_outcome(outcome: Outcome, answer: Mapping[str, Any], by_person: bool) -> None:
    """answer: what the run answers, of which the log has all but the decisions and the tables."""
    for result in outcome.results:
        if result.outcome not in _LEFT:
            _log_result(result)
    if by_person:
        _log_left([result for result in outcome.results if result.outcome in _LEFT])
    counts = {key: value for key, value in answer.items() if key not in ("decisions", *outcome.tables)}
    logger.info(outcome.summary, extra=counts)


def _log_result(result: Result) -> None:
    write = logger.error if result.outcome is Status.FAILED else logger.info
    words = f"{result.outcome}: {result.action} {result.resource}: {result.reason}"
    write(words, extra={"resource": result.resource, "error_code": result.error})


def _log_left(left: Sequence[Result]) -> None:
    for some in _lines(left):
        words = f"{len(some)} of {len(left)} that were left, alone or for later"
        logger.info(words, extra={"decisions": [result.to_dict() for result in some]})


def _lines(left: Sequence[Result]) -> Iterator[Sequence[Result]]:
    """As many to a line as it has room for."""
    line: list[Result] = []
    characters = 0
    for result in left:
        characters += len(result.reason)
        if line and (len(line) == _MOST_A_LINE or characters > _MOST_CHARACTERS):
            yield line
            line, characters = [], len(result.reason)
        line.append(result)
    if line:
        yield line
