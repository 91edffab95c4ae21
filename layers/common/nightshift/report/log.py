"""The log: one summary line, one line a change or failure; what was left, alone or for later, only for a person.

A fleet of 5,000 that is checked every five minutes, or 10,000 deletions that remain, would be gigabytes a month.
"""

from aws_lambda_powertools import Logger

from nightshift.outcome import Outcome, Result, Status

logger = Logger(service="nightshift")

_LEFT = (Status.SKIPPED, Status.REMAINING)


def log_outcome(outcome: Outcome, by_person: bool) -> None:
    for result in outcome.results:
        if by_person or result.outcome not in _LEFT:
            _log_result(result)
    counts = {key: value for key, value in outcome.to_dict().items() if key not in ("decisions", *outcome.tables)}
    logger.info(outcome.summary, extra=counts)


def _log_result(result: Result) -> None:
    write = logger.error if result.outcome is Status.FAILED else logger.info
    words = f"{result.outcome}: {result.action} {result.resource}: {result.reason}"
    write(words, extra={"resource": result.resource, "error_code": result.error})
