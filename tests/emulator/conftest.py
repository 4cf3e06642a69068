"""An emulator for the whole session, one for a single test, and a key that is slow to make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from reconciler.emulator import start
from tests.emulator.parties import ADMIN, OTHER_ORG, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from reconciler.emulator import Emulator


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    """Make one RSA key for everybody."""
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def shared() -> Iterator[Emulator]:
    """Run one emulator for all tests that leave its switches alone."""
    with start() as emulator:
        yield emulator


@pytest.fixture(scope="session")
def vendor(shared: Emulator) -> Iterator[httpx.Client]:
    """Speak for the vendor at the shared emulator."""
    with connect(shared) as client:
        yield client


@pytest.fixture(scope="session")
def other(shared: Emulator) -> Iterator[httpx.Client]:
    """Speak for another vendor at the shared emulator."""
    with connect(shared, OTHER_ORG) as client:
        yield client


@pytest.fixture(scope="session")
def admin(shared: Emulator) -> Iterator[httpx.Client]:
    """Speak for an administrator of another organisation at the shared emulator."""
    with connect(shared, OTHER_ORG, ADMIN) as client:
        yield client


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Run an emulator for one test."""
    with start() as running:
        yield running


@pytest.fixture
def client(emulator: Emulator) -> Iterator[httpx.Client]:
    """Speak for the vendor at the test's own emulator."""
    with connect(emulator) as connected:
        yield connected
