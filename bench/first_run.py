"""Where the CPU of a cold start goes: bench/workers/first_run.py on the built layer, without an emulator."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.report import Table
from bench.server import ROOT
from local.build import RUNTIME, base_python
from local.template import Function

_WORKER = ROOT / "bench" / "workers" / "first_run.py"
_REPEATS = 5

# In the order in which they are imported here; a module of the standard library counts where it is needed first.
_LIBRARIES: Mapping[str, Sequence[str]] = {
    "import botocore": ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"),
    "import pydantic": ("annotated_types", "pydantic", "pydantic_core", "typing_extensions", "typing_inspection"),
    "import powertools": ("aws_lambda_powertools",),
    "import YAML": ("yaml", "_yaml"),
    "import cronsim, zoneinfo": ("cronsim", "zoneinfo", "tzdata"),
}


def parts(function: Function, event: object, environment: Mapping[str, str]) -> dict[str, float]:
    """CPU in seconds by part, medians; a part that a function does not have is 0."""
    paths = [function.code, *(layer / "python" for layer in function.layers)]
    layer = {"PYTHONPATH": ":".join(map(str, paths)), "PYTHONPYCACHEPREFIX": str(RUNTIME.parent / "pycache")}
    own = {**environment, **function.environment, **layer}
    modules = _ask({"event": None, "groups": {}}, own)["modules"]
    groups = {name: [each for each in modules if each.split(".")[0] in tops] for name, tops in _LIBRARIES.items()}
    runs = [_ask({"event": event, "groups": groups}, own)["seconds"] for _ in range(_REPEATS)]
    return {part: median(run[part] for run in runs) for part in runs[0]}


def table(parts_of: Mapping[str, Mapping[str, float]]) -> Table:
    """A column for each function."""
    parts = next(iter(parts_of.values()))
    rows = [[part, *(f"{of_it[part] * 1000:.0f}" for of_it in parts_of.values())] for part in parts]
    total = ["all", *(f"{sum(of_it.values()) * 1000:.0f}" for of_it in parts_of.values())]
    return Table(["CPU in ms", *parts_of], [*rows, total])


def _ask(asked: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    command = [str(base_python()), "-S", str(_WORKER), json.dumps(asked)]
    done = subprocess.run(command, env=dict(environment), check=True, capture_output=True, text=True, cwd=Path("/"))
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said
