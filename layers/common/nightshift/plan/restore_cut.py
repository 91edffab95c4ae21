"""A replacement that was cut off before it ended: which event goes on with it, and what is there of it."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from nightshift.fleet import Instance, Volume
from nightshift.plan.restore_marks import Mode, Purpose
from nightshift.plan.restore_points import RestorePoint
from nightshift.plan.slots import slot_text
from nightshift.plan.tags import REPLACED_BY, RESTORED, RESTORED_FROM

# An event without a time goes on with what was cut off, although a newer point has come; later a person must say so.
GOES_ON = timedelta(hours=6)


def unfinished(volumes: Sequence[Volume], instance: Instance) -> list[Volume]:
    """The volumes of a replacement of this instance that was cut off."""
    return [
        volume
        for volume in volumes
        if (purpose := Purpose.of(volume)) and (purpose.mode, purpose.place) == (Mode.REPLACE, instance.id)
        if RESTORED not in volume.tags and REPLACED_BY not in volume.tags
        if volume.state in ("creating", "available", "in-use")
    ]


def is_of(cut: Sequence[Volume], point: RestorePoint) -> bool:
    """Whether all of it was made for a restore of this point, and of all that the point has."""
    sources = {volume.tags[RESTORED_FROM] for volume in cut}
    parts = {purpose.parts for volume in cut if (purpose := Purpose.of(volume))}
    return sources <= {snapshot.id for snapshot in point.snapshots} and parts == {len(point.parts)}


def point_under_way(cut: Sequence[Volume], points: Sequence[RestorePoint], now: datetime) -> RestorePoint | None:
    """The point that an event without a time goes on with."""
    if not cut or now - max(volume.created for volume in cut) > GOES_ON:
        return None
    return next((point for point in points if is_of(cut, point)), None)


def what_ends_it(cut: Sequence[Volume], points: Sequence[RestorePoint], instance_id: str) -> str:
    """The events that finish what was cut off, and that give it up."""
    point = next((point for point in points if is_of(cut, point)), None)
    event: dict[str, str] = {"mode": Mode.REPLACE, "instance_id": instance_id}
    if point:
        event["at"] = slot_text(point.started)
    elif len(cut) == 1:
        event = {"mode": Mode.REPLACE, "snapshot_id": cut[0].tags[RESTORED_FROM]}
    undo = json.dumps({"mode": Mode.UNDO, "instance_id": instance_id})
    return f"finish it by {json.dumps(event)}, or give it up by {undo}"
