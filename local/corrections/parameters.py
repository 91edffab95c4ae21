"""SSM parameters: how long a value may be."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ssm.exceptions import ValidationException
from moto.ssm.responses import SimpleSystemManagerResponse

from local.corrections.patch import corrects

_put_parameter = SimpleSystemManagerResponse.put_parameter
STANDARD_BYTES, ADVANCED_BYTES = 4096, 8192


@corrects(SimpleSystemManagerResponse)
def put_parameter(self: Any) -> ActionResult:
    """AWS: PutParameter in the botocore model: 4 KB in the standard tier, 8 KB in the advanced one, no {{ }}.
    moto refuses only an empty value."""
    value, tier = self._get_param("Value") or "", self._get_param("Tier") or "Standard"
    size = len(value.encode())
    if "{{" in value and "}}" in value:
        raise ValidationException("Parameter value can't nest another parameter. Do not use {{}}.")
    if tier == "Standard" and size > STANDARD_BYTES:
        raise ValidationException(
            f"Standard tier parameters support a maximum parameter value of {STANDARD_BYTES} characters. To create "
            "a larger parameter value, upgrade the parameter to use the advanced-parameter tier.",
        )
    if size > ADVANCED_BYTES:
        raise ValidationException(
            f"Advanced tier parameters support a maximum parameter value of {ADVANCED_BYTES} characters.",
        )
    return _put_parameter(self)
