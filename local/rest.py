"""REST services: the action that a method and a path stand for, and its parameters, by botocore's model."""

import re
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.session import get_session

# Services whose actions are told by method and path alone.
SERVICES = frozenset({"eks"})

type Route = tuple[str, re.Pattern[str], str]


def action_of(service: str, method: str, path: str, query: str) -> tuple[str, dict[str, Any]] | None:
    """The action and the parameters that stand in the path and the query; None: no action of these services."""
    if service not in SERVICES:
        return None
    for known_method, pattern, action in _routes(service):
        if method == known_method and (found := pattern.fullmatch(path)):
            return action, {**_from_path(found), **_from_query(query)}
    return None


@cache
def _routes(service: str) -> tuple[Route, ...]:
    model = get_session().get_service_model(service)
    operations = (model.operation_model(name) for name in model.operation_names)
    return tuple((each.http["method"], _pattern(each.http["requestUri"]), each.name) for each in operations)


def _pattern(uri: str) -> re.Pattern[str]:
    """/clusters/{name}: a name ends at the next slash, but one at the end of the path may hold some (an ARN)."""
    inside = re.sub(r"\{(\w+)\}(?=/)", r"(?P<\1>[^/]+)", uri)
    last = r"(?P<\1>.+)" if uri.startswith("/tags/") else r"(?P<\1>[^/]+)"
    return re.compile(re.sub(r"\{(\w+)\}$", last, inside))


def _from_path(found: re.Match[str]) -> dict[str, Any]:
    return {name: unquote(value) for name, value in found.groupdict().items()}


def _from_query(query: str) -> dict[str, Any]:
    return {name: values[0] for name, values in parse_qs(query).items()}
