"""The environment of a function, read once a run. The template sets it; nothing else reads it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self


def _positive(text: str) -> float:
    number = float(text)
    if not number > 0:
        raise ValueError(f"NIGHTSHIFT_BUCKET_SHARE and NIGHTSHIFT_WORKERS must be more than 0, not {text}")
    return number


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation fixes at deployment.

    region: as Lambda says it; the function's ARN has another one under a local emulator.
    bucket_share: the part of EC2's token buckets that a run may use, 0 to 1.
    workers: how many changes are under way at once.
    """

    region: str = "us-east-1"
    policy_parameter: str = "/nightshift/policy"
    stack_tag: str = "nightshift"
    topic_arn: str | None = None
    bucket_share: float = 0.8
    workers: int = 8

    @classmethod
    def from_environment(cls) -> Self:
        """What is not set, or set to nothing, has its default."""
        readers: dict[str, tuple[str, Callable[[str], Any]]] = {
            "region": ("AWS_REGION", str),
            "policy_parameter": ("NIGHTSHIFT_POLICY_PARAMETER", str),
            "stack_tag": ("NIGHTSHIFT_STACK_TAG", str),
            "topic_arn": ("NIGHTSHIFT_TOPIC_ARN", str),
            "bucket_share": ("NIGHTSHIFT_BUCKET_SHARE", _positive),
            "workers": ("NIGHTSHIFT_WORKERS", lambda text: int(_positive(text))),
        }
        return cls(**{name: read(os.environ[key]) for name, (key, read) in readers.items() if os.environ.get(key)})
