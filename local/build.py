"""What `sam build` makes, made anew only when a source has changed: for tests, demo and `make build`.

Beside the application it keeps .build/runtime: what AWS's own runtime brings, for the emulator and the lab.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BUILT = ROOT / ".aws-sam" / "build"
RUNTIME = ROOT / ".build" / "runtime"
SAM_ENVIRONMENT = ROOT / ".venv" / "sam"
SAM = SAM_ENVIRONMENT / "bin" / "sam"
_RUNTIME_LOCK = ROOT / "requirements" / "runtime.txt"


class BuildError(Exception):
    """What is missing or failed, and what to type."""


def base_python() -> Path:
    """The interpreter behind this virtual environment: without its packages, as in Lambda."""
    return Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")


def sam_environment() -> dict[str, str]:
    """The environment for running `sam`: this Python first on the path, nothing sent to anyone."""
    bin_folder = Path(sys.executable).parent
    return os.environ | {"PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", "SAM_CLI_TELEMETRY": "0"}


def build() -> bool:
    """Bring .aws-sam/build and .build/runtime up to date; true if anything had to be made."""
    with _lock():
        made_runtime = _make_runtime()
        made_application = _make_application()
    return made_runtime or made_application


def is_built() -> bool:
    """Whether both are there, up to date or not: enough to run something."""
    return (BUILT / "template.yaml").exists() and RUNTIME.exists()


def _make_application() -> bool:
    # The stamp lies in sam's own folder: a `sam build` by hand wipes it, so it never speaks of another build.
    wanted, stamp = _digest(_sources()), BUILT / ".sources.sha256"
    if stamp.exists() and stamp.read_text() == wanted:
        return False
    if not SAM.exists():
        raise BuildError(f"{SAM.relative_to(ROOT)} is missing: run `make setup`")
    _run([str(SAM), "build"])
    stamp.write_text(wanted)
    return True


def _make_runtime() -> bool:
    wanted, stamp = _digest([_RUNTIME_LOCK]), RUNTIME / ".sources.sha256"
    if stamp.exists() and stamp.read_text() == wanted:
        return False
    shutil.rmtree(RUNTIME, ignore_errors=True)
    pip = f"{sys.executable} -m pip install --quiet --no-compile --root-user-action=ignore".split()
    locked = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--requirement", str(_RUNTIME_LOCK)]
    _run([*pip, *locked, "--target", str(RUNTIME)])
    stamp.write_text(wanted)
    return True


def _sources() -> list[Path]:
    single = [ROOT / "template.yaml", ROOT / "samconfig.toml", ROOT / "requirements" / "sam.txt"]
    trees = [path for folder in ("functions", "layers") for path in (ROOT / folder).rglob("*")]
    return [path for path in [*single, *trees] if path.is_file() and "__pycache__" not in path.parts]


def _digest(paths: list[Path]) -> str:
    # Contents, not times: a checkout of another branch leaves files older than the build.
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _run(command: list[str]) -> None:
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
    done = subprocess.run(command, cwd=ROOT, env=sam_environment(), check=False, **quiet)
    if done.returncode:
        raise BuildError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


@contextmanager
def _lock() -> Iterator[None]:
    """One build at a time: several test processes ask for it at once."""
    lock = ROOT / ".build" / "lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    try:
        print("built .aws-sam/build" if build() else "up to date: .aws-sam/build", file=sys.stderr)
    except BuildError as error:
        sys.exit(str(error))
