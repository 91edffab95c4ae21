"""The role of a function, as template.yaml writes it, every reference resolved to an ARN of the embedded account."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from local.iam.account import Account
from local.iam.conditions import PolicyNotUnderstoodError
from local.iam.evaluate import Question, Statement, Verdict, evaluate
from local.template import logical_id, read_source

# The ARNs of resources of the stack; their names are their logical ids.
_ARNS = {
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/{name}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{name}",
}


@dataclass(frozen=True)
class Role:
    """What one function may do in one region of the account."""

    job: str
    account: Account
    statements: tuple[Statement, ...]

    def verdict(self, question: Question) -> Verdict:
        return evaluate(self.statements, question)


@cache
def role_of(job: str, region: str, **parameters: str) -> Role:
    """The role of a job's function; parameters of the template that differ from their defaults."""
    account = Account(region)
    template = read_source()
    resolve = _Resolver(template, account, parameters)
    function = template["Resources"][logical_id(job)]["Properties"]
    written = [statement for policy in function["Policies"] for statement in policy["Statement"]]
    return Role(job, account, tuple(Statement.of(resolve(each)) for each in written))


class _Resolver:
    """References and substitutions; any other function of CloudFormation's is an error."""

    def __init__(self, template: dict[str, Any], account: Account, parameters: dict[str, str]) -> None:
        defaults = {name: str(each.get("Default", "")) for name, each in template["Parameters"].items()}
        pseudo = {"AWS::Region": account.region, "AWS::AccountId": account.id, "AWS::Partition": "aws"}
        self._values = defaults | pseudo | parameters
        self._resources, self._account = template["Resources"], account

    def __call__(self, value: Any) -> Any:
        match value:
            case {"Ref": str(name)} if name in self._values:
                return self._values[name]
            case {"Ref": str(name)} | {"Fn::GetAtt": str(name)}:
                return self._arn(name.removesuffix(".Arn"))
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([\w:]+)\}", lambda found: self._values[found[1]], text)
            case dict():
                if unknown := [key for key in value if key.startswith("Fn::")]:
                    raise PolicyNotUnderstoodError(f"not resolved: {unknown}")
                return {key: self(each) for key, each in value.items()}
            case list():
                return [self(each) for each in value]
        return value

    def _arn(self, name: str) -> str:
        kind = self._resources[name]["Type"]
        if kind not in _ARNS:
            raise PolicyNotUnderstoodError(f"no ARN of {name}, a {kind}")
        return _ARNS[kind].format(region=self._account.region, account=self._account.id, name=name)
