"""Nightshift's policies for the work that is measured; JSON, which is YAML too."""

import json
from collections.abc import Sequence

FOUR_OTHERS = ("weekly", "monthly", "yearly", "hourly")

# HOUR is that of the canned account's nightly slot, which the endpoint fills in: its night has just begun.
NIGHTLY = json.dumps({"backup": {"plans": {"nightly": {"schedule": "0 HOUR * * *"}}}})
COST_CENTRE = json.dumps({"tagging": {"rules": [{"set": {"CostCentre": "4711"}}]}})
OWNERS = json.dumps({"tagging": {"propagate": ["Owner"]}})
ALL_PLANS_KEEP_ALL = json.dumps({"backup": {"plans": {name: {} for name in ("nightly", *FOUR_OTHERS)}}})


def keeping(nights: int, others: Sequence[str] = (), *, check_sharing: bool = True) -> str:
    """Of each volume so many nights; the guard lets all go that is older. others: plans beside the nightly one."""
    plans = {"nightly": {"keep": {"last": nights}}} | {name: {} for name in others}
    return json.dumps(
        {"backup": {"plans": plans}, "cleanup": {"max_delete_percent": 100, "check_sharing": check_sharing}}
    )
