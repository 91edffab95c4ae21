"""Undo: the former volumes back in their places, and what a restore that did not end has made is given up."""

from collections.abc import Collection, Sequence

from nightshift.fleet import Instance, Volume
from nightshift.outcome import Action, Decision
from nightshift.plan.restore_changes import GiveUp, Incoming, Start, Swap
from nightshift.plan.restore_cut import unfinished
from nightshift.plan.restore_marks import Former, Mode, Purpose, formers_of
from nightshift.plan.restore_steps import Scene, stands, swapped
from nightshift.plan.tags import REPLACED_BY


def formers_to_undo(scene: Scene, instance: Instance, named: Collection[str] | None) -> list[Former]:
    """The named ones; else those of a restore that did not end, where there is one; else all whose place is theirs."""
    latest = [
        former
        for former in formers_of(scene.volumes, instance.id)
        if scene.at(instance, former.device) in (former.replaced_by, former.volume.id, None)
    ]
    if named is not None:
        return [former for former in latest if former.volume.id in named]
    cut = {volume.id for volume in unfinished(scene.volumes, instance)}
    return [former for former in latest if former.replaced_by in cut] if cut else latest


def undo_steps(scene: Scene, formers: Sequence[Former], instance: Instance) -> list[Decision]:
    """The former volumes back in their places; where there are none, only what was made is given up."""
    idle = given_up(scene, formers, instance)
    if not formers:
        words = "was made by a restore that has not ended: it is given up, and kept"
        return [Decision(id_, Action.TAG, words, GiveUp(id_)) for id_ in idle]
    swaps = [
        Swap(
            instance.id,
            former.device,
            Incoming("", former.volume.id),
            _outgoing(scene, former, instance),
            former.delete_on_termination,
        )
        for former in formers
    ]
    open_swaps = [swap for swap in swaps if not stands(swap, instance)]
    start = Start(instance.id, tuple(swaps), undoes=True, given_up=tuple(idle))
    return swapped(open_swaps, instance, start)


def given_up(scene: Scene, formers: Sequence[Former], instance: Instance) -> list[str]:
    """Volumes that were made for this instance and stand nowhere: no later restore may take them for new."""
    back = {former.volume.id for former in formers}
    return sorted(volume.id for volume in scene.volumes if volume.id not in back and _is_idle(volume, instance))


def _is_idle(volume: Volume, instance: Instance) -> bool:
    purpose = Purpose.of(volume)
    made_for_it = purpose is not None and (purpose.mode, purpose.place) == (Mode.REPLACE, instance.id)
    return made_for_it and not volume.instance_ids and REPLACED_BY not in volume.tags


def _outgoing(scene: Scene, former: Former, instance: Instance) -> str | None:
    standing = scene.at(instance, former.device)
    return standing if standing != former.volume.id else None
