"""The endpoint: HTTP as EC2, SSM, KMS and EKS speak it, with AWS's token buckets and latency, each call counted.

A process of its own: `python -m bench.endpoint`. It prints its port, is told over /bench what it is to be, and asked
what it saw.
"""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl

import uvicorn

from bench.account import Account, Size, slot_before
from bench.actions import Actions, Refusal, key, parameter
from local.buckets import Buckets
from local.wire import Call, Fault, error

THROTTLE = Refusal("RequestLimitExceeded", "Request limit exceeded.", 503)
XML, JSON = b"text/xml;charset=UTF-8", b"application/x-amz-json-1.1"
NO_CLUSTERS = b'{"clusters": []}'


class Endpoint:
    """speed: how many of its seconds pass in a real one, for its buckets and its latency alike."""

    def __init__(self) -> None:
        self.become({})

    def become(self, wanted: dict[str, Any]) -> None:
        """A new account, of which nothing was asked yet. Without throttling there are no token buckets.

        HOUR in the policy is that of the account's nightly slot.
        """
        self._speed: float = wanted.get("speed", 1.0)
        self._latency: float = wanted.get("latency", 0.0)
        self._started, self._since = monotonic(), datetime.now(UTC)
        policy = wanted.get("policy", "").replace("HOUR", str(slot_before(self._since).hour))
        self._account = Account.of(Size(**wanted.get("size", {})), self._since, policy)
        self._actions = Actions(self._account, self._now)
        self._buckets = Buckets(self._now) if wanted.get("throttling") else None
        self._calls: Counter[str] = Counter()
        self._throttled: Counter[str] = Counter()

    def _now(self) -> datetime:
        return self._since + timedelta(seconds=(monotonic() - self._started) * self._speed)

    def seen(self) -> dict[str, Any]:
        """What was asked, and what there is."""
        return {
            "calls": dict(self._calls),
            "throttled": dict(self._throttled),
            "snapshots": len(self._account.snapshots),
            "tagged": sum("CostCentre" in each.tags for each in self._account.instances.values()),
        }

    async def __call__(self, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        if scope["type"] != "http":
            return
        body = await _body(receive)
        if scope["path"] == "/bench":
            if body:
                self.become(json.loads(body))
            await _send(send, 200, json.dumps(self.seen()).encode(), JSON)
            return
        if scope["path"] == "/clusters":
            self._calls["ListClusters"] += 1
            await _send(send, 200, NO_CLUSTERS, JSON)
            return
        await self._answer(dict(scope["headers"]), body.decode(), send)

    async def _answer(self, headers: dict[bytes, bytes], body: str, send: Any) -> None:
        target = headers.get(b"x-amz-target", b"").decode().rpartition(".")[2]
        form = {} if target else dict(parse_qsl(body, keep_blank_values=True))
        action = target or form.get("Action", "")
        self._calls[action] += 1
        if self._latency:
            await asyncio.sleep(self._latency / self._speed)
        try:
            if self._buckets and not target and not self._buckets.take(action):
                self._throttled[action] += 1
                raise THROTTLE
            content = self._content(target, action, form)
            await _send(send, 200, content, JSON if target else XML)
        except Refusal as refusal:
            call = Call("ec2", "", action, {}, "query")
            answer = error(call, Fault(refusal.code, refusal.message, refusal.status))
            await _send(send, answer.status, answer.body, XML)

    def _content(self, target: str, action: str, form: dict[str, str]) -> bytes:
        if not target:
            return self._actions.answer(action, form)
        return key() if target == "DescribeKey" else parameter(self._account)


async def _body(receive: Callable[[], Awaitable[Any]]) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(send: Any, status: int, body: bytes, content_type: bytes) -> None:
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(
        Endpoint(),
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_keep_alive=600,
        date_header=False,
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
