"""Filters of Describe calls: which names exist, how many values are allowed, what a value matches."""

import html
import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from moto.core.utils import get_service_model
from moto.ec2 import utils
from moto.ec2.models import tags

from local.corrections.patch import corrects, refusal, replaces

MAX_VALUES = 200


@lru_cache(maxsize=4096)
def pattern(value: str) -> re.Pattern[str]:
    r"""`*` is any text, `?` one character, `\*` and `\?` are themselves; nothing else is special.

    AWS: UG, Using_Filtering: wildcards, escaped by a backslash; values are case-sensitive. moto hands them to
    fnmatch, where `[a]` is a class and a backslash escapes nothing.
    """
    pieces = re.findall(r"\\[*?\\]|.", value, re.DOTALL)
    plain = {"*": ".*", "?": "."}
    return re.compile("".join(plain.get(p) or re.escape(p[-1]) for p in pieces), re.DOTALL)


def as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return str(value)


def matches(actual: Any, wanted: Iterable[str]) -> bool:
    """The values of a filter are alternatives; a resource with several values needs one that fits."""
    many = isinstance(actual, Iterable) and not isinstance(actual, str)
    texts = [as_text(each) for each in (actual if many else [actual]) if each is not None]
    return any(pattern(value).fullmatch(text) for value in wanted for text in texts)


@cache
def documented_filters(action: str) -> frozenset[str]:
    """The names AWS's own API model documents for this action (botocore ships it)."""
    members = get_service_model("ec2").operation_model(action).input_shape.members
    shape = members.get("Filters") or members.get("Filter")
    return frozenset(re.findall(r"<code>([^<]+)</code>\s*-", html.unescape(shape.documentation)))


def check_filters(response: Any) -> None:
    """An unknown filter is an error, and so are more than 200 values of one.

    AWS: UG, Using_Filtering (200 values); ERR: InvalidParameterValue "The filter 'x' is invalid",
    FilterLimitExceeded. moto answers 500 or ignores the filter.
    """
    allowed = documented_filters(response._get_action())
    for name, values in response._filters_from_querystring().items():
        if name not in allowed and not name.startswith("tag:"):
            raise refusal("InvalidParameterValue", f"The filter '{name}' is invalid")
        if len(values) > MAX_VALUES:
            raise refusal(
                "FilterLimitExceeded",
                f"The maximum number of filter values specified on a single call is {MAX_VALUES}",
            )


@corrects(utils)
def is_filter_matching(resource: Any, name: str, wanted: Any) -> bool:
    """One rule for every filter of a resource: see `pattern` and `matches`."""
    return matches(resource.get_filter_value(name), wanted)


@corrects(utils)
def instance_value_in_filter_values(actual: Any, wanted: Any) -> bool:
    """The same rule for instances, where moto knows no wildcards."""
    return matches(actual, wanted)


def simple_aws_filter_to_re(value: str) -> str:
    return rf"(?s:{pattern(value).pattern})\Z"


replaces(utils, "simple_aws_filter_to_re", simple_aws_filter_to_re)
replaces(tags, "simple_aws_filter_to_re", simple_aws_filter_to_re)
