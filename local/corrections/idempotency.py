"""ClientToken: a second call with the same one makes nothing and gets the first one's answer."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from local.corrections.patch import own, refusal


def idempotent(action: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """AWS: EC2 API, "Ensuring idempotency": the same answer for the same token, IdempotentParameterMismatch when the
    call asks for something else. moto ignores the token."""

    @wraps(action)
    def answer(response: Any) -> Any:
        token = response._get_param("ClientToken")
        if not token:
            return action(response)
        tokens = own(response.ec2_backend, f"{response._get_action()}_tokens")
        asked = json.dumps(response._get_params(), sort_keys=True, default=str)
        if token not in tokens:
            tokens[token] = asked, action(response)
        before, result = tokens[token]
        if asked != before:
            raise refusal(
                "IdempotentParameterMismatch",
                "The request uses the same client token as a previous, but non-identical request.",
            )
        return result

    return answer
