"""Parts of a network are taken away: one function a call. AwsError where AWS did not say yes."""

from functools import singledispatch

from nightshift.aws.network.creations import Site
from nightshift.errors import AwsError, Fault
from nightshift.plan.network import links, parts
from nightshift.plan.network.parts import Part


@singledispatch
def remove(part: Part, id_: str, site: Site) -> None:
    """Take away what is there under this handle. TypeError: nobody knows how."""
    raise TypeError(f"not to be removed: {part} {id_} {site}")


@remove.register
def _endpoint(_part: parts.Endpoint, id_: str, site: Site) -> None:
    """AWS answers 200 also where it refuses; then it says why beside the id."""
    answer = site.aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[id_])
    for refused in answer.get("Unsuccessful", ()):
        error = refused.get("Error", {})
        code = error.get("Code", "Unknown")
        raise AwsError(code, error.get("Message", ""), Fault.GONE if code.endswith("NotFound") else Fault.PERMANENT)


@remove.register
def _nat_gateway(_part: parts.NatGateway, id_: str, site: Site) -> None:
    site.aws.ec2.delete_nat_gateway(NatGatewayId=id_)


@remove.register
def _address(_part: parts.Address, id_: str, site: Site) -> None:
    site.aws.ec2.release_address(AllocationId=id_)


@remove.register
def _association(_part: links.Association, id_: str, site: Site) -> None:
    site.aws.ec2.disassociate_route_table(AssociationId=id_)


@remove.register
def _route_table(_part: parts.RouteTable, id_: str, site: Site) -> None:
    site.aws.ec2.delete_route_table(RouteTableId=id_)


@remove.register
def _subnet(_part: parts.Subnet, id_: str, site: Site) -> None:
    site.aws.ec2.delete_subnet(SubnetId=id_)


@remove.register
def _egress_only_gateway(_part: parts.EgressOnlyGateway, id_: str, site: Site) -> None:
    site.aws.ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=id_)


@remove.register
def _attachment(part: links.Attachment, id_: str, site: Site) -> None:
    site.aws.ec2.detach_internet_gateway(InternetGatewayId=id_, VpcId=site.vpc_of(part))


@remove.register
def _internet_gateway(_part: parts.InternetGateway, id_: str, site: Site) -> None:
    site.aws.ec2.delete_internet_gateway(InternetGatewayId=id_)


@remove.register
def _vpc(_part: parts.Vpc, id_: str, site: Site) -> None:
    site.aws.ec2.delete_vpc(VpcId=id_)
