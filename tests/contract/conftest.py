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
    """Say how many ids a run will use up, and refuse production."""
    address, prefix = session.config.getoption("--register"), session.config.getoption("--create")
    if not address or not prefix:
        return
    if urlsplit(address).hostname == PRODUCTION:
        raise pytest.UsageError("--create is refused for production: an id can never be used again")
    fixtures = [set(getattr(item, "fixturenames", ())) for item in session.items]
    creating = [names for names in fixtures if "creator" in names and "emulated" not in names]
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        text = f"{len(creating)} tests create one to three systems each, named …_{prefix}…"
        reporter.write_line(f"{text}; those ids can never be used again")


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
def creator(request: pytest.FixtureRequest, target: Target) -> Target:
    """Give the register to tests that create systems; their ids can never be used again."""
    if target.is_emulator:
        return target
    return replace(target, prefix=request.config.getoption("--create"))


@pytest.fixture
def emulated(creator: Target) -> Target:
    """Give the emulator to tests that need its control endpoint."""
    if not creator.is_emulator:
        pytest.skip("needs the emulator")
    return creator


def _find_token() -> str:
    ready = os.environ.get("RECONCILER_TOKEN")
    if ready:
        return ready
    try:
        issuer, client_id = os.environ["MASKINPORTEN_ISSUER"], os.environ["MASKINPORTEN_CLIENT_ID"]
        return fetch_token(issuer, client_id, os.environ["MASKINPORTEN_CLIENT_JWK"])
    except KeyError as error:
        pytest.exit(f"--register needs a token or a client: {error} is not set", returncode=4)
