"""Packages and resources as a person looks them up, and the saved list as the other verbs go by it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.model.catalogue import AS_OF

if TYPE_CHECKING:
    from tests.served import Repository, Served

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
    assert "Did you mean `urn:altinn:accesspackage:regnskapsforer-lonn`" in unknown.stderr


def test_search_needs_no_repository(repository: Repository) -> None:
    """Anywhere the shipped list answers."""
    outside = repository.root.parent
    done = type(repository)(outside).run("catalogue", "search", "jordbruk")

    assert done.returncode == 0, done.stderr
    assert "urn:altinn:accesspackage:jordbruk" in done.stdout
