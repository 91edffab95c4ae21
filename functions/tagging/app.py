"""Tagging: triggered by its schedule, by an instance that starts to run, or from the console."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from nightshift.jobs import tagging
from nightshift.run import run


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return run(tagging.JOB, event, context)
