"""template.yaml as data: its functions and the statements of their roles."""

import re
from dataclasses import dataclass
from typing import Any

from local.template import read_source

TEMPLATE = read_source()
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
PARAMETERS: dict[str, dict[str, Any]] = TEMPLATE["Parameters"]
GLOBALS: dict[str, Any] = TEMPLATE["Globals"]["Function"]

# What a reference to a resource of the template stands for in an ARN.
_ARNS = {
    "AWS::SNS::Topic": "arn:x:sns:x:x:name",
    "AWS::SQS::Queue": "arn:x:sqs:x:x:name",
    "AWS::KMS::Key": "arn:x:kms:x:x:key/id",
}
# Keys that AWS knows in every request, whatever the action.
_GLOBAL_KEYS = {"aws:RequestedRegion"}


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of each resource of a type, by logical id."""
    return {name: resource["Properties"] for name, resource in RESOURCES.items() if resource["Type"] == kind}


FUNCTIONS = of_type("AWS::Serverless::Function")


@dataclass(frozen=True)
class Statement:
    """One statement of a function's role, its ARNs without references."""

    function: str
    sid: str
    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: dict[str, dict[str, Any]]

    @property
    def condition_keys(self) -> set[str]:
        """As the reference writes them: aws:ResourceTag/${TagKey}."""
        keys = {key for test in self.condition.values() for key in test}
        return {re.sub(r"/.*", "/${TagKey}", key) for key in keys} - _GLOBAL_KEYS

    def __str__(self) -> str:
        return f"{self.function}.{self.sid}"


def statements() -> list[Statement]:
    return [
        Statement(
            function,
            written["Sid"],
            written["Effect"] == "Allow",
            tuple(_each(written["Action"])),
            tuple(_arn(resource) for resource in _each(written["Resource"])),
            written.get("Condition", {}),
        )
        for function, properties in FUNCTIONS.items()
        for policy in properties["Policies"]
        for written in policy["Statement"]
    ]


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _arn(value: Any) -> str:
    """With the parameters' defaults, and x for what AWS fills in."""
    match value:
        case str():
            return value
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([\w:]+)\}", lambda found: PARAMETERS.get(found[1], {}).get("Default", "x"), text)
        case {"Ref": str(name)} | {"Fn::GetAtt": str(name)}:
            return _ARNS[RESOURCES[name.removesuffix(".Arn")]["Type"]]
    raise ValueError(f"no ARN: {value}")
