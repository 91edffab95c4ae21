"""What AWS's error codes mean for us, and how every error of botocore becomes an AwsError.

Codes: "Error codes for the EC2 API". Five 400 codes mean wait, and botocore does not retry them. Those that end in
Exception are of EKS and SSM, from their models in botocore.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError
from botocore.parsers import ResponseParserError

from nightshift.errors import AwsError, Fault

THROTTLED = frozenset(
    {
        "RequestLimitExceeded",
        "EC2ThrottledException",
        "Throttling",
        "ThrottlingException",
        "Throttled",
        "TooManyRequestsException",
    }
)

SERVER_ERROR = 500

# A tag policy of the organization judges the tags and the kind of a resource, never the single resource.
TAG_POLICY = "TagPolicyViolation"


class OutOfTimeError(BotoCoreError):
    """The run has no time left for a call, so it was not sent."""

    fmt = "{action} was not sent: the time of this run is up"


_FAULTS = {
    "InvalidSnapshot.NotFound": Fault.GONE,
    "InvalidVolume.NotFound": Fault.GONE,
    "InvalidInstanceID.NotFound": Fault.GONE,
    "InvalidNetworkInterfaceID.NotFound": Fault.GONE,
    "ResourceNotFoundException": Fault.GONE,
    "NotFoundException": Fault.GONE,
    "InvalidSnapshot.InUse": Fault.IN_USE,
    "ResourceInUseException": Fault.IN_USE,
    "InvalidVpcID.NotFound": Fault.GONE,
    "InvalidSubnetID.NotFound": Fault.GONE,
    "InvalidInternetGatewayID.NotFound": Fault.GONE,
    "InvalidGatewayID.NotFound": Fault.GONE,
    "Gateway.NotAttached": Fault.GONE,
    "InvalidRouteTableID.NotFound": Fault.GONE,
    "InvalidAssociationID.NotFound": Fault.GONE,
    "InvalidAllocationID.NotFound": Fault.GONE,
    "NatGatewayNotFound": Fault.GONE,
    "InvalidVpcEndpointId.NotFound": Fault.GONE,
    "DependencyViolation": Fault.IN_USE,
    "SnapshotCreationPerVolumeRateExceeded": Fault.WAIT,
    "ConcurrentSnapshotLimitExceeded": Fault.WAIT,
    "ConcurrentTagAccess": Fault.WAIT,
    "PendingSnapshotLimitExceeded": Fault.WAIT_ALL,
    "ResourceLimitExceeded": Fault.WAIT_ALL,
    "TagLimitExceeded": Fault.TAGS,
    "InvalidTagKey.Malformed": Fault.TAGS,
    "RequestExpired": Fault.STOP,
    "ExpiredToken": Fault.STOP,
    "ExpiredTokenException": Fault.STOP,
    **dict.fromkeys(THROTTLED, Fault.WAIT_ALL),
}


@contextmanager
def aws_errors() -> Iterator[None]:
    """Inside, whatever botocore raises is raised as an AwsError."""
    try:
        yield
    except ClientError as error:
        raise _of_answer(error) from error
    except (BotoCoreError, HTTPClientError, ResponseParserError) as error:
        # Not sent, and so it is with all that follow; else no answer or a cut one, and it may have taken effect.
        not_sent = isinstance(error, OutOfTimeError | NoCredentialsError)
        raise AwsError(type(error).__name__, str(error), Fault.STOP if not_sent else Fault.UNKNOWN) from error


def _of_answer(error: ClientError) -> AwsError:
    detail = error.response.get("Error", {})
    # An empty element is None to botocore, however much it is there.
    code, message = detail.get("Code") or "Unknown", detail.get("Message") or ""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    fault = (
        _FAULTS.get(code)
        or _by_message(code, message)
        or (Fault.UNKNOWN if status >= SERVER_ERROR else Fault.PERMANENT)
    )
    return AwsError(code, message, fault)


def _by_message(code: str, message: str) -> Fault | None:
    """AWS has no code of its own for a tag key that stands twice or is reserved."""
    return Fault.TAGS if code == "InvalidParameterValue" and "tag key" in message.lower() else None
