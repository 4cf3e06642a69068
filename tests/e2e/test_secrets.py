"""No key, token, grant or header of either reaches a stream or a file, at any log level."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from jwt.algorithms import RSAAlgorithm

from tests.builders import VENDOR
from tests.served import KID, Repository, Served, export_pem

if TYPE_CHECKING:
    import subprocess

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

VERBS = (["validate"], ["plan"], ["plan", "--format", "json"], ["apply", "--yes"], ["plan", "--exit-code"])
LENGTH = 16
"""Characters of a secret that are recognised wherever they turn up."""


def export_jwk(key: RSAPrivateKey) -> dict[str, str]:
    """Export a private key as a JWK."""
    return {**RSAAlgorithm.to_jwk(key, as_dict=True), "kid": KID}


def list_secrets(key: RSAPrivateKey) -> list[str]:
    """List the texts that hold a key: the lines of its PEM, and the private numbers of its JWK."""
    lines = [line for line in export_pem(key).splitlines() if not line.startswith("-----")]
    jwk = export_jwk(key)
    return [*lines, *(jwk[name] for name in ("d", "p", "q", "dp", "dq", "qi"))]


def cut(secrets: list[str]) -> set[str]:
    """Cut secrets into pieces, so that a part of one is recognised too."""
    return {text[at : at + LENGTH] for text in secrets for at in range(0, max(len(text) - LENGTH, 1), 8)}


def collect(repository: Repository) -> dict[str, str]:
    """Read every file below the repository but the embedded register's own."""
    local = repository.root / ".reconciler" / "local"
    files = [each for each in repository.root.rglob("*") if each.is_file() and local not in each.parents]
    return {
        str(each.relative_to(repository.root)): each.read_text("utf-8", errors="replace") for each in files
    }


def assert_hidden(done: subprocess.CompletedProcess[str], repository: Repository, secrets: list[str]) -> None:
    """See that nothing secret is in what a run said or left behind."""
    pieces = cut(secrets)
    texts = {"stdout": done.stdout, "stderr": done.stderr, **collect(repository)}
    for name, text in texts.items():
        found = [piece for piece in pieces if piece in text]
        assert found == [], f"{name} holds a secret"
        for word in ("eyJ", "Bearer", "PRIVATE KEY", "assertion=", "client_assertion"):
            assert word not in text, f"{name} holds {word}"
        lowered = text.lower()
        assert "authorization:" not in lowered, name
        assert "'authorization'" not in lowered, name


def run_all(repository: Repository, secrets: list[str], **environ: str) -> None:
    """Run every verb with debug logging, each time with something to do."""
    for number, words in enumerate(VERBS):
        if words[0] == "plan":
            repository.define(description={"nb": f"N{number}", "nn": "x", "en": "x"})
        done = repository.run("--debug", *words, timeout=60, **environ)
        assert done.returncode in {0, 3}, done.stderr
        assert ("HTTP Request: " in done.stderr) == (words[0] != "validate"), "the log is at its loudest"
        assert_hidden(done, repository, secrets)


@pytest.mark.slow
def test_nothing_leaks_in_local(repository: Repository) -> None:
    """With the embedded register its own key stays in its own file."""
    secrets: list[str] = []
    for words in VERBS:
        done = repository.run("--debug", *words)
        key = repository.root / ".reconciler" / "local" / "key.pem"
        if key.exists():
            secrets = key.read_text().splitlines()[1:-1]
        assert done.returncode in {0, 3}, done.stderr
        assert_hidden(done, repository, secrets)

    assert secrets
    outside = [name for name in collect(repository) if name.startswith(".reconciler/")]
    assert all(not name.endswith(".pem") for name in outside)


@pytest.mark.slow
@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("form", ["PEM", "JWK"])
def test_no_key_leaks(repository: Repository, private_key: RSAPrivateKey, form: str) -> None:
    """With a key in the environment, neither it nor the grants and tokens made with it are seen."""
    jwk = {"MASKINPORTEN_PRIVATE_KEY": "", "MASKINPORTEN_CLIENT_JWK": json.dumps(export_jwk(private_key))}

    run_all(repository, list_secrets(private_key), **(jwk if form == "JWK" else {}))


@pytest.mark.slow
def test_no_ready_token_leaks(repository: Repository, served: Served, private_key: RSAPrivateKey) -> None:
    """A ready token is sent and not seen."""
    token = served.fetch_token()

    run_all(repository, [*token.split("."), *list_secrets(private_key)], RECONCILER_TOKEN=token)


@pytest.mark.slow
@pytest.mark.usefixtures("served")
def test_nothing_leaks_when_it_fails(repository: Repository, private_key: RSAPrivateKey) -> None:
    """A refused grant, a refused token and credentials of the wrong form are told without being shown."""
    other = generate_private_key(public_exponent=65537, key_size=2048)
    broken = json.dumps({**export_jwk(other), "n": "AQAB"})
    token = "hunter2hunter2hunter2.hunter2hunter2hunter2.hunter2"
    wrong = [
        {"MASKINPORTEN_PRIVATE_KEY": export_pem(other)},
        {"MASKINPORTEN_PRIVATE_KEY": export_pem(other).replace("\n", " ")},
        {"MASKINPORTEN_PRIVATE_KEY": export_pem(other)[:900]},
        {"MASKINPORTEN_PRIVATE_KEY": broken},
        {"MASKINPORTEN_PRIVATE_KEY": broken[:-20]},
        {"MASKINPORTEN_CLIENT_PEM": export_pem(other)},
        {"RECONCILER_TOKEN": token},
        {"RECONCILER_TOKEN": f"{token}\n{token}"},
        {"RECONCILER_TOKEN": f"Bearer {token}"},
    ]
    secrets = [*list_secrets(private_key), *list_secrets(other), token]

    for environ in wrong:
        done = repository.run("--debug", "plan", timeout=60, **environ)
        assert done.returncode == 1, done.stderr
        assert done.stderr.count("error: ") == 1
        assert_hidden(done, repository, secrets)


@pytest.mark.slow
def test_nothing_leaks_when_the_register_fails(
    repository: Repository, served: Served, private_key: RSAPrivateKey
) -> None:
    """A register that refuses a write is told without what was sent to it."""
    repository.define(rights=[{"resource": [{"id": "urn:altinn:resource", "value": "no-such-resource"}]}])
    token = served.fetch_token()

    ways: list[dict[str, str]] = [{}, {"RECONCILER_TOKEN": token}]
    for environ in ways:
        done = repository.run("--debug", "apply", "--yes", timeout=60, **environ)
        assert done.returncode == 1, done.stderr
        assert VENDOR in done.stdout
        assert_hidden(done, repository, [*token.split("."), *list_secrets(private_key)])
