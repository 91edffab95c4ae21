"""Network interfaces: descriptions become records."""

from collections.abc import Iterator, Mapping, Sequence

from nightshift.aws.describe import chunks, filters, pages, tags_of
from nightshift.aws.session import Aws
from nightshift.fleet import Interface


def all_attached(aws: Aws) -> list[Interface]:
    """Every network interface of the region that is attached to an instance."""
    return list(_described(aws, {}))


def of_instances(aws: Aws, instance_ids: Sequence[str]) -> list[Interface]:
    """The network interfaces that are attached to these instances."""
    return [
        interface
        for some_ids in chunks(instance_ids)
        for interface in _described(aws, {"attachment.instance-id": some_ids})
    ]


def _described(aws: Aws, conditions: Mapping[str, Sequence[str]]) -> Iterator[Interface]:
    answers = pages(aws.ec2, "describe_network_interfaces", Filters=filters(conditions))
    return (
        # This one describe calls its tags TagSet.
        Interface(
            id=described["NetworkInterfaceId"],
            instance_id=described["Attachment"]["InstanceId"],
            tags=tags_of({"Tags": described.get("TagSet", ())}),
        )
        for page in answers
        for described in page["NetworkInterfaces"]
        if described.get("Attachment", {}).get("InstanceId")
    )
