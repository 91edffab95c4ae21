"""A small fleet for each job of the night that gives it something of everything to do, and what its end state is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from local import seed
from local.seed import Disk
from local.world import world
from nightshift.job import Job
from nightshift.jobs import backup, cleanup, eks_info, status_check, tagging
from tests.integration.eks_scenes import backend as eks_backend
from tests.integration.eks_scenes import degraded, well
from tests.integration.scenes import LONG_AGO, ROOT, SLOT, at, data_disks, lone_volume, machine, nights, saved
from tests.support import NOW

TWO_PLANS = """backup:
  plans:
    nightly: {schedule: "0 3 * * *", keep: {daily: 7}}
    weekly: {schedule: "0 4 * * 0", keep: {weekly: 4}}
"""
RULES = "tagging: {rules: [{set: {env: prod}}, {when: {name: web-*}, set: {team: shop}}], propagate: [Name, env]}"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Scene:
    """A job, a fleet that gives it something of everything to do, and what counts at the end.

    calls: what an undisturbed run makes, one letter a call: r a read, c a change. later: when the runs after it come.
    """

    job: Job[Any, Any]
    policy: str
    set_up: Callable[[Any], None]
    picture: Callable[[Any], Any]
    calls: str
    later: tuple[timedelta, ...]

    @property
    def name(self) -> str:
        return self.job.name


def _to_back_up(backend: Any) -> None:
    """Sets of two and of one, a lone volume, two plans at once, a night that is missing, a slot that is saved."""
    web = machine(backend, {"Backup": "nightly, weekly", "Name": "web"}, [ROOT, *data_disks(1)])
    for volume in seed.volumes_of(backend, web).values():
        saved(backend, volume, SLOT - DAY, instance=web)
    late = machine(backend, {"Backup": "nightly"})
    [disk] = seed.volumes_of(backend, late).values()
    saved(backend, disk, SLOT - 3 * DAY, instance=late)
    lone_volume(backend)
    saved(backend, lone_volume(backend), SLOT)


def _backups(backend: Any) -> Any:
    """Of each volume its snapshots, by their tags."""
    return sorted((each.volume.id, each.status, sorted(backend.tags[each.id].items())) for each in _snapshots(backend))


def _snapshots(backend: Any) -> list[Any]:
    return list(backend.snapshots.values())


def _to_clean_up(backend: Any) -> None:
    """Eleven nights of two volumes, a slot that is there twice, one that failed, one that is shared."""
    web = machine(backend, {"Backup": "nightly"}, [ROOT, *data_disks(1)])
    first, second = seed.volumes_of(backend, web).values()
    nights(backend, first, 9, instance=web)
    nights(backend, second, 8, instance=web)
    saved(backend, first, SLOT - 2 * DAY, instance=web)
    saved(backend, second, SLOT - DAY, instance=web, state="error")
    saved(backend, second, SLOT - 9 * DAY, instance=web, shared_with=["210987654321"])
    saved(backend, second, SLOT - 10 * DAY, instance=web)


def _kept(backend: Any) -> Any:
    return sorted((each.id, sorted(backend.tags[each.id].items())) for each in _snapshots(backend))


def _to_tag(backend: Any) -> None:
    with at(LONG_AGO):
        seed.instance(backend, {"Name": "web-1"}, [Disk(), Disk("/dev/sdf", 10)])
        seed.instance(backend, {"Name": "web-2", "env": "prod"})
        seed.instance(backend, {"Name": "db", "env": "test"})


def _all_tags(backend: Any) -> Any:
    return {id_: dict(tags) for id_, tags in backend.tags.items() if tags}


def _to_care_for(backend: Any) -> None:
    """Two with a remedy each, one without, one that recovered, one whose host is given up."""
    for name, remedy, check in (("app", "reboot", "instance"), ("db", "stop-start", "system"), ("old", "", "ebs")):
        made = machine(backend, {"Name": name, **({"nightshift:remedy": remedy} if remedy else {})})
        world.impair(made.id, check, since=NOW - timedelta(hours=1))  # type: ignore[arg-type]  # one of CHECKS
    machine(backend, {"Name": "back", "nightshift:status": "impaired:instance 2026-11-24T10:00:00Z"})


def _care(backend: Any) -> Any:
    """Of each instance: whether it runs, what was announced, whether a remedy was written down, what fails now."""
    return {
        name: (
            instance.state,
            tags.get("nightshift:status", "").partition(" ")[0],
            "nightshift:remedied" in tags,
            sorted(check for (id_, check), state in world.checks.items() if id_ == instance.id),
        )
        for instance in backend.all_instances()
        for tags in [backend.tags[instance.id]]
        for name in [tags["Name"]]
    }


def _to_inform_of(_backend: Any) -> None:
    degraded(well("one"))
    degraded(well("two", tags={"nightshift:findings": "public-api"}))
    well("three")


def _informed(_backend: Any) -> Any:
    return {name: dict(made.tags) for name, made in eks_backend().clusters.items()}


FIVE, QUARTER, HOUR = (timedelta(minutes=minutes) for minutes in (5, 15, 60))
SCENES = {
    scene.name: scene
    for scene in (
        Scene(backup.JOB, TWO_PLANS, _to_back_up, _backups, "rrrrrrrccc", (QUARTER, QUARTER)),
        Scene(cleanup.JOB, TWO_PLANS, _to_clean_up, _kept, "rrrrrrrrrrrrrrcccccc", (HOUR,)),
        Scene(tagging.JOB, RULES, _to_tag, _all_tags, "rrrrccccc", (QUARTER,)),
        # A remedy that was written down and never done is done an hour later: twice would be worse.
        Scene(
            status_check.JOB, "{}", _to_care_for, _care, "rrrrcccccrcrcrcrcrrcr", (FIVE, FIVE, timedelta(hours=1), FIVE)
        ),
        Scene(eks_info.JOB, "{}", _to_inform_of, _informed, "rrrrrrrrrrrrrrrrrrrrccc", (DAY,)),
    )
}
