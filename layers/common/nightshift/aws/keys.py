"""Keys that encrypt snapshots: whether they can be used."""

from collections.abc import Iterable

from nightshift.aws.faults import aws_errors
from nightshift.aws.session import Aws
from nightshift.errors import AwsError, Fault

ENABLED = "Enabled"


def unusable(aws: Aws, keys: Iterable[str]) -> dict[str, str]:
    """Of these keys (ARNs) those that cannot be used, and what AWS says of each (KMS, "Key states").

    With a disabled key CreateVolume answers yes, and the volume ends in error. AwsError where AWS could not be asked.
    """
    states = {key: _state(aws, key) for key in sorted(set(keys))}
    return {key: state for key, state in states.items() if state != ENABLED}


def _state(aws: Aws, key: str) -> str:
    try:
        with aws_errors():
            return aws.kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    except AwsError as error:
        if error.fault is not Fault.PERMANENT:
            raise
        return f"not to be seen ({error.code})"
