"""The embedded AWS as a server: corrected moto behind one HTTP port.

    with EmbeddedAws() as aws:
        boto3.client("ec2", endpoint_url=aws.url, ...)

or `python -m local.embedded --port 5555`.
"""

import argparse
import contextlib
import logging
from collections.abc import Callable, Iterable
from threading import RLock, Thread
from types import TracebackType
from typing import Any, Self

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from local import corrections
from local.wire import Answer, Call, Fault, error, read_call, send
from local.world import world

Hook = Callable[[str, str, dict[str, Any]], Answer | Fault | None]


class Middleware:
    """Stands before moto: writes down every call, lets hooks answer first, and makes moto's gaps loud."""

    def __init__(self, moto: Any) -> None:
        self._moto = moto
        # In AWS the checks and the effect of a call are one step; moto's tables even break when two calls change them.
        self._one_at_a_time = RLock()
        self.hooks: list[Hook] = []
        self.callers: dict[str, Hook] = {}
        self.requests: list[tuple[str, str]] = []
        self.unimplemented: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        call = read_call(environ)
        if environ["PATH_INFO"].startswith("/moto-api"):
            return self._ask_moto(environ, start_response)
        self.requests.append((call.service, call.action))
        instead = self._asked_of_hooks(call)
        if instead is not None and not instead.after:
            return send(instead, environ, start_response)
        with self._one_at_a_time:
            answer = self._guarded(call, environ)
        return send(instead or answer, environ, start_response)

    def _asked_of_hooks(self, call: Call) -> Answer | None:
        own = self.callers.get(call.caller)
        for hook in [*([own] if own else []), *self.hooks]:
            instead = hook(call.service, call.action, call.params)
            if instead is not None:
                return error(call, instead) if isinstance(instead, Fault) else instead
        return None

    def _ask_moto(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer: Iterable[bytes] = self._moto(environ, start_response)
        return answer

    def _guarded(self, call: Call, environ: dict[str, Any]) -> Answer:
        """moto's answer; what moto does not implement is said aloud instead of an HTML page that botocore reads
        as an outage of AWS and sends again."""
        seen: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            seen.update(status=int(status.partition(" ")[0]), headers=dict(headers))

        try:
            body = b"".join(self._ask_moto(environ, start_response))
        except Exception as gap:  # noqa: BLE001 - whatever moto stumbles over is a gap of moto, never AWS's answer
            return self._gap(call, f"{type(gap).__name__}: {gap}")
        headers = seen["headers"]
        content_type = headers.pop("Content-Type", "text/xml")
        headers.pop("Content-Length", None)
        if seen["status"] == 404 and content_type.startswith("text/html"):
            return self._gap(call, "no such route")
        return Answer(seen["status"], body, content_type, headers=headers)

    def _gap(self, call: Call, why: str) -> Answer:
        self.unimplemented.append(f"{call.service}:{call.action}: {why}")
        return error(call, Fault("MotoNotImplemented", self.unimplemented[-1], 501))


class EmbeddedAws:
    """A corrected moto on a port of its own. One process has one set of resources, however many servers."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        corrections.install()
        self._middleware = Middleware(DomainDispatcherApplication(create_backend_app))
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = make_server(host, port, self._middleware, threaded=True, request_handler=MotoRequestHandler)
        self.port: int = self._server.port
        self.url = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{self.port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def ask(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """One request, as WSGI (PEP 3333), without the port."""
        return self._middleware(environ, start_response)

    @property
    def hooks(self) -> list[Hook]:
        """Asked in turn before moto, with service, action and parameters; the first answer that is not None counts."""
        return self._middleware.hooks

    @property
    def callers(self) -> dict[str, Hook]:
        """The hook of a caller, by access key, asked before all others and about this caller's calls alone."""
        return self._middleware.callers

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Every (service, action) received, in order."""
        return self._middleware.requests

    @property
    def unimplemented(self) -> list[str]:
        """What was asked for and moto does not have. A test that finds anything here proved nothing."""
        return self._middleware.unimplemented

    def reset(self) -> None:
        """An empty AWS again, and a normal world."""
        moto_api_backend.reset()
        world.reset()
        for log in (self.hooks, self.callers, self.requests, self.unimplemented):
            log.clear()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wait(self) -> None:
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, what: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the embedded AWS until killed.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    with EmbeddedAws(options.host, options.port) as aws:
        print(aws.url, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            aws.wait()


if __name__ == "__main__":
    main()
