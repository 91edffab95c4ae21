"""Tags are written: one call for all resources that get the same ones."""

from collections.abc import Mapping, Sequence

from nightshift.aws.faults import aws_errors
from nightshift.aws.session import Aws


def create_tags(aws: Aws, resource_ids: Sequence[str], tags: Mapping[str, str]) -> None:
    """Set these tags on each resource, over what is there. AwsError: on none of them, or nobody knows."""
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    with aws_errors():
        aws.ec2.create_tags(Resources=resource_ids, Tags=pairs)  # type: ignore[arg-type]  # the stub's TypedDict


def delete_tags(aws: Aws, resource_ids: Sequence[str], keys: Sequence[str]) -> None:
    """Take these tags off each resource, whatever their values. AwsError: of none of them, or nobody knows."""
    with aws_errors():
        aws.ec2.delete_tags(Resources=resource_ids, Tags=[{"Key": key} for key in keys])
