"""One built function under AWS's own Runtime Interface Emulator, without a container.

The emulator is the one that aws-sam-cli ships; it starts awslambdaric, Lambda's own Python runtime client.
What runs is the build's output on a bare interpreter: task folder, layers, awslambdaric and nothing else, so
a package that is missing in the layer is missed here too. What a container adds is not emulated: the limit of
memory, the read-only task folder and /opt (tests/e2e/test_sam_local.py has those).
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import boto3
import botocore.session

from local.build import RUNTIME, SAM_ENVIRONMENT, BuildError, base_python
from local.template import Function, read_function

ACCOUNT = "012345678912"  # the emulator puts it into every function's ARN
_PATIENCE_SECONDS = 10.0  # for a start, and for an answer after the function's own timeout
_LIFETIME_SECONDS = 3600
_INVOKE_PATH = "/2015-03-31/functions/function/invocations"

# Nothing outlives us, even if we are killed: the emulator dies when its standard input, held by us alone, is
# closed or its lifetime is over; the function dies with the emulator (setpriv).
_GUARD = (
    "exec 3<&0 </dev/null;"
    f"(timeout --foreground {_LIFETIME_SECONDS} cat <&3 >/dev/null 2>&1; kill -9 $$) & "
    'exec 3<&-; exec "$@"'
)


class FunctionError(Exception):
    """The function raised, or its runtime broke: Lambda's errorType and errorMessage."""

    def __init__(self, error_type: str, message: str, stack: list[str]) -> None:
        super().__init__(f"{error_type}: {message}")
        self.error_type = error_type
        self.message = message
        self.stack = stack


class FunctionTimedOut(Exception):  # noqa: N818  # what happened, as Lambda words it
    """The function was ended by its timeout."""


def unsupported() -> str | None:
    """Why the emulator cannot run here, or None."""
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        return "the Runtime Interface Emulator and the built layer are for Linux on x86_64"
    return None


class Emulator:
    """Runs one built function; `invoke` returns its answer, or raises FunctionError or FunctionTimedOut.

    function: its logical id in the built template, or one that is not in it.
    Without an endpoint_url the function works on the caller's own AWS account, with the caller's credentials.
    """

    def __init__(
        self,
        function: str | Function,
        *,
        endpoint_url: str | None,
        region: str | None = None,
        environment: dict[str, str] | None = None,
        timeout: int | None = None,
    ) -> None:
        self._access = _embedded(endpoint_url, region) if endpoint_url else _own_account(region)
        self._function = (
            function
            if isinstance(function, Function)
            else read_function(function, region=self._access["AWS_REGION"], account=ACCOUNT)
        )
        self._extra = environment or {}
        self._timeout_seconds = timeout or self._function.timeout_seconds
        self._invocations = 0

    def __enter__(self) -> Self:
        if reason := unsupported():
            raise BuildError(reason)
        if not RUNTIME.exists():
            raise BuildError("the runtime client is missing: run `make build`")
        self._output = tempfile.TemporaryFile()  # closed in __exit__
        for _ in range(3):  # another process may take a port between our choice and the emulator's start
            if self._start():
                return self
        self.__exit__(None, None, None)
        raise BuildError(f"the Runtime Interface Emulator did not start:\n{self._read_output()}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kill()
        self._final_logs = self._read_output()
        self._output.close()

    @property
    def logs(self) -> str:
        """All that the function has written so far, with Lambda's START, END and REPORT lines."""
        if self._output.closed:
            return self._final_logs
        # The answer may overtake the last lines: the emulator writes REPORT after it has answered.
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline:
            if self._read_output().count("REPORT RequestId") >= self._invocations:
                break
            time.sleep(0.005)
        return self._read_output()

    @property
    def cpu_seconds(self) -> float:
        """What the function's own process has used since its start: init and every answer."""
        return sum(_cpu_seconds(pid) for pid in _python_of(session=self._process.pid))

    def invoke(self, event: object) -> Any:
        """The function's answer to one event; may be called again, the function stays warm as in Lambda."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        answer = self._answer(event)
        while _still_resetting(answer) and time.monotonic() < deadline:
            time.sleep(0.05)
            answer = self._answer(event)
        if isinstance(answer, dict) and "errorMessage" in answer:
            raise FunctionError(
                answer.get("errorType", "Unknown"), answer["errorMessage"], answer.get("stackTrace", [])
            )
        return answer

    def _answer(self, event: object) -> Any:
        patience = self._timeout_seconds + _PATIENCE_SECONDS
        connection = HTTPConnection("127.0.0.1", self._port, timeout=patience)
        try:
            connection.request("POST", _INVOKE_PATH, json.dumps(event), {"Content-Type": "application/json"})
            text = connection.getresponse().read().decode()
        except TimeoutError as error:
            self._kill()  # it missed its own deadline: nothing more can be said of it
            raise FunctionTimedOut(f"no answer in {patience:.0f} s") from error
        except (OSError, HTTPException) as error:
            raise FunctionError("Emulator.Gone", repr(error), self._read_output().splitlines()) from error
        finally:
            connection.close()
        self._invocations += 1
        if text.startswith("Task timed out"):  # the one answer that is not JSON
            raise FunctionTimedOut(text)
        return json.loads(text)

    def _start(self) -> bool:
        self._port, runtime_port = _free_ports()
        rie = SAM_ENVIRONMENT / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
        emulator = [str(rie / "samcli/local/rapid/aws-lambda-rie-x86_64"), "--log-level", "error"]
        addresses = [
            *("--runtime-interface-emulator-address", f"127.0.0.1:{self._port}"),
            *("--runtime-api-address", f"127.0.0.1:{runtime_port}"),
        ]
        runtime = [str(base_python()), "-S", "-m", "awslambdaric", self._function.handler]
        guarded = ["setpriv", "--pdeathsig=KILL", *runtime]
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "emulator", *emulator, *addresses, *guarded],
            cwd=self._function.code,
            env=_lambda_environment(self._function, self._timeout_seconds) | self._access | self._extra,
            stdin=subprocess.PIPE,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,
        )
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1):
                return True
            time.sleep(0.005)
        self._kill()
        return False

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()

    def _read_output(self) -> str:
        if self._output.closed:
            return self._final_logs
        return os.pread(self._output.fileno(), _size(self._output), 0).decode(errors="replace")


def _still_resetting(answer: Any) -> bool:
    """The emulator answers a timeout before it has put an end to the function; whoever asks it meanwhile hears this,
    and no function was started."""
    return isinstance(answer, dict) and "ErrGateCanceled" in answer.get("errorMessage", "")


def _python_of(session: int) -> Iterator[int]:
    """The processes of a session that run Python: the function, neither the emulator nor its guard."""
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getsid(int(path.name)) == session and (path / "comm").read_text().startswith("python"):
                yield int(path.name)


def _cpu_seconds(pid: int) -> float:
    """By the process's own clock (clock_getcpuclockid(3)): /proc counts in hundredths of a second."""
    return time.clock_gettime((~pid << 3) | 2)


def _size(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_size


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        for one in (first, second):
            one.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def _lambda_environment(function: Function, timeout_seconds: int) -> dict[str, str]:
    """What Lambda's environment holds, and nothing of ours."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    modules = [function.code, *(layer / "python" for layer in function.layers), RUNTIME]
    return {
        **function.environment,
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{version}",
        "AWS_LAMBDA_FUNCTION_NAME": function.logical_id,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_HANDLER": function.handler,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_seconds),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mib),
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.logical_id}",
        "LAMBDA_TASK_ROOT": str(function.code),
        "PYTHONPATH": os.pathsep.join(map(str, modules)),
        # Compiled files beside the build: they make the second start fast and must never be deployed.
        "PYTHONPYCACHEPREFIX": str(RUNTIME.parent / "pycache"),
    }


def _embedded(endpoint_url: str, region: str | None) -> dict[str, str]:
    region = region or "us-east-1"
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }


def _own_account(region: str | None) -> dict[str, str]:
    """The caller's credentials, region and way to AWS, resolved here: the function sees no profile and no home."""
    core = botocore.session.get_session()
    session = boto3.Session(botocore_session=core)
    credentials = session.get_credentials()
    region = region or session.region_name
    if credentials is None:
        raise BuildError("no AWS credentials: set AWS_PROFILE, or log in")
    if region is None:
        raise BuildError("no AWS region: set AWS_DEFAULT_REGION")
    frozen = credentials.get_frozen_credentials()
    access = {
        # Whoever points at another endpoint must never be heard by AWS.
        "AWS_ENDPOINT_URL": core.get_scoped_config().get("endpoint_url"),
        **{name: value for name, value in os.environ.items() if _is_a_way(name)},
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": frozen.access_key,
        "AWS_SECRET_ACCESS_KEY": frozen.secret_key,
        "AWS_SESSION_TOKEN": frozen.token,
    }
    return {name: value for name, value in access.items() if value}


def _is_a_way(name: str) -> bool:
    """Whether a variable says how AWS is reached: endpoints, proxies, certificates."""
    return name.startswith(("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_USE_")) or name.upper().endswith("_PROXY")
