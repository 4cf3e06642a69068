"""Credentials that do not fit: one sentence with the cause and the way out, soon, and nothing else."""

from __future__ import annotations

import socket
import time
from threading import Thread
from typing import TYPE_CHECKING

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from tests.builders import VENDOR
from tests.served import (
    CLIENT_ID,
    FOREIGN_ID,
    KID,
    OTHER_CLIENT_ID,
    OTHER_ORG,
    SCOPE,
    SCOPELESS_ID,
    Repository,
    Served,
    export_pem,
    list_clients,
    serve,
)

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

pytestmark = pytest.mark.thorough


@pytest.fixture
def served(private_key: RSAPrivateKey, repository: Repository) -> Iterator[Served]:
    """Serve a register that knows a client without the scope and one of another organisation too."""
    with serve(private_key, repository, clients=list_clients(private_key)) as one:
        yield one


def fail(repository: Repository, verb: str = "plan", within: float = 10.0, **environ: str) -> str:
    """Run a verb that fails, and give its one sentence with its hint, on one line."""
    started = time.monotonic()
    done = repository.run(verb, timeout=20, **environ)
    taken = time.monotonic() - started
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    told = told_error(done)
    assert taken < within, taken
    return told


def told_error(done: subprocess.CompletedProcess[str]) -> str:
    """Give the error of a run, which is one sentence, a hint and no traceback."""
    lines = done.stderr.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "fault of reconciler" not in done.stderr
    told = lines[lines.index(errors[0]) :]
    assert len(told) >= 2, "a way out is told"
    assert all(line.startswith("       ") for line in told[1:])
    return " ".join(line.strip() for line in told)


@pytest.mark.usefixtures("served")
def test_a_wrong_key(repository: Repository) -> None:
    """A key that is not the registered one is told with the client and the kid."""
    other = generate_private_key(public_exponent=65537, key_size=2048)

    told = fail(repository, MASKINPORTEN_PRIVATE_KEY=export_pem(other))

    assert "Maskinporten refused the grant (MP-124)" in told
    assert f"is not the one registered as '{KID}' on client {CLIENT_ID}" in told


@pytest.mark.usefixtures("served")
def test_a_wrong_kid(repository: Repository) -> None:
    """A kid that the client does not have is told by name."""
    told = fail(repository, MASKINPORTEN_KID="key-2")

    assert "Unknown key identifier" in told
    assert f"Client {CLIENT_ID} has no key 'key-2'" in told


@pytest.mark.usefixtures("served")
def test_an_unknown_client(repository: Repository) -> None:
    """A client of another environment is unknown in this one."""
    told = fail(repository, MASKINPORTEN_CLIENT_ID=OTHER_CLIENT_ID)

    assert "(MP-100)" in told
    assert f"Check that client {OTHER_CLIENT_ID} was made in this environment's Maskinporten" in told


@pytest.mark.usefixtures("served")
def test_a_client_without_the_scope(repository: Repository) -> None:
    """The scope that lacks is named, and where to add it."""
    told = fail(repository, MASKINPORTEN_CLIENT_ID=SCOPELESS_ID)

    assert "(MP-200)" in told
    assert f"Add the scope {SCOPE} to client {SCOPELESS_ID} in Digdir's self-service" in told


@pytest.mark.parametrize("exists", [False, True])
def test_a_client_of_another_organisation(repository: Repository, served: Served, *, exists: bool) -> None:
    """Another vendor's client plans nothing, whether the system exists or not."""
    if exists:
        register_system(served)

    told = fail(repository, MASKINPORTEN_CLIENT_ID=FOREIGN_ID)

    assert OTHER_ORG in told
    assert VENDOR in told
    assert "credentials" in told


@pytest.mark.parametrize("exists", [False, True])
def test_a_token_of_another_organisation(repository: Repository, served: Served, *, exists: bool) -> None:
    """Another vendor's ready token plans nothing either."""
    if exists:
        register_system(served)

    told = fail(repository, RECONCILER_TOKEN=served.fetch_token(org=OTHER_ORG))

    assert OTHER_ORG in told
    assert VENDOR in told


def register_system(served: Served) -> None:
    """Register the system of the definition, as its vendor."""
    texts = {"nb": "x", "nn": "x", "en": "x"}
    body = {
        "id": f"{VENDOR}_smartcloud",
        "vendor": {"ID": f"0192:{VENDOR}"},
        "name": texts,
        "description": texts,
    }
    assert served.ask("POST", "", body).status_code == 200


def test_a_token_without_the_scope(repository: Repository, served: Served) -> None:
    """A ready token with other scopes is refused by the register, and the scope that lacks is named."""
    told = fail(repository, RECONCILER_TOKEN=served.fetch_token(scope="altinn:other"))

    assert f"lacks the scope {SCOPE}" in told


def test_an_expired_token(repository: Repository, served: Served) -> None:
    """A ready token that is over says so, and for how long."""
    query = {"env": "local", "orgNo": VENDOR, "scopes": SCOPE, "clientId": CLIENT_ID, "ttl": "-60"}
    token = httpx.get(f"{served.base}/api/GetEnterpriseToken", params=query).text.strip('"')

    told = fail(repository, RECONCILER_TOKEN=token)

    assert "refused the token in RECONCILER_TOKEN" in told
    assert f"for organisation {VENDOR}, expired" in told
    assert "Fetch a new one" in told


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    "token", ["not-a-token", "eyJhbGciOiJub25lIn0.e30.", "Bearer eyJhbGciOiJub25lIn0.e30.x"]
)
def test_what_is_no_token(repository: Repository, token: str) -> None:
    """Anything else in the token's variable is refused without being quoted."""
    told = fail(repository, RECONCILER_TOKEN=token)

    assert "RECONCILER_TOKEN" in told
    assert "eyJ" not in told


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    ("environ", "cause"),
    [
        ({"MASKINPORTEN_PRIVATE_KEY": ""}, "missing: MASKINPORTEN_CLIENT_JWK"),
        ({"MASKINPORTEN_CLIENT_ID": ""}, "missing: MASKINPORTEN_CLIENT_ID"),
        ({"MASKINPORTEN_KID": ""}, "The key has no id."),
        ({"MASKINPORTEN_PRIVATE_KEY": "@nowhere.pem"}, "cannot be read: No such file"),
        ({"MASKINPORTEN_PRIVATE_KEY": "garbage"}, "neither JSON"),
        ({"MASKINPORTEN_JWK": "{}"}, "hold different keys"),
    ],
)
def test_a_credential_that_is_none(repository: Repository, environ: dict[str, str], cause: str) -> None:
    """What is wrong with a credential is told before anything is asked."""
    assert cause in fail(repository, within=5, **environ)


def test_a_wrong_clock(private_key: RSAPrivateKey, repository: Repository) -> None:
    """A clock that is off is told with how much."""
    with serve(private_key, repository, clock_offset=-120.0):
        told = fail(repository)

    assert "Set this machine's clock: it is 1" in told
    assert "s ahead of Maskinporten's" in told


def test_a_register_that_is_none(repository: Repository, served: Served) -> None:
    """An address with a server that is no register is told with the address."""
    repository.configure(f"{served.base}/elsewhere", served.emulator.maskinporten)

    assert f"There is no System Register at {served.base}/elsewhere" in fail(repository)


def test_a_dead_maskinporten(repository: Repository, served: Served) -> None:
    """Where nothing listens, it is told within the budget which of the two is silent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    repository.configure(served.base, f"http://127.0.0.1:{port}/")

    assert f"Maskinporten at http://127.0.0.1:{port}/ gave no token: Connection refused." in fail(
        repository, within=15
    )


@pytest.mark.parametrize("silent", ["register", "maskinporten"])
def test_a_hanging_server(repository: Repository, served: Served, silent: str) -> None:
    """A server that takes the connection and never answers is given up within 15 seconds."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken: list[socket.socket] = []
        thread = Thread(target=take_all, args=(listener, taken), daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        repository.configure(
            address if silent == "register" else served.base,
            f"{address}/" if silent == "maskinporten" else served.emulator.maskinporten,
        )
        told = fail(repository, within=15)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        for each in taken:
            each.close()

    assert address.removeprefix("http://") in told
    assert "it took too long" in told


def take_all(listener: socket.socket, taken: list[socket.socket]) -> None:
    """Take connections and say nothing, until the listener is closed."""
    while True:
        try:
            taken.append(listener.accept()[0])
        except OSError:
            return
