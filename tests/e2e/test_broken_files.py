"""One definition that cannot be used stops what depends on it, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.builders import CLIENT, OTHER_CLIENT
from tests.e2e.test_only import flow, name, register

if TYPE_CHECKING:
    from tests.served import Repository, Served

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_the_rest_is_planned_and_apply_refuses(repository: Repository, served: Served) -> None:
    """The system of the broken file is named, never called unmanaged; exit 1, and nothing is written."""
    register(served, "broken")
    repository.write(f"{name('broken')}.yaml", f"id: {name('broken')}\nvendor: 991825827\nname: {{nb: x\n")

    planned = repository.run("plan", "--out", "plan.json")
    applied = repository.run("apply", "--yes")
    carried_out = repository.run("apply", "plan.json", "--yes")

    assert planned.returncode == 1
    assert f"+ {name('smartcloud')}  create" in planned.stdout
    assert "unmanaged" not in planned.stdout
    assert "until it is fixed, apply refuses everything" in flow(planned)
    assert f"Broken: `systems/{name('broken')}.yaml` line 3 is invalid" in flow(planned)
    assert name("broken") in planned.stdout.partition("Error")[2]
    assert applied.returncode == 1
    assert "The register was not asked anything: fix the errors first." in applied.stderr
    assert carried_out.returncode == 4
    assert "could not be used" in carried_out.stderr
    assert served.ask("GET", f"/{name('smartcloud')}").status_code == 404
    (unjudged,) = json.loads((repository.root / "plan.json").read_text())["unjudged"]
    assert unjudged["ids"] == [name("broken")]


def test_a_broken_file_is_known_by_its_history(repository: Repository, served: Served) -> None:
    """Where the file gives no id any more, the last revision that could be read does; and its client ids block."""
    repository.track("plan.json")
    repository.write("odd.yaml", (repository.root / f"systems/{name('smartcloud')}.yaml").read_text())
    (repository.root / f"systems/{name('smartcloud')}.yaml").unlink()
    repository.define("shop", clientId=[OTHER_CLIENT])
    repository.commit("Begin")
    assert repository.run("apply", "--yes").returncode == 0
    repository.write("odd.yaml", "{{{{\n")
    repository.commit("Break one file")
    repository.define("shop", clientId=[OTHER_CLIENT, CLIENT])

    drifted = repository.run("drift", "--format", "json")
    made = repository.plan()

    assert drifted.returncode == 1
    report = json.loads(drifted.stdout)
    assert [each["ids"] for each in report["unjudged"]] == [[name("smartcloud")]]
    assert not [each for each in report["differences"] if each["kind"] == "unmanaged"]
    assert made["unmanaged"] == []
    (change,) = made["changes"]
    assert change["action"] == "blocked"
    assert "whose definition is systems/odd.yaml, which cannot be used" in change["reason"]
    assert served.read(name("smartcloud"))["clientId"] == [CLIENT]


def test_what_no_file_says_is_said(repository: Repository, served: Served) -> None:
    """Where nothing gives the id, the unmanaged system can be the broken file's, and the plan says so."""
    register(served, "stray")
    repository.write("odd.yaml", "{{{{\n")

    planned = repository.run("plan")

    assert planned.returncode == 1
    assert "Unmanaged systems may be those of systems/odd.yaml" in flow(planned)


def test_of_two_that_do_not_go_together_neither_is_planned(repository: Repository, served: Served) -> None:
    """A client id on two systems: which of them is right is not known; a third one is planned."""
    del served
    repository.define("twin", clientId=[CLIENT])
    repository.define("shop", clientId=[OTHER_CLIENT])

    made = repository.plan()

    assert [each["id"] for each in made["changes"]] == [name("shop")]
    assert sorted(name for each in made["unjudged"] for name in each["ids"]) == [
        name("smartcloud"),
        name("twin"),
    ]


def test_where_nothing_can_be_used_nothing_is_compared(repository: Repository, served: Served) -> None:
    """The findings, and 1."""
    del served
    repository.define("smartcloud", name={"nb": "only"})

    summary = repository.root / "summary.md"
    words = [
        f"--format={name}={repository.root / name}" for name in ("markdown", "text", "junit", "terraform")
    ]
    planned = repository.run(
        "plan", "--format=azure", "--out=plan.json", *words, GITHUB_STEP_SUMMARY=str(summary)
    )

    assert planned.returncode == 1
    assert "Nothing was compared with the register: fix the errors first." in planned.stderr
    issue = f"##vso[task.logissue type=error;sourcepath=systems/{name('smartcloud')}.yaml;linenumber="
    assert issue in planned.stdout
    assert "language-missing" in summary.read_text()
    texts = [(repository.root / each).read_text() for each in ("markdown", "text", "junit")]
    assert all("language-missing" in text for text in texts)
    assert (repository.root / "terraform").read_text() == "{}\n"
    assert not (repository.root / "plan.json").exists()


def test_the_history_of_a_system_needs_no_other_file(repository: Repository, served: Served) -> None:
    """It shows a change log."""
    register(served, "shop")
    repository.write("odd.yaml", "{{{{\n")

    assert repository.run("history", name("shop")).returncode == 0
