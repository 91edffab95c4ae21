"""The message of a status check: one mail a run that says who became impaired or recovered."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from nightshift.plan.health import State
from nightshift.plan.remedies import Care
from nightshift.plan.transition import Kind, Transition
from nightshift.report.mail import Message, console, one_line, subject, within_bounds

MOST_NAME = 80

# From so many on, instances that became impaired together are looked at for what they have in common.
MANY = 10
MOST_OF_THEM = 0.9

_HEADINGS = {
    Kind.STOPPED: "LEFT STOPPED BY A REMEDY",
    Kind.IMPAIRED: "BECAME IMPAIRED",
    Kind.EVENT: "SCHEDULED EVENT",
    Kind.LESS_IMPAIRED: "STILL IMPAIRED, BUT LESS",
    Kind.RECOVERED: "RECOVERED",
    Kind.RUNS_AGAIN: "RUNS AGAIN",
    Kind.EVENT_OVER: "SCHEDULED EVENT IS OVER",
}

# For the headline: of one, of several.
_PHRASES = {
    Kind.STOPPED: ("instance was left stopped by a remedy", "instances were left stopped by a remedy"),
    Kind.IMPAIRED: ("instance became impaired", "instances became impaired"),
    Kind.EVENT: ("instance has a new scheduled event", "instances have new scheduled events"),
    Kind.LESS_IMPAIRED: ("instance is still impaired, but less", "instances are still impaired, but less"),
    Kind.RECOVERED: ("instance recovered", "instances recovered"),
    Kind.RUNS_AGAIN: ("instance runs again", "instances run again"),
    Kind.EVENT_OVER: ("instance's scheduled event is over", "instances' scheduled events are over"),
}

_TO_DO_ON_CHECKS = {
    "system": "its host or AWS's network fails: stop and start it, which moves it to another host and loses what is "
    "on instance-store volumes (a reboot does not move it), or wait for AWS",
    "instance": "its operating system does not answer: look at its system log and screenshot, then reboot it",
    "ebs": "one of its volumes does not complete I/O: look at the status of its volumes; wait for AWS, or replace "
    "the volume",
}

_TO_DO_ON_EVENTS = {
    "system-reboot": "AWS reboots its host in that time; stop and start it earlier to choose the moment",
    "instance-reboot": "AWS reboots it in that time; reboot it earlier to choose the moment",
    "system-maintenance": "it may lose network or power for a while in that time; nothing must be done",
    "instance-stop": "AWS stops it in that time; stop and start it earlier, which moves it to another host",
    "instance-retirement": "its host is given up: stop and start it before then; one whose root is an "
    "instance-store volume is terminated, so replace it",
}
_TO_DO_ON_OTHER_EVENTS = "see the event in the console"


type Told = Sequence[tuple[Care, Transition]]


def compose(cares: Iterable[Care], region: str) -> Message | None:
    """The one message of a run, the most severe first; None: there is nothing to tell."""
    told = _told(cares)
    if not told:
        return None
    head = _headline(told)
    first = [f"{region}: {head}"]
    return Message(_subject(told, region, head), "\n".join(first + within_bounds(_entries(told, region), len(told))))


def headline(cares: Iterable[Care]) -> str:
    """What happened, in one line; empty: nothing to tell."""
    return _headline(_told(cares))


def console_link(region: str, instance_id: str) -> str:
    return f"{console(region)}/ec2/home?region={region}#InstanceDetails:instanceId={instance_id}"


def _told(cares: Iterable[Care]) -> Told:
    told = [(care, care.transition) for care in cares if care.transition]
    return sorted(told, key=lambda pair: (pair[1].kind, pair[0].instance_id))


def _headline(told: Told) -> str:
    """A zone that fails is named, instead of 2,000 riddles."""
    counts = Counter(change.kind for _, change in told)
    zone = _common_zone([care.zone for care, change in told if change.kind is Kind.IMPAIRED])
    return "; ".join(
        f"{count:,} {_PHRASES[kind][count > 1]}{zone if kind is Kind.IMPAIRED else ''}"
        for kind, count in sorted(counts.items())
    )


def _common_zone(zones: Sequence[str]) -> str:
    [(zone, count)] = Counter(zones).most_common(1) or [("", 0)]
    if count < MANY or count < MOST_OF_THEM * len(zones):
        return ""
    how_many = "all" if count == len(zones) else f"{count:,} of them"
    return f", {how_many} in {zone}: probably the zone"


def _subject(told: Told, region: str, head: str) -> str:
    """Of one instance its name, of several what happened."""
    if len(told) == 1:
        [(care, change)] = told
        head = f"{one_line(care.name, 40) or care.instance_id}: {change.words.partition(',')[0]}"
    return subject(region, head)


def _entries(told: Told, region: str) -> Iterator[str]:
    """The text of each instance; under a heading where its kind is another than that of the one before."""
    last = None
    for care, change in told:
        heading = f"\n{_HEADINGS[change.kind]}\n" if change.kind is not last else ""
        last = change.kind
        yield heading + "\n".join(_entry(care, change, region))


def _entry(care: Care, change: Transition, region: str) -> Iterator[str]:
    name = one_line(care.name, MOST_NAME)
    called = f'{care.instance_id} "{name}"' if name else f"{care.instance_id} (no name)"
    yield f"{called} in {care.zone}"
    yield f"  {one_line(change.words)}"
    yield from (f"  to do: {what}" for what in _to_do(change.after))
    if care.remedy_words:
        yield f"  {one_line(care.remedy_words)}"
    yield f"  {console_link(region, care.instance_id)}"


def _to_do(state: State) -> Iterator[str]:
    if state.stopped:
        yield "start it: no run of Nightshift does that any more; if AWS has no capacity, try again or change its type"
        return
    yield from (what for check, what in _TO_DO_ON_CHECKS.items() if check in state.failing)
    yield from (_TO_DO_ON_EVENTS.get(code, _TO_DO_ON_OTHER_EVENTS) for code in sorted(state.events))
