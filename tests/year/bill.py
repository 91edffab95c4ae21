"""What the year costs, as far as a simulation can say."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from local.world import world
from tests.year.witness import Witness

HOUR = timedelta(hours=1)


@dataclass
class Bill:
    """gib_hours: of our snapshots that are gone, each as large as its volume, from its start until it was missed."""

    backend: Any
    witness: Witness
    gib_hours: float = 0
    _living: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def after_run(self) -> None:
        """Asked after each run, no snapshot comes and goes unseen."""
        for id_ in self._living.keys() - self.backend.snapshots.keys():
            self.gib_hours += _gib_hours(*self._living.pop(id_))
        for id_, snapshot in self.backend.snapshots.items():
            if id_ not in self._living and self.witness.is_ours(id_):
                self._living[id_] = snapshot.volume_size, snapshot.start_time.replace(tzinfo=UTC)

    @property
    def gib_hours_until_now(self) -> float:
        """With those that are still there."""
        return self.gib_hours + sum(_gib_hours(*each) for each in self._living.values())

    @property
    def kept(self) -> int:
        """Our snapshots that are there."""
        return len(self._living)


def _gib_hours(gib: int, since: datetime) -> float:
    return gib * ((world.now() - since) / HOUR)
