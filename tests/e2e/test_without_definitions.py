"""Without any definition the token's organisation is the vendor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.builders import VENDOR
from tests.e2e.test_only import flow, name, register

if TYPE_CHECKING:
    from tests.served import Repository, Served

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_plan_drift_and_history_work(repository: Repository, served: Served) -> None:
    """Everything that is registered is unmanaged; more than ten are counted."""
    (repository.root / f"systems/{name('smartcloud')}.yaml").unlink()
    for number in range(12):
        register(served, f"s{number:02}")

    planned = repository.run("plan")
    drifted = repository.run("drift")
    markdown = repository.run("drift", "--format", "markdown")

    assert planned.returncode == 0
    assert "no system here has a definition that exists in `served`" in flow(planned)
    assert "12 unmanaged" in planned.stdout
    assert drifted.returncode == 3
    for shown in (planned, drifted, markdown):
        assert name("s09") in shown.stdout
        assert name("s10") not in shown.stdout
        assert "and 2 more" in shown.stdout
    assert repository.plan()["vendor"] == VENDOR
    assert len(repository.plan()["unmanaged"]) == 12
    assert repository.run("history", name("s00")).returncode == 0
    assert repository.run("apply", "--yes").returncode == 2


def test_the_embedded_register_has_the_vendor_of_its_state(repository: Repository) -> None:
    """And without any, there is nothing to compare."""
    definition = repository.root / f"systems/{name('smartcloud')}.yaml"
    text = definition.read_text()
    definition.unlink()

    empty = repository.run("plan")
    definition.write_text(text)
    repository.run("apply", "--yes")
    definition.unlink()
    planned = repository.run("plan", "--format", "json")

    assert empty.returncode == 2
    assert "there is nothing to compare" in empty.stderr
    assert "'reconciler new ID' writes one" in empty.stderr
    assert not (repository.root / ".reconciler/local").exists() or planned.returncode == 0
    assert [each["id"] for each in json.loads(planned.stdout)["unmanaged"]] == [name("smartcloud")]


def test_another_vendors_token_is_refused(repository: Repository, served: Served) -> None:
    """An empty list of another vendor must not look like a register in order."""
    del served
    (repository.root / f"systems/{name('smartcloud')}.yaml").unlink()

    refused = repository.run("plan", "--vendor", "310904473")

    assert refused.returncode == 1
    assert f"The token belongs to organisation {VENDOR}, and --vendor names 310904473" in refused.stderr


def test_list_shows_what_is_registered(repository: Repository, served: Served) -> None:
    """With definitions and without; a system that is defined and not registered is missing."""
    register(served, "stray")

    text = repository.run("list")
    rows = repository.run("list", "--format", "csv", "--only", name("s*"))
    found = json.loads(repository.run("list", "--format", "json").stdout)
    (repository.root / f"systems/{name('smartcloud')}.yaml").unlink()
    bare = json.loads(repository.run("list", "--format", "json").stdout)

    assert text.returncode == 0
    assert "2 systems: 1 unmanaged, 1 missing." in text.stdout
    assert [line.split(",")[0] for line in rows.stdout.splitlines()] == [
        "id",
        name("smartcloud"),
        name("stray"),
    ]
    assert [(each["id"], each["state"], each["system_users"]) for each in found["systems"]] == [
        (name("smartcloud"), "missing", None),
        (name("stray"), "unmanaged", 0),
    ]
    assert [each["id"] for each in bare["systems"]] == [name("stray")]
    assert bare["vendor"] == VENDOR
