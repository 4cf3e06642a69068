"""`reconciler import` as a vendor runs it who has systems and no definitions."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.emulator import start
from tests.builders import VENDOR, a_live_document
from tests.rules.test_published import OLD_GUIDE, PACKAGE_EXAMPLE, PASCAL_CASE
from tests.served import CLIENT_ID, SCOPE, Repository, Served, export_public

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.model.canonical_json import Json

pytestmark = pytest.mark.thorough

NEW = """\
id: 991825827_smartcloud
vendor: "991825827"
name:
  nb: SmartCloud
  nn: SmartSky
  en: SmartCloud
description:
  nb: Best
  nn: Vest
  en: Rocks
rights:
  - ske-krav-og-betalinger
accessPackages:
  - urn:altinn:accesspackage:skattegrunnlag
clientId:
  - 32ef65ac-6e62-498d-880f-76c85c2052ae
allowedRedirectUrls:
  - https://smartcloud.example/receipt
isVisible: true
environments:
  served: {}
"""


@contextmanager
def hold(
    key: RSAPrivateKey, seeds: Sequence[Json], repository: Repository, name: str = "served"
) -> Iterator[Served]:
    """Serve a register that holds some systems, as an environment of a repository."""
    client = {"client_id": CLIENT_ID, "org": VENDOR, "scopes": [SCOPE], "jwk": export_public(key)}
    config = {"clients": [client], "unknown_members": "kept", "unknown_resources": "accept"}
    with start(config, seed=seeds) as emulator:
        settings = repository.root / "reconciler.toml"
        text = settings.read_text(encoding="utf-8") if settings.exists() else ""
        table = (
            f'[environments.{name}]\nregister = "{emulator.base}"\nmaskinporten = "{emulator.maskinporten}"\n'
        )
        settings.write_text(text + table, encoding="utf-8")
        one = Served(emulator, key)
        repository.environ = {**one.environ, "RECONCILER_ENVIRONMENT": name}
        yield one


@pytest.fixture
def empty(tmp_path: Path) -> Repository:
    """Make a folder without definitions."""
    made = Repository(tmp_path / "repository")
    made.root.mkdir()
    return made


def test_what_is_registered_becomes_files(empty: Repository, private_key: RSAPrivateKey) -> None:
    """One file a system, every member said; the plan has nothing to do, and was asked."""
    bare = a_live_document(
        id=f"{VENDOR}_bare",
        rights=[],
        accessPackages=[],
        clientId=[],
        allowedRedirectUrls=[],
        isVisible=False,
    )
    with hold(private_key, [a_live_document(), bare], empty):
        shown = empty.run("import", "--all", "--dry-run")
        assert (shown.returncode, shown.stderr.splitlines()[1:]) == (0, [])
        assert "+id: 991825827_smartcloud" in shown.stdout.splitlines()
        assert shown.stdout.splitlines()[-1] == "2 files would be written; plan: 2 unchanged"
        assert not (empty.root / "systems").exists()

        done = empty.run("import", "--all")
        assert done.returncode == 0, done.stderr
        assert done.stdout == (
            "+ systems/991825827_bare.yaml\n+ systems/991825827_smartcloud.yaml\n"
            "2 files written; plan: 2 unchanged\n"
        )
        assert (empty.root / "systems/991825827_smartcloud.yaml").read_text(encoding="utf-8") == NEW
        text = (empty.root / "systems/991825827_bare.yaml").read_text(encoding="utf-8")
        assert (
            "rights: []\naccessPackages: []\nclientId: []\nallowedRedirectUrls: []\nisVisible: false\n"
            in text
        )
        assert empty.run("plan", "--exit-code").returncode == 0
        assert empty.run("fmt", "--check").returncode == 0
        assert empty.run("validate").returncode == 0

        again = empty.run("import", "--all")
        assert (again.returncode, again.stdout) == (0, "0 files written; plan: 2 unchanged\n")


def test_a_change_by_hand_is_the_smallest_edit(empty: Repository, private_key: RSAPrivateKey) -> None:
    """Comments, order and quotes stay; what differs in one environment stands under its name."""
    with hold(private_key, [a_live_document(isVisible=False)], empty):
        own = NEW.replace("served: {}", "served: {} # ours\n  prod: {}").replace("\n", "\r\n")
        (empty.root / "systems").mkdir()
        path = empty.root / "systems/991825827_smartcloud.yaml"
        path.write_bytes(b"\xef\xbb\xbf" + own.encode())

        done = empty.run("import", f"{VENDOR}_smart*")

        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "1 file written; plan: 1 unchanged"
        expected = own.replace("served: {} # ours", "served: # ours\r\n    isVisible: false")
        assert path.read_bytes() == b"\xef\xbb\xbf" + expected.encode()


def test_odd_systems_are_allowed_with_a_reason(empty: Repository, private_key: RSAPrivateKey) -> None:
    """What the rules object to is registered all the same, and says so; what is deleted is withdrawn."""
    odd = a_live_document(
        id=f"{VENDOR}_Old:System", allowedRedirectUrls=["http://old.example/a"], clientId=["my-client"]
    )
    gone = a_live_document(id=f"{VENDOR}_gone", clientId=[], isDeleted=True)
    with hold(private_key, [odd, gone], empty):
        done = empty.run("import", odd["id"], gone["id"])

        assert done.returncode == 0, done.stdout + done.stderr
        assert (empty.root / "systems/991825827_gone.yaml").read_text(encoding="utf-8") == (
            'id: 991825827_gone\nvendor: "991825827"\nwithdrawn: true\nenvironments:\n  served: {}\n'
        )
        text = (empty.root / "systems/991825827_Old-System.yaml").read_text(encoding="utf-8")
        assert "  client-id-format:\n    clientId[0]: registered so in served when it was imported\n" in text
        assert empty.run("validate").returncode == 0
        assert empty.run("plan", "--exit-code").returncode == 0


def test_imported_values_count_as_ours(empty: Repository, private_key: RSAPrivateKey) -> None:
    """After import and commit, the first edit is not breaking, whoever wrote the value before."""
    with hold(private_key, [a_live_document()], empty):
        assert empty.run("import", "--all").returncode == 0
        empty.track()
        empty.commit("Import")
        path = empty.root / "systems/991825827_smartcloud.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace("Rocks", "Sings"), encoding="utf-8")

        planned = empty.run("plan", "--format", "json")

        (change,) = json.loads(planned.stdout)["changes"]
        assert change["action"] == "update"
        assert [(each["rule"], each["severity"]) for each in change["impacts"]] == [("text-changed", "note")]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "Say what to import"),
        (("--all", "a"), "Say what to import"),
        (("--all", "--from", "reconciler.toml"), "Say what to import"),
        (("none.json", "--from", "reconciler.toml"), "none.json cannot be read"),
        (("nothing*",), "No system of organisation 991825827 fits 'nothing*'"),
    ],
    ids=[
        "nothing",
        "all and one",
        "all and a file",
        "a file that is not there",
        "a pattern that fits nothing",
    ],
)
def test_what_cannot_be_meant(
    words: tuple[str, ...], reason: str, repository: Repository, served: Served
) -> None:
    """It is a usage error, in one sentence."""
    del served
    done = repository.run("import", *words)

    assert done.returncode == 2
    assert reason in done.stderr


def test_an_id_that_is_not_registered_is_named(repository: Repository, served: Served) -> None:
    """The run says so, and fails."""
    del served
    done = repository.run("import", f"{VENDOR}_none")

    assert (done.returncode, done.stdout) == (1, "Nothing to import.\n")
    assert "'991825827_none' is not registered in served." in done.stderr


BODIES = """[
  {"Id": "991825827_one", "Vendor": {"Authority": "iso6523-actorid-upis", "ID": "0192:991825827",},
   "Name": {"en": "One", "nb": "En", "nn": "Ein"}, "Description": {"en": "One", "nb": "En", "nn": "Ein"},
   "Rights": [{"Resource": [{"Id": "urn:altinn:resource", "Value": "mva"}]}],
   "ClientId": ["32ef65ac-6e62-498d-880f-76c85c2052ae"], "IsVisible": false, "softDeleted": false},
  {"id": "991825827_two", "vendor": {"ID": "0192:991825827"}},
]
"""


def test_bodies_in_files_become_definitions(empty: Repository) -> None:
    """In any spelling, with trailing commas; what is no body is named with its line."""
    (empty.root / "bodies.json").write_text(BODIES, encoding="utf-8")

    done = empty.run("import", "--from", "bodies.json")

    assert done.returncode == 1
    assert done.stdout == "+ systems/991825827_one.yaml\n1 file written.\n"
    assert done.stderr == "bodies.json:6: the body has no 'name' and 'description'; it is not imported\n"
    assert empty.run("validate").returncode == 0
    text = (empty.root / "systems/991825827_one.yaml").read_text(encoding="utf-8")
    assert text.endswith(
        "clientId:\n  - 32ef65ac-6e62-498d-880f-76c85c2052ae\nallowedRedirectUrls: []\nisVisible: false\n"
    )
    assert "rights:\n  - mva\n" in text


SAMPLES = Path(__file__).parent.parent / "contract/samples"


def test_the_published_examples_are_imported_and_judged(empty: Repository) -> None:
    """Each becomes a file; what the register would refuse is an error with its hint, and not allowed."""
    for number, text in enumerate((PACKAGE_EXAMPLE, OLD_GUIDE, PASCAL_CASE)):
        (empty.root / f"{number}.json").write_text(text, encoding="utf-8")
    answers = [
        str(SAMPLES / f"{name}.json") for name in ("efm_vendor_response", "docs_get_response_deleted_nb")
    ]

    done = empty.run("import", "--from", "0.json", "1.json", "2.json", *answers)

    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "5 files written."
    for rule in ("client-id-placeholder", "package-visible", "vendor-check-digit"):
        assert f"error {rule}" in done.stderr
    texts = [path.read_text(encoding="utf-8") for path in sorted((empty.root / "systems").iterdir())]
    assert len(texts) == 5
    assert not any("allow:" in text for text in texts)
    assert "withdrawn: true\n" in texts[1]
    assert empty.run("fmt", "--check").returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_nothing_is_written_through_a_link_that_leads_out(empty: Repository, tmp_path: Path) -> None:
    """A repository could make the program write anywhere."""
    (tmp_path / "elsewhere").mkdir()
    (empty.root / "systems").symlink_to(tmp_path / "elsewhere")
    (empty.root / "body.json").write_text(PASCAL_CASE, encoding="utf-8")

    done = empty.run("import", "--from", "body.json")

    assert (done.returncode, list((tmp_path / "elsewhere").iterdir())) == (2, [])
    assert "leads out of the repository" in done.stderr


def test_local_needs_no_definitions_either(repository: Repository) -> None:
    """Its vendor is the one whose systems are there."""
    assert repository.run("apply", "--yes").returncode == 0
    (repository.root / "systems/991825827_smartcloud.yaml").unlink()

    done = repository.run("import", "--all")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "1 file written; plan: 1 unchanged"
