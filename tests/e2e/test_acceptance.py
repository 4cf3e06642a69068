"""A difference that stands accepted, as a person goes about it: accepted, planned, applied, listed, removed."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.builders import CLIENT, VENDOR

if TYPE_CHECKING:
    from tests.served import Repository, Served

pytestmark = pytest.mark.slow

SYSTEM = f"{VENDOR}_smartcloud"
TODAY = datetime.now(UTC).date()
LATER = TODAY + timedelta(30)
FILE = "systems/.accepted.yaml"


@pytest.fixture
def drifted(repository: Repository, served: Served) -> Repository:
    """Build a register in which somebody else renamed the system, and took its client id away."""
    repository.track()
    repository.define()
    repository.commit("Register the system")
    assert repository.run("apply", "--yes").returncode == 0
    live = served.read(SYSTEM)
    body = {name: value for name, value in live.items() if name != "isDeleted"}
    body |= {"name": {**body["name"], "nn": "Its own's"}, "clientId": []}
    assert served.ask("PUT", f"/{SYSTEM}", body).status_code == 200
    return repository


def accept_all(repository: Repository) -> list[str]:
    """Run the commands that drift prints, with a date and a reason; give what they said."""
    said = []
    shown = repository.run("drift")
    assert "reconciler drift --adopt -e served'" in shown.stderr
    assert "reconciler accept ID PATH -e served --until DATE --reason TEXT'" in shown.stderr
    for line in shown.stdout.splitlines():
        label, _, command = line.strip().partition(" ")
        if label == "accept":
            words = shlex.split(command)[1:]
            filled = [{"DATE": str(LATER), "TEXT": "agreed: see #7"}.get(each, each) for each in words]
            done = repository.run(*filled)
            assert done.returncode == 0, done.stderr
            said.append(done.stdout)
    return said


def test_what_stands_accepted_is_left_alone(drifted: Repository, served: Served) -> None:
    """P6: apply is neither refused nor breaking, and leaves it in place; another edit goes through."""
    before = served.read(SYSTEM)
    assert len(accept_all(drifted)) == 2
    drifted.define(description={"nb": "Ny", "nn": "Ny", "en": "New"})

    drift, made = drifted.run("drift", "--format", "json"), drifted.plan("--out", "plan.json")
    done = drifted.run("apply", "plan.json", "--yes")

    assert drift.returncode == 0
    assert {
        each["accepted"] and each["accepted"]["reason"] for each in json.loads(drift.stdout)["differences"]
    } == {
        "agreed: see #7",
        None,
    }
    (change,) = made["changes"]
    assert {each["path"] for each in change["standing"]} == {"name.nn", f'clientId["{CLIENT}"]'}
    assert not {each["path"] for each in change["fields"]} & {"name.nn", f'clientId["{CLIENT}"]'}
    assert done.returncode == 0, done.stderr
    after = served.read(SYSTEM)
    assert (after["name"], after["clientId"]) == (before["name"], [])
    assert after["description"]["en"] == "New"
    again = drifted.run("plan", "--exit-code")
    assert again.returncode == 0
    assert "2 differences stand accepted" in again.stdout
    assert f"until {LATER} (agreed: see #7)" in " ".join(again.stdout.split())


def test_an_acceptance_ends_with_its_day_its_value_or_its_entry(drifted: Repository, served: Served) -> None:
    """The difference is then drift again, that apply would take back."""
    accept_all(drifted)
    path = drifted.root / FILE
    entries = path.read_text()

    def fields() -> set[str]:
        return {field["path"] for each in drifted.plan()["changes"] for field in each["fields"]}

    assert fields() == set()
    path.write_text(entries.replace(str(LATER), str(TODAY - timedelta(1))))
    assert fields() == {"name.nn", f'clientId["{CLIENT}"]'}
    path.write_text(entries)
    live = served.read(SYSTEM)
    body = {name: value for name, value in live.items() if name != "isDeleted"}
    served.ask("PUT", f"/{SYSTEM}", {**body, "name": {**body["name"], "nn": "Moved"}})
    assert fields() == {"name.nn"}
    path.unlink()
    assert fields() == {"name.nn", f'clientId["{CLIENT}"]'}


def test_entries_are_listed_and_removed(drifted: Repository, served: Served) -> None:
    """P6: the same again replaces; what is spent is said to be, and removed without a line of the others."""
    accept_all(drifted)
    again = ("accept", SYSTEM, "name.nn", "--until", str(TODAY), "--reason", "until tonight")
    assert drifted.run(*again).returncode == 0
    path = drifted.root / FILE
    text = path.read_text()
    assert text.count("- environment: ") == 2
    assert "until tonight" in text
    path.write_text(f"# Ask the agency\n{text}")
    live = served.read(SYSTEM)
    body = {name: value for name, value in live.items() if name != "isDeleted"}
    served.ask("PUT", f"/{SYSTEM}", {**body, "name": {**body["name"], "nn": "Moved"}})

    listed = drifted.run("accept", "--list")
    found = json.loads(drifted.run("accept", "--list", "--format", "json").stdout)
    pruned = drifted.run("accept", "--prune")

    assert "spent: the register holds another value now" in listed.stdout
    assert {each["path"]: each["status"] for each in found["entries"]} == {
        "name.nn": "moved",
        f'clientId["{CLIENT}"]': "stands",
    }
    assert pruned.returncode == 0
    assert "1 entry of 2 removed" in pruned.stderr
    left = path.read_text()
    assert left.startswith("# Ask the agency\n- environment: ")
    assert "name.nn" not in left
    assert drifted.run("accept", "--prune").returncode == 0
    assert path.read_text() == left


@pytest.mark.usefixtures("served")
def test_a_file_that_is_wrong_is_refused_by_every_verb(repository: Repository) -> None:
    """Every problem with its line, and nothing is asked of the register."""
    repository.define()
    repository.write(".accepted.yaml", "- environment: served\n  id: x\n- environment: serve\n")
    for words in (("plan",), ("apply", "--yes"), ("drift",), ("accept", "--list")):
        done = repository.run(*words)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert f"{FILE}:1:" in done.stderr
        assert f"{FILE}:3:" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Name one thing to do."),
        (("--list", "--prune"), "Name one thing to do."),
        ((SYSTEM, "name.nn"), "Name one thing to do."),
        ((SYSTEM, "--list"), "Name one thing to do."),
        ((SYSTEM, "name.nn", "--until", "soon", "--reason", "x"), "is not a date"),
        ((SYSTEM, "name.nn", "--until", "2020-01-01", "--reason", "x"), "2020-01-01 has passed already."),
        ((SYSTEM, "name.nn", "--until", "2999-01-01", "--reason", "x"), "at the latest"),
        ((SYSTEM, "name.nn", "--until", str(LATER), "--reason", " "), "The reason is empty."),
        ((SYSTEM, "name.nn", "--until", str(LATER)), "The reason is empty."),
        ((SYSTEM, "rights", "--until", str(LATER), "--reason", "x"), "is no single difference"),
    ],
)
def test_what_cannot_be_accepted_is_a_usage_error(
    repository: Repository, words: tuple[str, ...], told: str
) -> None:
    """One sentence, and the file is not written."""
    repository.define()

    done = repository.run("accept", *words)

    assert done.returncode == 2
    assert told in done.stderr
    assert not (repository.root / FILE).exists()
