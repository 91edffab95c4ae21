"""Every error of botocore becomes an AwsError, and what it means for the change that met it."""

from typing import Any

import pytest
from botocore import exceptions as of_botocore
from botocore.parsers import ResponseParserError

from nightshift.aws.faults import THROTTLED, OutOfTimeError, aws_errors
from nightshift.errors import AwsError, Fault


def raised(error: Exception) -> AwsError:
    with pytest.raises(AwsError) as caught, aws_errors():
        raise error
    assert caught.value.__cause__ is error
    return caught.value


def an_answer(code: str, status: int = 400, message: str = "no") -> of_botocore.ClientError:
    content: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return of_botocore.ClientError(content, "DeleteSnapshot")


CODES = [
    ("InvalidSnapshot.NotFound", 400, Fault.GONE),
    ("InvalidVolume.NotFound", 400, Fault.GONE),
    ("InvalidInstanceID.NotFound", 400, Fault.GONE),
    ("ResourceNotFoundException", 404, Fault.GONE),
    ("NotFoundException", 404, Fault.GONE),
    ("InvalidVpcID.NotFound", 400, Fault.GONE),
    ("InvalidSubnetID.NotFound", 400, Fault.GONE),
    ("InvalidInternetGatewayID.NotFound", 400, Fault.GONE),
    ("InvalidGatewayID.NotFound", 400, Fault.GONE),
    ("Gateway.NotAttached", 400, Fault.GONE),
    ("InvalidRouteTableID.NotFound", 400, Fault.GONE),
    ("InvalidAssociationID.NotFound", 400, Fault.GONE),
    ("InvalidAllocationID.NotFound", 400, Fault.GONE),
    ("NatGatewayNotFound", 400, Fault.GONE),
    ("InvalidVpcEndpointId.NotFound", 400, Fault.GONE),
    ("DependencyViolation", 400, Fault.IN_USE),
    ("InvalidSnapshot.InUse", 400, Fault.IN_USE),
    ("ResourceInUseException", 409, Fault.IN_USE),
    ("SnapshotCreationPerVolumeRateExceeded", 400, Fault.WAIT),
    ("ConcurrentSnapshotLimitExceeded", 400, Fault.WAIT),
    ("ConcurrentTagAccess", 400, Fault.WAIT),
    ("PendingSnapshotLimitExceeded", 400, Fault.WAIT_ALL),
    ("ResourceLimitExceeded", 400, Fault.WAIT_ALL),
    ("RequestLimitExceeded", 503, Fault.WAIT_ALL),
    ("EC2ThrottledException", 503, Fault.WAIT_ALL),
    ("ThrottlingException", 400, Fault.WAIT_ALL),
    ("ThrottlingException", 429, Fault.WAIT_ALL),
    ("TooManyRequestsException", 429, Fault.WAIT_ALL),
    ("TagLimitExceeded", 400, Fault.TAGS),
    ("InvalidTagKey.Malformed", 400, Fault.TAGS),
    ("RequestExpired", 400, Fault.STOP),
    ("ExpiredToken", 400, Fault.STOP),
    ("AuthFailure", 401, Fault.PERMANENT),
    ("UnauthorizedOperation", 403, Fault.PERMANENT),
    ("AccessDeniedException", 403, Fault.PERMANENT),
    ("BadRequestException", 400, Fault.PERMANENT),
    ("InvalidParameterValue", 400, Fault.PERMANENT),
    ("OperationNotPermitted", 400, Fault.PERMANENT),
    ("SnapshotLimitExceeded", 400, Fault.PERMANENT),
    ("SomethingNew", 400, Fault.PERMANENT),
    ("InternalError", 500, Fault.UNKNOWN),
    ("InternalFailure", 500, Fault.UNKNOWN),
    ("ServiceUnavailable", 503, Fault.UNKNOWN),
    ("ServerException", 500, Fault.UNKNOWN),
    ("ServiceUnavailableException", 503, Fault.UNKNOWN),
    ("Unavailable", 503, Fault.UNKNOWN),
    ("502", 502, Fault.UNKNOWN),
    ("SomethingNew", 500, Fault.UNKNOWN),
]


@pytest.mark.parametrize(("code", "status", "fault"), CODES)
def test_what_a_code_means(code: str, status: int, fault: Fault) -> None:
    error = raised(an_answer(code, status))
    assert (error.code, error.fault, error.message) == (code, fault, "no")
    assert str(error) == f"{code}: no"


@pytest.mark.parametrize("code", sorted(THROTTLED))
def test_a_throttle_is_a_definite_no_with_any_status(code: str) -> None:
    assert raised(an_answer(code, 503)).fault is Fault.WAIT_ALL
    assert raised(an_answer(code, 400)).fault is Fault.WAIT_ALL


@pytest.mark.parametrize(
    ("code", "message", "fault"),
    [
        ("InvalidParameterValue", "Duplicate tag key 'Name' specified.", Fault.TAGS),
        ("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use", Fault.TAGS),
        ("InvalidParameterValue", "Value (vol-1) for parameter volumeId is invalid", Fault.PERMANENT),
        ("UnauthorizedOperation", "You may not write this tag key", Fault.PERMANENT),
    ],
)
def test_a_tag_s_fault_that_has_no_code_of_its_own(code: str, message: str, fault: Fault) -> None:
    assert raised(an_answer(code, message=message)).fault is fault


@pytest.mark.parametrize(
    "error",
    [
        of_botocore.ReadTimeoutError(endpoint_url="https://ec2"),
        of_botocore.ConnectTimeoutError(endpoint_url="https://ec2"),
        of_botocore.ConnectionClosedError(endpoint_url="https://ec2"),
        of_botocore.EndpointConnectionError(endpoint_url="https://ec2"),
        of_botocore.ResponseStreamingError(error="cut"),
        of_botocore.HTTPClientError(error="reset"),
        of_botocore.SSLError(endpoint_url="https://ec2", error=OSError("handshake")),
        ResponseParserError("no XML"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_without_a_whole_answer_nobody_knows_the_effect(error: Exception) -> None:
    found = raised(error)
    assert (found.code, found.fault) == (type(error).__name__, Fault.UNKNOWN)


@pytest.mark.parametrize("error", [OutOfTimeError(action="DeleteSnapshot"), of_botocore.NoCredentialsError()])
def test_what_was_certainly_not_sent_stops_the_run(error: Exception) -> None:
    assert raised(error).fault is Fault.STOP


def test_an_answer_without_content_is_told_by_its_status() -> None:
    nothing: Any = {}
    assert raised(of_botocore.ClientError(nothing, "DeleteSnapshot")).code == "Unknown"
    failed: Any = {"ResponseMetadata": {"HTTPStatusCode": 500}}
    assert raised(of_botocore.ClientError(failed, "DeleteSnapshot")).fault is Fault.UNKNOWN


def test_our_own_faults_are_not_hidden() -> None:
    with pytest.raises(KeyError), aws_errors():
        raise KeyError("a bug")
