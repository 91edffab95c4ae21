"""HTTP as AWS speaks it: which call a request is, and how an error looks in its protocol."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from local.rest import action_of

SIGNED_WITH = "Credential="


@dataclass(frozen=True)
class Call:
    """One request: the service that signed it, the action, and the parameters (flat for EC2, SNS, STS: text).

    caller: the access key that signed it.
    """

    service: str
    region: str
    action: str
    params: dict[str, Any]
    protocol: str
    caller: str = ""

    @property
    def is_json(self) -> bool:
        return self.protocol == "json"


@dataclass(frozen=True)
class Answer:
    """An answer given instead of moto's.

    `after`: moto carries the call out first, and this goes out in place of its answer.
    `drop`: the connection is cut without any answer. `delay_seconds`: of real time, before it goes out.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = "text/xml"
    after: bool = False
    drop: bool = False
    delay_seconds: float = 0
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """An error of AWS's given instead of moto's answer, written in the protocol of the call that it meets.

    `after`: the call takes effect all the same.
    """

    code: str
    message: str = "injected"
    status: int = 400
    after: bool = False


def read_call(environ: dict[str, Any]) -> Call:
    """Read the request and put its body back for moto."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.input"] = BytesIO(body)
    caller, service, region = _scope(environ.get("HTTP_AUTHORIZATION", ""))
    return replace(_call(environ, body, service, region), caller=caller)


def _call(environ: dict[str, Any], body: bytes, service: str, region: str) -> Call:
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return Call(service, region, target.rpartition(".")[2], _json(body), "json")
    form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    form = form or dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    if "Action" in form:
        return Call(service, region, form["Action"], form, "query")
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if rest := action_of(service, method, path, environ.get("QUERY_STRING", "")):
        action, params = rest
        return Call(service, region, action, params | _json(body), "json")
    route = f"{method} {path}"
    return Call(service, region, route, _json(body), "xml" if service.startswith("s3") else "json")


def error(call: Call, fault: Fault) -> Answer:
    """An error as this call's protocol writes it, so that botocore makes a ClientError of it."""
    if call.is_json:
        text = json.dumps({"__type": fault.code, "message": fault.message}).encode()
        headers = {"x-amzn-ErrorType": fault.code}
        return Answer(fault.status, text, "application/json", fault.after, headers=headers)
    fields = f"<Code>{escape(fault.code)}</Code><Message>{escape(fault.message)}</Message>"
    if call.protocol == "xml":
        body = f"<Error>{fields}</Error>"
    elif call.service == "ec2":
        body = f"<Response><Errors><Error>{fields}</Error></Errors><RequestID>embedded</RequestID></Response>"
    else:
        body = f"<ErrorResponse><Error>{fields}</Error><RequestId>embedded</RequestId></ErrorResponse>"
    return Answer(fault.status, f'<?xml version="1.0" encoding="UTF-8"?>{body}'.encode(), after=fault.after)


def send(answer: Answer, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    time.sleep(answer.delay_seconds)
    if answer.drop:
        # Werkzeug hands out the socket; closing both directions is what a dropped connection looks like.
        environ["werkzeug.socket"].shutdown(2)
    headers = {
        "Content-Type": answer.content_type,
        "Content-Length": str(len(answer.body)),
        **answer.headers,
    }
    start_response(f"{answer.status} {'OK' if answer.status < 400 else 'ERROR'}", list(headers.items()))
    return [answer.body]


def _scope(authorization: str) -> tuple[str, str, str]:
    """Access key, service, region."""
    _, _, credential = authorization.partition(SIGNED_WITH)
    parts = credential.split(",")[0].split("/")
    return (parts[0], parts[3], parts[2]) if len(parts) == 5 else ("", "", "")


def _json(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
