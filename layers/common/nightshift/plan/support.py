"""How long AWS supports a cluster's Kubernetes version, what happens then, and what it costs.

"Understand the Kubernetes version lifecycle on EKS": standard support for 14 months, then 12 months of extended
support. With the upgrade policy EXTENDED a cluster enters it and costs more; with STANDARD, and at the end of extended
support, AWS upgrades the control plane by itself.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import assert_never

from nightshift.clusters import Release, minor
from nightshift.plan.finding import Finding, Severity

# Dollars per cluster and hour, from "Amazon EKS extended support for Kubernetes versions pricing".
STANDARD_AN_HOUR = 0.10
EXTENDED_AN_HOUR = 0.60
HOURS_A_MONTH = 730

# What a cluster in extended support costs a month beyond one in standard support.
EXTRA_A_MONTH = round((EXTENDED_AN_HOUR - STANDARD_AN_HOUR) * HOURS_A_MONTH)

# So many days before an end people are told; once it is there they are told again.
_WARNINGS = {7: Severity.CRITICAL, 30: Severity.WARNING, 60: Severity.WARNING, 120: Severity.INFO}

_BY_ITSELF = "AWS upgrades its control plane by itself"


class Phase(Enum):
    STANDARD = "standard"
    EXTENDED = "extended"
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Support:
    """Of one cluster at one time (UTC). release: None where AWS does not list its version, or did not say."""

    version: str
    policy: str
    release: Release | None
    now: datetime

    @property
    def phase(self) -> Phase:
        if self.release is None:
            return Phase.UNKNOWN
        if self.now < self.release.end_of_standard:
            return Phase.STANDARD
        return Phase.EXTENDED if self.now < self.release.end_of_extended else Phase.ENDED

    @property
    def enters_extended(self) -> bool:
        return self.policy == "EXTENDED"

    @property
    def pays(self) -> bool:
        """One with the policy STANDARD waits for AWS's upgrade and pays nothing more."""
        return self.phase is Phase.EXTENDED and self.enters_extended

    def days_until(self, end: datetime) -> int:
        """Days on the calendar, in UTC."""
        return (end.date() - self.now.date()).days


def end_of_support(support: Support) -> Finding | None:
    """What is to be said about it now: one finding, whose levels follow one another.

    eos-120 to eos-7 are days before the end of standard support, eos-0 is after it, eos-x120 to eos-x7 are days
    before the end of extended support, eos-x0 is after that.
    """
    match support.phase:
        case Phase.STANDARD:
            return _before_extended(support)
        case Phase.EXTENDED:
            return _in_extended(support) if support.pays else _overdue(support)
        case Phase.ENDED | Phase.UNKNOWN:
            return _ended(support)
    assert_never(support.phase)


def _before_extended(support: Support) -> Finding | None:
    end = _release(support).end_of_standard
    level = _warning(support, end)
    if level is None:
        return None
    then = f"it costs ${EXTRA_A_MONTH} a month more" if support.enters_extended else _BY_ITSELF
    what = f"standard support of Kubernetes {support.version} ends {_when(support, end)}: from then on {then}"
    return _finding(support, str(level), _WARNINGS[level], what)


def _in_extended(support: Support) -> Finding:
    release = _release(support)
    costs = (
        f"Kubernetes {support.version} is in extended support since {release.end_of_standard:%Y-%m-%d}, which costs "
        f"${EXTRA_A_MONTH} a month more"
    )
    level = _warning(support, release.end_of_extended)
    if level is None:
        return _finding(support, "0", Severity.WARNING, costs)
    severity = min(_WARNINGS[level], Severity.WARNING, key=lambda each: each.rank)
    what = f"{costs}; it ends {_when(support, release.end_of_extended)}: from then on {_BY_ITSELF}"
    return _finding(support, f"x{level}", severity, what)


def _overdue(support: Support) -> Finding:
    ended = f"{_release(support).end_of_standard:%Y-%m-%d}"
    what = f"standard support of Kubernetes {support.version} ended on {ended}: {_BY_ITSELF}, any time now"
    return _finding(support, "0", Severity.CRITICAL, what)


def _ended(support: Support) -> Finding:
    when = f"on {support.release.end_of_extended:%Y-%m-%d}" if support.release else "as AWS does not list it any more"
    what = f"all support of Kubernetes {support.version} has ended, {when}: {_BY_ITSELF}, any time now"
    return _finding(support, "x0", Severity.CRITICAL, what)


def _finding(support: Support, level: str, severity: Severity, what: str) -> Finding:
    to_do = (
        f"look at its upgrade insights, bring its nodes to {support.version}, then upgrade its control plane to "
        f"1.{minor(support.version) + 1} and on, one minor version at a time"
    )
    return Finding("eos", severity, what, to_do, level)


def _release(support: Support) -> Release:
    if support.release is None:
        raise ValueError(f"no release: {support}")
    return support.release


def _warning(support: Support, end: datetime) -> int | None:
    """The smallest of the warnings that is reached."""
    return next((days for days in sorted(_WARNINGS) if support.days_until(end) <= days), None)


def _when(support: Support, end: datetime) -> str:
    days = support.days_until(end)
    return f"on {end:%Y-%m-%d}, in {days} day{'' if days == 1 else 's'}"
