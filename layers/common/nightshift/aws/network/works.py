"""Carry out the steps of a network, one after the other, without ever making a part twice."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from nightshift.aws.describe import LOOK_SECONDS, SEEN_AFTER
from nightshift.aws.faults import aws_errors
from nightshift.aws.network.creations import Site, change, create
from nightshift.aws.network.looks import Sight, holds, look
from nightshift.aws.network.removals import remove
from nightshift.aws.session import Aws
from nightshift.aws.tagging import create_tags, delete_tags
from nightshift.errors import AwsError, Fault
from nightshift.outcome import Action, Decision, Result, Status
from nightshift.plan.network import links, parts
from nightshift.plan.network.parts import Part, Resource
from nightshift.plan.network.steps import IDENTITY, Step

# How long a part is watched at a stretch until it can be built on, or is gone; then the round after this one looks.
WATCHED_SECONDS = 60

# What is deleted in the background, so that what it stood on is free only later.
_LINGERING = (parts.NatGateway, parts.Endpoint)
# A ClientToken is answered with what was made with it, also when that is gone (steps.py: tokens last an hour).
_SPENT = "If it was deleted by hand, a run in the next hour makes it anew"
# What AWS answers for an address while its NAT gateway is being deleted (terraform-aws-modules/terraform-aws-vpc #64).
_ADDRESS_IN_USE = ("AuthFailure", "InvalidIPAddress.InUse")


class Works:
    """The steps of one run, in as many attempts as carry_out makes."""

    def __init__(self) -> None:
        # What this run made or found, by key; when it made the last; when a step first met an unclear answer or a user.
        self._ids: dict[str, str] = {}
        self._made: datetime | None = None
        self._unclear: dict[str, datetime] = {}
        self._waiting: dict[str, datetime] = {}
        self._removed: set[str] = set()

    def carry_out(self, aws: Aws, decisions: Sequence[Decision], attempt: int) -> list[Result]:
        """One step. AwsError: it did not work; or, with Fault.WAIT, something is not ready yet."""
        [decision] = decisions
        step = decision.change
        if not isinstance(step, Step):
            raise TypeError(f"no step of a network: {step}")
        site = Site(aws, dict(step.known) | self._ids, dict(step.tags), step.seed)
        with aws_errors():
            return [Result.of(decision, Status.DONE, note=self._done(step, site, attempt))]

    def _done(self, step: Step, site: Site, attempt: int) -> str:
        """What was done, for people."""
        match step.action:
            case Action.DELETE:
                return self._remove(step, site)
            case Action.ADOPT | Action.TAG:
                create_tags(site.aws, [_id(step)], dict(step.tags))
                return "tagged"
            case Action.DETACH:
                delete_tags(site.aws, [_id(step)], IDENTITY)
                return "taken off"
        try:
            return self._change(step, site) if step.action is Action.REPLACE else self._create(step, site, attempt)
        except AwsError as error:
            if error.fault is Fault.GONE and self._made and site.aws.clock.now() - self._made < SEEN_AFTER:
                raise AwsError(error.code, f"{error.message} (not to be seen yet)", Fault.WAIT) from error
            raise

    @staticmethod
    def _change(step: Step, site: Site) -> str:
        """Sent again after an unclear answer, what was changed has another handle: then it is looked at."""
        try:
            with aws_errors():
                change(step.part, _id(step), site)
        except AwsError as error:
            if error.fault not in (Fault.PERMANENT, Fault.GONE) or not holds(step.part, site):
                raise
            return "it is so already"
        return "changed"

    def _create(self, step: Step, site: Site, attempt: int) -> str:
        part = step.part
        if not isinstance(part, Resource | links.Block | links.Ipv6Block):
            return self._link(part, site)
        note = "it is ready now"
        if part.key not in self._ids and not step.id:
            self._ids[part.key], note = self._found_or_made(part, site, attempt)
        self._settle(part, self._ids.setdefault(part.key, step.id or ""), site)
        return note

    def _found_or_made(self, part: Part, site: Site, attempt: int) -> tuple[str, str]:
        """The id, and how it came about."""
        found = [sight for sight in look(part, site) if not sight.over] if attempt > 1 else []
        if found:
            return found[0].id, f"{found[0].id} was found after an unclear answer"
        since = self._unclear.get(part.key)
        now = site.aws.clock.now()
        if since is not None and now - since < SEEN_AFTER:
            raise AwsError("NotYetSeen", f"an earlier answer was unclear, and {part.key} may still appear", Fault.WAIT)
        try:
            with aws_errors():
                made = create(part, site)
        except AwsError as error:
            if error.fault is Fault.UNKNOWN:
                self._unclear[part.key] = now
            raise
        self._made = now
        return made, f"made {made}"

    @staticmethod
    def _settle(part: Part, id_: str, site: Site) -> None:
        """Wait until it can be built on. AwsError: it failed; or there is another of the same identity."""
        state = f"not to be seen. {_SPENT}"
        for sights in _watched(part, site):
            live = [sight for sight in sights if not sight.over]
            failed = next((sight for sight in sights if sight.over and sight.id == id_), None)
            if failed:
                raise AwsError(failed.state, f"{id_} ({part.key}): {failed.why or failed.state}", Fault.PERMANENT)
            if any(sight.id != id_ for sight in live):
                ids = " and ".join(sorted({id_, *(sight.id for sight in live)}))
                raise AwsError("SameIdentity", f"{ids} are both {part.key}: another run is under way", Fault.PERMANENT)
            if live and live[0].ready:
                return
            state = live[0].state if live else state
        raise AwsError("NotReadyYet", f"{id_} ({part.key}) is {state}", Fault.WAIT)

    def _link(self, part: Part, site: Site) -> str:
        """Sent again after an unclear answer, a link that was made is refused: then it is looked at."""
        self._ids[part.key] = part.key
        try:
            with aws_errors():
                create(part, site)
        except AwsError as error:
            if error.fault is not Fault.PERMANENT or not holds(part, site):
                raise
            return "it is there already"
        return "done"

    def _remove(self, step: Step, site: Site) -> str:
        part, id_ = step.part, _id(step)
        lingers = isinstance(part, _LINGERING)
        if lingers and self._is_gone(part, id_, site, watch=False):
            return "already gone"
        if part.key not in self._removed:
            try:
                self._send_removal(part, id_, site)
            except AwsError as error:
                if error.fault is Fault.GONE:
                    return "already gone"
                raise
        if lingers and not self._is_gone(part, id_, site, watch=True):
            raise AwsError("NotGoneYet", f"{id_} ({part.key}) is still being deleted", Fault.WAIT)
        return "deleted"

    def _send_removal(self, part: Part, id_: str, site: Site) -> None:
        """What still clings to it is given some minutes: EC2's parts do not learn at once that something is gone."""
        try:
            with aws_errors():
                remove(part, id_, site)
        except AwsError as error:
            in_use = error.fault is Fault.IN_USE or (isinstance(part, parts.Address) and error.code in _ADDRESS_IN_USE)
            since = self._waiting.setdefault(part.key, site.aws.clock.now())
            if in_use and site.aws.clock.now() - since < SEEN_AFTER:
                raise AwsError(error.code, error.message, Fault.WAIT) from error
            raise
        self._removed.add(part.key)

    def _is_gone(self, part: Part, id_: str, site: Site, watch: bool) -> bool:
        for sights in _watched(part, site) if watch else [look(part, site)]:
            mine = next((sight for sight in sights if sight.id == id_), None)
            if mine is None or mine.over:
                return True
            if mine.state == "deleting":
                self._removed.add(part.key)
        return False


def _watched(part: Part, site: Site) -> Iterator[list[Sight]]:
    """One look after the other, as long as the patience and the run last."""
    for _ in range(WATCHED_SECONDS // LOOK_SECONDS):
        yield look(part, site)
        if not site.aws.time_for(LOOK_SECONDS):
            return
        site.aws.clock.sleep(LOOK_SECONDS)


def _id(step: Step) -> str:
    if step.id is None:
        raise TypeError(f"no id of what is there: {step}")
    return step.id
