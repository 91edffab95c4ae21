"""Reading in pages, with AWS's limits on filters."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import batched
from typing import Any

from nightshift.aws.faults import aws_errors

# EC2 is eventually consistent: so long after an unclear answer, what is not to be seen is not there.
SEEN_AFTER = timedelta(minutes=5)

# How long something that is being made is left alone between two looks, in seconds.
LOOK_SECONDS = 5

# "Using filtering": at most 200 values a filter; * and ? in a value are wildcards.
MOST_FILTER_VALUES = 200


def pages(client: Any, operation: str, page_size: int | None = 1000, **parameters: Any) -> Iterator[dict[str, Any]]:
    """The answers of a paginated describe, one after the other. AwsError where one cannot be had."""
    config = {"PageSize": page_size} if page_size else {}
    with aws_errors():
        yield from client.get_paginator(operation).paginate(PaginationConfig=config, **parameters)


def filters(conditions: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """EC2's form of filters; all conditions must hold, each by one of its values, taken literally."""
    return [{"Name": name, "Values": [_literal(value) for value in values]} for name, values in conditions.items()]


def chunks(ids: Sequence[str]) -> Iterator[list[str]]:
    """As many ids at a time as a filter takes."""
    return (list(chunk) for chunk in batched(ids, MOST_FILTER_VALUES, strict=False))


def tags_of(described: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in described.get("Tags", ())}


def _literal(value: str) -> str:
    return value.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")
