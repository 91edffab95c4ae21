"""The built template, read as `sam local` reads it, so that no test copies a function's settings by hand."""

import re
import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.build import BUILT, ROOT, BuildError


@dataclass(frozen=True)
class Function:
    """One function of the built template, every reference resolved."""

    logical_id: str
    handler: str
    code: Path
    layers: tuple[Path, ...]
    timeout_seconds: int
    memory_mib: int
    environment: dict[str, str]


def jobs() -> list[str]:
    """Every job that has a handler: the names in functions/."""
    return sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))


def logical_id(job: str) -> str:
    """The function's name in the template: status_check is StatusCheckFunction."""
    return "".join(word.capitalize() for word in job.split("_")) + "Function"


def job_of(event: Path) -> str:
    """The job that an event file is for: events/<job>*.json."""
    name = event.stem.replace("-", "_")
    fitting = [job for job in jobs() if f"{name}_".startswith(f"{job}_")]
    if not fitting:
        raise BuildError(f"{event.name} does not begin with a job: {', '.join(jobs())}")
    return max(fitting, key=len)


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms: !Ref, !Sub and the like."""


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        value = loader.construct_scalar(node)  # type: ignore[arg-type]  # the third of three kinds of node
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


def read_template() -> dict[str, Any]:
    """The built template, with CloudFormation's functions in their long form."""
    path = BUILT / "template.yaml"
    if not path.exists():
        raise BuildError(f"{path.relative_to(ROOT)} is missing: run `make build`")
    template: dict[str, Any] = yaml.load(path.read_text(), Loader=_Loader)  # a SafeLoader
    return template


def read_source() -> dict[str, Any]:
    """template.yaml as it is written, before any build."""
    template: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), Loader=_Loader)  # a SafeLoader
    return template


def read_function(logical_id: str, *, region: str, account: str) -> Function:
    """The function of that logical id, from .aws-sam/build; says `make build` when there is no build."""
    template = read_template()
    resources = template["Resources"]
    resource = resources.get(logical_id)
    if resource is None or resource["Type"] != "AWS::Serverless::Function":
        raise BuildError(f"the built template has no function {logical_id}: run `make build`")

    resolve = _Resolver(template, region=region, account=account)
    own, shared = resource["Properties"], template.get("Globals", {}).get("Function", {})
    properties = shared | own
    variables = {
        **shared.get("Environment", {}).get("Variables", {}),
        **own.get("Environment", {}).get("Variables", {}),
    }
    layers = [*shared.get("Layers", []), *own.get("Layers", [])]  # SAM adds up lists
    return Function(
        logical_id=logical_id,
        handler=resolve(properties["Handler"]),
        code=BUILT / properties["CodeUri"],
        layers=tuple(BUILT / resources[layer["Ref"]]["Properties"]["ContentUri"] for layer in layers),
        timeout_seconds=int(resolve(properties.get("Timeout", 3))),
        memory_mib=int(resolve(properties.get("MemorySize", 128))),
        environment={name: _text(resolve(value)) for name, value in variables.items()},
    )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _overrides() -> dict[str, str]:
    """parameter_overrides of `sam local invoke` in samconfig.toml, where there are any."""
    path = ROOT / "samconfig.toml"
    config = tomllib.loads(path.read_text()) if path.exists() else {}
    default = config.get("default", {})
    for command in ("local_invoke", "global"):
        given = default.get(command, {}).get("parameters", {}).get("parameter_overrides")
        if given:
            words = shlex.split(given) if isinstance(given, str) else given
            return dict(word.split("=", 1) for word in words)
    return {}


class _Resolver:
    """The few intrinsic functions that a function's settings need; any other is an error, never a blank."""

    def __init__(self, template: dict[str, Any], *, region: str, account: str) -> None:
        parameters = {name: spec.get("Default", "") for name, spec in template.get("Parameters", {}).items()}
        pseudo = {
            "AWS::Region": region,
            "AWS::AccountId": account,
            "AWS::Partition": "aws",
            "AWS::StackName": "local",
            "AWS::NoValue": "",
        }
        # A reference to a resource is its logical id, as in `sam local`.
        resources = {name: name for name in template["Resources"]}
        self._values: dict[str, Any] = resources | parameters | pseudo | _overrides()
        self._conditions = template.get("Conditions", {})

    def __call__(self, value: Any) -> Any:
        match value:
            case {"Ref": name}:
                return self._values[name]
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([\w:]+)\}", lambda match: str(self._values[match[1]]), text)
            case {"Fn::If": [condition, then, otherwise]}:
                return self(then if self._holds({"Condition": condition}) else otherwise)
            case dict() | list():
                raise BuildError(f"local/template.py cannot resolve {value!r}")
        return value

    def _holds(self, condition: Any) -> bool:
        match condition:
            case {"Condition": name}:
                return self._holds(self._conditions[name])
            case {"Fn::Equals": [left, right]}:
                return _text(self(left)) == _text(self(right))
            case {"Fn::Not": [inner]}:
                return not self._holds(inner)
            case {"Fn::And": list(inner)}:
                return all(self._holds(one) for one in inner)
            case {"Fn::Or": list(inner)}:
                return any(self._holds(one) for one in inner)
        raise BuildError(f"local/template.py cannot resolve the condition {condition!r}")
