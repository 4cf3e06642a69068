"""Packages and resources as a person looks them up, and the saved list as the other verbs go by it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.model.catalogue import AS_OF

if TYPE_CHECKING:
    from tests.served import Repository, Served

pytestmark = pytest.mark.thorough

FILE = "systems/.catalogue.served.json"


def test_a_list_is_saved_without_a_credential_and_compared_with_the_last(
    repository: Repository, served: Served
) -> None:
    """Added, removed and changed, by name; the same list again changes no line but that of the day."""
    repository.environ = {}
    first = repository.run("catalogue", "refresh", "-e", "served")
    text = (repository.root / FILE).read_text(encoding="utf-8")
    again = repository.run("catalogue", "refresh", "-e", "served")
    assert (repository.root / FILE).read_text(encoding="utf-8") == text
    for method, path, body in (
        ("PUT", "resources/helt-ny-tjeneste", {"resourceType": "GenericAccessResource"}),
        ("PUT", "resources/kravogbetaling", {"resourceType": "BrokerService"}),
        ("DELETE", "resources/ttd-am-k6", None),
    ):
        assert httpx.request(method, f"{served.base}/control/{path}", json=body).status_code < 300
    third = repository.run("catalogue", "refresh", "-e", "served")

    assert (first.returncode, again.returncode, third.returncode) == (0, 0, 0), first.stderr + third.stderr
    assert first.stderr == f"Environment served: {served.base}\n"
    assert first.stdout.startswith(f"{FILE}: 223 access packages and ")
    assert "Resources: 0 added, 0 removed, 0 changed." in again.stdout
    assert third.stdout.splitlines()[-4:] == [
        "Resources: 1 added, 1 removed, 1 changed.",
        "    + helt-ny-tjeneste",
        "    - ttd-am-k6",
        "    ~ kravogbetaling",
    ]
    assert all(len(line) <= 80 for done in (first, third) for line in done.stdout.splitlines())
    log = httpx.get(f"{served.base}/control/log").json()
    assert {each["method"] for each in log} == {"GET"}


@pytest.mark.parametrize("path", ["/resourceregistry/*", "/accessmanagement/*"])
def test_an_answer_that_is_no_list_leaves_the_last_one(
    repository: Repository, served: Served, path: str
) -> None:
    """A proxy's page is not written, and the run fails with a sentence."""
    assert repository.run("catalogue", "refresh", "-e", "served").returncode == 0
    text = (repository.root / FILE).read_text(encoding="utf-8")
    fault = {"path": path, "times": 0, "from": "client", "fault": "status", "status": 403, "body": "<html>"}
    assert httpx.post(f"{served.base}/control/faults", json=fault).status_code < 300

    done = repository.run("catalogue", "refresh", "-e", "served")

    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert "error: " in done.stderr
    assert (repository.root / FILE).read_text(encoding="utf-8") == text


def test_the_embedded_register_has_no_list(repository: Repository) -> None:
    """Without -e there is nothing to ask, and the hint names what can be."""
    done = repository.run("catalogue", "refresh")

    assert done.returncode == 2
    assert "-e tt02, -e prod" in done.stderr


def test_search_says_which_list_it_is(repository: Repository, served: Served) -> None:
    """The shipped one until one is saved; then the newest that is saved, or the one of the environment."""
    del served
    repository.environ = {}
    shipped = repository.run("catalogue", "search", "regnskapsfører", "LONN")
    missing = repository.run("catalogue", "search", "-e", "tt02", "krav")
    repository.run("catalogue", "refresh", "-e", "served")
    saved = repository.run("catalogue", "search", "krav", "--limit", "1")
    found = json.loads(repository.run("catalogue", "search", "krav", "--format", "json").stdout)

    assert shipped.stdout.splitlines() == [
        f'In the shipped list of {AS_OF}, "regnskapsfører LONN" fits 1 access package',
        "and 0 resources.",
        "urn:altinn:accesspackage:regnskapsforer-lonn",
        "    Regnskapsfører lønn. Delegable, not assignable: only with 'isVisible:",
        "    false'.",
    ]
    assert "No list of tt02 is saved" in missing.stderr
    assert missing.stdout.startswith("In the shipped list")
    assert saved.stdout.startswith("In served's list of ")
    assert "3 more: add a word" in saved.stdout
    assert found["list"]["environment"] == "served"
    assert {each["what"] for each in found["entries"]} == {"package", "resource"}


def test_show_says_what_the_flags_mean(repository: Repository) -> None:
    """For one package, and for a name that does not exist the nearest ones."""
    shown = repository.run("catalogue", "show", "regnskapsforer-lonn")
    unknown = repository.run("catalogue", "show", "regnskapsforer-lon")

    assert shown.returncode == 0, shown.stderr
    assert "no: a system that names it has to say 'isVisible: false'" in shown.stdout
    assert unknown.returncode == 2
    assert "Did you mean 'urn:altinn:accesspackage:regnskapsforer-lonn'" in unknown.stderr


def test_search_needs_no_repository(repository: Repository) -> None:
    """Anywhere the shipped list answers."""
    outside = repository.root.parent
    done = type(repository)(outside).run("catalogue", "search", "jordbruk")

    assert done.returncode == 0, done.stderr
    assert "urn:altinn:accesspackage:jordbruk" in done.stdout


def save(repository: Repository, **changes: str) -> None:
    """Save the list of the served register, and change what its head says."""
    done = repository.run("catalogue", "refresh", "-e", "served")
    assert done.returncode == 0, done.stderr
    path = repository.root / FILE
    body = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(body | changes), encoding="utf-8")


def list_findings(repository: Repository, *words: str) -> list[tuple[str, str, list[str]]]:
    """Check the files, and give rule, message and environments of each error."""
    done = repository.run("validate", "--format", "json", *words)
    found = json.loads(done.stdout)["findings"]
    return [
        (each["rule"], each["message"], each["environments"]) for each in found if each["severity"] == "error"
    ]


def test_validate_goes_by_the_saved_list_without_a_network(repository: Repository, served: Served) -> None:
    """A right and a package that it does not hold are errors with its name, its day and how to renew it."""
    package = "urn:altinn:accesspackage:helt-ny"
    repository.define(rights=["ske-krav-og-betaling", "ttd-am-k6"], accessPackages=[package])
    save(repository, taken="2999-12-31")
    served.emulator.close()

    done = repository.run("validate")
    errors = list_findings(repository)

    assert done.returncode == 1
    assert "note:" not in done.stderr
    held = "served's list of 2999-12-31"
    kind = f"is of type MaskinportenSchema in {held}, which no right may name"
    assert sorted(errors) == [
        ("package-unknown", f"`{package}` is not an access package in {held}", []),
        ("right-not-delegable", f"`ttd-am-k6` {kind}", []),
        ("right-unknown", f"`ske-krav-og-betaling` is not a resource in {held}", ["served"]),
    ]
    shown = " ".join(done.stdout.split())
    assert "Did you mean 'ske-krav-og-betalinger'? Is the list too old?" in shown
    assert "'reconciler catalogue refresh -e served' renews it." in shown


def test_an_old_list_is_a_note(repository: Repository, served: Served) -> None:
    """One line on stderr that names the day; nothing fails, with --strict either."""
    del served
    repository.define()
    save(repository, taken="2020-01-01")

    for words in ([], ["--strict"]):
        done = repository.run("validate", *words)
        assert (done.returncode, done.stderr.count("\n")) == (0, 1), done.stderr
        assert done.stderr.startswith("note: served's list of 2020-01-01 is ")
        assert done.stderr.endswith("'reconciler catalogue refresh -e served' renews it.\n")
    doctor = repository.run("doctor", "-e", "served")
    assert "warning  catalogue      223 access packages in served's list of 2020-01-01" in doctor.stdout


@pytest.mark.parametrize("words", [["validate"], ["plan"], ["schema", "definition"], ["catalogue", "search"]])
def test_a_broken_list_is_a_sentence(repository: Repository, words: list[str]) -> None:
    """It names the file, and is no traceback; `refresh` writes it anew."""
    repository.define()
    repository.write(".catalogue.tt02.json", "<<<<<<< HEAD\n")

    done = repository.run(*words)

    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: systems/.catalogue.tt02.json is no JSON: line 1.",
        "       'reconciler catalogue refresh -e tt02' writes it anew; or restore it from git.",
    ]


def test_a_broken_list_is_written_anew(repository: Repository, served: Served) -> None:
    """What cannot be read is not compared with."""
    del served
    repository.write(".catalogue.served.json", "{")

    done = repository.run("catalogue", "refresh", "-e", "served")

    assert done.returncode == 0, done.stderr
    assert "The last list is not compared: systems/.catalogue.served.json is no JSON" in done.stderr
    assert repository.run("catalogue", "search", "-e", "served", "krav").returncode == 0


def test_local_knows_what_the_saved_lists_hold(repository: Repository, served: Served) -> None:
    """Only what no list holds is taken as existing; a type that no right may name is refused, a new package known."""
    package = "urn:altinn:accesspackage:helt-ny"
    for path, body in (
        ("resources/helt-ny-tjeneste", {"resourceType": "GenericAccessResource"}),
        (f"packages/{package}", {"isDelegable": True, "isAssignable": True}),
    ):
        assert httpx.put(f"{served.base}/control/{path}", json=body).status_code < 300
    save(repository)
    repository.environ = {}
    rights = ["helt-ny-tjeneste", "ukjent-tjeneste"]
    repository.define(rights=rights, accessPackages=[package], environments={"local": {}})

    planned = repository.run("plan", "--format", "json")
    applied = repository.run("apply", "--yes")

    assert planned.returncode == 0, planned.stderr
    (taken,) = [
        each for each in json.loads(planned.stdout)["findings"] if each["rule"] == "taken-as-existing"
    ]
    assert taken["message"].endswith(": `ukjent-tjeneste`")
    assert applied.returncode == 0, applied.stdout + applied.stderr


def test_the_schema_suggests_what_is_saved(repository: Repository, served: Served) -> None:
    """Resources that a right can name, and the packages, with their titles."""
    del served
    before = repository.run("schema", "definition").stdout
    save(repository)
    after = repository.run("schema", "definition").stdout

    assert '"kravogbetaling"' not in before
    assert '"kravogbetaling"' in after
    assert '"ttd-am-k6"' not in after
    assert '"urn:altinn:accesspackage:jordbruk"' in before
    assert '"urn:altinn:accesspackage:jordbruk"' in after


def test_the_environment_counts_for_more_than_its_list(repository: Repository, served: Served) -> None:
    """A resource that is newer than the list, and allowed, is looked up by plan and not blocked."""
    save(repository)
    kind = {"resourceType": "GenericAccessResource"}
    assert httpx.put(f"{served.base}/control/resources/helt-ny-tjeneste", json=kind).status_code < 300
    repository.define(
        rights=["helt-ny-tjeneste"],
        environments={"served": {}},
        allow={"right-unknown": "newer than the list"},
    )

    made = repository.plan()

    assert made["summary"]["create"] == 1, made
    assert made["summary"]["blocked"] == 0


def test_what_is_registered_and_gone_from_the_list_is_imported(
    repository: Repository, served: Served
) -> None:
    """A right whose resource was removed is allowed by the import, so that the files have no error."""
    repository.define(rights=["kravogbetaling"])
    assert repository.run("apply", "--yes").returncode == 0
    assert httpx.delete(f"{served.base}/control/resources/kravogbetaling").status_code < 300
    save(repository)
    for path in (repository.root / "systems").glob("*.yaml"):
        path.unlink()

    imported = repository.run("import", "--all")
    checked = repository.run("validate")

    assert imported.returncode == 0, imported.stdout + imported.stderr
    assert checked.returncode == 0, checked.stdout
    assert "right-unknown" in checked.stdout
