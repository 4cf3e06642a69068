"""A plan without any register: the definitions at a revision stand for it, whatever the environment."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.builders import CLIENT, OTHER_CLIENT, VENDOR, a_definition_text
from tests.git import git
from tests.served import Repository

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.model.canonical_json import Json

pytestmark = pytest.mark.slow

ENVIRONMENTS: Mapping[str, Json] = {"environments": {"prod": {}, "tt02": {}}}
CREDENTIALS = {
    "MASKINPORTEN_CLIENT_ID": "nobody",
    "MASKINPORTEN_CLIENT_JWK": "no key",
    "MASKINPORTEN_KID": "none",
    "RECONCILER_TOKEN": "no token",
}
"""Each of them would be refused, if it was read."""


def describe(name: str, **changes: Json) -> str:
    """Describe a system that is in test and in production."""
    return a_definition_text(id=f"{VENDOR}_{name}", **{"clientId": [], **ENVIRONMENTS, **changes})


@pytest.fixture
def review(tmp_path: Path) -> Repository:
    """Commit three systems; then replace a client id in production only, remove a file and add one."""
    made = Repository(tmp_path / "repository")
    made.track()
    made.write("kept.yaml", describe("kept", clientId=[CLIENT]))
    made.write("gone.yaml", describe("gone"))
    made.commit("Register three systems")
    git(made.root, "checkout", "-qb", "pull-request")
    in_prod = {"environments": {"prod": {"clientId": [OTHER_CLIENT]}, "tt02": {}}}
    made.write("kept.yaml", describe("kept", clientId=[CLIENT], **in_prod))
    made.write("new.yaml", describe("new"))
    (made.root / "systems/gone.yaml").unlink()
    return made


@pytest.mark.parametrize(
    ("environment", "acted", "rules"),
    [
        ("prod", {"kept": "update", "new": "create"}, ["client-id-removed"]),
        ("tt02", {"kept": "keep", "new": "create"}, []),
        ("local", {"kept": "keep", "new": "create"}, []),
    ],
)
def test_every_environment_is_planned_without_a_credential(
    review: Repository, environment: str, acted: dict[str, str], rules: list[str]
) -> None:
    """What a pull request does to production is known where only a clone is; nothing of the tool's own is written."""
    done = review.run("plan", "--against", "main", "-e", environment, "--format", "json", "--exit-code")
    again = review.run(
        "plan", "--against", "main", "-e", environment, "--format", "json", timeout=60, **CREDENTIALS
    )

    assert (done.returncode, again.returncode) == (3, 0), done.stderr
    plan, other = json.loads(done.stdout), json.loads(again.stdout)
    assert {each["id"].partition("_")[2]: each["action"] for each in plan["changes"]} == acted
    assert [impact["rule"] for each in plan["changes"] for impact in each["impacts"]] == rules
    assert {field["origin"] for each in plan["changes"] for field in each["fields"]} == {"this change"}
    assert [(each["id"], each["former"]) for each in plan["unmanaged"]] == [
        (f"{VENDOR}_gone", "systems/gone.yaml")
    ]
    assert plan["against"] == git(review.root, "rev-parse", "main")
    assert other["digest"] == plan["digest"]
    assert done.stderr.startswith(f"Environment {environment}: the register is not asked")
    assert not (review.root / ".reconciler").exists()


def test_every_format_says_with_what_it_compares(review: Repository) -> None:
    """Nobody takes it for the plan against the register, and none of them names a digest to accept."""
    out = review.root / "out"
    out.mkdir()
    names = ("text", "json", "markdown", "html", "github", "sarif", "junit", "gitlab")
    formats = [f"--format={name}={out / name}" for name in names]

    done = review.run("plan", "--against", "main", "-e", "prod", *formats)

    assert done.returncode == 0, done.stderr
    commit = git(review.root, "rev-parse", "--short=12", "main")
    digest = json.loads((out / "json").read_text())["digest"]
    for name in names:
        text = (out / name).read_text()
        assert commit in text, name
        assert "not with the register" in text or name == "json", name
        assert digest[:12] not in text or name == "json", name


def test_the_outputs_of_a_workflow_name_no_digest(review: Repository) -> None:
    """A later step has nothing to pass to apply."""
    outputs = review.root / "outputs"
    review.run("plan", "--against", "main", "-e", "prod", GITHUB_ACTIONS="true", GITHUB_OUTPUT=str(outputs))

    rows = outputs.read_text().splitlines()
    values = {row.partition("<<")[0]: rows[index + 1] for index, row in enumerate(rows) if "<<" in row}
    assert (values["plan-digest"], values["plan-path"], values["breaking"]) == ("", "", "true")


def test_apply_never_takes_it(review: Repository) -> None:
    """It cannot be saved for apply, its JSON is refused, and its digest accepts nothing."""
    out = review.root / "plan.json"
    saved = review.run("plan", "--against", "main", "-e", "local", "--out", str(out))
    assert (saved.returncode, out.exists()) == (2, False)
    assert "--format json=FILE" in saved.stderr

    assert review.run("plan", "--against", "main", "-e", "local", "--format", f"json={out}").returncode == 0
    for verb in (("apply", "--yes"), ("verify",)):
        done = review.run(*verb, str(out), "-e", "local")
        assert done.returncode == 4
        assert "not against the register" in done.stderr
    edited = json.loads(out.read_text())
    digest = edited["digest"]
    del edited["against"]
    out.write_text(json.dumps(edited, indent=2) + "\n")
    assert review.run("apply", "--yes", str(out), "-e", "local").returncode == 4
    assert review.run("apply", "--yes", "--accept", digest, "-e", "local").returncode == 4


def test_a_base_is_another_comparison(review: Repository) -> None:
    """Both together would say two things."""
    done = review.run("plan", "--against", "main", "--base", "main", "-e", "prod")

    assert done.returncode == 2
    assert "Leave --base out" in done.stderr


def test_what_was_merged_since_is_not_this_change(review: Repository) -> None:
    """The revision is where this branch left the named one, as with `--base`."""
    before = review.run("plan", "--against", "main", "-e", "tt02").stdout
    git(review.root, "stash", "-qu")
    git(review.root, "checkout", "-q", "main")
    review.write("later.yaml", describe("later"))
    review.commit("Register another")
    git(review.root, "checkout", "-q", "pull-request")
    git(review.root, "stash", "pop", "-q")

    assert review.run("plan", "--against", "main", "-e", "tt02").stdout == before


def test_the_last_definition_may_be_removed(review: Repository) -> None:
    """Where no system is left, those of the revision say whose they are."""
    for file in (review.root / "systems").iterdir():
        file.unlink()
    (review.root / "systems/.keep").write_text("")

    plan = review.plan("--against", "main", "-e", "prod")
    named = review.plan("--against", "main", "-e", "prod", "--vendor", VENDOR)

    assert plan["summary"]["unmanaged"] == 2
    assert named["digest"] == plan["digest"]
    assert review.run("plan", "--against", "main", "-e", "prod", "--vendor", "310904473").returncode == 2


def test_a_revision_that_is_not_known_is_one_sentence(review: Repository, tmp_path: Path) -> None:
    """An unknown name, a clone without it, no repository, no git: what to do is said."""
    first = git(review.root, "rev-parse", "main")
    review.commit("Replace, remove and add")
    git(review.root, "clone", "-q", "--depth=1", f"file://{review.root}", str(tmp_path / "shallow"))
    bare = Repository(tmp_path / "bare")
    bare.root.mkdir()
    bare.write("new.yaml", describe("new"))
    empty = tmp_path / "empty"
    empty.mkdir()

    cases: tuple[tuple[Repository, str, dict[str, str], str, str], ...] = (
        (review, "nowhere", {}, "There is no revision nowhere.", "git fetch"),
        (review, "--upload-pack=x", {}, "There is no revision --upload-pack=x.", "git fetch"),
        (Repository(tmp_path / "shallow"), first, {}, "the clone is shallow", "fetch-depth: 0"),
        (bare, "main", {}, "is no git repository", "clone"),
        (review, "main", {"PATH": str(empty)}, "There is no git in PATH.", "Install git"),
    )
    for repository, name, environ, sentence, advice in cases:
        done = repository.run("plan", "--against", name, "-e", "tt02", timeout=60, **environ)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert sentence in done.stderr
        assert advice in done.stderr


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        ("broken.yaml", "id: [", "systems/broken.yaml is no definition that can be read"),
        ("bare.yaml", f"id: {VENDOR}_bare\n", "systems/bare.yaml is no definition that can be read"),
        ("large.yaml", "#" * (1 << 20) + "\n", "systems/large.yaml is not in this clone, or too large"),
        ("again.yaml", describe("kept"), f"systems/kept.yaml defines `{VENDOR}_kept`, as systems/again.yaml"),
    ],
    ids=["no YAML", "members missing", "too large", "one id twice"],
)
def test_a_file_that_says_nothing_clear_there_leaves_the_rest_to_be_planned(
    review: Repository, file: str, text: str, sentence: str
) -> None:
    """What cannot be read there would look like something new here, so it is named and never a creation."""
    git(review.root, "stash", "-qu")
    review.write(file, text)
    git(review.root, "rm", "-q", "--cached", "systems/gone.yaml")
    review.commit("Break something")
    (review.root / "systems" / file).unlink()

    done = review.run("plan", "--against", "HEAD", "-e", "tt02")
    asked = review.run("plan", "--against", "HEAD", "-e", "tt02", "--format", "json", "--exit-code")
    made = json.loads(asked.stdout)

    assert (done.returncode, asked.returncode) == (0, 3), done.stderr
    assert sentence in " ".join(done.stdout.replace("'", "`").split())
    assert "create" not in {each["action"] for each in made["changes"]}
    assert made["unjudged"][0]["commit"] == git(review.root, "rev-parse", "HEAD")


def test_neither_http_nor_keys_are_loaded(review: Repository) -> None:
    """What is not there can read no credential and ask nobody."""
    code = (
        "import sys\n"
        "sys.argv = ['reconciler', 'plan', '--against', 'main', '-e', 'prod']\n"
        "from reconciler.__main__ import run\n"
        "run()\n"
        "print(*sorted(name for name, module in sys.modules.items() if module is not None))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=review.root, capture_output=True, text=True, check=True, timeout=60
    )

    loaded = {each.partition(".")[0] for each in done.stdout.splitlines()[-1].split()}
    assert "reconciler" in loaded
    assert sorted(loaded & {"httpx", "jwt", "cryptography", "starlette", "uvicorn"}) == []
