"""The embedded register's folder, key and credentials."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from reconciler.clients.embedded import add_runtime_client, approve_locally, open_local, prepare_folder
from reconciler.clients.maskinporten import Purpose, open_tokens
from reconciler.clients.register import HttpRegister, ListedSystem
from reconciler.clients.runtime import open_as_system_user
from reconciler.clients.system_users import SystemUsers
from reconciler.clients.token_claims import read_organisation
from reconciler.errors import CredentialsError, UsageError
from reconciler.model.customers import AGENT, READ, WRITE, Triple
from reconciler.model.environment import PARTIES, SCOPE
from tests.builders import CLIENT, VENDOR, a_live_document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OTHER = "310661414"


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Let files be readable by all unless somebody takes care."""
    before = os.umask(0)
    yield
    os.umask(before)


def connect(stack: ExitStack, root: Path) -> HttpRegister:
    """Start the embedded register over a root, and connect to it as the vendor."""
    environment, credentials, _ = stack.enter_context(open_local(root, vendors=[VENDOR], resources=[]))
    tokens = stack.enter_context(open_tokens(environment, credentials))
    return stack.enter_context(HttpRegister(environment, tokens, read_only=False))


@pytest.mark.usefixtures("open_umask")
def test_everything_is_private(tmp_path: Path) -> None:
    """Whatever the umask, folders and files are their owner's alone, and out of git's sight."""
    with open_local(tmp_path, vendors=[VENDOR], resources=[]):
        own = tmp_path / ".reconciler"
        assert (own / ".gitignore").read_text() == "*\n"
        modes = {each.name: each.stat().st_mode & 0o777 for each in (own, *own.rglob("*"))}

    assert modes.pop(".gitignore") == 0o600
    assert {modes.pop(".reconciler"), modes.pop("local")} == {0o700}
    assert {"key.pem", "register.sqlite"} <= modes.keys()
    assert set(modes.values()) == {0o600}


def test_a_folder_that_is_there_is_made_private(tmp_path: Path) -> None:
    """A folder that somebody made readable is closed again; its `.gitignore` is left alone."""
    own = tmp_path / ".reconciler"
    (own / "local").mkdir(parents=True)
    own.chmod(0o755)
    (own / ".gitignore").write_text("mine\n")

    prepare_folder(tmp_path)

    assert own.stat().st_mode & 0o777 == 0o700
    assert (own / ".gitignore").read_text() == "mine\n"


def test_two_runs_at_once_share_one_key(tmp_path: Path) -> None:
    """Runs that make the key at the same moment end up with the same, and leave nothing else behind."""
    barrier = Barrier(6)

    def run(_: int) -> str:
        barrier.wait(5)
        with open_local(tmp_path, vendors=[VENDOR], resources=[]) as (_environment, credentials, _taken):
            return credentials.key.reveal()

    with ThreadPoolExecutor(6) as pool:
        keys = set(pool.map(run, range(6)))

    assert len(keys) == 1
    left = {each.name for each in (tmp_path / ".reconciler" / "local").iterdir()}
    assert {name for name in left if name.startswith("key")} == {"key.pem"}


def test_two_runs_at_once_share_one_state(tmp_path: Path) -> None:
    """What one run writes, another that runs already reads, each over a register of its own."""
    with ExitStack() as stack:
        one, other = connect(stack, tmp_path), connect(stack, tmp_path)
        one.create_system(a_live_document(rights=[]))

        assert other.list_systems() == (ListedSystem(f"{VENDOR}_smartcloud", VENDOR),)


def test_a_later_run_has_the_same_client_and_state(tmp_path: Path) -> None:
    """Client, key and systems outlast a run."""
    found = []
    for _ in range(2):
        with ExitStack() as stack:
            register = connect(stack, tmp_path)
            if not register.list_systems():
                register.create_system(a_live_document(rights=[]))
            (change,) = register.read_changes(f"{VENDOR}_smartcloud")
            found.append(((tmp_path / ".reconciler/local/key.pem").read_bytes(), change["clientId"]))

    assert found[0] == found[1]


def test_each_vendor_has_a_client(tmp_path: Path) -> None:
    """The credentials are the first vendor's."""
    with (
        open_local(tmp_path, vendors=[OTHER, VENDOR], resources=[]) as (environment, credentials, _taken),
        open_tokens(environment, credentials) as tokens,
    ):
        assert read_organisation(tokens.token()) == OTHER
        assert environment.identity == "local"


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff\xfe\x00"])
def test_a_broken_key_is_told_with_its_path(tmp_path: Path, content: bytes) -> None:
    """A key file that cannot be used is named, with the way out."""
    path = prepare_folder(tmp_path) / "key.pem"
    path.write_bytes(content)

    with pytest.raises(CredentialsError) as caught, open_local(tmp_path, vendors=[VENDOR], resources=[]):
        pytest.fail("it started")

    assert str(path) in caught.value.message
    assert "Delete" in caught.value.hint


def test_a_broken_state_is_told(tmp_path: Path) -> None:
    """A database that is none is a sentence, with the way out."""
    (prepare_folder(tmp_path) / "register.sqlite").write_text("garbage, and no database")

    with pytest.raises(UsageError) as caught, open_local(tmp_path, vendors=[VENDOR], resources=[]):
        pytest.fail("it started")

    assert "not a database" in caught.value.message
    assert "start again" in caught.value.hint


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """Where the state cannot be kept, the sentence says where and why."""
    (tmp_path / ".reconciler").write_text("in the way")

    with pytest.raises(UsageError) as caught, open_local(tmp_path, vendors=[VENDOR], resources=[]):
        pytest.fail("it started")

    assert str(tmp_path / ".reconciler") in caught.value.message


def test_a_failure_while_it_runs_is_not_taken_for_the_disks(tmp_path: Path) -> None:
    """What fails while the register is open is raised as it is."""
    with (
        pytest.raises(OSError, match="somebody else's"),
        open_local(tmp_path, vendors=[VENDOR], resources=[]),
    ):
        raise OSError("somebody else's")


@pytest.mark.parametrize("name", ["key.pem", "register.sqlite", "register.sqlite-wal", "register.sqlite-shm"])
@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe"])
def test_nothing_is_kept_through_a_link(tmp_path: Path, name: str, kind: str) -> None:
    """S3: a repository can bring links of the names that the embedded register keeps its state under."""
    target = tmp_path / "target"
    target.write_text("kept")
    path = prepare_folder(tmp_path) / name
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(target if kind == "link" else tmp_path / "planted")

    with pytest.raises(UsageError) as caught, open_local(tmp_path, vendors=[VENDOR], resources=[]):
        pytest.fail("it started")

    assert str(path) in caught.value.message
    assert target.read_text() == "kept"
    assert not (tmp_path / "planted").exists()


@pytest.mark.slow
def test_a_customer_who_says_yes_for_clients(tmp_path: Path) -> None:
    """The request is accepted, a client added, and the vendor's program acts for it; a second yes is refused."""
    package = "urn:altinn:accesspackage:regnskapsforer-lonn"
    document = a_live_document(accessPackages=[{"urn": package}], isVisible=False)
    triple = Triple(document["id"], OTHER, "reconciler-check")
    body = {"systemId": triple.system, "partyOrgNo": OTHER, "externalRef": triple.reference}
    with ExitStack() as stack:
        local, credentials, _ = stack.enter_context(open_local(tmp_path, vendors=[VENDOR], resources=[]))
        tokens = {
            scope: stack.enter_context(open_tokens(local, credentials, purpose=Purpose(scope)))
            for scope in (SCOPE, READ, WRITE)
        }
        stack.enter_context(HttpRegister(local, tokens[SCOPE], read_only=False)).create_system(document)
        customers = stack.enter_context(SystemUsers(local, tokens, read_only=False))
        request, _ = customers.create_request({**body, "accessPackages": [{"urn": package}]}, AGENT)
        assert approve_locally(local, request, "310700001") == ""
        assert "AUTH-00013" in approve_locally(local, request, "310700001")

        runtime = add_runtime_client(local, credentials, CLIENT, VENDOR, [PARTIES])
        program = stack.enter_context(open_as_system_user(local, runtime, triple, [PARTIES]))
        found = program.list_parties().parties
    assert [(each.organisation, set(each.packages)) for each in found] == [
        ("310700001", {"regnskapsforer-lonn"})
    ]
