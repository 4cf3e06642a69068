"""What the tests of workflows share: a vendor's repository, a served register, and a runner for them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jwt.algorithms import RSAAlgorithm

from tests.builders import CLIENT, OTHER_CLIENT, VENDOR
from tests.preloaded import preload
from tests.served import CLIENT_ID, KID, Repository, Served, serve
from tests.workflows.events import an_event
from tests.workflows.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Load the program once for all tests here."""
    with preload(tmp_path_factory.mktemp("loaded"), Path(sys.executable).with_name("reconciler")) as folder:
        yield folder


@pytest.fixture
def origin(tmp_path: Path) -> Repository:
    """Make the repository from which jobs are checked out, with one system on main."""
    made = Repository(tmp_path / "origin")
    made.track()
    made.define(clientId=[CLIENT, OTHER_CLIENT])
    return made


@pytest.fixture
def served(private_key: RSAPrivateKey, origin: Repository) -> Iterator[Served]:
    """Serve a register that the repository names."""
    with serve(private_key, origin) as one:
        origin.commit("Register SmartCloud")
        yield one


@pytest.fixture
def runner(
    origin: Repository, served: Served, private_key: RSAPrivateKey, tmp_path: Path, loaded: Path
) -> Runner:
    """Make a runner whose two environments for tt02 hold the credential, for a push to main."""
    assert served.org == VENDOR
    key = json.dumps({**json.loads(RSAAlgorithm.to_jwk(private_key)), "kid": KID, "alg": "RS256"})
    credential = {"MASKINPORTEN_CLIENT_ID": CLIENT_ID, "MASKINPORTEN_CLIENT_JWK": key}
    secrets = {"tt02-plan": credential, "tt02": credential}
    return Runner(origin.root, tmp_path / "work", {}, secrets, an_event(), loaded=loaded)
