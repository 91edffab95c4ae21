"""NAT gateways: they take their time to come and to go, and hold their address and subnet till then."""

from datetime import datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.responses.nat_gateways import NatGateways

from local.corrections.filters import matches
from local.corrections.idempotency import idempotent
from local.corrections.patch import corrects, refusal
from local.world import world

_create = NatGatewayBackend.create_nat_gateway
SHOWN_AFTER_ITS_END = timedelta(hours=1)


@corrects(NatGatewayBackend)
def create_nat_gateway(self: Any, subnet_id: str, allocation_id: str, *args: Any, **kwargs: Any) -> Any:
    """AWS: botocore model, NatGateway: pending, then available or failed, as the world says; its interface is
    described so ("Interface for NAT Gateway nat-..."). moto's is available at once. A public one without an
    internet gateway: Gateway.NotAttached."""
    subnet = self.get_subnet(subnet_id)
    if allocation_id and not any(
        gateway.vpc and gateway.vpc.id == subnet.vpc_id for gateway in self.internet_gateways.values()
    ):
        raise refusal("Gateway.NotAttached", f"Network {subnet.vpc_id} has no Internet gateway attached")
    made: Any = _create(self, subnet_id, allocation_id, *args, **kwargs)
    made.state, made.since = "pending", world.now()
    made._eni.description, made._eni.interface_type = f"Interface for NAT Gateway {made.id}", "nat_gateway"
    return made


@corrects(NatGatewayBackend)
def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:
    """AWS: it is deleting for a while, and after that described as deleted. moto's is deleted at once, and holds
    its interface and address for ever. An unknown one: NatGatewayNotFound (ERR)."""
    pass_time(self)
    gateway = self.nat_gateways.get(nat_gateway_id)
    if gateway is None or gateway.state == "deleted":
        raise refusal("NatGatewayNotFound", f"The Nat Gateway {nat_gateway_id} was not found")
    if gateway.state != "deleting":
        gateway.state, gateway.since = "deleting", world.now()
    return gateway


@corrects(NatGatewayBackend)
def describe_nat_gateways(self: Any, filters: Any, nat_gateway_ids: list[str] | None) -> list[Any]:
    """AWS: botocore model, DescribeNatGateways: all filters count, those by tag too. moto ignores these."""
    pass_time(self)
    found = [each for each in self.nat_gateways.values() if not nat_gateway_ids or each.id in nat_gateway_ids]
    for name, wanted in (filters or {}).items():
        found = [each for each in found if matches(_value(each, name), wanted)]
    return found


def _value(gateway: Any, name: str) -> Any:
    plain = {"nat-gateway-id": "id", "vpc-id": "vpc_id", "subnet-id": "subnet_id", "state": "state"}.get(name)
    return getattr(gateway, plain) if plain else gateway.get_filter_value(name)


def pass_time(backend: Any) -> None:
    """Let every gateway become what it is by now."""
    for gateway in list(backend.nat_gateways.values()):
        since: datetime = vars(gateway).get("since", world.now())
        over = world.now() >= since + timedelta(seconds=world.nat_gateway_seconds)
        if gateway.state == "pending" and over:
            failed = gateway.subnet_id in world.failing_subnets
            gateway.state = "failed" if failed else "available"
            if failed:
                gateway.failure_code = "InsufficientFreeAddressesInSubnet"
                gateway.failure_message = f"{gateway.subnet_id} has insufficient free addresses"
                _let_go(backend, gateway)
        elif gateway.state == "deleting" and over:
            gateway.state, gateway.since = "deleted", world.now()
            _let_go(backend, gateway)
        elif gateway.state in ("deleted", "failed") and world.now() >= since + SHOWN_AFTER_ITS_END:
            backend.nat_gateways.pop(gateway.id)


def _let_go(backend: Any, gateway: Any) -> None:
    for address in backend.addresses:
        if address.eni is gateway._eni:
            backend.disassociate_address(association_id=address.association_id)
    backend.enis.pop(gateway._eni.id, None)


def holds_address(backend: Any, address: Any) -> bool:
    pass_time(backend)
    return any(address.eni is gateway._eni for gateway in backend.nat_gateways.values())


_create_action = idempotent(NatGateways.create_nat_gateway)


@corrects(NatGateways, "create_nat_gateway")
def create_action(self: Any) -> ActionResult:
    """The same token makes the same gateway: see `idempotent`."""
    answer: ActionResult = _create_action(self)
    return answer
