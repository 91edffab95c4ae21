"""What must hold after every run and every day of the simulated year."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from local.world import world
from tests.year.rules import Rules
from tests.year.witness import Witness

# A slot that is younger may still be saved by the next run.
MARGIN = timedelta(hours=2)

# The policy's complete_within, and how long a run may take to see what there is.
COMPLETE_WITHIN = timedelta(hours=2)
SEEN_AFTER = timedelta(minutes=30)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
WORDS = {"yes": "nightly", "true": "nightly"}


@dataclass
class Run:
    """One run. outcome is None where it raised or was killed; met: how much it met of bad weather.

    alone: no other run of the job came between its calls.
    """

    job: str
    outcome: Mapping[str, Any] | None
    error: str
    met: int
    started: datetime
    alone: bool


@dataclass
class Judge:
    """faults: what did not hold, in words. longest_gaps: of each plan, and where and when it was.

    last_saved: when the last completed snapshot of a volume and plan was begun, or the day it opted in (naive UTC).
    """

    backend: Any
    rules: Rules
    witness: Witness
    faults: list[str] = field(default_factory=list)
    judged_until: datetime | None = None
    last_saved: dict[tuple[str, str], datetime] = field(default_factory=dict)
    longest_gaps: dict[str, tuple[timedelta, str]] = field(default_factory=dict)
    excused: Counter[str] = field(default_factory=Counter)
    duplicates: set[str] = field(default_factory=set)

    def after_run(self, run: Run) -> None:
        self.witness.run_ends()
        self._fail(*self.witness.unlawful)
        self.witness.unlawful.clear()
        if run.alone:
            self._fail(*(f"{run.job} alone has saved twice: {twice}" for twice in self._twice(since=run.started)))
        if run.outcome is None:
            if not run.met:
                self._fail(f"{run.job} raised in fair weather: {run.error}")
            return
        self._fail(*self._counts(run.outcome), *self._without_yes(run))
        if not run.met:
            self._fail(*self._coverage(run, run.outcome.get("coverage", {})))
        if not run.met and run.outcome["failed"]:
            failed = [each["reason"] for each in run.outcome["decisions"] if each["outcome"] == "failed"]
            self._fail(f"{run.job} failed in fair weather: {failed}")

    def after_day(self, since: datetime, runs: list[Run]) -> None:
        """Every slot since the day before is saved, of every volume that opted in before it; or a run says why not."""
        first, end = self.judged_until or since, world.now() - MARGIN
        opted_in = self.opted_in()
        each_plan = [(id_, plan) for id_, plans in opted_in.items() for plan in plans]
        self.last_saved = {pair: self.last_saved.get(pair, since.replace(tzinfo=None)) for pair in each_plan}
        for volume_id, plans in sorted(opted_in.items()):
            born = self.backend.volumes[volume_id].create_time.replace(tzinfo=UTC)
            for plan in sorted(plans):
                for slot in self.rules.slots(plan, first, end):
                    if slot > born and not self._saved(volume_id, plan, slot):
                        self._excuse(volume_id, plan, slot, runs)
                self._measure_gap(volume_id, plan)
        self.judged_until = end
        self._note_duplicates()

    def converged(self, again: Mapping[str, Run]) -> None:
        """After a night in fair weather: all is saved, nothing is twice, and there is nothing left to do."""
        for volume_id, plans in sorted(self.opted_in().items()):
            for plan in sorted(plans):
                slot = self.rules.current(plan, world.now())
                if not self._saved(volume_id, plan, slot):
                    self._fail(f"{volume_id} has no snapshot of {plan} {slot} after a night in fair weather")
        self._fail(*(f"twice after a night in fair weather: {twice}" for twice in self._twice()))
        for id_ in sorted(self.backend.snapshots):
            if self.witness.why_it_stays(id_) is None:
                self._fail(f"{id_} is kept by nobody and still there after a night in fair weather")
        for job, run in again.items():
            if run.outcome is None or run.outcome["planned"]:
                left = [each for each in (run.outcome or {}).get("decisions", ()) if each["outcome"] != "skipped"]
                self._fail(f"{job} still has something to do after a night in fair weather: {run.error} {left[:3]}")

    def opted_in(self) -> dict[str, set[str]]:
        """The plans of the policy that each volume has, where it has some: its own tag decides, else its instance's;
        ignore wins."""
        found: dict[str, set[str]] = {}
        for volume in self.backend.volumes.values():
            values = [self.backend.tags.get(volume.id, {}).get("Backup")]
            if volume.attachment:
                values.append(self.backend.tags.get(volume.attachment.instance.id, {}).get("Backup"))
            given = [value for value in values if value is not None]
            if given and "ignore" not in given:
                found[volume.id] = {WORDS.get(word, word) for word in given[0].split(",")} & self.rules.keep.keys()
        return {id_: plans for id_, plans in found.items() if plans}

    def _saved(self, volume_id: str, plan: str, slot: datetime) -> bool:
        return any(self.witness.plans_of(each.id).get(plan) == slot for each in self._live(volume_id))

    def _live(self, volume_id: str) -> list[Any]:
        return [each for each in self.witness.of_volume(volume_id) if each.status != "error"]

    def _excuse(self, volume_id: str, plan: str, slot: datetime, runs: list[Run]) -> None:
        """Why a slot was not saved: the run said so, or it could not say anything and Lambda counted an error."""
        later = [run for run in runs if run.job == "backup" and run.started >= slot]
        for run in later:
            if run.outcome is None:
                self.excused["the run raised or was killed"] += 1
                return
            mine = [each for each in run.outcome["decisions"] if each["resource"] == volume_id]
            if any(each["outcome"] in ("failed", "remaining") for each in mine):
                self.excused["the outcome said failed or remaining"] += 1
                return
        if self._has_failed(volume_id, plan, slot, later):
            self.excused["AWS's snapshot ended in error"] += 1
            return
        said = [
            each["reason"]
            for run in later
            for each in (run.outcome or {})["decisions"]
            if each["resource"] == volume_id
        ]
        self._fail(f"{volume_id} has no snapshot of {plan} {slot}, and no outcome says why: {said}")

    def _has_failed(self, volume_id: str, plan: str, slot: datetime, later: list[Run]) -> bool:
        """The last run that could save the slot has tried: what an earlier one tried in vain excuses no later one."""
        could = [run.started for run in later if self.rules.current(plan, run.started) == slot]
        failed = [each for each in self.witness.of_volume(volume_id) if each.status == "error"]
        return any(
            self.witness.plans_of(each.id).get(plan) == slot
            and each.start_time.replace(tzinfo=UTC) >= could[-1].replace(microsecond=0)
            for each in failed
            if could
        )

    def _counts(self, outcome: Mapping[str, Any]) -> Iterator[str]:
        seen = Counter(each["outcome"] for each in outcome["decisions"])
        for name in ("done", "failed", "remaining", "skipped"):
            if seen[name] != outcome[name]:
                yield f"{outcome['job']}: {outcome[name]} {name}, but {seen[name]} decisions"
        if outcome["planned"] != outcome["done"] + outcome["failed"] + outcome["remaining"]:
            yield f"{outcome['job']}: the counts do not add up: {outcome['planned']} planned"

    def _coverage(self, run: Run, told: Mapping[str, Any]) -> Iterator[str]:
        """What backup calls covered has a snapshot since the promised slot, and what it calls uncovered has none."""
        for volume_id, plans in self.opted_in().items():
            born = self.backend.volumes[volume_id].create_time.replace(tzinfo=UTC)
            for plan in plans & told.keys():
                promised = self.rules.current(plan, run.started - COMPLETE_WITHIN)
                slots = [(self.witness.plans_of(each.id).get(plan), each) for each in self._live(volume_id)]
                since = [each for slot, each in slots if slot and slot >= promised]
                ages = [run.started - each.start_time.replace(tzinfo=UTC) for each in since]
                if volume_id in told[plan]["volume_ids"]:
                    if any(
                        age > SEEN_AFTER and each.status == "completed" for age, each in zip(ages, since, strict=True)
                    ):
                        yield f"{volume_id} is called uncovered by {plan}, but is saved since {promised}"
                elif run.started - born > COMPLETE_WITHIN and not any(age > timedelta() for age in ages):
                    yield f"{volume_id} is called covered by {plan}, but is not saved since {promised}"

    def _without_yes(self, run: Run) -> Iterator[str]:
        """Done is what AWS has done: seen in its own state."""
        for each in (run.outcome or {})["decisions"]:
            if each["outcome"] != "done":
                continue
            if each["action"] == "delete" and each["resource"] in self.backend.snapshots:
                yield f"{each['resource']} is done, but still there"
            if each["action"] == "snapshot" and not self._made_since(each["resource"], run):
                yield f"{each['resource']} is done, but has no snapshot: {each['reason']}"

    def _made_since(self, volume_id: str, run: Run) -> bool:
        """Of this run, or found by it: its slot is current."""
        slots = {plan: self.rules.current(plan, run.started) for plan in self.rules.keep}
        every = self.witness.of_volume(volume_id)
        return any(slots.get(plan) == slot for each in every for plan, slot in self.witness.plans_of(each.id).items())

    def _twice(self, since: datetime = LONG_AGO) -> Iterator[str]:
        """Slots that a volume has several snapshots of (made since then), without those that somebody holds."""
        of_slot: dict[tuple[str, str, datetime], list[str]] = defaultdict(list)
        for id_, snapshot in self.backend.snapshots.items():
            if snapshot.start_time.replace(tzinfo=UTC) < since.replace(microsecond=0) or snapshot.status == "error":
                continue
            if self.witness.is_ours(id_) and (since is not LONG_AGO or self.witness.protector(id_) is None):
                for plan, slot in self.witness.plans_of(id_).items():
                    of_slot[snapshot.volume_id, plan, slot].append(id_)
        return (f"{volume} {plan} {slot}: {ids}" for (volume, plan, slot), ids in of_slot.items() if len(ids) > 1)

    def _note_duplicates(self) -> None:
        self.duplicates |= set(self._twice())

    def _measure_gap(self, volume_id: str, plan: str) -> None:
        """Between the completed snapshots of a plan, from its first day with the volume on."""
        before = self.last_saved[volume_id, plan]
        done = [each for each in self.witness.completed(volume_id) if plan in self.witness.plans_of(each.id)]
        for start in (each.start_time for each in done if each.start_time > before):
            longest, _ = self.longest_gaps.get(plan, (timedelta(0), ""))
            if start - before > longest:
                self.longest_gaps[plan] = start - before, f"{volume_id} until {start:%Y-%m-%d %H:%M}"
            self.last_saved[volume_id, plan] = before = start

    def _fail(self, *words: str) -> None:
        self.faults += words
