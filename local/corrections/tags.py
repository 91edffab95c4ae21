"""Tags: what may be written, on what, how many; reading them in linear time; gone with their resource."""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models import validate_resource_ids
from moto.ec2.models.amis import AmiBackend
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.elastic_block_store import EBSBackend
from moto.ec2.models.tags import TagBackend
from moto.ec2.responses.tags import TagResponse
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix

from local.corrections.patch import corrects, refusal, replaces
from local.corrections.visibility import is_visible

MAX_TAGS, MAX_KEY, MAX_VALUE, MAX_RESOURCES = 50, 128, 256, 1000


def is_reserved(key: str) -> bool:
    return key.lower().startswith("aws:")


def user_tags(backend: Any, resource_id: str) -> dict[str, str]:
    return {key: value for key, value in backend.tags.get(resource_id, {}).items() if not is_reserved(key)}


def validate_tags(tags: dict[str, str]) -> None:
    """AWS: UG, Using_Tags: at most 50 tags, keys of 1 to 128 characters, values of up to 256, none beginning with
    aws:. moto checks the number only."""
    for key, value in tags.items():
        if is_reserved(key):
            raise refusal(
                "InvalidParameterValue",
                f"Value ( {key} ) for parameter key is invalid. "
                "Tag keys starting with 'aws:' are reserved for internal use",
            )
        if not 1 <= len(key) <= MAX_KEY:
            raise refusal("InvalidParameterValue", f"Tag key must be between 1 and {MAX_KEY} characters long: '{key}'")
        if len(value) > MAX_VALUE:
            raise refusal("InvalidParameterValue", f"Tag value exceeds {MAX_VALUE} characters: '{key}'")
    if len(tags) > MAX_TAGS:
        raise refusal("TagLimitExceeded", "The maximum number of tags for a resource has been reached.")


def without_duplicates(pairs: list[dict[str, str]]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for pair in pairs:
        if pair["Key"] in tags:
            raise refusal("InvalidParameterValue", f"Duplicate tag key '{pair['Key']}' specified.")
        tags[pair["Key"]] = pair.get("Value", "")
    return tags


def tag_specification(response: Any, resource_type: str) -> dict[str, str]:
    """The tags a creating call gives to what it makes. AWS: TagSpecification in the API reference; c7n #3792."""
    specifications = response._get_param("TagSpecifications", []) or response._get_param("TagSpecification", [])
    pairs: list[dict[str, str]] = []
    for each in specifications:
        if each.get("ResourceType") != resource_type:
            raise refusal(
                "InvalidParameterValue",
                f"'{each.get('ResourceType')}' is not a valid taggable resource type for this operation.",
            )
        pairs.extend(each.get("Tags", []))
    tags = without_duplicates(pairs)
    validate_tags(tags)
    return tags


@corrects(TaggedEC2Resource)
def get_tags(self: Any) -> list[dict[str, str]]:
    """The same answer as moto's, which reads all tags of the region for each resource: 10,000 snapshots took
    longer than botocore waits."""
    kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(self.id), "") if self.id else ""
    return [
        {"resource_id": self.id, "key": key, "value": value, "resource_type": kind}
        for key, value in list(self.ec2_backend.tags.get(self.id, {}).items())
    ]


@corrects(TagBackend, "create_tags")
def write_tags(self: Any, resource_ids: list[str], tags: dict[str, str]) -> bool:
    """AWS: UG, Using_Tags: tags with aws: do not count against the 50. In moto those already there do."""
    if None in tags.values():
        raise refusal("InvalidParameterValue", "Tag value cannot be null. Use empty string instead.")
    for resource_id in resource_ids:
        if len(user_tags(self, resource_id).keys() | {key for key in tags if not is_reserved(key)}) > MAX_TAGS:
            raise refusal("TagLimitExceeded", "The maximum number of tags for a resource has been reached.")
    for resource_id in resource_ids:
        self.tags[resource_id].update(tags)
    return True


@corrects(TagResponse)
def create_tags(self: Any) -> ActionResult:
    """AWS: CreateTags takes at most 1,000 resources (API reference), refuses aws: keys, and writes nothing when
    one resource does not exist. The code for too many resources is not verified."""
    resource_ids = _resources(self)
    tags = without_duplicates(self._get_param("Tags", []))
    validate_tags(tags)
    self.error_on_dryrun()
    self.ec2_backend.create_tags(resource_ids, tags)
    return EmptyResult()


@corrects(TagResponse)
def delete_tags(self: Any) -> ActionResult:
    """AWS: DeleteTags in the API reference: aws: keys are refused; without Tags all user tags go."""
    resource_ids = _resources(self)
    tags = {each["Key"]: each.get("Value") for each in self._get_param("Tags", [])}
    validate_tags(dict.fromkeys(tags, ""))
    self.error_on_dryrun()
    for resource_id in resource_ids:
        self.ec2_backend.delete_tags([resource_id], tags or dict.fromkeys(user_tags(self.ec2_backend, resource_id)))
    return EmptyResult()


def _resources(response: Any) -> list[str]:
    resource_ids: list[str] = response._get_param("Resources", [])
    if len(resource_ids) > MAX_RESOURCES:
        raise refusal("InvalidParameterValue", f"You may specify up to {MAX_RESOURCES} resources per request.")
    validate_resource_ids(resource_ids)
    _check_exist(response.ec2_backend, resource_ids)
    return resource_ids


def _check_exist(backend: Any, resource_ids: list[str]) -> None:
    """AWS: ERR: the code names the kind of what is missing. moto never misses an instance or an interface."""
    others = []
    for resource_id in resource_ids:
        match get_prefix(resource_id):
            case "i":
                backend.get_instance(resource_id)
            case "eni":
                backend.get_network_interface(resource_id)
            case "snap":
                snapshot = backend.snapshots.get(resource_id)
                if snapshot is None or not is_visible(snapshot):
                    raise refusal("InvalidSnapshot.NotFound", f"The snapshot '{resource_id}' does not exist.")
            case _:
                others.append(resource_id)
    backend.do_resources_exist(others)


def _forgetting(name: str, owner: Any) -> None:
    """AWS shows no tags of what is gone; moto keeps them in DescribeTags for ever."""
    delete = getattr(owner, name)

    def delete_with_tags(self: Any, resource_id: str, *args: Any, **kwargs: Any) -> Any:
        result = delete(self, resource_id, *args, **kwargs)
        self.tags.pop(resource_id, None)
        return result

    replaces(owner, name, delete_with_tags)


_forgetting("delete_snapshot", EBSBackend)
_forgetting("delete_volume", EBSBackend)
_forgetting("deregister_image", AmiBackend)
