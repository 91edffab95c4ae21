"""Messages to people, through the topic of the installation."""

from nightshift.aws.faults import aws_errors
from nightshift.aws.session import Aws
from nightshift.errors import AwsError, Fault


def publish(aws: Aws, subject: str, text: str) -> None:
    """Send one message. AwsError: nobody was told, or nobody knows."""
    topic = aws.settings.topic_arn
    if topic is None:
        raise AwsError("NoTopic", "no topic is configured: NIGHTSHIFT_TOPIC_ARN is not set", Fault.PERMANENT)
    with aws_errors():
        aws.sns.publish(TopicArn=topic, Subject=subject, Message=text)
