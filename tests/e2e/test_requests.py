"""How many requests each verb sends, by the register's own access log: one list, one token, and no reading twice."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import unquote

import httpx
import pytest

from tests.builders import VENDOR, a_live_document
from tests.git import git
from tests.served import VENDOR_PATH

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.canonical_json import Json
    from tests.served import Repository, Served

pytestmark = pytest.mark.slow
DEFINED = 18
LISTED = {"list": 1, "token": 1}


def a_client(number: int) -> str:
    """Make a client id that no other number gives."""
    return f"00000000-0000-4000-8000-{number:012}"


@pytest.fixture
def filled(repository: Repository, served: Served) -> Repository:
    """Define systems of which all but one are registered, beside two that nobody defines."""
    for path in (repository.root / "systems").iterdir():
        path.unlink()
    documents = []
    for number in range(DEFINED):
        repository.define(f"s{number}", clientId=[a_client(number)])
        documents.append(a_live_document(id=f"{VENDOR}_s{number}", clientId=[a_client(number)]))
    strays = [a_live_document(id=f"{VENDOR}_stray{n}", clientId=[a_client(100 + n)]) for n in range(2)]
    httpx.post(f"{served.base}/control/systems", json=[*documents[1:], *strays]).raise_for_status()
    repository.track("*.json")
    repository.commit("Define them")
    return repository


def count(served: Served) -> dict[str, int]:
    """Count the requests by kind since this was asked before; a system that is read twice counts as such."""
    log = httpx.get(f"{served.base}/control/log").json()
    httpx.delete(f"{served.base}/control/log").raise_for_status()
    paths = [(str(each["method"]), unquote(str(each["path"]))) for each in log]
    kinds = Counter(kind for method, path in paths if (kind := _name(method, path)))
    systems = Counter(path for method, path in paths if _name(method, path) == "document")
    return {**kinds, **({"again": again} if (again := sum(systems.values()) - len(systems)) else {})}


def _name(method: str, path: str) -> str:
    if path.endswith("/token"):
        return "token"
    if not path.startswith(VENDOR_PATH):
        return ""
    rest = path.removeprefix(VENDOR_PATH).strip("/")
    kind = "log" if rest.endswith("/changelog") else "document" if rest else "list"
    return kind if method == "GET" else method.lower()


def test_every_verb_that_reads_asks_for_a_thing_once(filled: Repository, served: Served) -> None:
    """One list, one token, one reading of each definition's system and of each unmanaged one that is looked at."""
    count(served)
    everything = {**LISTED, "document": DEFINED + 2}

    assert filled.run("plan").returncode == 0
    assert count(served) == everything
    assert filled.run("drift").returncode == 3
    assert count(served) == {**everything, "log": DEFINED - 1 + 2}
    assert filled.run("import", "--all", "--dry-run").returncode == 0
    assert count(served) == {**everything, "document": DEFINED + 2}


def test_a_plan_of_a_change_asks_for_what_it_touches(filled: Repository, served: Served) -> None:
    """One document, and its log where no revision states what it holds; a new client id is looked for everywhere."""
    git(filled.root, "checkout", "-qb", "change")
    filled.define("s3", clientId=[a_client(3)], isVisible=False)
    count(served)

    assert filled.run("plan", "--base", "main").returncode == 0
    assert count(served) == {**LISTED, "document": 1}
    filled.define("s3", clientId=[a_client(3), a_client(50)])
    assert filled.run("plan", "--base", "main").returncode == 0
    assert count(served) == {**LISTED, "document": DEFINED - 1 + 2, "log": 1}
    filled.define("s3", clientId=[a_client(3)], isVisible=False)
    assert filled.run("plan", "--base", "main", "--out", "plan.json").returncode == 0
    asked = count(served)
    assert (asked["document"], asked["log"]) == (DEFINED + 2, 1)


def show_changes(plan: Json) -> dict[str, Json]:
    """Show all that a plan says of its systems but the numbers of its steps, by id."""
    return {
        each["id"]: {name: value for name, value in each.items() if name != "steps"}
        for each in plan["changes"]
    }


def test_a_plan_of_a_change_reads_what_it_touches(filled: Repository, served: Served, tmp_path: Path) -> None:
    """One definition of all, with ten processes of git, and the same answer; the note counts the others."""
    git(filled.root, "checkout", "-qb", "change")
    filled.define("s3", clientId=[a_client(3)], isVisible=False)
    filled.commit("Hide one")
    whole = filled.plan("--base", "main", "--all")
    count(served)
    calls = tmp_path / "calls"
    program = tmp_path / "programs" / "git"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho >> {calls}\nexec {shutil.which("git")} "$@"\n')
    program.chmod(0o755)

    done = filled.run(
        *("plan", "--base", "main", "--format", "json=part.json", "--format", "text"),
        PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}",
    )

    part = json.loads((filled.root / "part.json").read_text())
    assert "Not compared: 17 definition files, and systems without one." in " ".join(done.stdout.split())
    assert part["narrowed"] == {
        "only": [],
        "definitions": 0,
        "registered": 0,
        "unmanaged": 0,
        "files": DEFINED - 1,
        "base": git(filled.root, "rev-parse", "main"),
    }
    assert show_changes(part) == {f"{VENDOR}_s3": show_changes(whole)[f"{VENDOR}_s3"]}
    assert part["revision"] == whole["revision"]
    assert len(calls.read_text().splitlines()) <= 10


def test_a_plan_of_a_change_reads_more_where_the_register_says_so(filled: Repository, served: Served) -> None:
    """A system holds by hand a client id that another definition asks for: both are in the answer."""
    moved = a_live_document(id=f"{VENDOR}_s3", clientId=[a_client(3), a_client(4)])
    without = a_live_document(id=f"{VENDOR}_s4", clientId=[])
    for each in (without, moved):
        served.ask("PUT", f"/{each['id']}", each).raise_for_status()
    filled.define("s3", clientId=[a_client(3)], isVisible=False)

    part = filled.plan("--base", "main")

    whole = show_changes(filled.plan("--base", "main", "--all"))
    assert show_changes(part) == {name: whole[name] for name in (f"{VENDOR}_s3", f"{VENDOR}_s4")}
    assert "files" not in part["narrowed"]


def test_an_apply_asks_for_no_more_than_safety_needs(filled: Repository, served: Served) -> None:
    """With nothing to do it is a plan; a creation takes another reading before the first write, and four requests."""
    count(served)

    assert filled.run("apply", "--yes").returncode == 0
    assert count(served) == {**LISTED, "document": DEFINED + 2 + 1 + 2, "post": 1, "log": 1, "again": 3}
    assert filled.run("apply", "--yes").returncode == 0
    assert count(served) == {**LISTED, "document": DEFINED + 2}


def test_a_register_that_is_asked_too_much_is_asked_less(filled: Repository, served: Served) -> None:
    """After 429 fewer requests are under way, one line says so, and nothing is missing."""
    fault = {"fault": "status", "status": 429, "times": 3, "path": f"*{VENDOR}_s*", "retry_after": 0}
    httpx.post(f"{served.base}/control/faults", json=fault).raise_for_status()
    count(served)

    done = filled.run("plan", "--exit-code")

    assert (done.returncode, "1 to create, 17 unchanged, 2 unmanaged" in done.stdout) == (3, True), (
        done.stderr
    )
    assert count(served) == {**LISTED, "document": DEFINED + 2 + 3, "again": 3}
    said = [line for line in done.stderr.splitlines() if "429" in line]
    assert [line.split(":")[0] for line in said] == ["The register answered 429"]
    assert "at most 8 requests at the same time instead of 16" in said[0]


def test_a_plan_of_a_change_is_not_applied(filled: Repository, served: Served) -> None:
    """It is refused before the first write, with the way to a plan that is not; read, it is a plan like any other."""
    git(filled.root, "checkout", "-qb", "change")
    filled.define("s3", clientId=[], isVisible=False)
    assert filled.run("plan", "--base", "main", "--format", "json=part.json").returncode == 0

    done = filled.run("apply", "part.json", "--yes")
    approved = filled.run("approve", "part.json", "--reason", "Nobody uses it")

    assert (done.returncode, approved.returncode) == (4, 0), done.stderr + approved.stderr
    assert "compared only what was changed since" in done.stderr
    assert "reconciler plan --out FILE" in done.stderr
    assert "put" not in count(served)
