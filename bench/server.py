"""The endpoint in a process of its own: started, told what to be, asked what it saw."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[1]
REGION = "us-east-1"


class Server:
    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "bench.endpoint"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self._port = int(self._process.stdout.readline())
        self.seen()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a client must find in its environment to work on it, and on nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'common'}",
        }

    def become(
        self,
        policy: str = "",
        *,
        throttling: bool = False,
        speed: float = 1.0,
        latency: float = 0.0,
        **size: int,
    ) -> None:
        """A new account of this size (bench.account.Size), of which nothing was asked yet.

        throttling: with AWS's token buckets. latency: seconds from request to answer. speed: how many seconds of the
        endpoint pass in a real one, for buckets and latency alike.
        """
        wanted = {"policy": policy, "throttling": throttling, "speed": speed, "latency": latency, "size": size}
        self._ask(json.dumps(wanted).encode())

    def seen(self) -> dict[str, Any]:
        """What was asked since, and what there is now: bench.endpoint.Endpoint.seen."""
        return self._ask()

    def _ask(self, body: bytes | None = None) -> dict[str, Any]:
        with urlopen(Request(f"{self.url}/bench", data=body), timeout=60) as answer:
            seen: dict[str, Any] = json.load(answer)
        return seen
