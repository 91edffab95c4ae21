"""The guard of cleanup: a plan that would delete too much at once is refused as a whole."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from nightshift.fleet import Snapshot
from nightshift.plan.tags import slots_of
from nightshift.policy import Policy

# So many deletions pass in any scope: a percentage says nothing about a small fleet.
ALWAYS_PASS = 10


@dataclass(frozen=True, slots=True)
class _Scope:
    """A set of snapshots of which a run may delete only a share."""

    name: str
    snapshots: Sequence[Snapshot]
    max_percent: int
    key: str

    def refusal(self, doomed: Collection[str]) -> str | None:
        total = len(self.snapshots)
        going = sum(snapshot.id in doomed for snapshot in self.snapshots)
        if going <= ALWAYS_PASS or going * 100 <= self.max_percent * total:
            return None
        share = f"{going} of {total} snapshots {self.name} ({going * 100 / total:.0f} %)"
        return f"{share}, more than the {self.max_percent} % of {self.key}"


def refusal(
    snapshots: Sequence[Snapshot], doomed: Collection[str], policy: Policy, confirm: int | None, *, tried: bool = False
) -> str | None:
    """Why these deletions together are refused, and what to do to go on; None lets them pass.

    snapshots: all of ours in the region, whatever the request's scope. doomed: the ids that this run would delete.
    confirm: how many deletions a person has agreed to after reading a refusal. tried: the policy is not stored yet.
    """
    countable = [snapshot for snapshot in snapshots if snapshot.state in ("completed", "error")]
    refused = [reason for scope in _scopes(countable, policy) if (reason := scope.refusal(doomed))]
    if len(doomed) <= (confirm or 0) or not (refused or confirm is not None):
        return None
    too_many = "; and ".join(refused or [f"{len(doomed)} snapshots"])
    changed = "" if confirm is None else f"; confirmed were {confirm}, the plan has changed since"
    return (
        f"this run would delete {too_many}{changed}. Nothing was deleted. If a dry run shows what you want, "
        f"{'store this policy first: another one rules a real run. Then ' if tried else ''}"
        f'send {{"confirm": {len(doomed)}}} with the same ids and plans, if any'
    )


def _scopes(snapshots: Sequence[Snapshot], policy: Policy) -> list[_Scope]:
    default = policy.cleanup.max_delete_percent
    of_plans = [
        _Scope(
            f"of plan {name}",
            [snapshot for snapshot in snapshots if name in slots_of(snapshot)],
            default if plan.max_delete_percent is None else plan.max_delete_percent,
            "cleanup.max_delete_percent"
            if plan.max_delete_percent is None
            else f"backup.plans.{name}.max_delete_percent",
        )
        for name, plan in policy.backup.plans.items()
    ]
    return [_Scope("of the region", snapshots, default, "cleanup.max_delete_percent"), *of_plans]
