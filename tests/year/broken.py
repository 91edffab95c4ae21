"""Software that is broken on purpose: what the simulated year must notice, or its green means nothing."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from nightshift.aws import session, snapshot_calls
from nightshift.fleet import Snapshot
from nightshift.jobs import cleanup
from nightshift.plan import retention
from nightshift.plan.gaps import Promise
from nightshift.plan.protection import Protection

type Break = tuple[Any, str, Any]


def _nothing(*_: object, **__: object) -> None:
    return None


def _nobody(*_: object, **__: object) -> Mapping[str, str]:
    return {}


BROKEN: Mapping[str, Break] = {
    "holds are ignored": (Protection, "hold", _nothing),
    "AMIs and locks are ignored": (cleanup, "held_outside", _nobody),
    "shares are ignored": (cleanup, "shared", _nobody),
    "duplicates of a slot are kept": (retention, "_without_duplicates", lambda points: (list(points), {})),
    "a failed snapshot counts as saved": (Snapshot, "live", property(lambda _: True)),
    "nobody waits until a snapshot must be seen": (snapshot_calls, "SEEN_AFTER", timedelta(0)),
    "what makes a snapshot is sent again like a read": (session, "SENT_ONCE", frozenset()),
    "nobody looks before a snapshot is made again": (snapshot_calls, "_found", _nobody),
    "no gap is seen": (Promise, "broken_for", lambda *_: False),
    "what is saved counts as a gap": (Promise, "_slot_of", _nothing),
}
