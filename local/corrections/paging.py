"""MaxResults and NextToken of Describe calls. moto ignores both nearly everywhere and answers in one page."""

import base64
import binascii
import json
from collections.abc import Callable
from functools import wraps
from operator import attrgetter
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.elastic_block_store import ElasticBlockStore
from moto.ec2.responses.elastic_network_interfaces import ElasticNetworkInterfaces
from moto.ec2.responses.tags import TagResponse

from local.corrections.filters import check_filters
from local.corrections.patch import refusal, replaces

SMALLEST_PAGE, LARGEST_PAGE = 5, 1000
Key = Callable[[Any], Any]


def paged(result: str, ids: str | None = None, key: Key = attrgetter("id")) -> Callable[[Any], Any]:
    """Decorator of an action of EC2: dry run, filter names, page size and token, then the page itself."""

    def decorate(action: Callable[[Any], ActionResult]) -> Callable[[Any], ActionResult]:
        @wraps(action)
        def answer(response: Any) -> ActionResult:
            check_request(response, ids)
            whole: Any = action(response).result
            page, token = one_page(response, whole[result], key)
            return ActionResult({result: page, "NextToken": token})

        return answer

    return decorate


def check_request(response: Any, ids: str | None) -> None:
    """AWS: the botocore model ("You cannot specify this parameter and the ... IDs parameter in the same request");
    pages of 5 to 1,000, larger ones are cut to 1,000. docs/aws.md, Paging, says which action says so."""
    response.error_on_dryrun()
    check_filters(response)
    size = response._get_param("MaxResults")
    if size is None:
        return
    if ids and response._get_param(ids):
        raise refusal(
            "InvalidParameterCombination",
            f"The parameter {ids[0].lower()}{ids[1:]} cannot be used with the parameter maxResults",
        )
    if int(size) < SMALLEST_PAGE:
        raise refusal(
            "InvalidParameterValue",
            f"Value ( {size} ) for parameter maxResults is invalid. Expecting a value greater than {SMALLEST_PAGE}.",
        )


def one_page(response: Any, resources: Any, key: Key) -> tuple[list[Any], str | None]:
    """The resources after the token. A page ends at a resource, not at a number: what is deleted or created
    between two pages neither hides nor repeats another. AWS promises no order; here it is the order of `key`."""
    found = sorted(resources, key=key)
    action = response._get_action()
    if token := response._get_param("NextToken"):
        last = decode(token, action)
        found = [each for each in found if _comparable(key(each)) > last]
    size = response._get_param("MaxResults")
    if size is None:
        return found, None
    size = min(int(size), LARGEST_PAGE)
    page = found[:size]
    return page, encode(action, _comparable(key(page[-1]))) if len(found) > size else None


def _comparable(key: Any) -> list[Any]:
    return list(key) if isinstance(key, tuple) else [key]


def encode(action: str, last: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps([action, last]).encode()).decode()


def decode(token: str, action: str) -> list[Any]:
    """AWS: ERR, InvalidNextToken; a token of another call is as wrong as garbage."""
    try:
        made_by, last = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError, binascii.Error):
        made_by, last = None, []
    if made_by != action or not isinstance(last, list):
        raise refusal("InvalidNextToken", "The specified NextToken is not valid")
    return last


def _tag_key(tag: Any) -> tuple[str, str]:
    return tag["resource_id"], tag["key"]


replaces(ElasticBlockStore, "describe_volumes", paged("Volumes", ids="VolumeIds")(ElasticBlockStore.describe_volumes))
replaces(TagResponse, "describe_tags", paged("Tags", key=_tag_key)(TagResponse.describe_tags))
replaces(
    ElasticNetworkInterfaces,
    "describe_network_interfaces",
    paged("NetworkInterfaces", ids="NetworkInterfaceIds")(ElasticNetworkInterfaces.describe_network_interfaces),
)
