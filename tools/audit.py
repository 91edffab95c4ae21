"""Every lock file against the known vulnerabilities: `make audit`. It asks PyPI's vulnerability service.

0: nothing is known of any pinned version. 1: there are vulnerabilities. 2: the service could not be asked, so nothing
is known.
"""

import json
import subprocess
import sys
from pathlib import Path

from tools.lock import LOCKS, ROOT

PIP_AUDIT = ROOT / ".venv" / "scan" / "bin" / "pip-audit"
VULNERABLE, UNKNOWN = 1, 2


def command(path: str) -> list[str]:
    """Nothing is installed or resolved: the files name every package with its hash."""
    words = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    return [str(PIP_AUDIT), "--requirement", path, *words]


def audit(path: str) -> int:
    """0, VULNERABLE or UNKNOWN, and says which."""
    done = subprocess.run(command(path), cwd=ROOT, check=False, text=True, capture_output=True)
    result, words = judged(done.stdout, done.stderr)
    print(f"audit: {path}: {words}", file=sys.stderr if result else sys.stdout)
    return result


def judged(answer: str, said: str) -> tuple[int, str]:
    """What pip-audit's answer means. It calls a package that its service does not know skipped, and ends well."""
    try:
        packages = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        reason = (said.strip().splitlines() or ["no answer"])[-1]
        return UNKNOWN, f"NOT CHECKED, the vulnerability service could not be asked: {reason}"
    found = [
        f"{package['name']} {package['version']}: {each['id']}, fixed in {', '.join(each['fix_versions']) or 'none'}"
        for package in packages
        for each in package.get("vulns", [])
    ]
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if found:
        return VULNERABLE, "; ".join(found)
    if skipped or not packages:
        names = ", ".join(skipped[:5])
        words = f"{len(skipped)} of {len(packages)} packages are unknown to the vulnerability service ({names}, ...)"
        return UNKNOWN, f"NOT CHECKED: {words}"
    return 0, f"no known vulnerability in {len(packages)} packages"


def main(paths: list[str] | None = None) -> int:
    """The worst of all files; each is asked, whatever came of the others."""
    results = [audit(path) for path in paths or [lock.path for lock in LOCKS]]
    not_checked = results.count(UNKNOWN)
    if not_checked:
        print(f"audit: {not_checked} of {len(results)} lock files were not checked: this says nothing", file=sys.stderr)
        return UNKNOWN
    return max(results)


if __name__ == "__main__":
    sys.exit(main([str(Path(path)) for path in sys.argv[1:]]))
