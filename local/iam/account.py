"""The account as IAM sees it: the ARNs of its resources, and the tags that they have now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moto.eks.models import eks_backends
from moto.kms.models import kms_backends
from moto.sns.models import sns_backends

from local.iam.evaluate import Question
from local.iam.reference import actions
from local.seed import ACCOUNT, backend_of

# What IDs begin with, and the type of resource in the service authorization reference.
KINDS = {
    "eigw": "egress-only-internet-gateway",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "i": "instance",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "snap": "snapshot",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
# What is about to be made has no id yet.
NEW = "*"


class UnmappedError(LookupError):
    """Nobody has said what this call touches: no answer, rather than a wrong one."""


@dataclass(frozen=True)
class Touched:
    """One resource that an action touches. tags: those it has. asked: those that the request gives it."""

    kind: str
    arn: str
    tags: Mapping[str, str]
    asked: Mapping[str, str] | None = None

    @property
    def context(self) -> dict[str, Sequence[str]]:
        """User Guide, "AWS global condition context keys": aws:TagKeys is there only if the request has tags."""
        keys = {
            f"{prefix}:ResourceTag/{key}": (value,) for key, value in self.tags.items() for prefix in ("aws", "ec2")
        }
        asked = {f"aws:RequestTag/{key}": (value,) for key, value in (self.asked or {}).items()}
        return keys | asked | ({"aws:TagKeys": tuple(self.asked)} if self.asked else {})


@dataclass(frozen=True)
class Account:
    """One region of the embedded account."""

    region: str
    id: str = ACCOUNT

    @property
    def ec2(self) -> Any:
        return backend_of(self.region, self.id)

    @property
    def eks(self) -> Any:
        return eks_backends[self.id][self.region]

    @property
    def kms(self) -> Any:
        return kms_backends[self.id][self.region]

    @property
    def sns(self) -> Any:
        return sns_backends[self.id][self.region]

    def arn(self, action: str, kind: str, id_: str) -> str:
        """As the reference writes it: arn:${Partition}:ec2:${Region}::snapshot/${SnapshotId}."""
        [known] = actions(action)
        head, _, _ = known.type_named(kind).arn.partition(f"{kind}/")
        for name, value in {"Partition": "aws", "Region": self.region, "Account": self.id}.items():
            head = head.replace(f"${{{name}}}", value)
        return f"{head}{kind}/{id_}"

    def existing(self, action: str, id_: str, asked: Mapping[str, str] | None = None) -> Touched:
        """Something of EC2's. UnmappedError: an id of a kind that is not known here."""
        kind = KINDS.get(id_.partition("-")[0])
        if kind is None:
            raise UnmappedError(f"{action}: what is {id_}?")
        return Touched(kind, self.arn(action, kind, id_), dict(self.ec2.tags.get(id_, {})), asked)

    def is_gone(self, id_: str) -> bool:
        """Whether AWS would say NotFound; of a network's parts moto keeps the tags, and nobody need ask."""
        tables = {"snap": self.ec2.snapshots, "vol": self.ec2.volumes}
        table = tables.get(id_.partition("-")[0])
        return table is not None and id_ not in table

    def planned(self, action: str, kind: str, asked: Mapping[str, str]) -> Touched:
        """Something of EC2's that the call would make."""
        return Touched(kind, self.arn(action, kind, NEW), {}, asked)

    def question(self, action: str, touched: Touched | None, **more: str) -> Question:
        """With the condition keys that the reference has for this action and resource, and no others; more: with _
        for the colon."""
        [known] = actions(action)
        more |= {"aws_RequestedRegion": self.region, "ec2_Region": self.region}
        context = {key.replace("_", ":"): (value,) for key, value in more.items()} | (
            touched.context if touched else {}
        )
        keys = known.keys | (known.type_named(touched.kind).keys if touched else frozenset()) | {"aws:RequestedRegion"}
        names = {key.removesuffix("${TagKey}") for key in keys}
        return Question(
            action,
            touched.arn if touched else "*",
            {key: values for key, values in context.items() if _root(key) in names},
        )


def _root(key: str) -> str:
    """aws:ResourceTag/ of aws:ResourceTag/Name."""
    head, slash, _ = key.partition("/")
    return head + slash
