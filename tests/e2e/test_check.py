"""`reconciler check` against a served register: what it sends, what it writes, and what it never shows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.model.customers import READ, WRITE
from reconciler.model.environment import PARTIES, SCOPE
from tests.builders import CLIENT, VENDOR, a_live_document
from tests.e2e.test_secrets import assert_hidden, export_jwk, list_secrets
from tests.emulator.callers import control
from tests.served import CLIENT_ID, Repository, Served, export_public, serve

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.model.canonical_json import Json

SYSTEM, ORG = f"{VENDOR}_smartcloud", "310904473"
PACKAGE = "urn:altinn:accesspackage:skattegrunnlag"
REQUESTS = {"standard": {"rights": ["ske-krav-og-betalinger"], "accessPackages": [PACKAGE]}}


@pytest.fixture
def asking(private_key: RSAPrivateKey, repository: Repository) -> Iterator[Served]:
    """Serve a register that holds the system, marked for tests, with the vendor's client and its program's."""
    public = export_public(private_key)
    clients: Json = [
        {"client_id": CLIENT_ID, "org": VENDOR, "scopes": [SCOPE, READ, WRITE], "jwk": public},
        {"client_id": CLIENT, "org": VENDOR, "scopes": [PARTIES], "jwk": public},
    ]
    with serve(private_key, repository, clients=clients) as served:
        config = repository.root / "reconciler.toml"
        config.write_text(f"{config.read_text()}test = true\n", encoding="utf-8")
        repository.define(requests=REQUESTS)
        control(served.emulator, "POST", "systems", [a_live_document()])
        program = {
            "RECONCILER_CHECK_CLIENT_ID": CLIENT,
            "RECONCILER_CHECK_CLIENT_JWK": json.dumps(export_jwk(private_key)),
        }
        repository.environ = {**repository.environ, **program}
        yield served


def run_check(repository: Repository, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a check of the system."""
    return repository.run("--debug", "check", SYSTEM, "--customer", ORG, *words)


@pytest.mark.slow
def test_a_check_from_end_to_end(repository: Repository, asking: Served, private_key: RSAPrivateKey) -> None:
    """Asked once though the answer was lost; gone on with after the customer's yes; no link or key anywhere."""
    lost = {"fault": "reset", "when": "after", "method": "POST", "path": "*/systemuser/request/vendor"}
    control(asking.emulator, "POST", "faults", lost)

    first = run_check(repository, "--patience", "0s")
    assert first.returncode == 3, first.stderr
    (row,) = control(asking.emulator, "GET", "requests").json()
    (page,) = (repository.root / ".reconciler" / "check").glob("*.link")
    link = page.read_text(encoding="utf-8").strip()
    assert (row["externalRef"], row["id"] in link, page.stat().st_mode & 0o777) == (
        "reconciler-check",
        True,
        0o600,
    )

    answer = control(asking.emulator, "POST", "customer", {"do": "approve", "request": row["id"]}).json()
    assert answer["status"] == 200, answer
    second = run_check(repository, "--format", "json", "--format", "junit=check.xml")
    assert second.returncode == 0, second.stderr
    assert json.loads(second.stdout)["proven"]

    log = control(asking.emulator, "GET", "log").json()
    writes = {(each["method"], each["path"].partition("?")[0]) for each in log if each["method"] != "GET"}
    assert {path for _, path in writes} == {
        "/maskinporten/token",
        "/authentication/api/v1/systemuser/request/vendor",
    }
    assert sum(each["path"].endswith("/request/vendor") for each in log if each["method"] == "POST") == 1
    assert not page.exists()
    for done in (first, second):
        assert_hidden(done, repository, list_secrets(private_key))
        assert not any(link.partition("?")[0] in text for text in (done.stdout, done.stderr))
    assert row["id"] not in first.stdout


@pytest.mark.slow
def test_where_nobody_is_asked(repository: Repository, asking: Served) -> None:
    """Without the mark the environment is not for tests, and nothing is sent; in production never."""
    config = repository.root / "reconciler.toml"
    config.write_text(config.read_text().replace("test = true\n", ""), encoding="utf-8")
    done = run_check(repository)

    assert done.returncode == 2
    assert "served is not for tests" in done.stderr
    assert control(asking.emulator, "GET", "log").json() == []
