"""Whether an answer of AWS can be read: one that was cut, or is another's, is no answer, whatever its status says.

botocore's parsers raise outside of its retries where the body is no XML, and take any well-formed body for a yes.
"""

from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError
from botocore.parsers import EC2QueryParser, ResponseParserError, ResponseParserFactory

UNREADABLE = "Unreadable"
GOOD = range(200, 300)


class UnreadableAnswerError(BotoCoreError):
    """AWS answered, and nobody can read what."""

    fmt = "the answer to {action} cannot be read: {why}"


class AnswerReaders(ResponseParserFactory):
    """Parsers that note in the answer what is wrong with its body, so that the request can be sent again."""

    def create_parser(self, protocol_name: str) -> Any:
        # Half of botocore's time on a large describe is dateutil reading timestamps; EC2 sends ISO 8601.
        if protocol_name == "ec2":
            return _Reader(_Ec2Parser(timestamp_parser=datetime.fromisoformat))
        return _Reader(super().create_parser(protocol_name))


class _Ec2Parser(EC2QueryParser):
    def _node_tag(self, node: Any) -> str:
        """The tag without its namespace, as botocore says it, where a pattern takes a tenth of a large describe."""
        tag: str = node.tag
        return tag.rpartition("}")[2]


class _Reader:
    def __init__(self, parser: Any) -> None:
        self._parser = parser

    def parse(self, response: Any, shape: Any) -> dict[str, Any]:
        try:
            parsed: dict[str, Any] = self._parser.parse(response, shape)
        except (ResponseParserError, LookupError, TypeError, ValueError) as error:
            return {UNREADABLE: f"{type(error).__name__}: {str(error)[:200]}"}
        return parsed


def unreadable(operation: Any, http: Any, parsed: Any) -> str | None:
    """What is wrong with an answer; None: it can be read."""
    if UNREADABLE in parsed:
        return str(parsed[UNREADABLE])
    if http.status_code not in GOOD:
        return None
    promised = operation.output_shape.members if operation.output_shape else {}
    if promised and promised.keys().isdisjoint(parsed):
        return "it has nothing of what belongs in it"
    # Where nothing is promised, EC2 answers with the name of the action, which is the yes.
    of_ec2 = operation.service_model.protocol == "ec2"
    if of_ec2 and not promised and f"<{operation.name}Response".encode() not in http.content:
        return "it is not the answer to this action"
    return None


def raise_unreadable(http_response: Any, parsed: Any, model: Any, **_: object) -> None:
    """botocore's after-call: what cannot be read must not be taken for a yes."""
    if why := unreadable(model, http_response, parsed):
        raise UnreadableAnswerError(action=model.name, why=why)
