"""EKS information: triggered by its schedule, or from the console."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from nightshift.jobs import eks_info
from nightshift.run import run


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return run(eks_info.JOB, event, context)
