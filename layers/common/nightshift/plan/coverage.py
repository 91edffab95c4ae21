"""Coverage: which plans a volume has, and why it has none."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from nightshift.fleet import Instance, Volume
from nightshift.plan.tags import plans_named

_TAKEN_STATES = ("in-use", "available")
_VALUES_TOLD = 10


@dataclass(frozen=True, slots=True)
class Coverage:
    """The plans of one volume. No plans: why_not says why. doubts is what the tag says that names no plan.

    by_own_tag: the volume's own tag decided, not its instance's.
    """

    volume: Volume
    plans: tuple[str, ...] = ()
    why_not: str = ""
    doubts: str = ""
    by_own_tag: bool = False


def covered(volume: Volume, instances: Sequence[Instance], tag: str, plans: Collection[str]) -> Coverage | None:
    """Which plans a volume has by its own tag or that of an instance it is attached to; None: it has no tag at all.

    ignore wins over all, then the volume's own tag, then the instance's. A Multi-Attach volume has the plans of
    all its instances.
    """
    own = volume.tags.get(tag)
    inherited = {instance.id: instance.tags[tag] for instance in instances if tag in instance.tags}
    if own is None and not inherited:
        return None
    if ignored_by := _ignored_by(own, inherited):
        return Coverage(volume, why_not=f"{ignored_by} says {tag}=ignore")
    value = own if own is not None else ",".join(inherited.values())
    named, unknown = plans_named(value, plans)
    doubts = f"{tag}={value}: {', '.join(unknown) or 'it'} names no plan; the policy's are {', '.join(plans)}"
    if not named:
        return Coverage(volume, why_not=doubts, doubts=doubts)
    return Coverage(volume, tuple(named), doubts=doubts if unknown else "", by_own_tag=own is not None)


def doubts_told(doubts: Sequence[str]) -> list[str]:
    """One line for each wrong value, with how many volumes have it; the most frequent ten."""
    values = Counter(doubts)
    rest = len(values) - _VALUES_TOLD
    return [
        *(f"{doubt} (volumes: {count:,})" for doubt, count in values.most_common(_VALUES_TOLD)),
        *([f"and {rest:,} more values that name no plan"] if rest > 0 else []),
    ]


def cannot_be_saved(volume: Volume, instances: Sequence[Instance]) -> str:
    """Why no snapshot of it can be taken now, or must not; empty where it can."""
    if reason := comes_or_goes(volume, instances):
        return reason
    if volume.outpost:
        return f"not covered: it is on {volume.outpost}, and its snapshot would leave that for the region"
    return f"not covered: {volume.operator} runs it" if volume.operator else ""


def comes_or_goes(volume: Volume, instances: Sequence[Instance]) -> str:
    """Why there is no volume to save just now; empty where there is."""
    if volume.state not in _TAKEN_STATES:
        return f"the volume is in state {volume.state}"
    if instances and all(instance.ending for instance in instances):
        return f"{instances[0].id} is being terminated"
    return ""


def _ignored_by(own: str | None, inherited: Mapping[str, str]) -> str:
    if own is not None and _ignores(own):
        return "its own tag"
    return next((instance_id for instance_id, value in inherited.items() if _ignores(value)), "")


def _ignores(value: str) -> bool:
    return any(word.strip().lower() == "ignore" for word in value.split(","))
