"""EKS: Kubernetes versions, add-ons and insights. moto has no such actions.

AWS: the botocore model of EKS, with its examples. What there is comes from local/eks_catalogue.py and from seeds.
"""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from moto.core.responses import ActionResult
from moto.eks import urls
from moto.eks.exceptions import ResourceNotFoundException
from moto.eks.responses import EKSResponse

from local.corrections.eks import cluster_of, one_page
from local.corrections.patch import corrects, own, replaces
from local.eks_catalogue import ADDONS, RELEASES, addon_versions
from local.world import world

replaces(
    urls,
    "url_paths",
    {
        **urls.url_paths,
        "{0}/cluster-versions$": urls.response.dispatch,
        "{0}/addons/supported-versions$": urls.response.dispatch,
        "{0}/clusters/(?P<name>[^/]+)/addons$": urls.response.dispatch,
        "{0}/clusters/(?P<name>[^/]+)/addons/(?P<addonName>[^/]+)$": urls.response.dispatch,
        "{0}/clusters/(?P<name>[^/]+)/insights$": urls.response.dispatch,
        "{0}/clusters/(?P<name>[^/]+)/insights/(?P<id>[^/]+)$": urls.response.dispatch,
    },
)

# What ListInsights leaves out of an insight.
DETAILS = ("recommendation", "additionalInfo", "resources", "categorySpecificSummary")


@corrects(EKSResponse)
def describe_cluster_versions(self: Any) -> ActionResult:
    """AWS: DescribeClusterVersions: in standard or extended support, unless includeAll asks for all."""
    shown = own(self.eks_backend, "cluster_versions").values() or [each.shown(world.now()) for each in RELEASES]
    wanted = self.querystring.get("clusterVersions")
    found = [
        each
        for each in shown
        if (self._get_param("includeAll") or each["versionStatus"] != "UNSUPPORTED")
        and (not wanted or each["clusterVersion"] in wanted)
        and (not self._get_param("defaultOnly") or each["defaultVersion"])
        and self._get_param("versionStatus") in (None, each["versionStatus"])
    ]
    page, token = one_page(self, found, itemgetter("clusterVersion"))
    return ActionResult({"clusterVersions": page, "nextToken": token})


@corrects(EKSResponse)
def list_addons(self: Any) -> ActionResult:
    """AWS: ListAddons: the names of the add-ons that are installed."""
    names, token = one_page(self, list(own(cluster_of(self.eks_backend, self._get_param("name")), "addons")))
    return ActionResult({"addons": names, "nextToken": token})


@corrects(EKSResponse)
def describe_addon(self: Any) -> ActionResult:
    """AWS: DescribeAddon; ResourceNotFoundException where the cluster has none of that name."""
    name, addon = self._get_param("name"), self._get_param("addonName")
    return ActionResult(
        {"addon": _one(own(cluster_of(self.eks_backend, name), "addons"), addon, "addon", clusterName=name)}
    )


@corrects(EKSResponse)
def describe_addon_versions(self: Any) -> ActionResult:
    """AWS: DescribeAddonVersions: of each add-on (or of this one) the versions, only those for kubernetesVersion.
    Not verified: what it answers for an add-on that AWS does not have; here ResourceNotFoundException."""
    wanted, kubernetes = self._get_param("addonName"), self._get_param("kubernetesVersion")
    if wanted is not None and wanted not in ADDONS:
        raise ResourceNotFoundException(addonName=wanted, message=f"No addon found with name: {wanted}")
    names, token = one_page(self, [wanted] if wanted else list(ADDONS))
    addons = [{"addonName": name, "addonVersions": addon_versions(name, kubernetes)} for name in names]
    return ActionResult({"addons": addons, "nextToken": token})


@corrects(EKSResponse)
def list_insights(self: Any) -> ActionResult:
    """AWS: ListInsights: summaries, of those that the filter lets pass."""
    wanted = self._get_param("filter") or {}
    insights = own(cluster_of(self.eks_backend, self._get_param("name")), "insights").values()
    page, token = one_page(self, [each for each in insights if _passes(each, wanted)], itemgetter("id"))
    summaries = [{key: value for key, value in each.items() if key not in DETAILS} for each in page]
    return ActionResult({"insights": summaries, "nextToken": token})


def _passes(insight: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """AWS: InsightsFilter in the botocore model."""
    shown = {
        "categories": insight["category"],
        "statuses": insight["insightStatus"]["status"],
        "kubernetesVersions": insight.get("kubernetesVersion"),
    }
    return all(shown[name] in values for name, values in wanted.items())


@corrects(EKSResponse)
def describe_insight(self: Any) -> ActionResult:
    """AWS: DescribeInsight: the details too; ResourceNotFoundException where there is none of that id."""
    name, id_ = self._get_param("name"), self._get_param("id")
    insight = _one(own(cluster_of(self.eks_backend, name), "insights"), id_, "insight", clusterName=name)
    return ActionResult({"insight": insight})


def _one(things: Mapping[str, Any], name: str, kind: str, **where: str) -> Any:
    if name not in things:
        raise ResourceNotFoundException(**where, message=f"No {kind} found with name: {name}")
    return things[name]
