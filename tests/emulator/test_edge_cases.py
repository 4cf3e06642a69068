"""Corners that no client should be in: hosts, certificates, legacy rows, half-sent requests."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from reconciler.emulator import start
from reconciler.emulator.dotnet import uri_hosts, uris
from reconciler.emulator.dotnet.failures import DatabaseFailure
from reconciler.emulator.maskinporten import keys, tokens
from reconciler.emulator.register.documents import SystemRequest, VendorInfo
from reconciler.emulator.register.store import Author, Store
from reconciler.emulator.server.clock import Clock
from reconciler.emulator.server.portions import finish
from tests.emulator.callers import (
    HTTP,
    PORTAL,
    REGISTER,
    VENDOR,
    connect,
    control,
    fetch_token,
    make_document,
)

if TYPE_CHECKING:
    import httpx

    from reconciler.emulator import Emulator


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("https://[::1]:8443/x", "https://[::1]:8443/x"),
        ("https://[0:0::1]", "https://[::1]/"),
        ("https://[::FFFF:1.2.3.4]/", "https://[::ffff:1.2.3.4]/"),
        ("https://[fe80::1%25eth0]/", "https://[fe80::1]/"),
        ("https://_x.no", "https://_x.no/"),
        ("https://loopback/x", "https://localhost/x"),
        ("https://vg.no.", "https://vg.no./"),
        ("https://256.1.1.1", "https://256.1.1.1/"),
        ("https://1.2.3.4.5", "https://1.2.3.4.5/"),
        ("https://4294967295", "https://255.255.255.255/"),
        ("https://09.1", "https://09.1/"),
        ("https://BLÅ.no", "https://blå.no/"),
        ("https://bla\u030a.no", "https://bla\u030a.no/"),
        ("https://æ@vg.no/", "https://æ@vg.no/"),
        ("https://vg.no/\ue000?\ue000", "https://vg.no/%EE%80%80?\ue000"),
        ("https://vg.no/\U000f0000?\U000f0000", "https://vg.no/%F3%B0%80%80?\U000f0000"),
        ("https://vg.no/%F0%9F%BF%BE", "https://vg.no/%F0%9F%BF%BE"),
        ("https://vg.no/a/..", "https://vg.no/"),
        ("https://vg.no/a/.", "https://vg.no/a/"),
        ("https://vg.no/#a#b", "https://vg.no/#a#b"),
        ("https://vg.no/#a#b%20", "https://vg.no/#a%23b "),
        (r"https:\\vg.no", "https://vg.no/"),
    ],
)
def test_redirects(sent: str, stored: str) -> None:
    """Corners of `System.Uri`, as its published source has them."""
    assert uris.read(sent).stored == stored


@pytest.mark.parametrize(
    "url",
    [
        "https://a b",
        "https://[::1",
        "https://[x]",
        "https://a\u200eb.no",
        "https://vg.no:65536",
        "https://vg.no:x",
        "https://x@y@z",
        "https://@",
        "https://..",
        "https://a..b",
        f"https://{'a' * 64}%",
        "https://\u0085.no",
    ],
)
def test_no_redirects(url: str) -> None:
    """What has no readable host or port is no URL."""
    with pytest.raises(uri_hosts.NotAUrl):
        uris.read(url)


def test_signing_key_of_another_kind() -> None:
    """A kept key that is not RSA is refused."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(TypeError, match="not RSA"):
        keys.read_key(pem)


def test_unique_in_the_database() -> None:
    """The database itself keeps two systems from one id, as it does between two processes."""
    texts: dict[str, str | None] = {"en": "", "nb": "", "nn": ""}
    document = SystemRequest("x", VendorInfo("0192:1"), texts, texts)
    store = Store(None, Clock())
    finish(store.create(document, "1", Author("1", None)))
    with pytest.raises(DatabaseFailure, match="duplicate key value violates unique constraint"):
        finish(store.create(document, "1", Author("1", None)))
    store.close()


def test_null_rights_of_a_legacy_row(emulator: Emulator, client: httpx.Client) -> None:
    """§1.3: rights that are NULL in the database are left out of the answer."""
    document = {**make_document(), "rights": None, "accessPackages": None}
    control(emulator, "POST", "systems", document)
    stored = client.get(f"{VENDOR}/{document['id']}").json()
    assert {"rights", "accessPackages"}.isdisjoint(stored)
    assert "rights" not in client.get(VENDOR).json()[0]


def test_other_attributes_in_the_old_format(emulator: Emulator) -> None:
    """P3: the old format drops attributes that are no resources."""
    document = make_document(rights=[{"resource": [{"id": "urn:other", "value": "x"}]}])
    control(emulator, "POST", "systems", document)
    with connect(emulator, scopes=PORTAL) as portal:
        answer = portal.get(f"{REGISTER}/{document['id']}/rights?useOldFormatForApp=true")
    assert answer.json() == [{"resource": []}]


def test_waiting_for_metadata(emulator: Emulator, client: httpx.Client) -> None:
    """The register waits for a slow metadata API; faults that make no sense there do nothing."""
    calls = {"path": "/resourceregistry/*", "from": "register", "times": 0}
    slow = {"fault": "latency", "seconds": 0.05, **calls}
    control(emulator, "POST", "faults", [slow, {"fault": "expire", **calls}])
    began = time.monotonic()
    assert client.post(VENDOR, json=make_document()).status_code == 200
    assert time.monotonic() - began >= 0.05


def test_closing_while_the_port_is_closed(emulator: Emulator, client: httpx.Client) -> None:
    """An emulator that refuses connections can be closed like any other."""
    control(emulator, "POST", "faults", {"fault": "refuse", "seconds": 60})
    assert client.get(VENDOR).status_code == 200
    began = time.monotonic()
    emulator.close()
    assert time.monotonic() - began < 1


def test_many_tokens(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens that were checked are remembered, but not without end."""
    monkeypatch.setattr(tokens, "_CACHED", 2)
    for _ in range(5):
        headers = {"Authorization": f"Bearer {fetch_token(emulator)}"}
        for _ in range(2):
            assert HTTP.get(f"{emulator.base}{VENDOR}", headers=headers).status_code == 200


@pytest.mark.slow
def test_half_a_request_does_not_hold_the_end_up() -> None:
    """A client that never sends its body is hung up on when the emulator is closed."""
    threads = threading.active_count()
    with start() as emulator:
        token = fetch_token(emulator)
        port = int(emulator.base.rpartition(":")[2])
        head = (
            f"POST {VENDOR} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: 10\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(head.encode())
            time.sleep(0.1)
            began = time.monotonic()
            emulator.close()
            assert time.monotonic() - began < 3
            assert line.recv(100) == b""
    assert threading.active_count() == threads
