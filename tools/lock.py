"""Write the lock files anew, at today's versions: `make lock`.

uv finds the versions and their hashes; `make setup` and `sam build` install nothing else.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UV = ROOT / ".venv" / "bin" / "uv"
LAYER = "layers/common/requirements.txt"
_STYLE = ("--upgrade", "--quiet", "--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url")


@dataclass(frozen=True)
class Lock:
    """One lock file, and what is locked in it: uv's arguments, beside the style that all have."""

    path: str
    sources: tuple[str, ...]

    def command(self) -> list[str]:
        python = ["--python", str(ROOT / ".venv" / "bin" / "python")]
        return [str(UV), "pip", "compile", *self.sources, *_STYLE, *python, "--output-file", self.path]


# In this order: development is constrained by what the layer ships, so that what is tested is what ships.
LOCKS = (
    Lock(LAYER, ("pyproject.toml",)),
    Lock("requirements/dev.txt", ("pyproject.toml", "--group", "dev", "--constraints", LAYER)),
    Lock("requirements/sam.txt", ("--group", "sam")),
    Lock("requirements/scan.txt", ("--group", "scan")),
    Lock("requirements/peer.txt", ("--group", "peer")),
    Lock("requirements/runtime.txt", ("--group", "runtime")),
)


def main() -> int:
    """0 if every file was written; the exit code of uv where it could not."""
    for lock in LOCKS:
        before = _pins(lock.path)
        done = subprocess.run(lock.command(), cwd=ROOT, check=False)
        if done.returncode:
            print(f"lock: uv could not lock {lock.path}", file=sys.stderr)
            return done.returncode
        after = _pins(lock.path)
        for pin in sorted(before ^ after):
            print(f"{lock.path}: {'+' if pin in after else '-'} {pin}")
    return 0


def _pins(path: str) -> set[str]:
    """name==version of every package in a lock file."""
    text = (ROOT / path).read_text() if (ROOT / path).exists() else ""
    return {line.split()[0] for line in text.splitlines() if "==" in line}


if __name__ == "__main__":
    sys.exit(main())
