"""A pull request that is planned against test says what it does to production, without a credential for that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.builders import CLIENT, OTHER_CLIENT, VENDOR, a_definition_text
from tests.git import git
from tests.served import Repository, Served, serve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.model.canonical_json import Json

pytestmark = pytest.mark.slow

SYSTEM = f"{VENDOR}_smartcloud"
KEPT: dict[str, Json] = {"served": {}, "prod": {}, "tt02": {}}
REPLACED: dict[str, Json] = {**KEPT, "prod": {"clientId": [OTHER_CLIENT]}}
FORMATS = ("text", "markdown", "html", "github")


@pytest.fixture
def served(private_key: RSAPrivateKey, tmp_path: Path) -> Iterator[Served]:
    """Serve the register of an environment whose definitions are applied, and ask for another client in production."""
    repository = Repository(tmp_path / "repository")
    repository.track()
    repository.define(clientId=[CLIENT], environments=KEPT)
    repository.define("app", clientId=[], environments=KEPT)
    with serve(private_key, repository) as one:
        repository.commit("Register two systems")
        assert repository.run("apply", "--yes").returncode == 0
        git(repository.root, "checkout", "-qb", "pull-request")
        repository.define(clientId=[CLIENT], environments=REPLACED)
        yield one


@pytest.fixture
def review(served: Served, tmp_path: Path) -> Repository:
    """Give the repository that is reviewed."""
    return Repository(tmp_path / "repository", {**served.environ, "XDG_STATE_HOME": str(tmp_path / "state")})


def strip(section: Mapping[str, Json]) -> Json:
    """Give what a section and a plan both show: neither what stays, nor what only apply needs."""
    shown = ("id", "action", "reason", "hint", "file", "line", "fields", "impacts")
    changes = [
        {name: change[name] for name in shown} for change in section["changes"] if change["action"] != "keep"
    ]
    counted = {name: number for name, number in section["summary"].items() if name != "keep"}
    names = ("environment", "vendor", "against", "impacts", "unmanaged")
    return {**{name: section[name] for name in names}, "changes": changes, "summary": counted}


def test_the_section_is_the_plan_without_a_register(review: Repository) -> None:
    """For each environment it is what `--against` shows for it, in the order of the configuration."""
    review.define("app", clientId=[], environments={**KEPT, "tt02": {"isVisible": False}})
    plan = review.plan("--base", "main", "--all")

    assert plan["summary"] == {"create": 0, "update": 0, "delete": 0, "blocked": 0, "keep": 2, "unmanaged": 0}
    assert [each["environment"] for each in plan["elsewhere"]] == ["tt02", "prod"]
    for each in plan["elsewhere"]:
        alone = review.plan("--against", "main", "-e", each["environment"])
        assert strip(each) == strip(alone) == each
        others = [section["environment"] for section in alone["elsewhere"]]
        assert others == [name for name in ("tt02", "prod") if name != each["environment"]]
    (there,) = plan["elsewhere"][1]["changes"]
    assert [(each["rule"], each["severity"], each["system_users"]) for each in there["impacts"]] == [
        ("client-id-removed", "breaking", None)
    ]


def test_the_comment_says_it(review: Repository) -> None:
    """One pull request, one comment: the verdict names production, and what breaks stands open, in every format."""
    (review.root / "out").mkdir()
    formats = [f"--format={name}={review.root / 'out' / name}" for name in FORMATS]

    done = review.run("plan", "--base", "main", *formats)

    assert done.returncode == 0, done.stderr
    outputs = {name: (review.root / "out" / name).read_text() for name in FORMATS}
    for name in ("text", "markdown", "html"):
        words = re.sub(r"</?code>|'", "", " ".join(outputs[name].split()))
        first = words.partition("Details in")[0]
        assert f"Breaks: {SYSTEM} in prod; how many system users can lose access is not known. This" in first
        assert first.count(SYSTEM) > 0
        assert "client-id-removed" in first
        assert "Apply stops" not in words
    assert re.search(
        rf"::warning file=systems/{SYSTEM}\.yaml,line=\d+,title=client-id-removed \[prod\]::",
        outputs["github"],
    )


def test_a_plan_that_compares_nothing_looks_nowhere_else(review: Repository) -> None:
    """Without a base, what this change does is not known; the digest is the same with it."""
    alone, compared = review.plan(), review.plan("--base", "main", "--all")

    assert "elsewhere" not in alone
    assert alone["digest"] == compared["digest"]


def test_apply_takes_the_plan_and_leaves_the_others_alone(review: Repository, served: Served) -> None:
    """What stands there of other environments asks for no digest, and nothing of it is written."""
    review.define(clientId=[CLIENT], isVisible=False, environments=REPLACED)
    made = review.run("plan", "--base", "main", "--out", "plan.json")
    applied = review.run("apply", "plan.json", "--yes")

    assert (made.returncode, applied.returncode) == (0, 0), applied.stderr
    live = served.read(SYSTEM)
    assert isinstance(live, dict)
    assert (live["isVisible"], live["clientId"]) == (False, [CLIENT])
    assert "prod" not in applied.stdout


def test_what_the_base_cannot_give_stops_no_plan(review: Repository, tmp_path: Path) -> None:
    """A shallow clone and a broken file at the base are one sentence in the plan."""
    review.commit("Replace production's client")
    clone = Repository(tmp_path / "clone", review.environ)
    git(review.root, "clone", "-q", "--depth=1", f"file://{review.root}", str(clone.root))
    assert clone.plan("--base", "main~1")["elsewhere_unknown"] == (
        "in tt02 and prod: the clone is shallow and does not hold main~1"
    )

    git(review.root, "checkout", "-q", "main")
    review.write("broken.yaml", "id: [")
    commit = review.commit("Break a file")[:12]
    git(review.root, "checkout", "-qb", "repair")
    (review.root / "systems/broken.yaml").unlink()
    plan = review.plan("--base", "main")
    assert plan["elsewhere_unknown"] == (
        f"in tt02 and prod: at {commit}, systems/broken.yaml is no definition that can be read"
    )
    assert "elsewhere" not in plan


def test_a_file_that_cannot_be_used_is_not_gone_there(review: Repository) -> None:
    """It is named as such; the other systems are planned, and it has no section, under no id."""
    git(review.root, "stash", "-q")
    git(review.root, "checkout", "-q", "main")
    review.define("app", clientId=[], environments={**KEPT, "prod": {"id": f"{VENDOR}_app_in_prod"}})
    review.commit("Name it otherwise in production")
    git(review.root, "checkout", "-qB", "pull-request", "main")
    git(review.root, "stash", "pop", "-q")
    (review.root / f"systems/{VENDOR}_app.yaml").write_text("id: [")

    plan = review.plan("--base", "main")

    (there,) = plan["elsewhere"]
    assert [each["id"] for each in there["changes"]] == [SYSTEM]
    assert there["unmanaged"] == []


def test_an_environment_without_definitions_is_asked(tmp_path: Path) -> None:
    """Where a pull request is planned without a register, what exists in production only is shown beside nothing."""
    repository = Repository(tmp_path / "repository")
    repository.track()
    repository.define(clientId=[CLIENT], environments={"prod": {}})
    repository.commit("Register a system in production")
    git(repository.root, "checkout", "-qb", "pull-request")
    repository.define(clientId=[OTHER_CLIENT], environments={"prod": {}})

    done = repository.run("plan", "--against", "main", "-e", "tt02")

    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert f"Breaks: '{SYSTEM}' in 'prod'; how many system users can lose access is not known." in text


def test_the_embedded_register_asks_for_every_real_environment(tmp_path: Path) -> None:
    """`local` stands for no customer, so each environment that has some is shown beside it."""
    repository = Repository(tmp_path / "repository")
    repository.track()
    text = a_definition_text(id=SYSTEM, clientId=[CLIENT])
    repository.write("one.yaml", text)
    repository.commit("Register a system in test")
    git(repository.root, "checkout", "-qb", "pull-request")
    repository.write("one.yaml", text.replace(CLIENT, OTHER_CLIENT))

    plan = repository.plan("--base", "main", "-e", "local")

    assert [(each["environment"], each["summary"]["update"]) for each in plan["elsewhere"]] == [("tt02", 1)]
