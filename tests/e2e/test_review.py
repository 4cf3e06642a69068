"""A pull request over a register that has drifted: every origin gets its label, without running anything else."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.builders import CLIENT, VENDOR, a_live_document
from tests.git import git
from tests.served import OTHER_CLIENT_ID, Repository, Served, start_served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.model.canonical_json import Json

pytestmark = pytest.mark.slow


def names(text: str) -> dict[str, str]:
    """Give one name in all languages."""
    return {"nb": text, "nn": text, "en": text}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Make a git repository without definitions."""
    made = Repository(tmp_path / "repository")
    made.track()
    return made


def change_outside(served: Served, name: str, /, **changes: Json) -> None:
    """Change a system with another client of the vendor."""
    live = served.read(f"{VENDOR}_{name}")
    body = {key: value for key, value in live.items() if key != "isDeleted"}
    assert served.ask("PUT", f"/{VENDOR}_{name}", {**body, **changes}).status_code == 200


@pytest.fixture
def review(repository: Repository, served: Served) -> Repository:
    """Build a base, a pull request and a drifted register in which every origin occurs once."""
    for number, name in enumerate(("this", "open", "over", "adopt", "conflict", "gone")):
        repository.define(name, clientId=[CLIENT[:-1] + str(number)], name=names("one"))
    repository.commit("Register the systems")
    assert repository.run("apply", "--yes").returncode == 0
    repository.define("open", clientId=[CLIENT[:-1] + "1"], name=names("two"))
    repository.commit("Rename open, and do not apply it")
    change_outside(served, "over", name=names("outside"))
    change_outside(served, "adopt", name=names("outside"))
    change_outside(served, "conflict", name=names("outside"))
    git(repository.root, "checkout", "-qb", "pull-request")
    repository.define("this", clientId=[CLIENT[:-1] + "0"], name=names("mine"))
    repository.define("adopt", clientId=[CLIENT[:-1] + "3"], name=names("outside"))
    repository.define("conflict", clientId=[CLIENT[:-1] + "4"], name=names("mine"))
    (repository.root / "systems" / f"{VENDOR}_gone.yaml").unlink()
    repository.commit("Rename some, and remove one")
    return repository


EXPECTED = {
    "this": "this change",
    "open": "not applied yet",
    "over": "overwrites drift",
    "adopt": "adopts drift",
    "conflict": "conflict",
}


SHOWN = (
    "not applied yet",
    "overwrites what others set",
    "Takes over what the register holds in",
    "also changed in the register by others",
)
"""What people read of each origin but this change."""


def test_every_origin_gets_its_label(review: Repository) -> None:
    """JSON, text, Markdown and HTML all separate what this change does from what was open before."""
    out = review.root / "out"
    out.mkdir()
    formats = [f"--format={name}={out / name}" for name in ("json", "text", "markdown", "html")]

    done = review.run("plan", "--base", "main", "--all", *formats)
    assert done.returncode == 0, done.stderr

    plan = json.loads((out / "json").read_text())
    origins = {
        each["id"].partition("_")[2]: {field["origin"] for field in each["fields"]}
        for each in plan["changes"]
    }
    assert origins == {name: {label} for name, label in EXPECTED.items()}
    assert [(each["id"], each["former"]) for each in plan["unmanaged"]] == [
        (f"{VENDOR}_gone", f"systems/{VENDOR}_gone.yaml")
    ]
    for name in ("text", "markdown", "html"):
        text = (out / name).read_text()
        assert [words for words in SHOWN if words not in text] == [], name
        assert "No longer manages" in text, name


def test_what_this_change_does_comes_first(review: Repository) -> None:
    """The reviewer reads what the pull request does before what was open already."""
    text = review.run("plan", "--base", "main", "--all").stdout

    order = [text.index(f" {VENDOR}_{name} ") for name in ("this", "adopt", "conflict", "open", "over")]
    assert max(order[:3]) < min(order[3:])


def test_a_shallow_clone_says_that_it_cannot_tell(review: Repository, tmp_path: Path) -> None:
    """Without the history, a difference that needs it is of unknown origin."""
    clone = tmp_path / "clone"
    git(review.root, "clone", "-q", "--depth", "1", f"file://{review.root}", str(clone))
    shallow = Repository(clone, review.environ)

    plan = shallow.plan("--base", "HEAD", "--all")

    origins = {field["origin"] for each in plan["changes"] for field in each["fields"]}
    assert "unknown" in origins
    assert "overwrites drift" not in origins


def test_a_base_that_does_not_exist_is_a_usage_error(review: Repository) -> None:
    """A misspelt revision is told, with what to do."""
    done = review.run("plan", "--base", "--upload-pack=touch")

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert review.run("plan", "--base", "nowhere").returncode == 2


def test_drift_tells_who_did_what_and_when(review: Repository, served: Served) -> None:
    """Changes by another client are told with client and time; our own unapplied commit is not an alarm."""
    system = f"{VENDOR}_this"
    assert served.ask("PUT", f"/{system}/rights", []).status_code == 200
    assert served.ask("PUT", f"/{VENDOR}_open/accesspackages", []).status_code == 200
    done = review.run("drift", "--format", "json")

    report = json.loads(done.stdout)
    found = {(each["id"].partition("_")[2], each["path"], each["kind"]) for each in report["differences"]}
    assert done.returncode == 3
    assert ("open", "name.nb", "not applied yet") in found
    assert ("this", "name.nb", "not applied yet") in found
    assert ("over", "name.nb", "changed outside") in found
    assert ("conflict", "name.nb", "changed outside") in found
    assert ("gone", "unmanaged", "unmanaged") in found
    assert ("this", 'rights["ske-krav-og-betalinger"]', "changed outside") in found
    writes = [each["write"] for each in report["differences"] if each["kind"] == "changed outside"]
    assert {each["kind"] for each in writes} == {"update", "rightsupdate", "accesspackageupdate"}
    assert {each["client"] for each in writes} == {OTHER_CLIENT_ID}
    assert {each["organisation"] for each in writes} == {VENDOR}
    assert all(datetime.fromisoformat(each["at"]).tzinfo for each in writes)


def test_what_was_changed_back_is_a_note(review: Repository, served: Served) -> None:
    """Entries by others that left no difference do not alarm, and are not hidden."""
    change_outside(served, "adopt", isVisible=False)
    change_outside(served, "adopt", isVisible=True)

    report = json.loads(review.run("drift", "--format", "json").stdout)

    adopted = [each for each in report["differences"] if each["id"] == f"{VENDOR}_adopt"]
    assert {each["kind"] for each in adopted} == {"no difference"}
    assert not any(each["alarming"] for each in adopted)


def test_an_edit_by_hand_with_our_own_client_is_changed_outside(review: Repository) -> None:
    """Our client wrote it, but no revision of the file asked for it."""
    git(review.root, "stash", "-q", "--include-untracked")
    review.define("this", clientId=[CLIENT[:-1] + "0"], name=names("by hand"))
    digest = review.plan()["digest"]
    assert review.run("apply", "--yes", "--accept", digest).returncode == 0
    git(review.root, "checkout", "-q", "--", ".")

    report = json.loads(review.run("drift", "--format", "json").stdout)

    kinds = {each["kind"] for each in report["differences"] if each["id"] == f"{VENDOR}_this"}
    assert kinds == {"changed outside"}


def test_a_deleted_and_a_missing_system_alarm(review: Repository, served: Served) -> None:
    """A system that somebody deleted, and one that never was, are told as such."""
    served.ask("DELETE", f"/{VENDOR}_over")
    review.define("never", clientId=[])

    report = json.loads(review.run("drift", "--format", "json").stdout)

    found = {each["id"].partition("_")[2]: (each["kind"], each["write"]) for each in report["differences"]}
    kind, write = found["over"]
    assert (kind, write["kind"], write["client"]) == ("deleted", "delete", OTHER_CLIENT_ID)
    assert found["never"] == ("missing", None)


def test_the_history_names_the_revision_that_each_state_equals(review: Repository) -> None:
    """The history says who wrote what, and which commit asked for it."""
    story = json.loads(review.run("history", f"{VENDOR}_over", "--format", "json").stdout)
    key = next(name for name, value in story.items() if isinstance(value, list))

    subjects = [json.dumps(chapter) for chapter in story[key]]
    assert len(subjects) == 2
    assert "Register the systems" in subjects[0]
    assert "Register the systems" not in subjects[1]


def test_an_edit_after_an_adoption_is_ours(review: Repository, served: Served) -> None:
    """P5: what others wrote and a committed revision states is overwritten without acceptance.

    P17: of what is not written, no log is read, and neither is one that can add nothing.
    """
    review.define("adopt", clientId=[CLIENT[:-1] + "3"], name=names("edited"))
    review.define("over", clientId=[CLIENT[:-1] + "2"], name=names("edited"))
    review.commit("Edit what was adopted, and what was not")
    before = len(read_log(served))

    plan = review.plan()

    impacts = {
        each["id"].partition("_")[2]: {one["rule"] for one in each["impacts"]} for each in plan["changes"]
    }
    asked = {path.split("/")[-2] for _, path in read_log(served)[before:] if path.endswith("/changelog")}
    assert impacts["adopt"] == {"text-changed"}
    assert impacts["over"] == {"text-changed", "outside-value-overwritten"}
    written = {each["id"] for each in plan["changes"] if each["action"] in {"update", "delete"}}
    explained = {f"{VENDOR}_{word}" for word in ("adopt", "open", "this")}
    assert asked == written - explained
    assert explained <= written
    report = json.loads(review.run("drift", "--format", "json").stdout)
    kinds = {each["id"].partition("_")[2]: each["kind"] for each in report["differences"]}
    assert kinds["adopt"] == "not applied yet"
    assert kinds["over"] == "changed outside"


@pytest.fixture
def old(private_key: RSAPrivateKey, repository: Repository) -> Iterator[Repository]:
    """Serve a register that holds a system from before it kept a change log."""
    state = repository.root / ".state" / "register"
    with start_served(private_key, state=state) as emulator:
        repository.configure(emulator.base, emulator.maskinporten)
        repository.environ = Served(emulator, private_key).environ
        document = a_live_document(id=f"{VENDOR}_old", clientId=[])
        httpx.post(f"{emulator.base}/control/systems", json=[document]).raise_for_status()
        with closing(sqlite3.connect(state)) as base:
            assert base.execute("DELETE FROM changes").rowcount == 1
            base.commit()
        yield repository


def test_a_system_without_a_change_log(old: Repository) -> None:
    """R6: an edit that is not applied yet is no alarm, and the history says that the log is empty."""
    repository = old
    repository.define("old", clientId=[])
    repository.commit("Describe a system from before the change log")
    repository.define("old", clientId=[], isVisible=False)
    repository.commit("Hide it")

    drift = repository.run("drift", "--format", "json")
    history = repository.run("history", f"{VENDOR}_old")

    found = {each["kind"] for each in json.loads(drift.stdout)["differences"]}
    assert (drift.returncode, found) == (0, {"not applied yet"})
    assert history.returncode == 0, history.stderr
    assert "The change log is empty" in history.stdout
    assert repository.run("history", f"{VENDOR}_never").returncode == 2


def test_plan_and_drift_only_read(review: Repository, served: Served) -> None:
    """To the register and the metadata APIs nothing but GET; to Maskinporten one POST for each run."""
    before = len(read_log(served))
    review.run("plan", "--base", "main")
    review.run("drift")
    sent = read_log(served)[before:]

    assert [path for method, path in sent if method != "GET"] == ["/maskinporten/token"] * 2


def read_log(served: Served) -> list[tuple[str, str]]:
    """Read which requests the emulator has answered."""
    return [(row["method"], row["path"]) for row in httpx.get(f"{served.base}/control/log").json()]
