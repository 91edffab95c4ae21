"""EKS: what moto's clusters and node groups lack, and the errors of its listings and tags.

AWS: the botocore model of EKS and its user guide. Not verified: the words of the errors.
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.eks import models
from moto.eks.exceptions import EKSError, InvalidParameterException, ResourceNotFoundException
from moto.eks.models import Cluster, EKSBackend, Nodegroup
from moto.eks.responses import EKSResponse

from local.corrections.clock import utcnow
from local.corrections.patch import corrects, replaces
from local.eks_catalogue import RELEASES

OPEN_TO_ALL = ["0.0.0.0/0"]
MOST_TAGS, MOST_KEY, MOST_VALUE = 50, 128, 256

_init_cluster = Cluster.__init__
_init_nodegroup = Nodegroup.__init__
_create_cluster = EKSResponse.create_cluster
_create_nodegroup = EKSBackend.create_nodegroup
_tag_resource = EKSBackend.tag_resource

# AWS: createdAt is the time of the call; moto's own is the real one.
replaces(models, "utcnow", utcnow)


class BadRequestException(EKSError):  # noqa: N818 - AWS's name
    TYPE = "BadRequestException"
    STATUS = 400


class NotFoundException(EKSError):  # noqa: N818 - AWS's name
    TYPE = "NotFoundException"
    STATUS = 404


def cluster_of(backend: Any, name: str) -> Any:
    """AWS: ResourceNotFoundException with the cluster's name, from every action on a cluster that is not there.
    moto's listings raise a KeyError."""
    if name not in backend.clusters:
        raise ResourceNotFoundException(clusterName=name, message=f"No cluster found for name: {name}.")
    return backend.clusters[name]


def one_page(response: Any, names: list[Any], key: Any = str) -> tuple[list[Any], str | None]:
    """AWS: pages of maxResults, at most 100; a token that is none is an InvalidParameterException.
    moto raises a ValueError."""
    found = sorted(names, key=key)
    token = response._get_param("nextToken")
    if token:
        after = [each for each in found if key(each) >= token]
        if not after or key(after[0]) != token:
            raise InvalidParameterException(message="Invalid nextToken")
        found = after
    size = response._get_int_param("maxResults", 100)
    return found[:size], key(found[size]) if len(found) > size else None


@corrects(Cluster, "__init__")
def cluster(self: Any, *args: Any, **kwargs: Any) -> None:
    """AWS: CreateCluster in the botocore model: without a version it is the default one (DescribeClusterVersions'
    defaultVersion); the endpoint is public for 0.0.0.0/0 unless the request says otherwise; extended support is on;
    health says which issues there are. moto: 1.19, the request as it came, and neither of the others."""
    _init_cluster(self, *args, **kwargs)
    self.version = kwargs.get("version") or next(each.version for each in RELEASES if each.default)
    defaults = {"endpointPublicAccess": True, "endpointPrivateAccess": False}
    self.resources_vpc_config = defaults | (self.resources_vpc_config or {})
    if self.resources_vpc_config["endpointPublicAccess"]:
        self.resources_vpc_config.setdefault("publicAccessCidrs", list(OPEN_TO_ALL))
    self.upgrade_policy = {"supportType": "EXTENDED"}
    self.health = {"issues": []}


@corrects(EKSResponse)
def create_cluster(self: Any) -> ActionResult:
    """AWS: CreateCluster, upgradePolicy. moto ignores it."""
    answer: Any = _create_cluster(self)
    if policy := self._get_param("upgradePolicy"):
        answer.result["cluster"].upgrade_policy = policy
    return answer  # type: ignore[no-any-return]  # as moto has it


@corrects(Nodegroup, "__init__")
def nodegroup(self: Any, *args: Any, **kwargs: Any) -> None:
    """AWS: DescribeNodegroup, health: of this node group. moto has one dictionary for all."""
    _init_nodegroup(self, *args, **kwargs)
    self.health = {"issues": []}


@corrects(EKSBackend)
def create_nodegroup(self: Any, cluster_name: str, **kwargs: Any) -> Any:
    """AWS: CreateNodegroup, version: "By default, the Kubernetes version of the cluster is used". moto: 1.19."""
    version = kwargs.pop("version", None) or cluster_of(self, cluster_name).version
    return _create_nodegroup(self, cluster_name, version=version, **kwargs)


@corrects(EKSResponse)
def list_clusters(self: Any) -> ActionResult:
    names, token = one_page(self, list(self.eks_backend.clusters))
    return ActionResult({"clusters": names, "nextToken": token})


@corrects(EKSResponse)
def list_nodegroups(self: Any) -> ActionResult:
    names, token = one_page(self, list(cluster_of(self.eks_backend, self._get_param("name")).nodegroups))
    return ActionResult({"nodegroups": names, "nextToken": token})


@corrects(EKSResponse)
def list_fargate_profiles(self: Any) -> ActionResult:
    names, token = one_page(self, list(cluster_of(self.eks_backend, self._get_param("name")).fargate_profiles))
    return ActionResult({"fargateProfileNames": names, "nextToken": token})


@corrects(EKSBackend)
def tag_resource(self: Any, resource_arn: str, tags: dict[str, str]) -> None:
    """AWS: TagResource in the botocore model: NotFoundException, BadRequestException; the user guide, "Organize
    Amazon EKS resources with tags": 50 a resource, keys of 128, values of 256 characters, none with aws:.
    moto: ResourceNotFoundException, and no limits. Not verified: which of them is which error."""
    mine = next((each for each in self.clusters.values() if each.arn == resource_arn), None)
    if mine is None:
        raise NotFoundException(message=f"The specified resource could not be found: {resource_arn}")
    if any(key.startswith("aws:") or len(key) > MOST_KEY or len(value) > MOST_VALUE for key, value in tags.items()):
        raise BadRequestException(message="Invalid tag key or value")
    if len(mine.tags.keys() | tags.keys()) > MOST_TAGS:
        raise BadRequestException(message=f"A resource can have at most {MOST_TAGS} tags")
    _tag_resource(self, resource_arn, tags)
