"""Network: from the console only."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from nightshift.jobs import network
from nightshift.run import run


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return run(network.JOB, event, context)
