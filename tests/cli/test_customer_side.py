"""What plan and apply are given of the customers' side lets nothing but GET through."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import httpx
import jwt
import pytest

from reconciler.cli.context import Connection
from reconciler.cli.customer_side import let_read
from reconciler.clients.credentials import Credentials
from reconciler.clients.maskinporten import GivenToken
from reconciler.clients.register import HttpRegister
from reconciler.clients.system_users import WRITABLE, SystemUsers
from reconciler.errors import WriteRefused
from reconciler.model.environment import Environment
from reconciler.model.secret import Secret
from reconciler.planning.acceptance import Acceptances
from reconciler.planning.ownership import Ownership
from reconciler.planning.plan import Target
from tests.builders import VENDOR

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = "https://register.example"


@pytest.fixture
def connection() -> Iterator[Connection]:
    """Connect as apply does, which may write systems."""
    environment = Environment("served", BASE, "https://maskinporten.example/")
    token = Secret(jwt.encode({"iss": environment.maskinporten}, "x" * 32))
    with HttpRegister(environment, GivenToken(token), read_only=False) as register:
        target = Target("served", BASE, VENDOR)
        ownership = Ownership(frozenset(), Acceptances(date(2026, 1, 1)))
        yield Connection(environment, Credentials(token=token), register, target, ownership)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_plan_reaches_routes_of_requests_with_get_alone(connection: Connection, method: str) -> None:
    """On both transports that it has, whatever is called above them."""
    with let_read(connection)() as customers:
        assert isinstance(customers, SystemUsers)
        transports = [each._client._transport for each in (customers, connection.register)]
        for path in (*WRITABLE, *(f"{each}/1" for each in WRITABLE)):
            for transport in transports:
                with pytest.raises(WriteRefused):
                    transport.handle_request(httpx.Request(method, f"{BASE}{path}"))
