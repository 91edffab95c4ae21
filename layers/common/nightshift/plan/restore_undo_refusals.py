"""Why an undo is refused: what goes back must be free, whole, and of one restore."""

from collections.abc import Callable, Sequence

from nightshift.plan.restore_case import Case
from nightshift.plan.tags import RESTORED


def _place_taken(case: Case) -> str | None:
    if case.instance is None:
        return None
    elsewhere = [
        f"{former.volume.id} is at {each.device} of {each.instance_id}"
        for former in case.formers
        for each in former.volume.attachments
        if (each.instance_id, each.device) != (case.instance.id, former.device) and each.state != "detached"
    ]
    return f"{'; '.join(elsewhere)}: detach it first" if elsewhere else None


def _one_place(case: Case) -> str | None:
    """After several restores an empty place has several former volumes."""
    devices = [former.device for former in case.formers]
    shared = sorted({device for device in devices if devices.count(device) > 1})
    if not shared:
        return None
    named = ", ".join(former.volume.id for former in case.formers if former.device in shared)
    return f"several volumes have stood at {', '.join(shared)}: say by former_volume_ids which go back, of {named}"


def _several_restores(case: Case) -> str | None:
    """Without names, only what one restore has done is undone."""
    if case.named:
        return None
    ended = {volume.id: volume.tags[RESTORED] for volume in case.volumes if RESTORED in volume.tags}
    by_restore: dict[str, list[str]] = {}
    for former in case.formers:
        if former.replaced_by in ended:
            by_restore.setdefault(ended[former.replaced_by], []).append(former.volume.id)
    if len(by_restore) <= 1:
        return None
    each = "; ".join(f"{', '.join(ids)} of {when}" for when, ids in sorted(by_restore.items()))
    return f"these volumes made way in several restores: say by former_volume_ids which go back: {each}"


def _lost(case: Case) -> str | None:
    """Half of a set put back beside the restored other half is torn."""
    if not case.formers or not case.lost or case.accepted:
        return None
    words = f"{', '.join(case.lost)} cannot go back: nothing says that another volume took its place, or it is gone"
    return f'{words}. To put back the others alone, add "partial": true'


UNDO_RULES: Sequence[Callable[[Case], str | None]] = (
    _place_taken,
    _one_place,
    _several_restores,
    _lost,
)
