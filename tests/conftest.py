"""What all tests share: no network beyond this machine, a scrubbed environment, keys made on the spot.

With the variable `WITHOUT_POSIX=1` they run without the modules that only POSIX has, as they would on Windows; a test
that itself needs one of them is skipped.
"""

from __future__ import annotations

import os
import re
import signal
import socket
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from hypothesis import HealthCheck, settings

from tests.posixless.without_posix import run_without_posix

if os.environ.get("WITHOUT_POSIX"):
    run_without_posix()

from reconciler.cli.signals import STOP_SIGNALS  # nothing of ours is loaded before those modules are gone
from tests.served import Repository, Served, serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SCRUBBED = ("MASKINPORTEN_", "RECONCILER_", "NAIS_", "GITHUB_", "RUNNER_", "XDG_STATE_HOME", "NO_COLOR")
_WHOLE = {"browser", "chaos", "e2e", "recordings", "reviews"}
"""The folders whose tests run the program, or the emulator, as others do."""
_SERVED = {"emulator", "repository", "stage"}
"""The fixtures of a served register, and of a repository to start the program in."""
_LOOPBACK = re.compile(r"127\.[0-9.]+|::1|localhost")

settings.register_profile(
    "quick",
    deadline=None,
    max_examples=50,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("brief", deadline=None, max_examples=10)
settings.register_profile("thorough", deadline=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the contract suite and of the golden files."""
    parser.addoption("--register", metavar="URL", help="run the contract suite against this register")
    parser.addoption(
        "--create",
        metavar="PREFIX",
        help="let it create systems named so; their ids can never be used again",
    )
    parser.addoption("--accept", action="store_true", help="rewrite the golden files with what comes out")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that start the program or serve a register of their own, and as slow those that are thorough."""
    for item in items:
        folders = {each.name for each in item.path.parents}
        if folders & _WHOLE or _SERVED & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.e2e)
        if item.get_closest_marker("thorough"):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True, scope="session")
def _answer_signals() -> None:
    """Answer the signals that `nohup`, or a shell's `&`, makes its children ignore, programs under test among them."""
    for number in STOP_SIGNALS:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@pytest.fixture(autouse=True, scope="session")
def _refuse_network(request: pytest.FixtureRequest) -> Iterator[None]:
    """Refuse every connection that leaves this machine, unless a register was named."""
    if request.config.getoption("--register"):
        yield
        return
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if host and not _LOOPBACK.fullmatch(str(host)):
            raise OSError(f"a test tried to reach {host}")
        connect(self, address)  # type: ignore[arg-type]  # whatever a socket takes

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _scrub_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep a developer's shell from changing a result."""
    for name in list(os.environ):
        if name.startswith(_SCRUBBED):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture(autouse=True)
def _restore_signals() -> Iterator[None]:
    """Give the process its signals back: the program ends with them ignored, and children inherit that."""
    known = {each: signal.getsignal(each) for each in STOP_SIGNALS}
    yield
    for number, handler in known.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Make a repository with one definition."""
    made = Repository(tmp_path / "repository")
    made.root.mkdir()
    made.define()
    return made


@pytest.fixture
def served(private_key: RSAPrivateKey, repository: Repository) -> Iterator[Served]:
    """Serve a register, and point the repository at it."""
    with serve(private_key, repository) as one:
        yield one


@pytest.fixture(scope="session")
def private_key() -> RSAPrivateKey:
    """Make the key of the client under test."""
    return generate_private_key(public_exponent=65537, key_size=2048)
