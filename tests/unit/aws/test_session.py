"""What may be sent again, held to botocore's own model, and what of botocore is not used."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.loaders import JSONFileLoader

import nightshift
from nightshift.aws.pace import is_read
from nightshift.aws.session import SENT_ONCE, Aws, _models
from nightshift.clock import SystemClock
from nightshift.settings import Settings
from tests.template.roles import statements

EC2 = botocore.session.get_session().get_service_model("ec2")
LAYER = Path(nightshift.__file__).parent

# Sent twice they have done what once would do, or the second one is refused by a code that says so.
NO_HARM_TWICE = {
    "AssociateRouteTable": "Resource.AlreadyAssociated, and the network is read again",
    "AssociateSubnetCidrBlock": "a subnet has one block",
    "AttachInternetGateway": "Resource.AlreadyAssociated, and the network is read again",
    "CreateRoute": "RouteAlreadyExists, and the network is read again",
    "CreateTags": "the same tags again",
    "DeleteEgressOnlyInternetGateway": "gone",
    "DeleteInternetGateway": "gone",
    "DeleteNatGateway": "gone",
    "DeleteRouteTable": "gone",
    "DeleteSnapshot": "gone, which is done",
    "DeleteSubnet": "gone",
    "DeleteTags": "the same tags again",
    "DeleteVpc": "gone",
    "DeleteVpcEndpoints": "gone",
    "DetachInternetGateway": "Gateway.NotAttached",
    "DisassociateRouteTable": "gone",
    "ModifyInstanceAttribute": "the same value again",
    "ModifySubnetAttribute": "the same value again",
    "ModifyVpcEndpoint": "the same values again",
    "ReleaseAddress": "gone",
    "ReplaceRoute": "the same route again",
    "ReplaceRouteTableAssociation": "the association has another id by then, and the network is read again",
    "StartInstances": "it is started already",
    "StopInstances": "it is stopped already",
}


def _changes() -> list[str]:
    """Every change of EC2 that some role allows."""
    allowed = {action for each in statements() if each.allows for action in each.actions if action.startswith("ec2:")}
    names = {action.removeprefix("ec2:") for action in allowed}
    return sorted(name for name in names if name in EC2.operation_names and not is_read(name))


@pytest.mark.parametrize("action", _changes())
def test_what_has_no_client_token_is_sent_once_or_does_no_harm_twice(action: str) -> None:
    asked = EC2.operation_model(action).input_shape
    takes_token = asked is not None and "ClientToken" in asked.members
    assert takes_token != (action in SENT_ONCE or action in NO_HARM_TWICE)


def test_nothing_is_excused_that_is_not_called() -> None:
    assert NO_HARM_TWICE.keys() | SENT_ONCE <= set(_changes())


def test_no_waiter_of_botocore_is_used() -> None:
    """SnapshotCompleted gives up after ten minutes and knows not every state of a snapshot."""
    modules = sorted(LAYER.rglob("*.py"))
    assert len(modules) > 50
    assert [path.name for path in modules if "get_waiter" in path.read_text()] == []


def test_a_fifth_of_every_bucket_is_left_to_others() -> None:
    assert Settings().bucket_share == 0.8


def test_a_model_is_read_once_a_process_and_credentials_once_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "first")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    first = _run()
    assert (_key(first.ec2), _key(first.ssm)) == ("first", "first")
    read: list[str] = []
    monkeypatch.setattr(JSONFileLoader, "load_file", lambda _, path: read.append(path))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "second")
    second = _run()
    assert (_key(second.ec2), _key(second.ssm), _key(first.ec2)) == ("second", "second", "first")
    assert read == []


def test_the_folders_that_models_are_looked_for_in_do_not_grow_with_the_runs() -> None:
    folders = [list(_loader(_run()).search_paths) for _ in range(3)]
    assert folders[0] == folders[2]


def test_the_environment_may_name_a_folder_of_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    _models.cache_clear()
    assert str(tmp_path) in _loader(_run()).search_paths
    _models.cache_clear()


def _loader(aws: Aws) -> Any:
    assert aws.ec2
    return aws._session._session.get_component("data_loader")


def _run() -> Aws:
    return Aws("123456789012", Settings(), SystemClock(), datetime(2026, 11, 28, tzinfo=UTC))


def _key(client: Any) -> str:
    """Whose credentials a client signs with."""
    key: str = client._request_signer._credentials.access_key
    return key
