"""Contract tests of the embedded AWS: what is expected comes from AWS, so every one of them fails on plain moto.

NIGHTSHIFT_UNCORRECTED=1 python -m pytest tests/local shows that (see test_uncorrected.py). The sources' short names,
such as ERR, DEL, UG, c7n and recording, are those of docs/aws.md, Sources.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.embedded import EmbeddedAws
from local.seed import Disk, backend_of, instance

REGION = "eu-central-1"
RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as running:
        yield running


@pytest.fixture
def aws(server: EmbeddedAws) -> EmbeddedAws:
    server.reset()
    return server


@pytest.fixture
def client(aws: EmbeddedAws) -> Callable[[str], Any]:
    def make(service: Any) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=aws.url,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(retries={"total_max_attempts": 1}),
        )

    return make


@pytest.fixture
def ec2(client: Callable[[str], Any]) -> Any:
    return client("ec2")


@pytest.fixture
def backend(aws: EmbeddedAws) -> Any:
    return backend_of(REGION)


@pytest.fixture
def machine(backend: Any) -> Any:
    """A running instance with a root and two data volumes."""
    return instance(backend, {"Name": "one"}, [Disk(), Disk("/dev/sdf", 10), Disk("/dev/sdg", 20)])


@pytest.fixture
def volume_ids(machine: Any) -> dict[str, str]:
    return {device: block.volume_id for device, block in machine.block_device_mapping.items()}


Refused = Callable[[str], AbstractContextManager[None]]


@pytest.fixture
def refused() -> Refused:
    """`with refused("Code"):` the call inside is answered with this error code of AWS, and with no other."""

    @contextmanager
    def expecting(code: str, status: int = 400) -> Iterator[None]:
        with pytest.raises(ClientError) as caught:
            yield
        assert caught.value.response["Error"]["Code"] == code
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
        assert caught.value.response["Error"]["Message"]

    return expecting


@pytest.fixture
def recording() -> Callable[[str], dict[str, Any]]:
    """An answer that the real AWS gave; skips where the recordings are not at hand."""

    def read(name: str) -> dict[str, Any]:
        path = RECORDINGS / name
        if not path.exists():
            pytest.skip(f"no recording {name}")
        data: dict[str, Any] = json.loads(path.read_text(), object_hook=_datetime)["data"]
        data.pop("ResponseMetadata", None)
        return data

    return read


def _datetime(value: dict[str, Any]) -> Any:
    if value.get("__class__") != "datetime":
        return value
    numbers = {name: number for name, number in value.items() if name != "__class__"}
    return datetime(**numbers, tzinfo=UTC)
