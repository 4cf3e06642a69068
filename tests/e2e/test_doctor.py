"""`doctor` names the one thing that is wrong, for every cause that people write to support about."""

from __future__ import annotations

import json
import ssl
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from jwt.algorithms import RSAAlgorithm

from reconciler.definitions.settings import read_settings
from reconciler.operations.doctor import diagnose
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
    export_public,
    list_clients,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="the commands are a POSIX shell's")
UNGRANTED_ID = "33333333-2f0e-4a57-9d0a-0b7a2f9c1d11"


@pytest.fixture
def served(private_key: RSAPrivateKey, repository: Repository) -> Iterator[Served]:
    """Serve a register that knows a good client, one without the scope and one of another organisation."""
    with serve(private_key, repository, clients=list_clients(private_key)) as one:
        yield one


def examine(repository: Repository, **environ: str) -> dict[str, tuple[str, str]]:
    """Look at the served environment, and give each check's state and words; no key is in them."""
    environment = read_settings(repository.root).environments["served"]
    vendors = [VENDOR] if (repository.root / "systems").exists() else []
    found = list(diagnose(environment, {**repository.environ, **environ}, vendors))
    assert "PRIVATE KEY" not in str(found)
    return {each.name: (each.state.value, f"{each.message} {each.hint}") for each in found}


@pytest.mark.usefixtures("served")
def test_nothing_is_wrong(repository: Repository) -> None:
    """With everything in order each thing is named with what it is."""
    repository.define()
    found = examine(repository)

    assert {state for state, _ in found.values()} <= {"ok", "warning"}
    assert f"RSA key of 2048 bits as PEM, kid {KID}" in found["credentials"][1]
    assert SCOPE in found["token"][1]
    assert "s left" in found["token"][1]
    assert found["organisation"][1].startswith(f"{VENDOR}, the vendor of the definitions")
    assert found["access"][1].startswith("the register takes the token, and lists 0 systems")


@pytest.mark.usefixtures("served")
def test_a_program_reads_json(repository: Repository) -> None:
    """The checks come in their order, with the environment; nothing wrong is 0."""
    repository.define()
    done = repository.run("doctor", "--format", "json")

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["environment"] == "served"
    names = ["configuration", "credentials", "network", "maskinporten", "register", "catalogue"]
    assert [each["name"] for each in said["checks"]] == [*names, "token", "organisation", "access"]


@pytest.mark.usefixtures("served")
def test_the_text_is_read_at_80_columns(repository: Repository) -> None:
    """People get a line a check, what to do below it, and which fault comes first."""
    done = repository.run("doctor", MASKINPORTEN_KID="key-2")

    assert done.returncode == 1
    assert "wrong    token" in done.stdout
    assert f"Client {CLIENT_ID} has no key 'key-2'" in done.stdout
    assert "served: something is wrong; fix token first." in done.stderr


def test_the_embedded_register_needs_nothing(repository: Repository) -> None:
    """In `local` there is nothing to look at, and no credential is asked for."""
    repository.define()
    done = repository.run("doctor", "-e", "local")

    assert done.returncode == 0
    assert "needs neither a credential nor a network" in done.stdout


def make_ec() -> str:
    """Make an EC key."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    ("environ", "cause"),
    [
        ({"MASKINPORTEN_PRIVATE_KEY": ""}, "missing: MASKINPORTEN_CLIENT_JWK"),
        (
            {"MASKINPORTEN_PRIVATE_KEY": "", "MASKINPORTEN_CLIENT_JWK": "/secrets/key.json"},
            "What MASKINPORTEN_CLIENT_JWK holds is the path of a file, and no key. Set MASKINPORTEN_CLIENT_JWK_PATH",
        ),
        (
            {"MASKINPORTEN_PRIVATE_KEY": "/nowhere/key.pem"},
            "MASKINPORTEN_PRIVATE_KEY names cannot be read: No such",
        ),
        ({"MASKINPORTEN_PRIVATE_KEY": "ec"}, "The key is no RSA key, and Maskinporten takes RSA only."),
        ({"MASKINPORTEN_PRIVATE_KEY": "small"}, "The key has 1024 bits."),
    ],
    ids=["none", "path as JWK", "path to nothing", "EC", "1024 bits"],
)
def test_a_key_that_cannot_be_used(repository: Repository, environ: dict[str, str], cause: str) -> None:
    """What is wrong with the key stands at the credentials, and no token is asked for."""
    named = environ.get("MASKINPORTEN_PRIVATE_KEY", "")
    if named == "ec":
        environ = {"MASKINPORTEN_PRIVATE_KEY": make_ec()}
    elif named == "small":
        small = generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - that is the fault
        environ = {"MASKINPORTEN_PRIVATE_KEY": export_pem(small)}
    found = examine(repository, **environ)

    assert found["credentials"][0] == "wrong"
    assert cause in found["credentials"][1]
    assert found["token"] == ("skipped", "not asked for: no usable credential ")


@pytest.mark.usefixtures("served")
def test_a_path_is_taken_where_people_write_one(
    repository: Repository, private_key: RSAPrivateKey, tmp_path: Path
) -> None:
    """MASKINPORTEN_PRIVATE_KEY may hold the path of the key."""
    (tmp_path / "key.pem").write_text(export_pem(private_key), encoding="utf-8")

    assert (
        "2048 bits"
        in examine(repository, MASKINPORTEN_PRIVATE_KEY=str(tmp_path / "key.pem"))["credentials"][1]
    )


@pytest.mark.usefixtures("served")
def test_an_old_key_is_due(repository: Repository, private_key: RSAPrivateKey) -> None:
    """A JWK that says when it was made is warned of a month before its year is over."""
    made = {
        **RSAAlgorithm.to_jwk(private_key, as_dict=True),
        "kid": KID,
        "iat": int(time.time()) - 340 * 86400,
    }
    found = examine(repository, MASKINPORTEN_PRIVATE_KEY="", MASKINPORTEN_CLIENT_JWK=json.dumps(made))

    assert found["credentials"][0] == "warning"
    assert "as JWK, kid key-1, 340 days old" in found["credentials"][1]


SUPPLIER_ORG, THIRD_ORG = "312605031", "313877851"
SUPPLIER_ID = "44444444-2f0e-4a57-9d0a-0b7a2f9c1d11"


@pytest.fixture
def delegated(private_key: RSAPrivateKey, repository: Repository) -> Iterator[Served]:
    """Serve a register whose vendor has delegated the scope to a supplier, and another vendor has not."""
    client = {
        "client_id": SUPPLIER_ID,
        "org": SUPPLIER_ORG,
        "scopes": [SCOPE],
        "jwk": export_public(private_key),
    }
    delegations = [{"consumer": VENDOR, "supplier": SUPPLIER_ORG, "scope": SCOPE}]
    with serve(private_key, repository, clients=[client], maskinporten={"delegations": delegations}) as one:
        yield one


@pytest.mark.usefixtures("delegated")
def test_a_delegation_that_is_there(repository: Repository) -> None:
    """The token is the vendor's, the supplier is named, and the register takes it."""
    set_up(repository, f'consumer_org = "{VENDOR}"\nsupplier = "{SUPPLIER_ORG}"')
    repository.define()
    found = examine(repository, MASKINPORTEN_CLIENT_ID=SUPPLIER_ID)

    assert found["organisation"] == ("ok", f"{VENDOR}, the vendor of the definitions ")
    assert found["delegation"][0] == "ok"
    assert (
        f"organisation {VENDOR} has delegated the scope to {SUPPLIER_ORG}, by http" in found["delegation"][1]
    )
    assert found["access"][0] == "ok"


@pytest.mark.slow
@pytest.mark.usefixtures("delegated")
def test_a_supplier_applies_for_a_vendor(repository: Repository) -> None:
    """With `consumer_org` the vendor's systems are written by the supplier's client, and drift knows them as ours."""
    set_up(repository, f'consumer_org = ["{OTHER_ORG}", "{VENDOR}"]')
    repository.define()
    repository.track()
    repository.commit("Define it")
    runs = [
        repository.run(*words, MASKINPORTEN_CLIENT_ID=SUPPLIER_ID)
        for words in (("apply", "--yes"), ("drift",))
    ]

    assert [each.returncode for each in runs] == [0, 0], [each.stderr for each in runs]


@pytest.mark.usefixtures("delegated")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f'consumer_org = "{OTHER_ORG}"', f"Somebody at organisation {OTHER_ORG}"),
        (f'consumer_org = "{SUPPLIER_ORG}"', "take `consumer_org` out of the configuration"),
        (
            f'consumer_org = "{VENDOR}"\nsupplier = "{THIRD_ORG}"',
            f"The token's supplier is organisation {SUPPLIER_ORG}, and the configuration names {THIRD_ORG}.",
        ),
        (f'consumer_org = ["{VENDOR}", "{OTHER_ORG}"]', f"Somebody at organisation {OTHER_ORG}"),
    ],
    ids=["not delegated", "itself", "another supplier", "one of two"],
)
def test_a_delegation_that_is_not_there(repository: Repository, line: str, said: str) -> None:
    """Maskinporten's words are given, with who has to delegate what to whom."""
    set_up(repository, line)
    state, told = examine(repository, MASKINPORTEN_CLIENT_ID=SUPPLIER_ID)["delegation"]

    assert state == "wrong"
    assert said in told
    if "Somebody" in said:
        assert f"(MP-251): Consumer {OTHER_ORG} has not delegated access to the scope {SCOPE}" in told
        assert f"has to delegate the scope {SCOPE} in Altinn" in told
        assert "servicedesk@altinn.no" in told


@pytest.mark.usefixtures("delegated")
def test_a_delegation_for_somebody_else(repository: Repository) -> None:
    """Where the definitions are not those of a vendor who has delegated, it is not used."""
    set_up(repository, f'consumer_org = "{OTHER_ORG}"')
    repository.define()
    environment = read_settings(repository.root).environments["served"]
    found = list(
        diagnose(environment, {**repository.environ, "MASKINPORTEN_CLIENT_ID": SUPPLIER_ID}, [VENDOR])
    )

    said = f"`consumer_org` names {OTHER_ORG}, and the definitions are {VENDOR}'s"
    assert [each.state.value for each in found if each.name == "delegation"] == ["warning", "wrong"]
    assert said in [each.message for each in found]
    assert [each.state.value for each in found if each.name == "organisation"] == ["wrong"]


SIGN = "sh -c 'openssl dgst -sha256 -sign {key} | base64'"


@POSIX
@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("known", [True, False])
def test_a_command_signs(
    repository: Repository, private_key: RSAPrivateKey, tmp_path: Path, *, known: bool
) -> None:
    """The command is tried on a text that is no grant, and its grant is taken."""
    (tmp_path / "key.pem").write_text(export_pem(private_key), encoding="utf-8")
    public = json.dumps(export_public(private_key)) if known else ""
    found = examine(
        repository,
        MASKINPORTEN_PRIVATE_KEY="",
        MASKINPORTEN_SIGNER=SIGN.format(key=tmp_path / "key.pem"),
        MASKINPORTEN_PUBLIC_KEY=public,
    )

    state, said = found["credentials"]
    assert state == "ok"
    assert "signed by the command in MASKINPORTEN_SIGNER in 0." in said
    assert f"RS256, 2048 bits, kid {KID}, {'fits' if known else 'not compared with'} the public key" in said
    assert found["access"][0] == "ok"


@POSIX
@pytest.mark.usefixtures("served")
def test_a_command_that_does_not_sign(repository: Repository) -> None:
    """Its last line is quoted, and no token is asked for."""
    command = "sh -c 'echo Please run: az login >&2; exit 1'"
    found = examine(repository, MASKINPORTEN_PRIVATE_KEY="", MASKINPORTEN_SIGNER=command)

    assert found["credentials"][0] == "wrong"
    assert "The signer ended with status 1, and said: Please run: az login." in found["credentials"][1]
    assert found["token"] == ("skipped", "not asked for: no usable credential ")


def set_up(repository: Repository, line: str) -> None:
    """Add a line to the served environment's configuration."""
    config = repository.root / "reconciler.toml"
    config.write_text(f"{config.read_text('utf-8')}{line}\n", encoding="utf-8")


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(("ahead", "state"), [(400, "ok"), (-3, "warning")])
def test_the_last_day_of_the_key(repository: Repository, ahead: int, state: str) -> None:
    """What `key_expires` says is compared with today; whether the key still works is asked of Maskinporten."""
    day = (datetime.now(UTC) + timedelta(days=ahead)).date()
    set_up(repository, f"key_expires = {day}")
    found = examine(repository)

    assert found["key"][0] == state
    assert str(day) in found["key"][1]
    assert found["access"][0] == "ok"


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    ("named", "words"), [(CLIENT_ID, "may write: `clients` names it"), (FOREIGN_ID, "only reads here")]
)
def test_whether_the_client_may_write(repository: Repository, named: str, words: str) -> None:
    """Where the configuration names the clients that may write, it is said which kind this one is."""
    set_up(repository, f'clients = ["{named}"]')
    state, said = examine(repository)["writing"]

    assert state == "ok"
    assert f"client {CLIENT_ID} {words}" in said


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    ("environ", "cause"),
    [
        ({"MASKINPORTEN_KID": "key-2"}, f"Client {CLIENT_ID} has no key `key-2`"),
        ({"MASKINPORTEN_CLIENT_ID": OTHER_CLIENT_ID}, "was made in this environment's Maskinporten"),
        ({"MASKINPORTEN_CLIENT_ID": SCOPELESS_ID}, f"Add the scope {SCOPE}"),
    ],
    ids=["kid", "another environment's client", "scope not on the client"],
)
def test_a_grant_that_is_refused(repository: Repository, environ: dict[str, str], cause: str) -> None:
    """Maskinporten's refusal is translated, with whom to write to about a scope."""
    state, words = examine(repository, **environ)["token"]

    assert state == "wrong"
    assert cause in words
    assert ("servicedesk@digdir.no" in words) == ("scope" in cause)


def test_a_token_without_the_scope(repository: Repository, served: Served) -> None:
    """The register's 403 has no body; the one sentence names the scope that lacks."""
    found = examine(repository, RECONCILER_TOKEN=served.fetch_token(scope="altinn:other"))

    assert f"missing: {SCOPE}" in found["token"][1]
    assert found["access"][1].startswith(
        f"The register answered 403 since the token lacks the scope {SCOPE}."
    )
    assert "servicedesk@altinn.no" in found["access"][1]


@pytest.mark.usefixtures("served")
def test_a_token_of_another_organisation(repository: Repository) -> None:
    """The token's organisation is compared with the vendor of the definitions."""
    repository.define()
    state, words = examine(repository, MASKINPORTEN_CLIENT_ID=FOREIGN_ID)["organisation"]

    assert state == "wrong"
    assert f"the token is organisation {OTHER_ORG}'s, and the definitions are {VENDOR}'s" in words


@pytest.mark.parametrize("offset", [60.0, -60.0])
def test_a_wrong_clock(private_key: RSAPrivateKey, repository: Repository, offset: float) -> None:
    """A minute off in either direction is named, with which clock is ahead; behind, Maskinporten still takes it."""
    with serve(private_key, repository, clock_offset=offset):
        found = examine(repository)

    state, words = found["maskinporten"]
    assert state == ("warning" if offset > 0 else "wrong")
    assert f"s {'behind' if offset > 0 else 'ahead of'} its clock" in words
    assert 58 <= int(words.split("clock is ")[1].split()[0]) <= 62


@contextmanager
def answer(
    status: int, headers: Mapping[str, str], body: bytes, context: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Answer everything in one way, as what stands in between does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http{'s' if context else ''}://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest.mark.parametrize("which", ["register", "maskinporten"])
@pytest.mark.parametrize(
    ("status", "headers", "cause"),
    [
        (200, HTML, "it answered 200 with a web page. A network's sign-in page"),
        (
            302,
            {"Location": "http://portal.example/login"},
            "sending to portal.example. A network's sign-in page",
        ),
        (511, HTML, "A network's sign-in page"),
        (502, HTML, "That is a proxy's or a gateway's error page"),
        (503, {}, "It may be better in a minute"),
    ],
    ids=["portal", "portal's redirect", "511", "proxy's page", "down"],
)
@pytest.mark.slow
def test_what_answers_in_their_place(
    repository: Repository, served: Served, status: int, headers: dict[str, str], cause: str, which: str
) -> None:
    """A page of something in between is told apart from an answer of the service, for each of the two."""
    with answer(status, headers, b"<html></html>") as address:
        register = address if which == "register" else served.base
        repository.configure(
            register, f"{address}/" if which == "maskinporten" else served.emulator.maskinporten
        )
        found = examine(repository)

    assert found[which][0] == "wrong"
    assert cause in found[which][1]
    assert found["token"][0] == "skipped"


@pytest.mark.parametrize("which", ["register", "maskinporten"])
def test_nothing_answers(repository: Repository, served: Served, which: str) -> None:
    """A service that is down is named, and what is wrong with the other is not invented."""
    nowhere = "http://127.0.0.1:9"
    repository.configure(
        nowhere if which == "register" else served.base,
        f"{nowhere}/" if which == "maskinporten" else served.emulator.maskinporten,
    )
    found = examine(repository)

    assert found[which][0] == "wrong"
    assert "127.0.0.1:9 could not be reached: Connection refused." in found[which][1]
    assert found["maskinporten" if which == "register" else "register"][0] == "ok"


def test_an_authority_of_somebody_in_between(repository: Repository, served: Served, tmp_path: Path) -> None:
    """A certificate that nobody here trusts is named as that, with the variable that takes its authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Filter of a company")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    pem = tmp_path / "both.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with answer(401, {}, b"", context) as address:
        repository.configure(address, served.emulator.maskinporten)
        state, words = examine(repository)["register"]

    assert state == "wrong"
    assert "is not trusted here" in words
    assert "SSL_CERT_FILE" in words
