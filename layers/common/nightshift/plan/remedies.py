"""Remedies: what Nightshift does by itself about an impaired instance whose owner opted in, and when it does not.

AWS on status checks: a failed instance check is mended by a reboot, among others; a failed system check only by
another host, so by stop and start ("in most cases results in the instance being migrated to a new host"), which a
reboot does not give. So `reboot` is for the instance check alone, `stop-start` for both.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from nightshift.fleet import AUTO_SCALING_GROUP, Instance, Tags
from nightshift.outcome import Change
from nightshift.plan.health import OK, Announced, Health
from nightshift.plan.slots import slot_text, slot_time
from nightshift.plan.tags import REMEDIED, REMEDY
from nightshift.plan.transition import Transition

APART = timedelta(hours=1)

# The checks whose failure a remedy can mend.
MENDED = frozenset({"system", "instance"})


class Remedy(StrEnum):
    """As people write it in nightshift:remedy; START finishes a stop-start that was interrupted."""

    REBOOT = "reboot"
    STOP_START = "stop-start"
    START = "start"


_DOING = {
    Remedy.REBOOT: "Nightshift reboots it now",
    Remedy.STOP_START: "Nightshift stops and starts it now",
    Remedy.START: "Nightshift starts it now",
}


@dataclass(frozen=True, slots=True)
class Care(Change):
    """What is to be done for one instance: tell people first, then remedy.

    name, zone: for the message. remedied: the value of nightshift:remedied when this was planned; another one at
    the time of the remedy means that another run was there first.
    """

    instance_id: str
    name: str
    zone: str
    transition: Transition | None = None
    remedy: Remedy | None = None
    remedied: str | None = None
    remedy_words: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """remedy is None where there is none now; the reason says why in either case, empty where nobody asked."""

    remedy: Remedy | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """An instance of which to judge whether it gets a remedy.

    instance_storage: by type; None: AWS did not say. outage: why its zone looks ill as a whole; empty: it does not.
    """

    instance: Instance
    health: Health
    remedy_after: timedelta
    muted_until: datetime | None
    instance_storage: Mapping[str, bool | None]
    now: datetime
    outage: str = ""

    @property
    def wanted(self) -> str:
        return self.instance.tags[REMEDY]

    @property
    def since(self) -> datetime | None:
        return self.health.since(MENDED)


def opted_in(instance: Instance) -> bool:
    return REMEDY in instance.tags


def could_help(health: Health) -> bool:
    """Whether a check fails now that a remedy can mend."""
    return bool(health.failing & MENDED)


def remedy_for(case: Case) -> Verdict:
    """The remedy that an impaired instance gets now, or why it gets none."""
    if not opted_in(case.instance) or not (case.health.failing or case.health.ahead):
        return Verdict()
    refusal = next((reason for rule in _REFUSALS if (reason := rule(case))), None)
    if refusal:
        return Verdict(reason=f"no remedy: {refusal}")
    remedy = Remedy(case.wanted)
    return Verdict(remedy, _DOING[remedy])


# A remedy is written down just before its stop; a later stop is somebody else's.
OWN_STOP = timedelta(minutes=2)


def interrupted(instance: Instance, announced: Announced, muted_until: datetime | None, now: datetime) -> Verdict:
    """Whether an instance that does not run was stopped by a remedy that could not be finished.

    One that is said to have recovered since then was stopped by somebody else. Each try to start it is written
    down as a remedy, so that runs go on trying until it runs.
    """
    remedied = _unfinished(instance, announced)
    if remedied is None or not _recent(remedied, now):
        return Verdict()
    if instance.stopped and instance.stopped > remedied + OWN_STOP:
        return Verdict(reason="somebody stopped it since the last remedy, so it stays stopped")
    begun = f"the stop-start of {slot_text(remedied)} was interrupted"
    if muted_until:
        return Verdict(reason=f"{begun}, but it is muted until {slot_text(muted_until)}: start it yourself")
    return Verdict(Remedy.START, f"{begun}: {_DOING[Remedy.START]}")


def stopped_by_remedy(instance: Instance, announced: Announced, now: datetime) -> datetime | None:
    """When the remedy was that stopped it, where no run goes on with that any more; None: none did.

    Only where AWS says when it was stopped: an hour and more after a remedy most stops are somebody else's.
    """
    remedied = _unfinished(instance, announced)
    if remedied is None or _recent(remedied, now) or instance.stopped is None:
        return None
    return remedied if instance.stopped <= remedied + OWN_STOP else None


def _unfinished(instance: Instance, announced: Announced) -> datetime | None:
    """When the last remedy of an instance began that does not run and opted in to be stopped; None: it had recovered
    since then, or there was none."""
    remedied = remedied_at(instance.tags)
    if instance.state not in ("stopping", "stopped") or instance.tags.get(REMEDY) != Remedy.STOP_START:
        return None
    if str(announced.state) == OK and announced.since and remedied and announced.since >= remedied:
        return None
    return remedied


def remedied_at(tags: Tags) -> datetime | None:
    """When the last remedy began, UTC; None: never, or the tag cannot be read."""
    return slot_time(tags.get(REMEDIED, ""))


def _recent(remedied: datetime, now: datetime) -> bool:
    return now - remedied < APART


def _unknown(case: Case) -> str | None:
    if case.wanted in (Remedy.REBOOT, Remedy.STOP_START):
        return None
    return f"{REMEDY} is {case.wanted!r}; expected reboot or stop-start"


def _nothing_to_mend(case: Case) -> str | None:
    if case.health.failing:
        return None
    return "a scheduled event is none of its grounds"


def _only_ebs(case: Case) -> str | None:
    if could_help(case.health):
        return None
    return "only the attached-EBS check fails, and a volume that does not answer is not mended by a restart"


def _same_host(case: Case) -> str | None:
    if case.wanted != Remedy.REBOOT or "system" not in case.health.failing:
        return None
    return f"the system check fails and a reboot stays on the same host; {REMEDY}=stop-start would move it"


def _muted(case: Case) -> str | None:
    return f"muted until {slot_text(case.muted_until)}" if case.muted_until else None


def _in_group(case: Case) -> str | None:
    group = case.instance.tags.get(AUTO_SCALING_GROUP)
    return None if group is None else f"the Auto Scaling group {group} replaces it"


def _run_by_another(case: Case) -> str | None:
    return f"{case.instance.operator} runs it and alone may restart it" if case.instance.operator else None


def _instance_store(case: Case) -> str | None:
    has = case.instance_storage.get(case.instance.type)
    if has is None:
        return f"AWS did not say whether {case.instance.type} has instance-store volumes"
    return f"{case.instance.type} has instance-store volumes, whose data could be lost" if has else None


def _zone_outage(case: Case) -> str | None:
    return case.outage or None


def _just_remedied(case: Case) -> str | None:
    value = case.instance.tags.get(REMEDIED)
    if value is None:
        return None
    remedied = remedied_at(case.instance.tags)
    if remedied is None:
        return f"{REMEDIED} is no time: {value!r}; remove the tag"
    if not _recent(remedied, case.now):
        return None
    return f"the last one was at {slot_text(remedied)}, and two are at least an hour apart"


def _too_early(case: Case) -> str | None:
    if case.since is None:
        return "AWS does not say since when it is impaired"
    due = case.since + case.remedy_after
    return None if case.now >= due else f"not before {slot_text(due)}"


# Read in this order: the first that objects is the reason; what will not pass by itself comes first.
_REFUSALS: tuple[Callable[[Case], str | None], ...] = (
    _unknown,
    _nothing_to_mend,
    _only_ebs,
    _same_host,
    _in_group,
    _run_by_another,
    _instance_store,
    _muted,
    _zone_outage,
    _just_remedied,
    _too_early,
)
