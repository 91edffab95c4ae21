"""What EKS offers: Kubernetes versions with the days on which their support ends, and versions of add-ons.

Days: "Amazon EKS Kubernetes release calendar" in the EKS user guide, as of spring 2026. Add-on versions: in the form
of AWS's own, made up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

# The day on which the calendar below is shown as it is.
AS_OF = datetime(2026, 11, 24, tzinfo=UTC)


@dataclass(frozen=True)
class Release:
    """A Kubernetes version on EKS; days as 2026-12-02."""

    version: str
    released: str
    end_of_standard: str
    end_of_extended: str
    default: bool = False

    def shown(self, now: datetime, later: timedelta = timedelta(0)) -> dict[str, Any]:
        """As DescribeClusterVersions shows it; all of its days so much later."""
        released, standard, extended = (
            datetime.fromisoformat(day).replace(tzinfo=UTC) + later
            for day in (self.released, self.end_of_standard, self.end_of_extended)
        )
        status = "STANDARD_SUPPORT" if now < standard else "EXTENDED_SUPPORT" if now < extended else "UNSUPPORTED"
        return {
            "clusterVersion": self.version,
            "clusterType": "eks",
            "defaultPlatformVersion": "eks.9",
            "defaultVersion": self.default,
            "releaseDate": released,
            "endOfStandardSupportDate": standard,
            "endOfExtendedSupportDate": extended,
            "status": status.lower().replace("_", "-"),
            "versionStatus": status,
        }


RELEASES = (
    Release("1.35", "2026-01-28", "2027-03-27", "2028-03-27", default=True),
    Release("1.34", "2025-10-02", "2026-12-02", "2027-12-02"),
    Release("1.33", "2025-05-29", "2026-07-29", "2027-07-29"),
    Release("1.32", "2025-01-23", "2026-03-23", "2027-03-23"),
    Release("1.31", "2024-09-26", "2025-11-26", "2026-11-26"),
    Release("1.30", "2024-05-23", "2025-07-23", "2026-07-23"),
    Release("1.29", "2024-01-23", "2025-03-23", "2026-03-23"),
)

# By add-on: its versions, and the minor versions of Kubernetes that each is for.
ADDONS: dict[str, dict[str, Sequence[int]]] = {
    "vpc-cni": {
        "v1.21.1-eksbuild.3": range(31, 36),
        "v1.20.4-eksbuild.2": range(30, 36),
        "v1.20.4-eksbuild.10": range(30, 35),
        "v1.19.6-eksbuild.7": range(28, 35),
        "v1.9.3-eksbuild.1": range(28, 34),
    },
    "coredns": {
        "v1.13.1-eksbuild.1": range(33, 36),
        "v1.12.4-eksbuild.1": range(32, 36),
        "v1.11.4-eksbuild.24": range(28, 34),
    },
    "kube-proxy": {f"v1.{minor}.3-eksbuild.{build}": (minor,) for minor in range(29, 36) for build in (2, 5)},
    "aws-ebs-csi-driver": {
        "v1.54.0-eksbuild.1": range(29, 36),
        "v1.48.0-eksbuild.2": range(28, 36),
    },
}


def addon_versions(name: str, kubernetes_version: str | None) -> list[dict[str, Any]]:
    """As DescribeAddonVersions shows them; only those for this Kubernetes version, if one is given."""
    return [
        {
            "addonVersion": version,
            "architecture": ["amd64", "arm64"],
            "compatibilities": [
                {"clusterVersion": f"1.{minor}", "platformVersions": ["*"], "defaultVersion": False}
                for minor in minors
                if kubernetes_version in (None, f"1.{minor}")
            ],
        }
        for version, minors in ADDONS[name].items()
        if kubernetes_version is None or kubernetes_version in {f"1.{minor}" for minor in minors}
    ]
