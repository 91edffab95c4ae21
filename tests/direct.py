"""The embedded AWS without a wire: requests are handed to it as function calls, in the caller's thread.

A year has a hundred thousand calls, and a connection, a thread and a TLS context for each cost more than AWS itself.
What botocore signs, how it reads answers and what it takes for a lost connection stay as they are.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session
from moto.core.botocore_stubber import MockRawResponse

from local.embedded import EmbeddedAws


@contextmanager
def without_a_wire(aws: EmbeddedAws) -> Iterator[None]:
    """All that this process asks of any address goes to it."""

    def send(_: Any, request: AWSPreparedRequest) -> AWSResponse:
        return _sent(aws, request)

    # Making one reads the certificates of all authorities.
    with patch.object(URLLib3Session, "__init__", lambda *_, **__: None), patch.object(URLLib3Session, "send", send):
        yield


class _Socket:
    """What is cut where an answer is dropped."""

    def __init__(self, url: str) -> None:
        self._url = url

    def shutdown(self, _how: int) -> None:
        raise ConnectionClosedError(endpoint_url=self._url)


def _sent(aws: EmbeddedAws, request: AWSPreparedRequest) -> AWSResponse:
    seen: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        seen.update(status=int(status.partition(" ")[0]), headers=dict(headers))

    body = b"".join(aws.ask(_environ(request), start_response))
    return AWSResponse(request.url, seen["status"], seen["headers"], MockRawResponse(body))


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    """PEP 3333, and the socket as werkzeug hands it out."""
    url = urlsplit(request.url)
    given: Any = request.body or b""
    body: bytes = given.encode() if isinstance(given, str) else given
    headers = {
        f"HTTP_{name.upper().replace('-', '_')}": value.decode() if isinstance(value, bytes) else value
        for name, value in request.headers.items()
    }
    return {
        **headers,
        "HTTP_HOST": url.netloc,
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path) or "/",
        "QUERY_STRING": url.query,
        "CONTENT_TYPE": headers.pop("HTTP_CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": BytesIO(body),
        "werkzeug.socket": _Socket(request.url),
    }
