"""What a person may ask of restore."""

import re
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, model_validator

from nightshift.plan.restore_marks import Mode
from nightshift.request import InstanceId, NonEmpty, Request, SnapshotId, VolumeId

_MODES = ", ".join(Mode)


def _moment(value: Any) -> datetime:
    example = "expected a time with its offset, as 2026-11-23T12:00:00+01:00"
    try:
        moment = datetime.fromisoformat(value)
    except TypeError:
        raise ValueError(example) from None
    except ValueError as error:
        raise ValueError(f"{example}: {error}") from None
    if moment.tzinfo is None:
        raise ValueError(f"{example}: it has no offset, so it is a time of no zone")
    return moment


def _zone(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]+", text):
        raise ValueError("expected an availability zone, as eu-central-1a")
    return text


def _mode(value: Any) -> Mode:
    if value not in list(Mode):
        raise ValueError(f"expected one of {_MODES}")
    return Mode(value)


class RestoreRequest(Request):
    """Which: one of instance_id, volume_id and snapshot_id; the newest point, or the newest that started by `at`.

    mode: what for. zone: where new volumes go (mode volume). to_instance_id: another instance (mode attach).
    former_volume_ids: which of them go back (mode undo). partial: the point is taken as it is, although volumes are
    missing, or were saved at different moments, or instance-store data is lost. list: shows all points instead.
    """

    instance_id: InstanceId | None = None
    volume_id: VolumeId | None = None
    snapshot_id: SnapshotId | None = None
    at: Annotated[datetime, BeforeValidator(_moment)] | None = None
    mode: Annotated[Mode, BeforeValidator(_mode)] = Mode.VOLUME
    zone: Annotated[str, AfterValidator(_zone)] | None = None
    to_instance_id: InstanceId | None = None
    former_volume_ids: Annotated[list[VolumeId], NonEmpty] | None = None
    partial: bool = False
    list: bool = False

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        given = [name for name in ("instance_id", "volume_id", "snapshot_id") if getattr(self, name) is not None]
        if len(given) != 1:
            named = " and ".join(given) or "none"
            raise ValueError(f"expected exactly one of instance_id, volume_id and snapshot_id, not {named}")
        for name, fits, where in (
            ("at", self.snapshot_id is None, "instance_id or volume_id: a snapshot is of one time"),
            ("at", self.mode is not Mode.UNDO, "a restore: undo takes nothing from a snapshot"),
            ("zone", self.mode is Mode.VOLUME, '"mode": "volume"; elsewhere it is the instance\'s'),
            ("to_instance_id", self.mode is Mode.ATTACH, '"mode": "attach"'),
            ("former_volume_ids", self.mode is Mode.UNDO, '"mode": "undo"'),
        ):
            if getattr(self, name) is not None and not fits:
                raise ValueError(f"{name} only with {where}")
        if self.mode is Mode.UNDO and self.instance_id is None:
            raise ValueError('"mode": "undo" only with instance_id')
        if self.list and (self.snapshot_id or self.model_fields_set & {"mode", "at", "zone", "partial"}):
            raise ValueError("list only with instance_id or volume_id, and without mode, at, zone and partial")
        return self

    @property
    def replaces_all(self) -> bool:
        """A whole instance's volumes, in their places."""
        return self.mode is Mode.REPLACE and self.instance_id is not None
