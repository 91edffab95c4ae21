"""What stands in the way when parts of a network are deleted: AWS refuses, moto lets go."""

from typing import Any

from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.models.internet_gateways import InternetGatewayBackend
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.vpcs import VPCBackend

from local.corrections.nat_gateways import holds_address, pass_time
from local.corrections.patch import corrects, refusal

_terminate = InstanceBackend.terminate_instances
_delete_subnet = SubnetBackend.delete_subnet
_delete_vpc = VPCBackend.delete_vpc
_detach = InternetGatewayBackend.detach_internet_gateway
_attach = InternetGatewayBackend.attach_internet_gateway
_release = ElasticAddressBackend.release_address


@corrects(InstanceBackend)
def terminate_instances(self: Any, instance_ids: list[str]) -> Any:
    """AWS: UG, "Terminate an instance": its primary interface goes with it. moto's stays in its subnet for ever."""
    terminated = _terminate(self, instance_ids)
    for interface in list(self.enis.values()):
        if interface.instance is not None and interface.instance.id in instance_ids and interface.device_index == 0:
            self.enis.pop(interface.id)
    return terminated


@corrects(SubnetBackend)
def delete_subnet(self: Any, subnet_id: str) -> Any:
    """AWS: ERR, DependencyViolation: not while an interface is in it, of an instance, a NAT gateway, anything. With
    the subnet its route table association goes. moto deletes the one and keeps the other."""
    pass_time(self)
    self.get_subnet(subnet_id)
    if any(interface.subnet.id == subnet_id for interface in self.enis.values()):
        raise DependencyViolationError(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
    for table in self.route_tables.values():
        for association_id, target in list(table._associations.items()):
            if target == subnet_id:
                table._associations.pop(association_id)
    return _delete_subnet(self, subnet_id)


@corrects(VPCBackend)
def delete_vpc(self: Any, vpc_id: str) -> Any:
    """AWS: API reference, DeleteVpc: "You must detach or delete all gateways and resources that are associated with
    the VPC". moto looks at subnets, route tables and VPN gateways only."""
    self.get_vpc(vpc_id)
    dependents = [
        *(each for each in self.internet_gateways.values() if each.vpc and each.vpc.id == vpc_id),
        *(each for each in self.egress_only_internet_gateways.values() if each.vpc_id == vpc_id),
        *(each for each in self.vpc_end_points.values() if each.vpc_id == vpc_id),
        *(each for each in self.groups[vpc_id].values() if each.name != "default"),
        *(each for each in self.network_acls.values() if each.vpc_id == vpc_id and each.default is not True),
    ]
    if dependents:
        raise DependencyViolationError(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
    return _delete_vpc(self, vpc_id)


@corrects(InternetGatewayBackend)
def detach_internet_gateway(self: Any, internet_gateway_id: str, vpc_id: str) -> None:
    """AWS: API reference, DetachInternetGateway; words as in prabhatsharma/kubernetes-the-hard-way-aws #16 and
    carina-rs/carina #1088 (a NAT gateway counts). moto detaches."""
    pass_time(self)
    mapped = [each for each in self.enis.values() if each.subnet.vpc_id == vpc_id and each.public_ip]
    if mapped:
        raise DependencyViolationError(
            f"Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) before "
            "detaching the gateway."
        )
    _detach(self, internet_gateway_id, vpc_id)


@corrects(InternetGatewayBackend)
def attach_internet_gateway(self: Any, internet_gateway_id: str, vpc_id: str) -> Any:
    """AWS: "Internet gateways" in the VPC User Guide: a VPC has one; Resource.AlreadyAssociated (ERR). moto attaches
    a second one."""
    for other in self.internet_gateways.values():
        if other.vpc and other.vpc.id == vpc_id:
            raise refusal(
                "Resource.AlreadyAssociated",
                f"resource {internet_gateway_id} is already attached to network {vpc_id}"
                if other.id == internet_gateway_id
                else f"Network {vpc_id} already has an internet gateway attached",
            )
    return _attach(self, internet_gateway_id, vpc_id)


@corrects(ElasticAddressBackend)
def release_address(self: Any, address: str | None = None, allocation_id: str | None = None) -> None:
    """AWS: API reference, ReleaseAddress: InvalidIPAddress.InUse while it is associated; where a NAT gateway holds
    it, AuthFailure (eformat/sno-for-100 #5). moto releases it."""
    found = self.address_by_ip([address]) if address else self.address_by_allocation([allocation_id])
    if holds_address(self, found[0]):
        raise refusal("AuthFailure", "You do not have permission to access the specified resource.")
    if found[0].association_id:
        raise refusal("InvalidIPAddress.InUse", f"Address {found[0].public_ip} is in use.")
    _release(self, address, allocation_id)
