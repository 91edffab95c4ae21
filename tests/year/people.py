"""What people and machines do to a fleet in a day: seeded, so that the same year can be lived again."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from local import seed
from local.history import our_tags, slot_of
from local.seed import Disk
from local.world import CHECKS, world

FEWEST, MOST, MOST_DISKS = 4, 8, 3
BACKUP = ("nightly", "nightly", "nightly,often", "weekly", "nightly,weekly", "yes", "nigthly", "ignore", None)
HOLD_DAYS = 40
MOST_LOOSE, FREED = 4, 3


class People:
    """They act through moto's own state: AWS's limits and bad days do not concern them."""

    def __init__(self, backend: Any, rng: Random) -> None:
        self._backend, self._rng = backend, rng
        self._born = 0
        for _ in range(FEWEST):
            self._launch(("nightly", "nightly,often"))

    def morning(self) -> list[str]:
        """A few things happen; what, in words."""
        deeds: tuple[Callable[[], str], ...] = (
            self._launch,
            self._terminate,
            self._stop_or_start,
            self._attach,
            self._detach,
            self._tag_instance,
            self._tag_volume,
            self._protect,
            self._unprotect,
            self._snapshot_of_others,
            self._fall_ill,
        )
        chosen = self._rng.choices(deeds, k=self._rng.choice((0, 1, 1, 2, 3)))
        # Somebody is always holding on to something.
        return [words for deed in (*chosen, self._protect) if (words := deed())]

    @property
    def instances(self) -> list[Any]:
        """Those that are not terminated."""
        every = (each for reservation in self._backend.reservations.values() for each in reservation.instances)
        return [each for each in every if each.state in ("running", "stopped")]

    def _launch(self, tags: tuple[str | None, ...] = BACKUP) -> str:
        if len(self.instances) >= MOST:
            return ""
        self._born += 1
        name = f"{self._rng.choice(('web', 'db'))}-{self._born}"
        data = [Disk(f"/dev/sd{letter}", 10) for letter in "fg"[: self._rng.randint(0, 2)]]
        made = seed.instance(self._backend, {"Name": name}, [Disk("/dev/sda1", 8), *data])
        self._retag(made.id, self._rng.choice(tags))
        return f"{name} is launched"

    def _terminate(self) -> str:
        if len(self.instances) <= FEWEST:
            return ""
        gone = self._rng.choice(self.instances)
        self._backend.terminate_instances([gone.id])
        return f"{gone.id} is terminated"

    def _stop_or_start(self) -> str:
        one = self._rng.choice(self.instances)
        if one.state == "running":
            one.stop()
        else:
            one.start()
        return f"{one.id} is {one.state}"

    def _attach(self) -> str:
        one = self._rng.choice(self.instances)
        free = [
            letter for letter in "fghi"[:MOST_DISKS] if f"/dev/sd{letter}" not in seed.volumes_of(self._backend, one)
        ]
        if not free:
            return ""
        made = seed.volume(self._backend, Disk("", 10))
        self._backend.attach_volume(made.id, one.id, f"/dev/sd{free[0]}")
        return f"{made.id} comes to {one.id}"

    def _detach(self) -> str:
        """A data volume leaves, and half of them are deleted at once; of those that lie about, the oldest goes."""
        one = self._rng.choice(self.instances)
        data = sorted(
            (device, each.id) for device, each in seed.volumes_of(self._backend, one).items() if device != "/dev/sda1"
        )
        if not data:
            return ""
        device, volume_id = self._rng.choice(data)
        self._backend.detach_volume(volume_id, one.id, device)
        loose = [id_ for id_, each in self._backend.volumes.items() if not each.attachment]
        if self._rng.random() < 0.5:
            self._backend.delete_volume(volume_id)
        elif len(loose) > MOST_LOOSE:
            self._backend.delete_volume(loose[0])
        return f"{volume_id} leaves {one.id}"

    def _tag_instance(self) -> str:
        return self._retag(self._rng.choice(self.instances).id, self._rng.choice(BACKUP))

    def _tag_volume(self) -> str:
        return self._retag(self._rng.choice(sorted(self._backend.volumes)), self._rng.choice(BACKUP))

    def _retag(self, id_: str, value: str | None) -> str:
        tags = self._backend.tags[id_]
        if value is None:
            tags.pop("Backup", None)
        else:
            tags["Backup"] = value
        return f"Backup of {id_} is {value}"

    def _protect(self) -> str:
        """An AMI, a lock, a hold, an account that it is shared with."""
        ours = self._ours()
        if not ours:
            return ""
        one = self._rng.choice(ours)
        kind = self._rng.choice(("image", "lock", "hold", "share", "share", "hold volume"))
        match kind:
            case "image":
                seed.image(self._backend, f"image-of-{one.id}", self._rng.choice(self.instances), {"/dev/sda1": one})
            case "lock":
                seed.lock(self._backend, one.id, days=30)
            case "hold":
                self._backend.tags[one.id]["nightshift:hold-until"] = self._date()
            case "hold volume":
                self._backend.tags[one.volume_id]["nightshift:hold-until"] = self._date()
            case "share":
                one.create_volume_permission_userids.add("210987654321")
        return f"{one.id}: {kind}"

    def _unprotect(self) -> str:
        images = sorted(self._backend.amis.values(), key=lambda each: each.id)
        ours = [each for each in images if each.name.startswith("image-of-")]
        for image in ours[:FREED]:
            self._backend.amis.pop(image.id)
        shared = [each for each in self._ours() if each.create_volume_permission_userids]
        for each in shared[:FREED]:
            each.create_volume_permission_userids.clear()
        return "what was protected first is free again" if ours or shared else ""

    def _snapshot_of_others(self) -> str:
        """By a person, by AWS Backup with our tags copied, by another installation: old enough to be tempting."""
        one = self._rng.choice(self.instances)
        volume = next(iter(seed.volumes_of(self._backend, one).values()))
        old = world.now() - timedelta(days=200)
        copied = our_tags(self._backend, one, slot_of(old))
        tags = self._rng.choice(
            (
                {"Name": "before the upgrade"},
                {**copied, "aws:backup:source-resource": f"arn:aws:ec2:::volume/{volume.id}"},
                {**copied, "nightshift:stack": "another"},
            )
        )
        return f"{seed.snapshot(self._backend, volume, old, tags).id} is somebody else's"

    def _fall_ill(self) -> str:
        one = self._rng.choice(self.instances)
        if any((one.id, check) in world.checks for check in CHECKS):
            world.recover(one.id)
            return f"{one.id} is well again"
        world.impair(one.id, self._rng.choice(CHECKS))
        return f"{one.id} is impaired"

    def _ours(self) -> list[Any]:
        tags = self._backend.tags
        ours = (
            each
            for each in self._backend.snapshots.values()
            if tags.get(each.id, {}).get("nightshift:stack") == "nightshift"
        )
        return sorted((each for each in ours if each.status == "completed"), key=lambda each: each.id)

    def _date(self) -> str:
        return f"{world.now() + timedelta(days=self._rng.randint(1, HOLD_DAYS)):%Y-%m-%d}"
