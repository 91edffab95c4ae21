"""Cleanup's plan alone, over so many snapshots that no account has: `python -m bench.workers.plan 1000000 100`.

The second number is that of the snapshots of each volume.
"""

import json
import sys
import time
from datetime import timedelta
from importlib import import_module

from bench.records import ACCOUNT
from nightshift.clock import SystemClock
from nightshift.fleet import Snapshot
from nightshift.jobs import cleanup
from nightshift.plan.protection import Holders
from nightshift.plan.slots import slot_text
from nightshift.plan.tags import INSTANCE, SLOT, STACK
from nightshift.policy import Policy

POLICY = Policy.of({"backup": {"plans": {"nightly": {"keep": {"daily": 90, "monthly": 12}}}}})


def main() -> None:
    # What a function sets its process to is set where this is imported.
    import_module("nightshift.run")
    number, a_volume = int(sys.argv[1]), max(1, int(sys.argv[2]))
    now = SystemClock().now()
    nights = [now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=ago) for ago in range(a_volume)]
    volume_ids = [f"vol-{each:017x}" for each in range(number // a_volume)]
    tags = {
        night: {STACK: "nightshift", f"{SLOT}nightly": slot_text(night), INSTANCE: "i-0a1b2c3d4e5f60718"}
        for night in nights
    }
    ours = [
        Snapshot(f"snap-{index:012x}{ago:05x}", volume_id, "completed", night, 100, tags=tags[night], owner=ACCOUNT)
        for index, volume_id in enumerate(volume_ids)
        for ago, night in enumerate(nights)
    ]
    inventory = cleanup.Inventory("us-east-1", ours, Holders(living=frozenset(volume_ids)))
    cpu = time.process_time()
    plan = cleanup.plan(inventory, cleanup.CleanupRequest(), POLICY, now)
    used = time.process_time() - cpu
    sys.stdout.write(f"{json.dumps({'cpu': used, 'going': len(plan.changes), 'snapshots': len(ours)})}\n")


if __name__ == "__main__":
    main()
