"""A plan against a revision at which a file cannot be used: only what that file can be about is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.files import find_definitions, read_documents
from reconciler.operations.archive import Archive
from reconciler.operations.plan import plan_against
from reconciler.operations.scope import Scope
from reconciler.operations.validate import resolve_all, validate
from reconciler.planning.plan import Plan, Target, stamp
from reconciler.render.formats import render_plan as render_format
from reconciler.render.links import NO_LINKS
from reconciler.render.text.plan import render_plan
from tests.builders import CLIENT, ENVIRONMENTS, OTHER_CLIENT, VENDOR, a_definition_text
from tests.git import git
from tests.served import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.canonical_json import Json

OTHER_TEXT = {"nb": "Nytt", "nn": "Nytt", "en": "New"}


class Review:
    """A repository with two systems, of which one file gets broken on main, and a branch."""

    def __init__(self, root: Path) -> None:
        self.repository = Repository(root)
        self.repository.track()
        self.define("web", clientId=[CLIENT])
        self.define("app", clientId=[])
        self.repository.commit("Register two systems")

    def define(self, system: str, /, file: str = "", **members: Json) -> None:
        """Write a definition."""
        text = a_definition_text(id=f"{VENDOR}_{system}", **members)
        self.repository.write(f"{file or system}.yaml", text)

    def remove(self, name: str) -> None:
        """Remove a definition."""
        (self.repository.root / "systems" / f"{name}.yaml").unlink()

    def commit(self) -> str:
        """Commit what there is as main, and go on a branch."""
        commit = self.repository.commit("Break a file")
        git(self.repository.root, "checkout", "-qb", "pull-request")
        return commit[:12]

    def plan(self, *only: str) -> Plan:
        """Plan the branch against main."""
        root = self.repository.root
        checked = validate(read_documents(root, find_definitions(root)), ENVIRONMENTS)
        assert checked.sound, checked.findings
        archive = Archive(root, "tt02", tuple(ENVIRONMENTS))
        base = archive.read_base("main")
        systems = resolve_all(checked.definitions, "tt02")
        made = plan_against(systems, Target("tt02", "", VENDOR), archive, base, Scope(checked.findings, only))
        return stamp(made, checked.findings, created="2026-11-21T12:00:00+00:00", tool_version="1")


@pytest.fixture
def review(tmp_path: Path) -> Review:
    """Make such a repository."""
    return Review(tmp_path / "repository")


def show(made: Plan) -> dict[str, str]:
    """Give what becomes of each system."""
    return {each.id.partition("_")[2]: each.action for each in made.changes}


def read_text(made: Plan) -> str:
    """Give what a terminal shows of a plan, on one line."""
    return " ".join(piece.text for line in render_plan(made) for piece in line).replace("'", "`")


@pytest.mark.parametrize(
    "text",
    ["id: [", f"id: {VENDOR}_web\nvendor: 3\n", f"name: [\nid: {VENDOR}_web\n", "\0"],
    ids=["nothing", "its id", "no YAML", "no text"],
)
def test_a_file_that_is_repaired_is_no_creation(review: Review, text: str) -> None:
    """Only its system is left out and named; what else changes is planned."""
    review.repository.write("web.yaml", text)
    commit = review.commit()
    review.define("web", clientId=[CLIENT])
    review.define("app", clientId=[], name=OTHER_TEXT)
    review.define("new", clientId=[])

    made = review.plan()

    assert show(made) == {"app": "update", "new": "create"}
    assert made.unmanaged == ()
    (unknown,) = made.unknown_before
    assert (unknown.file, unknown.ids) == ("systems/web.yaml", (f"{VENDOR}_web",))
    assert unknown.commit.startswith(commit)
    assert made.unusable == ()
    sentence = f"What `{VENDOR}_web` was before is not known, since systems/web.yaml is no definition"
    assert sentence in read_text(made)


def test_a_system_that_moved_to_another_file_is_no_creation(review: Review) -> None:
    """The file is gone, and what it was about when it could last be read is known from git."""
    review.repository.write("web.yaml", "id: [")
    review.commit()
    review.remove("web")
    review.define("web", file="portal", clientId=[CLIENT])

    made = review.plan()

    assert show(made) == {"app": "keep"}
    assert made.unknown_before[0].ids == (f"{VENDOR}_web",)


def test_a_file_that_shows_no_system_can_be_about_each_new_one(review: Review) -> None:
    """It was never readable and is named after nothing: no creation is certain, and what was there before is."""
    review.repository.write("zzz.yaml", "id: [")
    review.commit()
    review.remove("zzz")
    review.define("first", clientId=[])
    review.define("second", clientId=[])
    review.define("app", clientId=[], name=OTHER_TEXT)

    made = review.plan()

    assert show(made) == {"app": "update", "web": "keep"}
    assert made.unknown_before[0].ids == (f"{VENDOR}_first", f"{VENDOR}_second")


def test_a_file_that_shows_no_system_and_nothing_new(review: Review) -> None:
    """It is named all the same."""
    review.repository.write("zzz.yaml", "id: [")
    review.commit()
    review.remove("zzz")

    made = review.plan()

    assert show(made) == {"app": "keep", "web": "keep"}
    assert made.unknown_before[0].ids == ()
    text = read_text(made)
    assert "What it was about before is not known, since systems/zzz.yaml is no definition" in text


@pytest.mark.parametrize("client", [CLIENT, OTHER_CLIENT])
def test_a_client_id_that_stands_in_the_file_is_not_free(review: Review, client: str) -> None:
    """Another system that claims it is blocked; one that claims another id is not."""
    review.repository.write("web.yaml", f"clientId: [{CLIENT}]\nid: [")
    commit = review.commit()
    review.define("web", clientId=[])
    review.define("app", clientId=[client])

    made = review.plan()

    (change,) = made.changes
    assert change.action == ("blocked" if client == CLIENT else "update")
    if client == CLIENT:
        assert f"stands in systems/web.yaml, which cannot be used at {commit}" in change.reason
        assert "plan against the register" in change.hint


def test_a_client_id_that_goes_to_such_a_system_is_not_released_alone(review: Review) -> None:
    """The move has two steps, of which only one is known: it is blocked rather than shown as a loss."""
    review.repository.write("app.yaml", f"id: {VENDOR}_app\nvendor: 3\n")
    review.commit()
    review.define("app", clientId=[CLIENT])
    review.define("web", clientId=[])

    made = review.plan()

    assert show(made) == {"web": "blocked"}


def test_one_id_in_two_files_is_not_known(review: Review) -> None:
    """Whichever of the two was meant; the other system is planned."""
    review.define("web", file="again", clientId=[OTHER_CLIENT])
    review.commit()
    review.remove("again")
    review.define("web", clientId=[OTHER_CLIENT])

    made = review.plan()

    assert show(made) == {"app": "keep"}
    assert made.unknown_before[0].ids == (f"{VENDOR}_web",)


def test_it_can_be_asked_for_by_its_id(review: Review) -> None:
    """A pattern that fits only the unknown system is no mistake."""
    review.repository.write("web.yaml", "id: [")
    review.commit()
    review.define("web", clientId=[CLIENT])

    made = review.plan(f"{VENDOR}_web")

    assert show(made) == {}
    assert made.unknown_before[0].ids == (f"{VENDOR}_web",)


@pytest.mark.parametrize("name", ["markdown", "html", "json", "github", "sarif", "junit", "gitlab"])
def test_every_format_says_it(review: Review, name: str) -> None:
    """A reviewer reads that something is not known wherever the plan is shown."""
    review.repository.write("web.yaml", "id: [")
    review.commit()
    review.define("web", clientId=[CLIENT])

    made = review.plan()

    shown = render_format(name, made, NO_LINKS)
    assert f"{VENDOR}_web" in shown
    if name != "json":
        assert "before is not known" in shown


def test_the_verdict_says_it_first(review: Review) -> None:
    """Above what is known, so that nobody takes it for all."""
    review.repository.write("web.yaml", "id: [")
    review.commit()
    review.define("web", clientId=[CLIENT])

    text = read_text(review.plan())

    known = "Check: what this change does to `991825827_web` in `tt02` is not known, as a note below says. "
    assert text.startswith(f"Plan for `tt02` {known}")
