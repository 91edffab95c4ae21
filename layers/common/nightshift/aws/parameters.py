"""The policy, from its SSM parameter."""

from nightshift.aws.faults import aws_errors
from nightshift.aws.session import Aws
from nightshift.errors import AwsError, Fault, PolicyError
from nightshift.policy import Policy


def stored_policy(aws: Aws) -> Policy:
    """The policy that is in force. PolicyError where it is missing or wrong, AwsError where it cannot be read."""
    name = aws.settings.policy_parameter
    try:
        with aws_errors():
            text = aws.ssm.get_parameter(Name=name).get("Parameter", {}).get("Value")
    except AwsError as error:
        if error.code != "ParameterNotFound":
            raise
        raise PolicyError(
            f"policy: the SSM parameter {name} is not there in {aws.region}: deploy the stack, "
            f"or create it: aws ssm put-parameter --name {name} --type String --value '{{}}'"
        ) from error
    if text is None:
        raise AwsError("NoValue", f"the answer holds no value of the SSM parameter {name}", Fault.UNKNOWN)
    try:
        return Policy.parse(text)
    except PolicyError as error:
        raise PolicyError(f"{error} (in the SSM parameter {name})") from error
