"""Who sees every deletion, and knows by himself which snapshots may go: none of the jobs' code has a say in it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from local.corrections.locks import is_locked
from local.world import world
from tests.year.rules import DAY, GONE_STAYS, ZONE, Rules, slot_time

SLOT = "nightshift:slot/"
HOLD = "nightshift:hold-until"
CLEANUP = "cleanup"
ERROR_STAYS = timedelta(hours=1)
# Of two runs that did not see each other's snapshots.
DUPLICATES = timedelta(hours=1)


class Witness:
    """A hook of the embedded AWS. unlawful: what was deleted although it must stay, and why it must."""

    def __init__(self, backend: Any, rules: Rules) -> None:
        self._backend, self._rules, self._job = backend, rules, ""
        self._may_go_from_the_start: set[str] = set()
        self._suspects: dict[str, str] = {}
        self._of_volume: dict[str, list[Any]] = {}
        self._grouped_at: tuple[int, str] = (0, "")
        self.unlawful: list[str] = []
        self.deleted = 0

    def run_begins(self, job: str) -> None:
        """What may go now may go all through a cleanup, whatever comes in between; no other job deletes anything."""
        self._job, self._suspects = job, {}
        every = self._backend.snapshots if job == CLEANUP else ()
        self._may_go_from_the_start = {id_ for id_ in every if self.why_it_stays(id_) is None}

    def __call__(self, _service: str, action: str, params: Mapping[str, Any]) -> None:
        id_ = params.get("SnapshotId", "")
        if action != "DeleteSnapshot" or id_ not in self._backend.snapshots:
            return
        self.deleted += 1
        if self._job != CLEANUP:
            self._suspects[id_] = f"{self._job} deletes nothing"
        elif id_ not in self._may_go_from_the_start and (why := self.why_it_stays(id_)):
            self._suspects[id_] = why

    def run_ends(self) -> None:
        """AWS refuses some of what must not be: only what is gone counts."""
        gone = [id_ for id_ in self._suspects if id_ not in self._backend.snapshots]
        self.unlawful += [f"{id_} was deleted although {self._suspects[id_]}" for id_ in gone]

    def why_it_stays(self, id_: str) -> str | None:
        """Why a snapshot must not be deleted now; None: it may go."""
        snapshot, tags = self._backend.snapshots[id_], self._backend.tags.get(id_, {})
        if not self.is_ours(id_):
            return "it is not ours"
        return self.protector(id_) or self._kept_by(snapshot, tags)

    def protector(self, id_: str) -> str | None:
        """Who holds it, whatever the policy says."""
        return next(iter(self._protectors(self._backend.snapshots[id_], self._backend.tags.get(id_, {}))), None)

    def plans_of(self, id_: str) -> dict[str, datetime]:
        """The slot of each plan that a snapshot serves."""
        tags = self._backend.tags.get(id_, {})
        return {key.removeprefix(SLOT): slot_time(value) for key, value in tags.items() if key.startswith(SLOT)}

    def completed(self, volume_id: str) -> list[Any]:
        """Our completed snapshots of a volume, by their start."""
        done = [each for each in self.of_volume(volume_id) if each.status == "completed" and self.is_ours(each.id)]
        return sorted(done, key=lambda each: (each.start_time, each.id))

    def of_volume(self, volume_id: str) -> list[Any]:
        """All snapshots of a volume, whoever made them and whatever became of them."""
        snapshots = self._backend.snapshots
        # No id comes twice: as many as before, and the same one last, are the same ones.
        at = len(snapshots), next(reversed(snapshots), "")
        if at != self._grouped_at:
            groups: dict[str, list[Any]] = defaultdict(list)
            for each in snapshots.values():
                groups[each.volume_id].append(each)
            self._of_volume, self._grouped_at = dict(groups), at
        return self._of_volume.get(volume_id, [])

    def is_ours(self, id_: str) -> bool:
        tags = self._backend.tags.get(id_, {})
        foreign = any(key.startswith(("aws:backup:", "aws:dlm:")) for key in tags)
        return (
            tags.get("nightshift:stack") == "nightshift" and any(key.startswith(SLOT) for key in tags) and not foreign
        )

    def _protectors(self, snapshot: Any, tags: Mapping[str, str]) -> Iterator[str]:
        if snapshot.status == "pending":
            yield "it is pending"
        if snapshot.status == "error" and world.now() - snapshot.start_time.replace(tzinfo=UTC) < ERROR_STAYS:
            yield "it is in error for less than an hour"
        if any(snapshot.id in _mapped(image) for image in self._backend.amis.values()):
            yield "an AMI uses it"
        if is_locked(self._backend, snapshot.id):
            yield "it is locked"
        if snapshot.create_volume_permission_userids:
            yield "it is shared"
        for id_ in (snapshot.id, snapshot.volume_id, tags.get("nightshift:instance", ""), *self._owners(snapshot)):
            living = id_ in self._backend.snapshots or id_ in self._backend.volumes or self._lives(id_)
            until = self._backend.tags.get(id_, {}).get(HOLD) if living else None
            if until and world.now() < datetime.fromisoformat(until).replace(tzinfo=ZONE) + DAY:
                yield f"{id_} holds it until {until}"
        if self._last_of(snapshot.volume_id) is snapshot and not self._is_past(snapshot.volume_id):
            yield f"it is the last of {snapshot.volume_id}"

    def _last_of(self, volume_id: str) -> Any:
        """The newest, without those that came later for slots that were saved already."""
        done = self.completed(volume_id)
        slots = [self.plans_of(each.id).items() for each in done]

        def is_duplicate(at: int) -> bool:
            return any(
                slots[at] <= slots[earlier] and done[at].start_time - done[earlier].start_time <= DUPLICATES
                for earlier in range(at)
            )

        return next((done[at] for at in reversed(range(len(done))) if not is_duplicate(at)), None)

    def _owners(self, snapshot: Any) -> list[str]:
        volume = self._backend.volumes.get(snapshot.volume_id)
        return [volume.attachment.instance.id] if volume and volume.attachment else []

    def _lives(self, id_: str) -> bool:
        every = (each for reservation in self._backend.reservations.values() for each in reservation.instances)
        return any(each.id == id_ for each in every)

    def _is_past(self, volume_id: str) -> bool:
        """The volume is gone, and its history has had its time."""
        last = self._last_of(volume_id)
        over = last is not None and world.now() > last.start_time.replace(tzinfo=UTC) + GONE_STAYS
        return over and volume_id not in self._backend.volumes

    def _kept_by(self, snapshot: Any, tags: Mapping[str, str]) -> str | None:
        if snapshot.status == "error":
            return None
        plans = self.plans_of(snapshot.id)
        if vanished := sorted(plans.keys() - self._rules.keep.keys()):
            return f"its plan {vanished[0]} is not in the policy"
        if self._is_past(snapshot.volume_id):
            return None
        for plan, slot in plans.items():
            of_plan = [each for each in self.completed(snapshot.volume_id) if plan in self.plans_of(each.id)]
            first_of_slot = next(each for each in of_plan if self.plans_of(each.id)[plan] == slot)
            slots = [self.plans_of(each.id)[plan] for each in of_plan]
            if first_of_slot is snapshot and slot in self._rules.kept(plan, slots, world.now()):
                return f"plan {plan} keeps {slot}"
        return None


def _mapped(image: Any) -> list[str]:
    return [mapping.get("Ebs", {}).get("SnapshotId") for mapping in image.block_device_mappings]
