"""DryRun: an action that moto carries out although it should only be tried."""

from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.ec2.exceptions import DryRunClientError
from moto.ec2.responses import EC2Response

from local.corrections.patch import corrects

_call_action = EC2Response.call_action


@corrects(EC2Response)
def call_action(self: Any) -> Any:
    """AWS: every action of EC2 with a DryRun parameter answers DryRunOperation and does nothing. moto's CreateVpc
    creates the VPC. An action that looks at DryRun itself does so, after its own checks."""
    if self._get_bool_param("DryRun", False) and not _looks_itself(self):
        return self.serialized(ActionResult(DryRunClientError()))
    return _call_action(self)


def _looks_itself(response: Any) -> bool:
    action = getattr(response, camelcase_to_underscores(response._get_action()), None)
    while action is not None:
        code = action.__code__
        if {"error_on_dryrun", "check_request"} & set(code.co_names):
            return True
        action = getattr(action, "__wrapped__", None)
    return False
