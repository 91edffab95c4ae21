"""Write what is generated in docs/: the policy's reference and its JSON Schema. `--check` only compares.

Prose stands in tools/policy.template.md; tables, examples and numbers come from the code that runs.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import Any

from nightshift.fleet import Snapshot
from nightshift.plan.due import due, slots_at
from nightshift.plan.guard import ALWAYS_PASS, refusal
from nightshift.plan.protection import ERROR_STAYS
from nightshift.plan.retention import judge, points_of
from nightshift.plan.slots import current_slot, slot_text
from nightshift.plan.tags import SLOT
from nightshift.policy import Policy
from nightshift.run import PAUSED
from tools.policy_keys import Key, policy_keys

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "tools" / "policy.template.md"
PLAN = "nightly"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NIGHTS = 365
OTHER_SCHEDULES = ("0 1 * * *", "0 22 * * *", "0 */6 * * *", "0 3 * * 0")


def rendered() -> dict[Path, str]:
    """What each generated file holds."""
    return {
        ROOT / "docs" / "policy.md": policy_page(),
        ROOT / "docs" / "policy.schema.json": json.dumps(policy_schema(), indent=2) + "\n",
    }


def policy_schema() -> dict[str, Any]:
    """The JSON Schema of the policy, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Policy.model_json_schema()


def policy_page() -> str:
    values = {
        "reference": _reference(),
        **_schedule_example(),
        **_retention_example(),
        **_guard_example(),
        "error_stays": f"{ERROR_STAYS / timedelta(hours=1):.0f} hour",
        "always_pass": ALWAYS_PASS,
        "paused": PAUSED,
    }
    return Template(TEMPLATE.read_text()).substitute(values)


def _reference() -> str:
    """One table for each section of the policy; what stands at the top first."""
    sections: dict[str, list[Key]] = {}
    for key in policy_keys():
        if not key.is_section:
            sections.setdefault(key.path[0] if len(key.path) > 1 else "top level", []).append(key)
    tables = (f"### {name}\n\n{_table(_HEADINGS, map(_row, keys))}" for name, keys in sections.items())
    return "\n\n".join(tables)


_HEADINGS = ("key", "expected", "default", "what it is")


def _row(key: Key) -> tuple[str, ...]:
    default = "required" if key.required else f"`{key.default_text}`"
    return f"`{key.name}`", key.expected, default, key.field.description or ""


def _schedule_example() -> dict[str, Any]:
    old = Policy().backup.plans[PLAN].schedule
    nights = _nights(3)
    rows = [(f"`{schedule}`", _what_happens(schedule, nights)) for schedule in (old, *OTHER_SCHEDULES)]
    return {
        "old_schedule": old,
        "noon": f"{NOON:%H:%M} UTC on {NOON:%Y-%m-%d}",
        "schedules": _table(("schedule", "what backup says of the volume"), rows),
    }


def _what_happens(schedule: str, snapshots: Sequence[Snapshot]) -> str:
    policy = Policy.of({"backup": {"plans": {PLAN: {"schedule": schedule}}}})
    return due(PLAN, policy.backup.plans[PLAN], slots_at(policy, NOON)[PLAN], snapshots, NOON).reason


def _retention_example() -> dict[str, Any]:
    """A year of nights, judged by the default plan."""
    policy = Policy()
    nights = _nights(NIGHTS)
    keep = policy.backup.plans[PLAN].keep
    verdicts = judge(points_of(PLAN, nights), keep, policy.zone, NOON)
    kept = [(night, reasons) for night in nights if (reasons := verdicts[night.id].kept_by)]
    written = ", ".join(f"{name}: {count}" for name, count in keep.model_dump(exclude_defaults=True).items())
    return {
        "keep": f"{{{written}}}",
        "nights": NIGHTS,
        "newest": f"{nights[0].started:%Y-%m-%d}",
        "kept": len(kept),
        "gone": NIGHTS - len(kept),
        "retention": _table(
            ("night", "kept by"), [(f"{night.started:%a %Y-%m-%d}", ", ".join(reasons)) for night, reasons in kept]
        ),
    }


def _guard_example() -> dict[str, Any]:
    """A slip of the pen: most of the snapshots would go."""
    nights = _nights(NIGHTS)
    doomed = {night.id for night in nights[30:]}
    return {"refusal": refusal(nights, doomed, Policy(), None), "confirm": len(doomed)}


def _nights(count: int) -> list[Snapshot]:
    """One completed snapshot of one volume for each slot of the default plan, the newest first."""
    policy = Policy()
    last = current_slot(policy.backup.plans[PLAN].schedule, policy.zone, NOON)
    if last is None:
        raise ValueError("the default plan has no slot")
    slots = [last - timedelta(days=days) for days in range(count)]
    return [
        Snapshot(f"snap-{n}", "vol-1", "completed", slot, size_gib=8, tags={f"{SLOT}{PLAN}": slot_text(slot)})
        for n, slot in enumerate(slots)
    ]


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '\\|') for cell in line)} |" for line in lines)


def stale(files: Mapping[Path, str]) -> list[str]:
    """The files that are not as they would be rendered now."""
    return [
        str(path.relative_to(ROOT)) for path, text in files.items() if not path.exists() or path.read_text() != text
    ]


def main() -> int:
    """0 if all is written, or up to date."""
    parser = argparse.ArgumentParser(description="Write docs/policy.md and docs/policy.schema.json.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of date")
    options = parser.parse_args()
    files = rendered()
    outdated = stale(files)
    if options.check:
        for name in outdated:
            print(f"{name} is out of date: run `make docs`", file=sys.stderr)
        return 1 if outdated else 0
    for path, text in files.items():
        path.write_text(text)
    print(f"written: {', '.join(outdated)}" if outdated else "up to date", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
