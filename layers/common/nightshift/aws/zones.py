"""Availability Zones of the region."""

from nightshift.aws.faults import aws_errors
from nightshift.aws.session import Aws


def available(aws: Aws) -> list[str]:
    """The names of the zones in which something can be made now. AwsError."""
    with aws_errors():
        answer = aws.ec2.describe_availability_zones()
    return sorted(zone["ZoneName"] for zone in answer["AvailabilityZones"] if zone["State"] == "available")
