"""The HTTP status of the errors of EC2 that are not 400."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from local.corrections.patch import corrects

_serialized = EC2Response.serialized
STATUS = {"DryRunOperation": 412, "UnauthorizedOperation": 403, "AuthFailure": 401}


@corrects(EC2Response)
def serialized(self: Any, action_result: ActionResult) -> Any:
    """AWS: as in public error messages; no document lists them (docs/aws.md, Not verified). moto answers 400 to all."""
    status, headers, body = _serialized(self, action_result)
    return STATUS.get(getattr(action_result.result, "code", ""), status), headers, body
