"""How much of a change in the rules that delete or keep would the tests notice: `make mutation`.

mutmut changes one thing at a time in each function of MODULES and runs TESTS on it. What no test notices lives, and
must stand in docs/safety.md with the reason why it may. It does not change what is outside of functions (tables,
constants) nor decorated ones. It works on a copy in .build/mutation, where the package stands at the top, as mutmut
finds it by its path.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".build" / "mutation"
REPORT = ROOT / "docs" / "safety.md"
MODULES = ("retention", "protection", "guard", "slots", "due")
TESTS = tuple(
    f"tests/unit/plan/test_{name}.py"
    for name in (
        "retention",
        "retention_points",
        "retention_properties",
        "protection",
        "guard",
        "slots",
        "due",
        "rules_to_the_letter",
    )
)
# They go through every minute around a change of summer time, which takes a minute each.
TOO_SLOW = "at_every_minute"
LEAST_PERCENT = 90
_KILLED = frozenset({"killed", "timeout", "suspicious"})
_LINE = re.compile(r"^\s*(nightshift\.\S+): (.+)$")


def main() -> int:
    """0 if enough are killed and every one that lives is named in docs/safety.md."""
    _prepare()
    if _mutmut("run").returncode:
        print("mutation: mutmut could not run", file=sys.stderr)
        return 1
    answer = _mutmut("results", "--all", "true", quiet=True).stdout
    found = {match[1]: match[2].strip() for line in answer.splitlines() if (match := _LINE.match(line))}
    return _judged(found)


def _prepare() -> None:
    shutil.rmtree(WORK, ignore_errors=True)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "layers" / "common" / "nightshift", WORK / "nightshift", ignore=ignore)
    for test in (*TESTS, *(str(path.relative_to(ROOT)) for path in _beside())):
        if (ROOT / test).exists():
            (WORK / test).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / test, WORK / test)
    modules = [f"nightshift/plan/{module}.py" for module in MODULES]
    (WORK / "pyproject.toml").write_text(
        f"""
[tool.mutmut]
source_paths = ["nightshift"]
only_mutate = {modules}
tests_dir = {[test for test in TESTS if (ROOT / test).exists()]}
also_copy = ["tests"]
pytest_add_cli_args = ["-k", "not {TOO_SLOW}"]
timeout_multiplier = 3.0
use_git_change_detection = false
track_dependencies = false

[tool.pytest.ini_options]
pythonpath = ["."]
addopts = "--import-mode=importlib -q -x -p no:cacheprovider -p no:xdist"
markers = ["long: not here"]
"""
    )


def _beside() -> list[Path]:
    """What the tests import."""
    return [
        *(ROOT / "tests").glob("*builders.py"),
        ROOT / "tests/unit/conftest.py",
        *(ROOT / "tests/unit/plan").glob("*_reference.py"),
    ]


def _mutmut(*words: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
    output = subprocess.PIPE if quiet else None
    return subprocess.run(
        [str(ROOT / ".venv" / "bin" / "mutmut"), *words], cwd=WORK, check=False, text=True, stdout=output
    )


def _judged(found: dict[str, str]) -> int:
    counts = Counter(found.values())
    killed = sum(count for outcome, count in counts.items() if outcome in _KILLED)
    living = sorted(name for name, outcome in found.items() if outcome not in _KILLED)
    known = REPORT.read_text() if REPORT.exists() else ""
    unknown = [name for name in living if f"`{name.removeprefix('nightshift.plan.')}`" not in known]
    for name in living:
        print(f"mutation: lives: {name} ({found[name]}){'' if name not in unknown else ', not in docs/safety.md'}")
    share = killed * 100 / max(len(found), 1)
    print(f"mutation: {killed} of {len(found)} killed ({share:.1f} %), {len(living)} live; {dict(counts)}")
    return int(share < LEAST_PERCENT or bool(unknown))


if __name__ == "__main__":
    sys.exit(main())
