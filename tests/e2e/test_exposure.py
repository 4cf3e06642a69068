"""S1: a key or a token where none belongs is refused unseen, in every variable, option, argument and setting."""

from __future__ import annotations

import base64
import json
import os
import sys
from typing import TYPE_CHECKING

import jwt
import pytest
import typer
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import RSAAlgorithm
from typer._click import Context

from reconciler.__main__ import run as run_program
from reconciler.cli.main import app
from reconciler.cli.verbs import VERBS
from reconciler.clients.credentials import CREDENTIAL_VARIABLES, is_kid, read_credentials
from reconciler.clients.keys import read_key
from reconciler.errors import CredentialsError
from reconciler.model.environment import is_client_id
from reconciler.model.secret import Secret, looks_secret
from tests.builders import a_definition_text
from tests.hostile import give, serve
from tests.served import CLIENT_ID, KID, export_pem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from typer._click import Command

LENGTH = 16
"""Characters of a key that are recognised wherever they turn up."""
FORMS = ("pem", "one line", "escaped", "base64 of pem", "der", "jwk", "base64 of jwk", "token", "body")
SOME = [each if each in {"pem", "der"} else pytest.param(each, marks=pytest.mark.slow) for each in FORMS]
KEYS = ("MASKINPORTEN_CLIENT_JWK", "MASKINPORTEN_JWK", "MASKINPORTEN_PRIVATE_KEY", "MASKINPORTEN_CLIENT_PEM")
WRONG_PLACES = (
    "MASKINPORTEN_CLIENT_ID",
    "MASKINPORTEN_KID",
    "MASKINPORTEN_KEY_ID",
    "RECONCILER_ENVIRONMENT",
    "RECONCILER_TOKEN",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_OUTPUT",
    *(f"{name}_PATH" for name in KEYS),
)


def export(key: RSAPrivateKey, form: str) -> str:
    """Give a key in one of the forms in which people hold one."""
    pem = export_pem(key)
    jwk = json.dumps({**RSAAlgorithm.to_jwk(key, as_dict=True), "kid": KID})
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return {
        "pem": pem,
        "one line": pem.replace("\n", " "),
        "escaped": pem.replace("\n", "\\n"),
        "base64 of pem": base64.b64encode(pem.encode()).decode(),
        "der": base64.b64encode(der).decode(),
        "jwk": jwk,
        "base64 of jwk": base64.urlsafe_b64encode(jwk.encode()).decode(),
        "token": jwt.encode({"iss": "x" * 40, "sub": pem[40:200]}, key, algorithm="RS256"),
        "body": "".join(pem.splitlines()[3:-3]),
    }[form]


def cut(secret: str) -> set[str]:
    """Cut a key into pieces, so that a part of one is recognised too."""
    return {secret[at : at + LENGTH] for at in range(0, len(secret) - LENGTH, 4)}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a repository whose environment `served` answers nothing good, and remember what it is asked."""
    with serve(give(b"{}")) as server:
        folder = tmp_path / "repository"
        (folder / "systems").mkdir(parents=True)
        (folder / "systems" / "991825827_smartcloud.yaml").write_text(a_definition_text(), encoding="utf-8")
        settings = f'[environments.served]\nregister = "{server.base}"\nmaskinporten = "{server.base}/"\n'
        (folder / "reconciler.toml").write_text(settings, encoding="utf-8")
        monkeypatch.chdir(folder)
        monkeypatch.setattr("tests.e2e.test_exposure.REQUESTS", server.requests)
        yield folder


REQUESTS: list[bytes] = []
"""What the server of a test was asked."""


def run(monkeypatch: pytest.MonkeyPatch, *words: str, **environ: str) -> int:
    """Run the program in this process, with so many variables."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["reconciler", *words])
    return run_program()


def assert_unseen(secret: str, root: Path, capsys: pytest.CaptureFixture[str], kept: str = "") -> str:
    """See that no piece of a key is in what was said, kept or sent; gives what was said."""
    said = capsys.readouterr()
    texts = {"stdout": said.out, "stderr": said.err}
    texts |= {f"request {number}": each.decode("latin-1") for number, each in enumerate(REQUESTS)}
    for path in root.parent.rglob("*"):
        assert not any(piece in path.name for piece in cut(secret))
        if path.is_file() and path.name != kept:
            texts[path.name] = path.read_text("utf-8", "replace")
    for name, text in texts.items():
        assert [piece for piece in cut(secret) if piece in text] == [], name
        assert "fault of reconciler" not in text, name
    return said.err


@pytest.mark.parametrize("form", SOME)
def test_a_key_in_the_wrong_variable(
    root: Path,
    private_key: RSAPrivateKey,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    form: str,
) -> None:
    """S1: the whole of it was printed, and sent to Maskinporten as `iss` or `kid`."""
    secret = export(private_key, form)
    good = {
        "RECONCILER_ENVIRONMENT": "served",
        "MASKINPORTEN_CLIENT_ID": CLIENT_ID,
        "MASKINPORTEN_PRIVATE_KEY": export_pem(private_key),
        "MASKINPORTEN_KID": KID,
    }
    for name in WRONG_PLACES:
        planted = {**good, name: secret}
        if name.startswith(KEYS):
            planted |= {"MASKINPORTEN_PRIVATE_KEY": ""}
        with monkeypatch.context() as patch:
            code = run(patch, "plan", **planted)
        if name == "RECONCILER_TOKEN" and form == "token":
            assert code == 1
        told = assert_unseen(secret, root, capsys)
        assert code in {1, 2}, (name, told)
        assert name in told or name == "RECONCILER_TOKEN", told
    for name in KEYS:
        with monkeypatch.context() as patch:
            code = run(patch, "plan", **{**good, "MASKINPORTEN_PRIVATE_KEY": "", name: f"@{secret}"})
        assert code == 1, assert_unseen(secret, root, capsys)
        assert name in assert_unseen(secret, root, capsys) or code == 1
    assert REQUESTS == []


def list_places() -> Iterator[tuple[str, list[str]]]:
    """List every option that takes a value and every argument of every verb, with the words that lead there."""
    group = typer.main.get_command(app)
    context = Context(group)
    for verb in VERBS:
        yield from walk(group.get_command(context, verb), [verb], context)  # type: ignore[attr-defined]  # a group's


def walk(command: Command, words: list[str], context: Context) -> Iterator[tuple[str, list[str]]]:
    """List the places of one verb, and of those below it."""
    for name, inner in getattr(command, "commands", {}).items():
        yield from walk(inner, [*words, name], context)
    for each in command.params:
        if each.param_type_name == "argument":
            yield f"{' '.join(words)} {each.name}", words
        elif not getattr(each, "is_flag", False):
            yield f"{' '.join(words)} {each.opts[0]}", [*words, each.opts[0]]


@pytest.mark.parametrize(
    "form", ["der", *(pytest.param(each, marks=pytest.mark.slow) for each in ("one line", "jwk", "token"))]
)
def test_a_key_on_the_command_line(
    root: Path,
    private_key: RSAPrivateKey,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    form: str,
) -> None:
    """S1: whatever takes a value, an id, a path, a digest or a reason, shows none of a key."""
    secret = export(private_key, form)
    places = list(list_places())
    assert len(places) > 50

    for place, words in places:
        for value in (secret, f"x={secret}"):
            code = run(monkeypatch, *words, value, RECONCILER_ENVIRONMENT="served")
            told = assert_unseen(secret, root, capsys)
            assert code == 2, (place, told)
            assert "looks like a key or a token" in told, place
    assert REQUESTS == []


@pytest.mark.parametrize("form", SOME)
def test_a_key_in_the_configuration(
    root: Path,
    private_key: RSAPrivateKey,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    form: str,
) -> None:
    """S1: as a value, a name, a setting, a comment, or where it breaks the file."""
    secret = export(private_key, form)
    quoted = json.dumps(secret)
    for text in (
        f'[environments.x]\nregister = {quoted}\nmaskinporten = "https://x.example/"\n',
        f'[environments.x]\nregister = "https://x.example"\nmaskinporten = {quoted}\n',
        f"[environments.prod]\nclients = [{quoted}]\n",
        f"[environments.prod]\nunmanaged = [{quoted}]\n",
        f"[environments.{quoted}]\nclients = []\n",
        f"[environments.prod]\n{quoted} = 1\n",
        f"{quoted} = 1\n",
        f"# {secret}\nx = \n",
        f"{quoted} = 1\n{quoted} = 2\n",
        f"clients = {secret}\n",
    ):
        (root / "reconciler.toml").write_text(text, encoding="utf-8")
        code = run(monkeypatch, "validate")
        told = assert_unseen(secret, root, capsys, kept="reconciler.toml")
        assert code == 2, told
        assert "reconciler.toml" in told


def test_a_key_id_in_the_key_itself(private_key: RSAPrivateKey) -> None:
    """S1: a JWK can hold anything as its `kid` and `kty`, which messages and grants would quote."""
    jwk = RSAAlgorithm.to_jwk(private_key, as_dict=True)
    for wrong in (
        {**jwk, "kid": export_pem(private_key)},
        {**jwk, "kid": "a\nb"},
        {**jwk, "kid": "x" * 201},
        {**jwk, "kty": jwk["d"]},
    ):
        with pytest.raises(CredentialsError) as caught:
            read_key(Secret(json.dumps(wrong)))
        assert not any(piece in caught.value.message + caught.value.hint for piece in cut(jwk["d"]))
        assert "PRIVATE" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (CLIENT_ID, True),
        ("a-client", True),
        ("oidc_client.name:1@org", True),
        ("two words", False),
        ("a\nb", False),
        ("x" * 101, False),
        ("", False),
        ("æ", False),
    ],
)
def test_what_is_a_client_id(text: str, *, fits: bool) -> None:
    """S1: a UUID, or a short name on one line."""
    assert is_client_id(text) is fits


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("key-1", True),
        ("Nøkkel 1, 2026", True),
        ("x" * 200, True),
        ("x" * 201, False),
        ("a\nb", False),
        ("", False),
    ],
)
def test_what_is_a_key_id(text: str, *, fits: bool) -> None:
    """S1: at most 200 printable characters on one line; thumbprints too."""
    assert is_kid(text) is fits
    assert is_kid(base64.urlsafe_b64encode(os.urandom(64)).decode().rstrip("="))


@pytest.mark.parametrize("name", CREDENTIAL_VARIABLES)
def test_every_form_is_checked_where_it_is_read(name: str, private_key: RSAPrivateKey) -> None:
    """S1: a program that imports the package is guarded as the command line is."""
    if name in KEYS:
        return
    secret = export(private_key, "der")
    environ = {
        "MASKINPORTEN_CLIENT_ID": CLIENT_ID,
        "MASKINPORTEN_PRIVATE_KEY": export_pem(private_key),
        name: secret,
    }
    if name == "RECONCILER_TOKEN":
        return  # a token has its own check
    with pytest.raises(CredentialsError) as caught:
        read_credentials(environ)

    assert name in caught.value.message
    assert not any(piece in caught.value.message + caught.value.hint for piece in cut(secret))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "991825827_smartcloud",
        "platform.tt02.altinn.no",
        "/__w/our-systems/our-systems/.reconciler/journal/2026-11-21T10-00-00.000Z-0b8f7d0e.jsonl",
        "/private/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/pytest-of-runner/pytest-0/test_something_long0/repository",
        "C:\\Users\\Someone\\AppData\\Local\\Temp\\pytest-of-Someone\\pytest-0\\test_a_rather_long_name_of_a_test_0\\x.json",
        "urn:altinn:accesspackage:regnskapsforer-med-signeringsrettighet",
        "a1b2c3d4e5f60718293a4b5c6d7e8f90" * 4,
        "/home/monkeyjungle-systems-of-the-register-in-production/systems",
        "/srv/miinnovations/" + "systems/" * 12,
        "The customer asked for it in ticket ABC-1234; see https://example.no/tickets/ABC-1234?view=all#comments",
        "0123456789" * 20,
    ],
)
def test_what_people_write_is_no_key(text: str) -> None:
    """S1: paths, ids, digests and reasons pass."""
    assert not looks_secret(text)


@pytest.mark.parametrize("form", FORMS)
def test_a_key_is_known_by_its_looks(private_key: RSAPrivateKey, form: str) -> None:
    """S1: in each of the forms in which people hold one, with something around it too."""
    secret = export(private_key, form)

    assert looks_secret(secret)
    assert looks_secret(f"MASKINPORTEN_CLIENT_JWK={secret}\n")
