"""The proxy and the certificates that environment variables name: used, named by --debug, or refused."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import ssl
import subprocess
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import TYPE_CHECKING

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from reconciler.clients.egress import find_proxy, load_certificates
from reconciler.clients.http_client import open_client
from reconciler.errors import UsageError
from tests.hostile import give, serve

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")
TRUST = ("SSL_CERT_FILE", "SSL_CERT_DIR")
BASE = "https://register.example"


@pytest.fixture(autouse=True)
def _forget_the_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a developer's own proxy out."""
    for name in (*PROXIES, *TRUST):
        monkeypatch.delenv(name, raising=False)


def make_certificate(key: RSAPrivateKey, name: str) -> bytes:
    """Make a certificate that signs itself, in PEM form."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM)


def make_context(key: RSAPrivateKey, name: str, folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make what a TLS server needs, and the file of its certificate."""
    certificate, private = folder / "certificate.pem", folder / "private.pem"
    certificate.write_bytes(make_certificate(key, name))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    return context, certificate


class Proxy:
    """A proxy that connects every CONNECT to one port of this machine, and remembers what it was asked."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        """Accept connections until the listener is closed."""
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, client: socket.socket) -> None:
        """Hear one CONNECT, and carry bytes both ways."""
        request = b""
        while b"\r\n\r\n" not in request:
            request += client.recv(4096)
        self.asked.append(request)
        server = socket.create_connection(("127.0.0.1", self.port))
        client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        back = Thread(target=self.carry, args=(server, client), daemon=True)
        back.start()
        self.carry(client, server)
        back.join(5)
        client.close()
        server.close()

    @staticmethod
    def carry(source: socket.socket, target: socket.socket) -> None:
        """Carry bytes one way."""
        with suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)


def test_a_proxy_carries_tls_and_sees_no_token(
    monkeypatch: pytest.MonkeyPatch,
    private_key: RSAPrivateKey,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """G7: HTTPS_PROXY is used for addresses beyond this machine; --debug names it, without its password."""
    context, certificate = make_context(private_key, "register.example", tmp_path)
    with serve(give(b"[]"), context=context) as server:
        proxy = Proxy(server.port)
        with closing(proxy.listener):
            at = f"127.0.0.1:{proxy.listener.getsockname()[1]}"
            monkeypatch.setenv("HTTPS_PROXY", f"http://someone:hunter2@{at}")
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            with caplog.at_level(logging.DEBUG), open_client(BASE) as client:
                answer = client.get("/", headers={"Authorization": "Bearer token"})

    assert answer.json() == []
    (asked,) = proxy.asked
    assert asked.startswith(b"CONNECT register.example:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic c29tZW9uZTpodW50ZXIy" in asked
    assert b"Bearer" not in asked
    assert b"Bearer token" in server.requests[0]
    assert b"Proxy-Authorization" not in server.requests[0]
    assert f"register.example is reached through the proxy {at}, as HTTPS_PROXY says" in caplog.text
    assert str(certificate) in caplog.text
    assert "hunter2" not in caplog.text
    assert "c29tZW9uZTpodW50ZXIy" not in caplog.text


@pytest.mark.parametrize(
    ("environ", "base", "used"),
    [
        ({}, BASE, None),
        ({"HTTPS_PROXY": "http://proxy.example:3128"}, BASE, "proxy.example:3128"),
        ({"https_proxy": "proxy.example:3128"}, BASE, "proxy.example:3128"),
        ({"HTTPS_PROXY": "http://proxy.example"}, BASE, "proxy.example:80"),
        ({"HTTPS_PROXY": "https://proxy.example"}, BASE, "proxy.example:443"),
        ({"ALL_PROXY": "http://all.example:1"}, BASE, "all.example:1"),
        ({"ALL_PROXY": "http://all.example:1", "HTTPS_PROXY": "http://one.example:1"}, BASE, "one.example:1"),
        ({"HTTPS_PROXY": ""}, BASE, None),
        ({"HTTP_PROXY": "http://plain.example:1"}, BASE, None),
        ({"HTTPS_PROXY": "http://proxy.example:1", "NO_PROXY": "example"}, BASE, None),
        ({"HTTPS_PROXY": "http://proxy.example:1", "NO_PROXY": "*"}, BASE, None),
        ({"HTTPS_PROXY": "http://proxy.example:1", "no_proxy": "a.no, register.example"}, BASE, None),
        ({"HTTPS_PROXY": "http://proxy.example:1", "NO_PROXY": "other.example"}, BASE, "proxy.example:1"),
        ({"HTTPS_PROXY": "http://proxy.example:1"}, "https://127.0.0.1:1", None),
        ({"HTTPS_PROXY": "http://proxy.example:1"}, "https://localhost", None),
        ({"ALL_PROXY": "http://proxy.example:1"}, "http://[::1]:1", None),
    ],
)
def test_which_proxy_is_used(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], base: str, used: str | None
) -> None:
    """G7: the variables that people know, and none for this machine."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    proxy = find_proxy(base, ssl.create_default_context())

    found = proxy and f"{proxy.url.host.decode()}:{proxy.url.port}"
    assert found == used


@pytest.mark.parametrize(
    "named",
    ["socks5://proxy.example:1", "http://", "http://proxy.example:port", "http://[::1", "http://æ.example"],
)
def test_a_proxy_that_cannot_be_used_is_refused(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    """G7: a variable with something else is named, and not quoted: it can hold a password."""
    monkeypatch.setenv("HTTPS_PROXY", named)

    with pytest.raises(UsageError) as caught:
        find_proxy(BASE, None)

    assert caught.value.message == "HTTPS_PROXY does not name a proxy that can be used."


def test_tls_is_verified_on_this_machine_too(private_key: RSAPrivateKey, tmp_path: Path) -> None:
    """Plain http is allowed on loopback; https is https, or the token goes to whoever holds the port."""
    context, _ = make_context(private_key, "localhost", tmp_path)
    with (
        serve(give(b"[]"), context=context) as server,
        open_client(f"https://localhost:{server.port}") as client,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        client.get("/")
    assert server.requests == []


def test_a_folder_of_certificates_is_used(
    monkeypatch: pytest.MonkeyPatch, private_key: RSAPrivateKey, tmp_path: Path
) -> None:
    """S7: certificates are loaded from SSL_CERT_DIR, as they are from SSL_CERT_FILE; the name still counts."""
    context, certificate = make_context(private_key, "localhost", tmp_path)
    folder = tmp_path / "certificates"
    folder.mkdir()
    loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
    number = ssl_hash(loaded)
    (folder / f"{number}.0").write_bytes(certificate.read_bytes())
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    with serve(give(b"[]"), context=context) as server:
        with open_client(f"https://localhost:{server.port}") as client:
            assert client.get("/").json() == []
        with (
            open_client(f"https://127.0.0.1:{server.port}") as client,
            pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
        ):
            client.get("/")


def ssl_hash(certificate: x509.Certificate) -> str:
    """Give the name under which OpenSSL looks for a certificate."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("only OpenSSL's own program knows the name of the file")
    found = subprocess.run(
        [openssl, "x509", "-noout", "-subject_hash"],
        input=certificate.public_bytes(Encoding.PEM),
        capture_output=True,
        check=True,
        timeout=20,
    )
    return found.stdout.decode().strip()


@pytest.mark.parametrize("kind", ["missing", "text", "key", "empty", "folder", "pipe", "unreadable"])
def test_a_file_without_certificates_is_named(
    monkeypatch: pytest.MonkeyPatch, private_key: RSAPrivateKey, tmp_path: Path, kind: str
) -> None:
    """S7: one sentence with the variable and the file, whatever is there instead; and no pipe is waited for."""
    file = tmp_path / kind
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind != "missing":
        pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes({"text": b"certificates", "key": pem, "empty": b"", "unreadable": b"\0" * 99}[kind])
    monkeypatch.setenv("SSL_CERT_FILE", str(file))

    with pytest.raises(UsageError) as caught:
        load_certificates()

    assert caught.value.message.startswith(f"SSL_CERT_FILE names {file}, which ")
    assert caught.value.hint


@pytest.mark.parametrize("kind", ["missing", "empty", "other"])
def test_a_folder_without_certificates_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    """S7: OpenSSL would take the folder in silence, and trust nobody."""
    folder = tmp_path / kind
    if kind != "missing":
        folder.mkdir()
    if kind == "other":
        (folder / "certificate.pem").write_text("x", encoding="utf-8")
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))

    with pytest.raises(UsageError) as caught:
        load_certificates()

    assert caught.value.message == f"SSL_CERT_DIR names {folder}, where there is no certificate."


def test_plain_http_needs_no_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """S7: the embedded register works whatever the variable says."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing"))

    open_client("http://127.0.0.1:1").close()
