"""The event that started a run, as a typed request."""

import json
import re
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, ValidationError, model_validator

from nightshift.errors import PolicyError, RequestError
from nightshift.policy import Policy
from nightshift.policy_text import MAX_BYTES
from nightshift.text import shown
from nightshift.validation import first_fault, short

# More takes seconds to refuse; each id of a large fleet is far less.
MOST_VALUES = 50_000
# JSON has quotes and brackets where YAML has none.
MAX_POLICY_BYTES = 2 * MAX_BYTES


def _cluster_name(text: str) -> str:
    """ClusterName in the API of EKS: at most 100 characters."""
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}", text):
        raise ValueError("expected the name of an EKS cluster: letters, digits, - and _")
    return text


def _id(kind: str, prefix: str) -> AfterValidator:
    pattern = re.compile(rf"{prefix}-(?:[0-9a-f]{{8}}|[0-9a-f]{{17}})")

    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"expected the id of {kind}, as {prefix}-0123456789abcdef0")
        return text

    return AfterValidator(check)


def _policy(value: Any) -> str | dict[str, Any]:
    """What it says is for Policy to judge; here only that it is not larger than any that could be stored."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        raise ValueError("must be text or a mapping of keys to values")  # noqa: TRY004 - what pydantic takes for a fault
    try:
        size = len(json.dumps(value, default=str))
    except (RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"is no JSON that could be stored: {error}") from error
    if size > MAX_POLICY_BYTES:
        raise ValueError(f"is longer than {MAX_POLICY_BYTES} bytes, twice what SSM holds")
    return value


InstanceId = Annotated[str, _id("an instance", "i")]
VolumeId = Annotated[str, _id("a volume", "vol")]
SnapshotId = Annotated[str, _id("a snapshot", "snap")]
ClusterName = Annotated[str, AfterValidator(_cluster_name)]
VpcId = Annotated[str, _id("a VPC", "vpc")]
SubnetId = Annotated[str, _id("a subnet", "subnet")]
InternetGatewayId = Annotated[str, _id("an internet gateway", "igw")]
EgressOnlyGatewayId = Annotated[str, _id("an egress-only internet gateway", "eigw")]
RouteTableId = Annotated[str, _id("a route table", "rtb")]
NatGatewayId = Annotated[str, _id("a NAT gateway", "nat")]
EndpointId = Annotated[str, _id("a VPC endpoint", "vpce")]
NonEmpty = Field(min_length=1)


class Request(BaseModel):
    """What every job may be asked; a job adds its own fields in a subclass.

    dry_run: show what would be done. policy: with dry_run, tries this policy instead of the stored one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)

    dry_run: bool = False
    policy: Annotated[str | dict[str, Any], PlainValidator(_policy)] | None = None

    def check(self, policy: Policy) -> None:
        """RequestError where the request does not fit the policy; before anything else is read."""

    @model_validator(mode="after")
    def _policy_only_in_a_dry_run(self) -> Self:
        if self.policy is not None and not self.dry_run:
            raise ValueError('policy only together with "dry_run": true; the stored policy rules a real run')
        return self


class FleetRequest(Request):
    """A request that can be narrowed to some instances."""

    instance_ids: Annotated[list[InstanceId], NonEmpty] | None = None


class ClusterRequest(Request):
    """A request that can be narrowed to some EKS clusters."""

    cluster_names: Annotated[list[ClusterName], NonEmpty] | None = None


class PlanRequest(FleetRequest):
    """A request that can also be narrowed to some volumes and some plans: ids are united, plans intersect."""

    plans: Annotated[list[str], NonEmpty] | None = None
    volume_ids: Annotated[list[VolumeId], NonEmpty] | None = None

    def check(self, policy: Policy) -> None:
        for plan in self.plans or []:
            if plan not in policy.backup.plans:
                known = ", ".join(policy.backup.plans)
                raise RequestError(f"event: plans = {short(plan)}: the policy has no such plan; its plans are {known}")


@dataclass(frozen=True, slots=True)
class Call[R: Request]:
    """A request and who made it: a person waits for the outcome, whatever it is."""

    request: R
    by_person: bool


def parse[R: Request](event: Any, model: type[R]) -> Call[R]:
    """Read an event in any of its three forms; RequestError names the field that is wrong."""
    if not isinstance(event, dict):
        raise RequestError(f"event: expected a JSON object, as {{}}, not {type(event).__name__}")
    _check_size(event)
    if "source" in event and (mixed := event.keys() & model.model_fields.keys()):
        words = (
            "stands in an event of AWS, where it would be passed over: send it in an event of its own, without source"
        )
        raise RequestError(f"event: {', '.join(sorted(mixed))} {words}")
    match event.get("source"):
        case "aws.events":
            return Call(_validated({}, model), by_person=False)
        case "aws.ec2":
            return Call(_of_state_change(event, model), by_person=False)
    return Call(_validated(event, model), by_person=True)


def _check_size(event: dict[Any, Any]) -> None:
    """RequestError where an event holds so much that the mere search for its faults would take seconds."""
    seen = 0
    for field, value in event.items():
        left = [value]
        while left and seen <= MOST_VALUES:
            each = left.pop()
            inner = each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
            seen += 1
            left.extend(inner)
        if seen > MOST_VALUES:
            raise RequestError(f"event: {shown(str(field), 80)}: there are more than {MOST_VALUES:,} values up to here")


def policy_to_try(request: Request) -> Policy | None:
    """The policy that a dry run brings along, if any. RequestError where it is wrong."""
    if request.policy is None:
        return None
    try:
        return Policy.parse(request.policy) if isinstance(request.policy, str) else Policy.of(request.policy)
    except PolicyError as error:
        raise RequestError(f"event: {error}") from error


def _of_state_change[R: Request](event: dict[str, Any], model: type[R]) -> R:
    """EventBridge's "EC2 Instance State-change Notification": the same as the schedule, for that instance."""
    kind = event.get("detail-type")
    if kind != "EC2 Instance State-change Notification":
        raise RequestError(f"event: detail-type = {short(kind)}: expected an EC2 Instance State-change Notification")
    detail = event.get("detail")
    instance_id = detail.get("instance-id") if isinstance(detail, dict) else None
    return _validated({"instance_ids": [instance_id]}, model)


def _validated[R: Request](fields: dict[str, Any], model: type[R]) -> R:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise RequestError(f"event: {first_fault(error, model)}") from error
