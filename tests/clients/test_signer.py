"""Signatures from a command: what it is given, which answers are taken, and what is said of the others."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from reconciler.clients import signer as module
from reconciler.clients.credentials import AskedSigner, Credentials, read_credentials
from reconciler.clients.keys import Key
from reconciler.clients.maskinporten import sign_grant
from reconciler.clients.signer import CommandSigner, open_signer
from reconciler.errors import CredentialsError, SignerFailed
from reconciler.model.secret import Secret
from reconciler.platform import split_command
from tests.served import KID, export_pem, export_public

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the commands are a POSIX shell's")
ISSUER = "https://maskinporten.example/"
HASHED = "openssl dgst -sha256 -sign key.pem"


@pytest.fixture(autouse=True)
def folder(private_key: RSAPrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand where the key is."""
    (tmp_path / "key.pem").write_text(export_pem(private_key), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(script: str, private_key: RSAPrivateKey | None = None, algorithm: str = "RS256") -> CommandSigner:
    """Make a signer of a shell script; it checks signatures where a key is given."""
    public = private_key.public_key() if private_key else None
    return CommandSigner(Secret(f"sh -c {shlex.quote(script)}"), KID, algorithm, public)


def complain(signer: CommandSigner) -> SignerFailed:
    """Give what is said of a signer that does not do its work."""
    with pytest.raises(SignerFailed) as caught:
        signer.sign(b"text")
    assert caught.value.hint
    assert "\n" not in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    "form",
    [
        "base64 -w0",
        "base64",
        "base64 | tr '+/' '-_'",
        "base64 -w0 | tr '+/' '-_' | tr -d '='",
        "openssl base64 -A",
    ],
)
def test_a_grant_is_signed(form: str, private_key: RSAPrivateKey) -> None:
    """The command gets the signing input, and its signature makes the same grant as a key would."""
    grant = sign_grant(make(f"{HASHED} | {form}", private_key), ISSUER, "a-client")

    assert jwt.get_unverified_header(grant) == {"alg": "RS256", "kid": KID, "typ": "JWT"}
    claims = jwt.decode(grant, private_key.public_key(), algorithms=["RS256"], audience=ISSUER)
    assert claims["iss"] == "a-client"


@pytest.mark.parametrize("algorithm", ["RS384", "RS512"])
def test_other_algorithms(algorithm: str, private_key: RSAPrivateKey) -> None:
    """The header says what the command does."""
    command = f"openssl dgst -sha{algorithm[2:]} -sign key.pem | base64 -w0"
    grant = sign_grant(make(command, private_key, algorithm), ISSUER, "a-client")

    assert jwt.get_unverified_header(grant)["alg"] == algorithm
    jwt.decode(grant, private_key.public_key(), algorithms=[algorithm], audience=ISSUER)


def test_a_key_and_a_command_sign_alike(private_key: RSAPrivateKey) -> None:
    """RSASSA-PKCS1-v1_5 has no chance in it."""
    assert make(f"{HASHED} | base64").sign(b"text") == Key(private_key, KID, "RS256").sign(b"text")


def test_no_shell_reads_the_command(folder: Path) -> None:
    """Words are split, and nothing else is done with them."""
    (folder / "echo.sh").write_text('#!/bin/sh\necho "$1" > said\n', encoding="utf-8")
    (folder / "echo.sh").chmod(0o700)

    with pytest.raises(SignerFailed):
        CommandSigner(Secret("./echo.sh '$HOME; `id` | x > y'"), KID, "RS256").sign(b"text")

    assert (folder / "said").read_text("utf-8") == "$HOME; `id` | x > y\n"
    assert not (folder / "y").exists()
    assert split_command("a 'b c' d\\ e") == ["a", "b c", "d e"]


def test_a_command_gets_no_key_of_ours(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It finds what the vault wants, and none of the keys and tokens that other environments have here."""
    monkeypatch.setenv("VAULT_ADDR", "https://vault.example")
    for name in ("MASKINPORTEN_PRIVATE_KEY_PROD", "MASKINPORTEN_CLIENT_JWK", "RECONCILER_TOKEN_TT02"):
        monkeypatch.setenv(name, "a-secret")

    with pytest.raises(SignerFailed):
        make("env > told").sign(b"text")

    told = (folder / "told").read_text("utf-8")
    assert "VAULT_ADDR=https://vault.example" in told
    assert "a-secret" not in told


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 3", "The signer ended with status 3."),
        ("echo one >&2; echo 'Access denied.' >&2; exit 3", "ended with status 3, and said: Access denied."),
        ("true", "The signer printed nothing."),
        ("echo 'not base64!'", "printed something other than base64url or base64."),
        (HASHED, "printed something other than base64url or base64."),
        ("echo QUJDR", "printed base64 that is cut off."),
        ("echo QUJD", "has 3 bytes, and that of an RSA key of 2,048 bits or more has 256 or more."),
        ("cat /dev/zero", "printed more than 16,384 bytes."),
        ("kill -9 $$", "The signer ended with status -9."),
    ],
    ids=["status", "words", "nothing", "text", "raw", "cut off", "short", "endless", "killed"],
)
def test_what_is_no_signature(script: str, said: str) -> None:
    """One sentence says what came instead, and a hint how to look at it."""
    assert said in complain(make(script)).message


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("./nowhere.sh", "cannot be run: No such file or directory."),
        ("./key.pem", "cannot be run: Permission denied."),
        ("sh -c 'oops", "has a quotation mark without its other half."),
    ],
)
def test_what_cannot_be_run(command: str, said: str) -> None:
    """The command is not quoted: it may hold what nobody should see."""
    error = complain(CommandSigner(Secret(command), KID, "RS256"))

    assert said in error.message
    assert command not in f"{error.message} {error.hint}"


@pytest.mark.parametrize(
    "script", ["sleep 60", "sleep 60 & echo $! > pid", "exec 1>&-; sleep 60"], ids=["slow", "left", "closed"]
)
def test_a_signer_that_does_not_end(script: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time runs out, and nothing of it stays behind."""
    monkeypatch.setattr(module, "SECONDS", 0.3)
    begun = time.monotonic()

    assert "did not end within" in complain(make(script)).message
    assert time.monotonic() - begun < 5
    if (folder / "pid").exists():
        pid = int((folder / "pid").read_text("utf-8"))
        stop = time.monotonic() + 5
        while time.monotonic() < stop and _is_alive(pid):
            time.sleep(0.01)
        assert not _is_alive(pid)


def _is_alive(pid: int) -> bool:
    """Say whether a process runs; one that only waits to be read of does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (f"{HASHED} -sigopt rsa_padding_mode:pss | base64", "it is padded by PSS"),
        ("openssl dgst -sha256 -binary | openssl dgst -sha256 -sign key.pem | base64", "hashed once more"),
        (
            "openssl dgst -sha512 -sign key.pem | base64",
            "it is one by RS512, and MASKINPORTEN_ALGORITHM says RS256",
        ),
        (f"head -c2 | {HASHED} | base64", "another key, or something else than its whole stdin"),
    ],
    ids=["PSS", "twice", "SHA-512", "part"],
)
def test_a_signature_of_something_else(script: str, why: str, private_key: RSAPrivateKey) -> None:
    """With the public half at hand the usual mistakes are named before anything is sent."""
    error = complain(make(script, private_key))

    assert "does not fit MASKINPORTEN_PUBLIC_KEY" in error.message
    assert why in error.message


@given(st.binary(max_size=300))
def test_what_a_command_says_shows_no_secret(errors: bytes) -> None:
    """A line of it is quoted, on one line, without anything that is as long as a token or a key."""
    said = module._quote(errors + b" token=hvs.CAESIJlWh7cmVuXbGg0wNvQd failed")

    assert said.isprintable()
    assert "CAESIJ" not in said
    assert len(said) < 250


def test_from_the_variables(folder: Path, private_key: RSAPrivateKey) -> None:
    """The kid and the algorithm stand beside the command; the public half may be a PEM, a JWK or a path."""
    pem = private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    environ = {
        "MASKINPORTEN_CLIENT_ID": "a-client",
        "MASKINPORTEN_SIGNER": f"sh -c '{HASHED} | base64'",
        "MASKINPORTEN_KID": KID,
    }
    jwk = str(export_public(private_key)).replace("'", '"')
    (folder / "public.pem").write_text(pem, encoding="utf-8")
    for name, public in (
        ("", pem),
        ("", jwk),
        ("", f'{{"keys": [{jwk}]}}'),
        ("", "public.pem"),
        ("_PATH", "public.pem"),
    ):
        signer = open_signer(read_credentials({**environ, f"MASKINPORTEN_PUBLIC_KEY{name}": public}))
        assert isinstance(signer, CommandSigner)
        assert (signer.kid, signer.algorithm) == (KID, "RS256")
        assert signer.public is not None
        assert signer.sign(b"text")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"MASKINPORTEN_KID": ""}, "the key that it signs with has no id."),
        ({"MASKINPORTEN_CLIENT_JWK": "{}"}, "MASKINPORTEN_SIGNER and MASKINPORTEN_CLIENT_JWK are both set."),
        (
            {"MASKINPORTEN_ALGORITHM": "ES256"},
            "What MASKINPORTEN_ALGORITHM holds is no algorithm of Maskinporten;",
        ),
        ({"MASKINPORTEN_PUBLIC_KEY": "key.pem"}, "MASKINPORTEN_PUBLIC_KEY holds no public RSA key;"),
        ({"MASKINPORTEN_PUBLIC_KEY": "{"}, "The key is not well-formed JSON."),
        ({"MASKINPORTEN_CLIENT_ID": ""}, "missing: MASKINPORTEN_CLIENT_ID."),
    ],
    ids=["kid", "key", "algorithm", "private", "JSON", "client"],
)
def test_what_does_not_fit_together(more: dict[str, str], said: str) -> None:
    """It is said before anything is run, and a private half in the place of the public one is not shown."""
    environ = {"MASKINPORTEN_CLIENT_ID": "a-client", "MASKINPORTEN_SIGNER": "false", "MASKINPORTEN_KID": KID}

    with pytest.raises(CredentialsError) as caught:
        open_signer(read_credentials({**environ, **more}))

    assert said in caught.value.message
    assert "PRIVATE" not in caught.value.message


def test_it_is_not_shown() -> None:
    """Neither the command nor the key stands in what a traceback prints."""
    signer = open_signer(Credentials("a-client", kid=KID, signer=AskedSigner(Secret("sign --pin 1234"))))

    assert "1234" not in f"{signer!r}"
