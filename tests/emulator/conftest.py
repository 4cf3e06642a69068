"""An emulator for the whole session, and one for a single test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.emulator import start
from tests.emulator.callers import HTTP, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from reconciler.emulator import Emulator


@pytest.fixture(scope="session", autouse=True)
def _closed() -> Iterator[None]:
    """Close the shared client."""
    yield
    HTTP.close()


@pytest.fixture(scope="session")
def shared() -> Iterator[Emulator]:
    """Run one emulator for all tests that do not change its settings."""
    with start() as emulator:
        yield emulator


@pytest.fixture(scope="session")
def vendor(shared: Emulator) -> Iterator[httpx.Client]:
    """Open a client of the vendor at the shared emulator."""
    with connect(shared) as connected:
        yield connected


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Run an emulator for one test."""
    with start() as running:
        yield running


@pytest.fixture
def client(emulator: Emulator) -> Iterator[httpx.Client]:
    """Open a client of the vendor at the test's own emulator."""
    with connect(emulator) as connected:
        yield connected
