"""Chooses the register under test: the emulator, or the one that `--register URL` names.

A real register is reached with `RECONCILER_TOKEN`, or with `MASKINPORTEN_CLIENT_ID` and
`MASKINPORTEN_CLIENT_JWK` at `MASKINPORTEN_ISSUER`. Nothing is created there without `--create`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import jwt
import pytest

from reconciler.emulator import start
from tests.contract.target import PRODUCTION, Target, connect, fetch_token, visit

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_collection_finish(session: pytest.Session) -> None:
    """Say how many ids a run will burn, and refuse production."""
    address, prefix = session.config.getoption("--register"), session.config.getoption("--create")
    if not address or not prefix:
        return
    if urlsplit(address).hostname == PRODUCTION:
        raise pytest.UsageError("--create is refused for production: ids are burnt for ever")
    fixtures = [set(getattr(item, "fixturenames", ())) for item in session.items]
    creating = [names for names in fixtures if "burner" in names and "emulated" not in names]
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        burnt = f"{len(creating)} tests create one to three systems each, named …_{prefix}…"
        reporter.write_line(f"{burnt}; those ids are burnt for ever")


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """Give the register under test."""
    address = request.config.getoption("--register")
    if address:
        token = _find_token()
        claims = jwt.decode(token, options={"verify_signature": False})
        org = claims["consumer"]["ID"].partition(":")[2]
        with connect(address) as client:
            yield Target(client, org, token, is_emulator=False)
        return
    with start() as emulator, visit(emulator.base) as visited:
        yield visited


@pytest.fixture(scope="session")
def burner(request: pytest.FixtureRequest, target: Target) -> Target:
    """Give the register to tests that create systems, each of which burns an id for ever."""
    if target.is_emulator:
        return target
    return replace(target, prefix=request.config.getoption("--create"))


@pytest.fixture
def emulated(burner: Target) -> Target:
    """Give the register to tests that need powers that only the emulator grants."""
    if not burner.is_emulator:
        pytest.skip("needs the emulator")
    return burner


def _find_token() -> str:
    ready = os.environ.get("RECONCILER_TOKEN")
    if ready:
        return ready
    try:
        issuer, client_id = os.environ["MASKINPORTEN_ISSUER"], os.environ["MASKINPORTEN_CLIENT_ID"]
        return fetch_token(issuer, client_id, os.environ["MASKINPORTEN_CLIENT_JWK"])
    except KeyError as error:
        pytest.exit(f"--register needs a token or a client: {error} is not set", returncode=4)
