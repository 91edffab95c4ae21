"""The log: one summary line, one line a change or failure; what was left alone only where a person asked."""

from aws_lambda_powertools import Logger

from nightshift.outcome import Outcome, Result, Status

logger = Logger(service="nightshift")


def log_outcome(outcome: Outcome, by_person: bool) -> None:
    for result in outcome.results:
        if by_person or result.outcome is not Status.SKIPPED:
            _log_result(result)
    counts = {key: value for key, value in outcome.to_dict().items() if key not in ("decisions", *outcome.tables)}
    logger.info(outcome.summary, extra=counts)


def _log_result(result: Result) -> None:
    write = logger.error if result.outcome is Status.FAILED else logger.info
    words = f"{result.outcome}: {result.action} {result.resource}: {result.reason}"
    write(words, extra={"resource": result.resource, "error_code": result.error})
