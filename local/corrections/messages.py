"""SNS: what a subject may be, and a record of what was published (`world.messages`)."""

from typing import Any

from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend

from local.corrections.patch import corrects
from local.world import Message, world

_publish = SNSBackend.publish


@corrects(SNSBackend)
def publish(
    self: Any,
    message: str,
    arn: str | None,
    phone_number: str | None = None,
    subject: str | None = None,
    message_attributes: dict[str, Any] | None = None,
    **others: Any,
) -> str:
    """AWS: Publish in the API reference: a subject has no line breaks or control characters, and is not empty.
    moto takes it."""
    if subject is not None and (not subject.strip() or any(ord(each) < 32 for each in subject)):
        raise SNSInvalidParameter("Invalid parameter: Subject")
    message_id = _publish(self, message, arn, phone_number, subject, message_attributes, **others)
    world.messages.append(Message(arn or phone_number or "", subject, message, message_attributes or {}))
    return message_id
