"""The emulator of these tests, which all of them share: each asks customers of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.emulator import start
from tests.contract.customers.vendor import SYSTEMS, Vendor

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def vendor() -> Iterator[Vendor]:
    """Make a vendor's program at an emulator with its systems."""
    with start(seed=list(SYSTEMS)) as emulator, httpx.Client(base_url=emulator.base, timeout=30) as http:
        made = Vendor(emulator, http)
        made.set_up(
            organisations={
                "310000404": "register answers 404",
                "310000500": "register closes the connection",
            },
            clients={"310000701": ["regnskapsforer-lonn"], "310000702": []},
        )
        yield made
