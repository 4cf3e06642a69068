"""What a change does in the environments that were not asked: which of them have a section, and what stands there."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.files import find_definitions, read_documents
from reconciler.operations import elsewhere
from reconciler.operations.archive import Archive
from reconciler.operations.elsewhere import add_elsewhere
from reconciler.operations.scope import EVERYTHING, Scope
from reconciler.operations.validate import validate
from reconciler.planning.plan import Plan, Target
from reconciler.planning.plan_file import print_plan, read_plan, to_json
from tests.builders import CLIENT, OTHER_CLIENT, VENDOR, a_definition_text
from tests.git import git
from tests.served import Repository

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.model.canonical_json import Json

PLACES = ("local", "tt02", "prod", "dev")
EVERYWHERE: Mapping[str, Json] = {"environments": {"tt02": {}, "prod": {}, "dev": {}}}
THIRD_CLIENT = "5f0c3a1e-2d0f-4a57-9d0a-0b7a2f9c1d11"


def in_prod(**members: Json) -> Mapping[str, Json]:
    """Let a definition say something else in production."""
    return {"environments": {"tt02": {}, "prod": members, "dev": {}}}


class Review:
    """A repository with two definitions on main, and a branch that changes them."""

    def __init__(self, root: Path) -> None:
        self.repository = Repository(root)
        self.repository.track()
        self.define("web", clientId=[CLIENT], **EVERYWHERE)
        self.define("app", clientId=[], **EVERYWHERE)
        self.repository.commit("Register two systems")
        git(root, "checkout", "-qb", "pull-request")

    def define(self, name: str, **members: Json) -> None:
        """Write a definition."""
        self.repository.write(f"{name}.yaml", a_definition_text(id=f"{VENDOR}_{name}", **members))

    def remove(self, name: str) -> None:
        """Remove a definition."""
        (self.repository.root / "systems" / f"{name}.yaml").unlink()

    def look(
        self, asked: str = "tt02", vendor: str = "", base: str = "main", only: tuple[str, ...] = ()
    ) -> Plan:
        """Look elsewhere, from an empty plan for an environment."""
        root = self.repository.root
        checked = validate(read_documents(root, find_definitions(root)), PLACES, vendor=vendor)
        assert checked.sound, checked.findings
        archive = Archive(root, asked, PLACES)
        plan = Plan(Target(asked, "https://register.example", VENDOR))
        scope = Scope(checked.findings, only)
        return add_elsewhere(plan, checked.definitions, scope, archive, archive.read_files(base), vendor)


@pytest.fixture
def review(tmp_path: Path) -> Review:
    """Make such a repository."""
    return Review(tmp_path / "repository")


def show(made: Plan) -> Mapping[str, Mapping[str, str]]:
    """Give what becomes of each system, by environment."""
    return {
        each.target.environment: {
            **{change.id.rpartition("_")[2]: change.action for change in each.changes},
            **{system.id.rpartition("_")[2]: system.former for system in each.unmanaged},
        }
        for each in made.elsewhere
    }


def test_a_client_id_that_is_replaced_in_production_only(review: Review) -> None:
    """The plan for test says so; how many customers production has is said to be not known."""
    review.define("web", clientId=[CLIENT], **in_prod(clientId=[OTHER_CLIENT]))

    made = review.look("tt02")

    assert show(made) == {"prod": {"web": "update"}}
    (there,) = made.elsewhere
    ((impact,),) = (change.impacts for change in there.changes)
    assert (impact.rule, impact.users) == ("client-id-removed", None)
    assert there.breaking == (impact,)
    assert there.target == Target("prod", "", VENDOR)
    assert there.against == git(review.repository.root, "rev-parse", "main")
    assert {field.origin for change in there.changes for field in change.fields} == {"this change"}
    assert made.elsewhere_unknown == ""


def test_an_environment_in_which_nothing_happens_is_named(review: Review) -> None:
    """Where a definition exists there, whether its file changed or not; it survives in a saved plan."""
    assert review.look("tt02").untouched == ("prod", "dev")

    review.define("web", clientId=[CLIENT], **in_prod(clientId=[OTHER_CLIENT]))
    made = review.look("tt02")
    assert made.untouched == ("dev",)
    assert read_plan(print_plan(made).encode()).untouched == ("dev",)

    for name in ("web", "app"):
        review.define(name, clientId=[], environments={"tt02": {}})
    review.repository.commit("Keep them in test only")
    assert review.look("tt02", base="pull-request").untouched == ()


def test_every_environment_that_is_touched_has_a_section(review: Review) -> None:
    """In the order of the configuration; not the one that was asked, never `local`, and none that is as it was."""
    review.define("web", clientId=[OTHER_CLIENT], **EVERYWHERE)
    review.define("new", clientId=[], environments={"dev": {}})

    update = {"web": "update"}
    assert show(review.look("tt02")) == {"prod": update, "dev": {"new": "create", **update}}
    assert show(review.look("prod")) == {"tt02": update, "dev": {"new": "create", **update}}
    assert list(show(review.look("local"))) == ["tt02", "prod", "dev"]

    review.define("web", clientId=[CLIENT], **EVERYWHERE)
    review.remove("new")
    assert show(review.look("tt02")) == {}


def test_a_file_or_an_environment_that_is_removed(review: Review) -> None:
    """Nothing is deleted by that; the system is left without a definition there."""
    review.remove("app")
    review.define("web", clientId=[CLIENT], environments={"tt02": {}, "prod": {}})

    assert show(review.look("tt02")) == {
        "prod": {"app": "systems/app.yaml"},
        "dev": {"app": "systems/app.yaml", "web": "systems/web.yaml"},
    }


def test_a_withdrawal_is_deletion_there(review: Review) -> None:
    """What is deleted in another environment breaks there, whatever leaves it beside."""
    review.define("web", clientId=[CLIENT], **in_prod(withdrawn=True))
    review.define("app", clientId=[], environments={"tt02": {}, "dev": {}})

    made = review.look("tt02")

    assert show(made) == {"prod": {"web": "delete", "app": "systems/app.yaml"}}
    (there,) = made.elsewhere
    assert [each.rule for each in there.breaking] == ["system-deleted"]


def test_a_comment_or_another_file_name_touches_nothing(review: Review) -> None:
    """What is asked for decides, and not the text."""
    text = a_definition_text(id=f"{VENDOR}_web", clientId=[CLIENT], **EVERYWHERE)
    review.remove("web")
    review.repository.write("renamed.yaml", f"# A comment\n{text}")

    assert show(review.look("tt02")) == {}


def test_a_vendor_of_its_own_there(review: Review) -> None:
    """Production's systems may belong to another organisation than test's."""
    ours = "310904473"
    review.define("web", clientId=[CLIENT], **in_prod(id=f"{ours}_web", vendor=ours))
    review.define("app", clientId=[], **in_prod(id=f"{ours}_app", vendor=ours))
    review.repository.commit("Register production's")
    git(review.repository.root, "branch", "-qf", "main")
    review.define("web", clientId=[CLIENT], **in_prod(id=f"{ours}_web", vendor=ours, isVisible=False))
    review.remove("app")

    made = review.look("tt02")

    assert show(made)["prod"] == {"web": "update", "app": "systems/app.yaml"}
    assert [each.target.vendor for each in made.elsewhere] == [ours, VENDOR]


def test_the_systems_of_another_vendor_are_not_ours(review: Review) -> None:
    """With `--vendor`, those of the others are neither new nor gone."""
    other = "310904473"
    theirs = {"id": f"{other}_web", "vendor": other, "clientId": [OTHER_CLIENT], "environments": {"dev": {}}}
    review.repository.write("other.yaml", a_definition_text(**theirs))
    for name in ("web", "app"):
        review.define(name, clientId=[], environments={"tt02": {}, "prod": {}})
    review.repository.commit("Register another vendor's")
    git(review.repository.root, "branch", "-qf", "main")
    review.define("web", clientId=[], environments={"tt02": {}, "prod": {"isVisible": False}})
    review.repository.write("other.yaml", a_definition_text(**{**theirs, "isVisible": False}))

    assert show(review.look("tt02", VENDOR)) == {"prod": {"web": "update"}}
    assert show(review.look("tt02", other)) == {"dev": {"web": "update"}}


def test_a_narrowed_plan_is_narrowed_there_too(review: Review) -> None:
    """Of what is left out, nothing is said; a pattern may fit no system of an environment."""
    review.define("web", clientId=[OTHER_CLIENT], **EVERYWHERE)
    review.define("app", clientId=[], environments={"tt02": {}, "dev": {}})
    review.define("new", clientId=[], environments={"dev": {}})

    assert show(review.look("tt02", only=(f"{VENDOR}_web",))) == {
        "prod": {"web": "update"},
        "dev": {"web": "update"},
    }
    assert show(review.look("tt02", only=(f"{VENDOR}_a*", f"{VENDOR}_n*"))) == {
        "prod": {"app": "systems/app.yaml"},
        "dev": {"new": "create"},
    }
    made = review.look("tt02", only=(f"{VENDOR}_w*",))
    assert read_plan(print_plan(made).encode()) == made


def test_what_the_base_cannot_give_is_one_sentence(review: Review, tmp_path: Path) -> None:
    """A broken file, an id that two files define in one environment, a shallow clone: said, and nothing is raised."""
    twice = {"environments": {"prod": {"id": f"{VENDOR}_web"}, "tt02": {}}}
    review.define("again", clientId=[], **twice)
    commit = review.repository.commit("Define one id twice")[:12]
    review.remove("again")
    review.define("web", clientId=[OTHER_CLIENT], **EVERYWHERE)

    made = review.look("tt02", base="HEAD")
    assert show(made) == {"dev": {"web": "update"}}
    assert made.elsewhere_unknown == (
        f"in prod: at {commit}, systems/web.yaml defines `{VENDOR}_web`, as systems/again.yaml does"
    )

    review.repository.write("broken.yaml", "id: [")
    commit = review.repository.commit("Break a file")[:12]
    review.remove("broken")
    made = review.look("tt02", base="HEAD")
    assert (made.elsewhere, made.elsewhere_unknown) == (
        (),
        f"in prod and dev: at {commit}, systems/broken.yaml is no definition that can be read",
    )

    clone = tmp_path / "shallow"
    review.repository.commit("Repair it")
    git(review.repository.root, "clone", "-q", "--depth=1", f"file://{review.repository.root}", str(clone))
    review.repository = Repository(clone)
    made = review.look("tt02", base=commit)
    assert made.elsewhere_unknown == f"in prod and dev: the clone is shallow and does not hold {commit}"


def test_a_file_that_is_repaired_hides_only_its_own_system(review: Review) -> None:
    """Broken at the base, it is said not to be known; what else changes there is shown, and no creation of it."""
    review.repository.write("app.yaml", "id: [")
    commit = review.repository.commit("Break a file")[:12]
    review.define("app", clientId=[], **EVERYWHERE)
    review.define("web", clientId=[OTHER_CLIENT], **EVERYWHERE)

    made = review.look("tt02", base="HEAD")

    assert show(made) == {"prod": {"web": "update"}, "dev": {"web": "update"}}
    assert made.elsewhere_unknown == (
        f"in prod and dev: at {commit}, systems/app.yaml is no definition that can be read"
    )


def test_the_files_at_the_base_are_read_once(review: Review, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many environments there are; and where no text differs, nothing is planned."""
    root = review.repository.root
    archive = Archive(root, "tt02", PLACES)
    files = archive.read_files("main")
    started: list[object] = []
    popen = subprocess.Popen

    def start(*given: object, **options: object) -> object:
        started.append(given)
        return popen(*given, **options)  # type: ignore[call-overload]  # as it is given

    monkeypatch.setattr(subprocess, "Popen", start)
    plan = Plan(Target("tt02", "https://register.example", VENDOR))
    checked = validate(read_documents(root, find_definitions(root)), PLACES)
    assert add_elsewhere(plan, checked.definitions, EVERYTHING, archive, files).elsewhere == ()
    assert started == []

    review.define("web", clientId=[OTHER_CLIENT], **EVERYWHERE)
    checked = validate(read_documents(root, find_definitions(root)), PLACES)
    assert len(add_elsewhere(plan, checked.definitions, EVERYTHING, archive, files).elsewhere) == 2
    assert len(started) == 2  # whether the clone is shallow

    monkeypatch.setattr(elsewhere, "plan_against", None)  # it would be called for what may differ
    review.define("web", clientId=[CLIENT], **EVERYWHERE)
    checked = validate(read_documents(root, find_definitions(root)), PLACES)
    assert add_elsewhere(plan, checked.definitions, EVERYTHING, archive, files).elsewhere == ()


def test_it_is_saved_and_read_back_outside_the_digest(review: Review) -> None:
    """Apply gets the plan that it would have got without; a file without these members is read as before."""
    review.define("web", clientId=[CLIENT], **in_prod(clientId=[OTHER_CLIENT, THIRD_CLIENT]))
    review.remove("app")
    alone = Plan(Target("tt02", "https://register.example", VENDOR))
    made = replace(review.look("tt02"), elsewhere_unknown="in dev: it is not known")

    assert read_plan(print_plan(made).encode()) == made
    assert made.digest == alone.digest
    body = to_json(made)
    there = body["elsewhere"][0]
    assert list(there) == ["environment", "vendor", "against", "summary", "impacts", "changes", "unmanaged"]
    assert there["summary"] == {"create": 0, "update": 1, "delete": 0, "blocked": 0, "unmanaged": 1}
    assert "document" not in there["changes"][0]
    assert not {"elsewhere", "elsewhere_unknown"} & set(to_json(alone))
    assert read_plan(print_plan(alone).encode()) == alone
