"""What a run called and what its role grants, in IAM's names."""

from typing import Any

from local.template import logical_id, read_template

SERVICES = {"GetParameter": "ssm", "Publish": "sns", "DescribeKey": "kms"}


def called_in(outcome: dict[str, Any], service: str = "ec2") -> set[str]:
    """The actions of a run; those that are not in SERVICES are this service's."""
    return {f"{SERVICES.get(action, service)}:{action}" for action in outcome["calls"]}


def granted(job: str) -> set[str]:
    """The actions that a function's role allows."""
    function = read_template()["Resources"][logical_id(job)]["Properties"]
    statements = [statement for policy in function["Policies"] for statement in policy["Statement"]]
    allowed = [statement["Action"] for statement in statements if statement["Effect"] == "Allow"]
    return {action for actions in allowed for action in ([actions] if isinstance(actions, str) else actions)}
