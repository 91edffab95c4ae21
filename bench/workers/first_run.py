"""The first run of a function in this process, and what its parts cost; on the layer alone, without anything of ours.

Its argument is JSON: "groups", the modules to be imported ahead by what they belong to; "event", null for the import
alone. It prints the CPU seconds of each part, and the modules that there are after the import of the function.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any

PARTS = (
    "Python itself",
    "import botocore",
    "import pydantic",
    "import powertools",
    "import YAML",
    "import cronsim, zoneinfo",
    "import nightshift",
    "make the first client",
    "make the second client, and more",
    "parse the policy",
    "calls, plan and answer",
)


class Context:
    aws_request_id = "bench"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:bench"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


class Parts:
    """CPU seconds by part; what is within a part and counts as another one is taken from it."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(PARTS, 0.0) | {PARTS[0]: time.process_time()}
        self._inner = 0.0

    def add(self, part: str, do: Callable[[], Any]) -> Any:
        outer, self._inner = self._inner, 0.0
        started = time.process_time()
        try:
            return do()
        finally:
            used = time.process_time() - started
            self.seconds[part] += used - self._inner
            self._inner = outer + used

    def watch(self, owner: Any, name: str, *parts: str) -> None:
        """From now on, calls of this function count as a part of their own: the first, and the later ones."""
        watched, first = getattr(owner, name), iter(parts)

        @wraps(watched)
        def call(*args: Any, **named: Any) -> Any:
            return self.add(next(first, parts[-1]), lambda: watched(*args, **named))

        setattr(owner, name, call)


def main() -> None:
    asked = json.loads(sys.argv[1])
    parts = Parts()
    for group, modules in asked["groups"].items():
        parts.add(group, partial(_import, modules))
    app = parts.add("import nightshift", partial(importlib.import_module, "app"))
    modules = list(sys.modules)
    if asked["event"] is not None:
        _run(app, asked["event"], parts)
    sys.stdout.write(f"\n{json.dumps({'seconds': parts.seconds, 'modules': modules})}\n")


def _import(modules: Sequence[str]) -> None:
    for name in modules:
        importlib.import_module(name)


def _run(app: Any, event: Any, parts: Parts) -> None:
    from botocore.session import Session

    parts.watch(Session, "create_client", "make the first client", "make the second client, and more")
    if "nightshift.policy" in sys.modules:
        parts.watch(sys.modules["nightshift.policy"].Policy, "parse", "parse the policy")
    parts.add("calls, plan and answer", lambda: app.handler(event, Context()))


if __name__ == "__main__":
    main()
