"""What a call of EC2's touches: each action with its resources, as the service authorization reference has them.

EC2 asks IAM about each resource of a call, and all must be allowed (User Guide, "Example policies to control access the
Amazon EC2 API", Attach and detach volumes: "you must create a policy statement that allows users to access all required
resources"). A call that makes something is asked for by the type, with any id and without tags.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.iam.account import Account, Touched, UnmappedError
from local.iam.evaluate import Question
from local.iam.reference import actions

type Params = Mapping[str, Any]
type Finder = Callable[[Params, Any], Iterable[str]]


def given(*names: str) -> Finder:
    """The ids in these parameters, each one value or a list (Name.1, Name.2)."""
    pattern = re.compile(rf"({'|'.join(map(re.escape, names))})(\.\d+)?")
    return lambda params, _: [value for name, value in params.items() if pattern.fullmatch(name)]


def _vpc_of_subnet(params: Params, ec2: Any) -> Iterable[str]:
    return [subnet.vpc_id for zone in ec2.subnets.values() for id_, subnet in zone.items() if id_ == params["SubnetId"]]


def _of_association(params: Params, ec2: Any) -> Iterator[str]:
    """The route table and the subnet of a route table's association."""
    for table in ec2.route_tables.values():
        if subnet := table._associations.get(params["AssociationId"]):
            yield from (table.id, subnet)


def _of_instance(params: Params, ec2: Any) -> Iterable[str]:
    """The volumes that a CreateSnapshots saves."""
    disks = disks_of(ec2, params["InstanceSpecification.InstanceId"])
    excluded = set(given("InstanceSpecification.ExcludeDataVolumeId")(params, ec2))
    without_root = params.get("InstanceSpecification.ExcludeBootVolume") == "true"
    return [disk.volume_id for disk in disks if disk.volume_id not in excluded and not (disk.is_root and without_root)]


def _at_devices(params: Params, ec2: Any) -> Iterable[str]:
    """The volumes whose mapping a ModifyInstanceAttribute changes."""
    devices = {value for name, value in params.items() if re.fullmatch(r"BlockDeviceMapping\.\d+\.DeviceName", name)}
    return [disk.volume_id for disk in disks_of(ec2, params["InstanceId"]) if disk.device in devices]


def _attached_to(params: Params, ec2: Any) -> Iterable[str]:
    """Named in the call, or the one that has the volume."""
    volume = ec2.volumes.get(params["VolumeId"])
    attached = [each.instance.id for each in volume.attachments] if volume else []
    return given("InstanceId")(params, ec2) or attached


@dataclass(frozen=True)
class Disk:
    device: str
    volume_id: str
    is_root: bool


def disks_of(ec2: Any, instance_id: str) -> list[Disk]:
    """Of an instance that is there."""
    return [
        Disk(device, block.volume_id, device == instance.root_device_name)
        for reservation in list(ec2.reservations.values())
        for instance in reservation.instances
        if instance.id == instance_id
        for device, block in instance.get_block_device_mapping
    ]


MAKES: dict[str, tuple[str, ...]] = {
    "AllocateAddress": ("elastic-ip",),
    "CreateEgressOnlyInternetGateway": ("egress-only-internet-gateway",),
    "CreateInternetGateway": ("internet-gateway",),
    "CreateNatGateway": ("natgateway",),
    "CreateReplaceRootVolumeTask": ("replace-root-volume-task", "volume"),
    "CreateRouteTable": ("route-table",),
    "CreateSnapshot": ("snapshot",),
    "CreateSnapshots": ("snapshot",),
    "CreateSubnet": ("subnet",),
    "CreateVolume": ("volume",),
    "CreateVpc": ("vpc",),
    "CreateVpcEndpoint": ("vpc-endpoint",),
}

# Each finder finds ids, whose beginning says what they are.
TOUCHES: dict[str, tuple[Finder, ...]] = {
    "AllocateAddress": (),
    "AssociateRouteTable": (given("RouteTableId", "SubnetId"),),
    "AssociateSubnetCidrBlock": (given("SubnetId"),),
    "AssociateVpcCidrBlock": (given("VpcId"),),
    "AttachInternetGateway": (given("InternetGatewayId", "VpcId"),),
    "AttachVolume": (given("VolumeId", "InstanceId"),),
    "CreateEgressOnlyInternetGateway": (given("VpcId"),),
    "CreateInternetGateway": (),
    "CreateNatGateway": (given("SubnetId", "AllocationId"), _vpc_of_subnet),
    "CreateReplaceRootVolumeTask": (given("InstanceId", "SnapshotId"),),
    "CreateRoute": (given("RouteTableId"),),
    "CreateRouteTable": (given("VpcId"),),
    "CreateSnapshot": (given("VolumeId"),),
    "CreateSnapshots": (given("InstanceSpecification.InstanceId"), _of_instance),
    "CreateSubnet": (given("VpcId"),),
    "CreateVolume": (given("SnapshotId"),),
    "CreateVpc": (),
    "CreateVpcEndpoint": (given("VpcId", "RouteTableId", "SubnetId", "SecurityGroupId"),),
    "DeleteEgressOnlyInternetGateway": (given("EgressOnlyInternetGatewayId"),),
    "DeleteInternetGateway": (given("InternetGatewayId"),),
    "DeleteNatGateway": (given("NatGatewayId"),),
    "DeleteRouteTable": (given("RouteTableId"),),
    "DeleteSnapshot": (given("SnapshotId"),),
    "DeleteSubnet": (given("SubnetId"),),
    "DeleteVpc": (given("VpcId"),),
    "DeleteVpcEndpoints": (given("VpcEndpointId"),),
    "DescribeSnapshotAttribute": (given("SnapshotId"),),
    "DetachInternetGateway": (given("InternetGatewayId", "VpcId"),),
    "DetachVolume": (given("VolumeId"), _attached_to),
    "DisassociateRouteTable": (_of_association,),
    "ModifyInstanceAttribute": (given("InstanceId"), _at_devices),
    "ModifySubnetAttribute": (given("SubnetId"),),
    "ModifyVpcEndpoint": (given("VpcEndpointId", "AddRouteTableId", "RemoveRouteTableId"),),
    "RebootInstances": (given("InstanceId"),),
    "ReleaseAddress": (given("AllocationId"),),
    "ReplaceRoute": (given("RouteTableId"),),
    "ReplaceRouteTableAssociation": (given("RouteTableId"), _of_association),
    "StartInstances": (given("InstanceId"),),
    "StopInstances": (given("InstanceId"),),
}


def questions(account: Account, action: str, params: Params) -> Iterator[Question]:
    """All that EC2 asks IAM before it carries out a call. UnmappedError: it is not known what the call touches."""
    name = f"ec2:{action}"
    if action in ("CreateTags", "DeleteTags"):
        tags = _pairs(params, "Tag")
        for id_ in _there(account, given("ResourceId")(params, account.ec2)):
            yield account.question(name, account.existing(name, id_, tags))
    elif action in TOUCHES:
        yield from _of_resources(account, action, params)
    else:
        known = actions(name)
        if not known or known[0].types or not known[0].reads:
            raise UnmappedError(f"what {name} touches is not written down in {__name__}")
        yield account.question(name, None)


def _of_resources(account: Account, action: str, params: Params) -> Iterator[Question]:
    name, asked = f"ec2:{action}", dict(_specified(params))
    for id_ in _there(account, (id_ for find in TOUCHES[action] for id_ in find(params, account.ec2))):
        yield account.question(name, account.existing(name, id_))
    for kind in MAKES.get(action, ()):
        yield account.question(name, account.planned(name, kind, asked.get(kind, {})))
    # User Guide, "Grant permission to tag Amazon EC2 resources during creation": "If tags are specified in the
    # resource-creating action, Amazon performs additional authorization on the ec2:CreateTags action".
    for kind, tags in asked.items():
        made: Touched = account.planned("ec2:CreateTags", kind, tags)
        yield account.question("ec2:CreateTags", made, ec2_CreateAction=action)


def _there(account: Account, ids: Iterable[str]) -> list[str]:
    """Each once. What is gone has no tags to look at: it is taken that EC2 says so, as it does to everybody (nobody
    wrote down that it does not answer UnauthorizedOperation first)."""
    return [id_ for id_ in dict.fromkeys(ids) if not account.is_gone(id_)]


def _specified(params: Params) -> Iterator[tuple[str, dict[str, str]]]:
    """TagSpecification.1.ResourceType, TagSpecification.1.Tag.1.Key and .Value: the tags by type."""
    for name, kind in params.items():
        if found := re.fullmatch(r"(TagSpecification\.\d+)\.ResourceType", name):
            yield kind, _pairs(params, f"{found[1]}.Tag")


def _pairs(params: Params, prefix: str) -> dict[str, str]:
    """Tag.1.Key, Tag.1.Value: a tag without a value too."""
    keys = re.compile(rf"{re.escape(prefix)}\.(\d+)\.Key")
    return {
        key: params.get(f"{prefix}.{found[1]}.Value", "")
        for name, key in params.items()
        if (found := keys.fullmatch(name))
    }
