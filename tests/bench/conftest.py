"""The bench's endpoint, for the tests of this folder."""

from collections.abc import Iterator

import pytest

from bench.server import Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running
