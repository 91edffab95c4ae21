"""The built application and an embedded AWS, for tests of what is really deployed."""

from collections.abc import Iterator

import pytest

from local import emulator
from local.build import build
from local.embedded import EmbeddedAws


@pytest.fixture(scope="session")
def built() -> None:
    """.aws-sam/build as `sam build` makes it, up to date."""
    if reason := emulator.unsupported():
        pytest.skip(reason)
    build()


@pytest.fixture(scope="session")
def embedded_server() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as aws:
        yield aws


@pytest.fixture
def embedded(embedded_server: EmbeddedAws) -> EmbeddedAws:
    """An empty AWS on a loopback port."""
    embedded_server.reset()
    return embedded_server
