"""Real nodes for the tests of chain clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evm_chain import Chain, running
from proxy import Proxy


@pytest.fixture(scope="session")
def chain() -> Iterator[Chain]:
    with running() as found:
        yield found


@pytest.fixture
def other(chain: Chain) -> Iterator[Proxy]:
    """The node again, as another operator's."""
    with Proxy(chain.url, "127.0.0.2") as found:
        yield found


@pytest.fixture
def proxy(chain: Chain) -> Iterator[Proxy]:
    with Proxy(chain.url) as found:
        yield found
