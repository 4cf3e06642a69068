"""`--only`, and the systems that the configuration expects without a definition."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.builders import CLIENT, OTHER_CLIENT, VENDOR, a_live_document

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from reconciler.model.canonical_json import Json
    from tests.served import Repository, Served

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def name(word: str) -> str:
    """Make an id."""
    return f"{VENDOR}_{word}"


def flow(done: CompletedProcess[str]) -> str:
    """Give what was shown as one line, with code as it is meant: the text output wraps, and quotes code."""
    return " ".join((done.stdout + done.stderr).split()).replace("'", "`")


def register(served: Served, word: str, *clients: str) -> None:
    """Register a system as somebody else."""
    body = a_live_document(id=name(word), clientId=list(clients))
    del body["isDeleted"]
    assert served.ask("POST", "", body).status_code == 200


def test_only_the_named_systems_are_planned_and_written(repository: Repository, served: Served) -> None:
    """The other definition is not registered, the system without one is not reported; both are counted."""
    repository.define("shop", clientId=[])
    repository.define("shop_test", clientId=[])
    register(served, "stray")

    planned = repository.run("plan", "--only", name("shop*"), "--out", "plan.json")
    applied = repository.run("apply", "plan.json", "--yes")

    assert planned.returncode == 0
    assert name("smartcloud") not in planned.stdout
    assert name("stray") not in planned.stdout
    assert "1 definition and 1 system without one are left out" in flow(planned)
    assert applied.returncode == 0, applied.stderr
    assert [
        served.ask("GET", f"/{name(word)}").status_code for word in ("shop", "shop_test", "smartcloud")
    ] == [
        200,
        200,
        404,
    ]
    saved: Json = json.loads((repository.root / "plan.json").read_text())
    assert saved["narrowed"] == {"only": [name("shop*")], "definitions": 1, "registered": 0, "unmanaged": 1}
    assert [each["id"] for each in saved["changes"]] == [name("shop"), name("shop_test")]


def test_apply_and_drift_take_it_too(repository: Repository, served: Served) -> None:
    """What was not applied is missing, and stays out of a narrowed report."""
    repository.define("shop", clientId=[])

    assert repository.run("apply", "--yes", "--only", name("shop")).returncode == 0
    narrowed = repository.run("drift", "--only", name("shop"), "--format", "json")
    whole = repository.run("drift")

    assert served.ask("GET", f"/{name('smartcloud')}").status_code == 404
    assert narrowed.returncode == 0
    assert json.loads(narrowed.stdout)["narrowed"]["definitions"] == 1
    assert whole.returncode == 3


@pytest.mark.parametrize("verb", ["plan", "drift", "apply", "validate"])
def test_a_pattern_that_fits_nothing_is_a_usage_error(
    verb: str, repository: Repository, served: Served
) -> None:
    """With the nearest id; a registered system without a definition fits where it is only read."""
    register(served, "stray")
    words = [verb, "--only"]

    missed = repository.run(*words, name("smartclod"))
    stray = repository.run(*words, name("stray"))

    assert missed.returncode == 2
    assert f"--only {name('smartclod')} fits no system" in missed.stderr
    assert f"The nearest: {name('smartcloud')}" in missed.stderr
    assert stray.returncode == {"plan": 0, "drift": 3, "apply": 2, "validate": 2}[verb]


def test_a_saved_plan_is_not_narrowed_again(repository: Repository) -> None:
    """It is carried out as it was reviewed."""
    repository.run("plan", "--out", "plan.json")

    refused = repository.run("apply", "plan.json", "--only", name("smartcloud"))

    assert refused.returncode == 2
    assert "A saved plan is carried out as it is" in refused.stderr


def test_a_client_id_does_not_leave_for_a_system_that_is_left_out(
    repository: Repository, served: Served
) -> None:
    """Neither half of a move is made without the other; both together are two steps."""
    repository.define("shop", clientId=[])
    assert repository.run("apply", "--yes").returncode == 0
    repository.define("shop", clientId=[CLIENT])
    repository.define("smartcloud", clientId=[])

    for word, other in (("shop", "smartcloud"), ("smartcloud", "shop")):
        blocked = repository.run("apply", "--yes", "--only", name(word))
        assert blocked.returncode == 1
        assert f"{name(other)}`, which is left out" in flow(blocked)
        assert f"--only {name(other)}" in flow(blocked)
    assert served.read(name("smartcloud"))["clientId"] == [CLIENT]

    digest = repository.plan("--only", name("s*"))["digest"]
    assert repository.run("apply", "--yes", "--only", name("s*"), "--accept", digest).returncode == 0
    assert served.read(name("shop"))["clientId"] == [CLIENT]


def test_validate_shows_what_the_named_files_take_part_in(repository: Repository) -> None:
    """A rule that looks at several files has seen all of them; the faults of others are left out."""
    repository.define("shop", clientId=[CLIENT])
    repository.define("other", clientId=[OTHER_CLIENT], name={"nb": "only"})

    for word in ("shop", "smartcloud"):  # the finding stands at the second of the two
        found = repository.run("validate", "--only", name(word))
        assert found.returncode == 1
        assert "is on another system too" in found.stdout
        assert name("other") not in found.stdout
        assert "--only leaves out 2 of 3 files." in found.stderr
    assert repository.run("validate", "--only", name("other")).returncode == 1


def test_expected_systems_are_counted_in_one_line(repository: Repository, served: Served) -> None:
    """In plan and drift alike; a pattern that fits none is named, and nothing alarms."""
    for word in ("old_1", "old_2", "old_3"):
        register(served, word)
    repository.run("apply", "--yes")
    settings = repository.root / "reconciler.toml"
    settings.write_text(settings.read_text() + f'unmanaged = ["{name("old_*")}", "{name("gone")}"]\n')

    planned, drifted = repository.run("plan"), repository.run("drift")

    for shown in (planned, drifted):
        assert shown.returncode == 0
        assert "3 unmanaged systems are expected (configuration)" in flow(shown)
        assert name("old_1") not in shown.stdout
        assert f"{name('gone')}" in flow(shown)
    assert [each["expected"] for each in repository.plan()["unmanaged"]] == [True] * 3
