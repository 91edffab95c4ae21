"""Eventual consistency: a new snapshot may be unknown to the calls that follow its creation."""

from datetime import datetime, timedelta
from typing import Any

from local.world import world


def is_visible(snapshot: Any) -> bool:
    """AWS: EC2 API, "Eventual consistency". `world.visibility_seconds` says for how long; seeded ones always are."""
    created_at: datetime | None = vars(snapshot).get("created_at")
    return created_at is None or world.now() >= created_at + timedelta(seconds=world.visibility_seconds)
