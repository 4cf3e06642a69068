"""`init` as a newcomer runs it: in an empty repository, and in one that has things of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.builders import VENDOR
from tests.served import Repository, Served
from tests.terminal import answer_all

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def empty(tmp_path: Path) -> Repository:
    """Give an empty folder."""
    (tmp_path / "empty").mkdir()
    return Repository(tmp_path / "empty", {"XDG_STATE_HOME": str(tmp_path / "state")})


def list_files(root: Path) -> dict[str, str]:
    """Read every file below a folder but the tool's own."""
    found = (each for each in root.rglob("*") if each.is_file() and ".reconciler" not in each.parts)
    return {
        str(each.relative_to(root)).replace("\\", "/"): each.read_text(encoding="utf-8") for each in found
    }


@pytest.mark.slow
def test_an_empty_folder_becomes_a_repository(empty: Repository) -> None:
    """The example is sound, is planned in `local` only, and a second run has nothing to write."""
    done = empty.run("init", "--vendor", VENDOR, "--owners", "@org/team", "--yes")

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("6 files written.\n")
    assert done.stderr.startswith("Next: 'reconciler plan', or ")
    files = list_files(empty.root)
    example = f"systems/{VENDOR}_example.yaml"
    assert set(files) == {
        ".gitignore",
        ".github/CODEOWNERS",
        "README.md",
        "reconciler.toml",
        "systems/.definition.schema.json",
        example,
    }
    assert f"The systems of organisation {VENDOR}," in files["README.md"]
    assert "customers. @org/team reviews it." in files["README.md"]
    assert files[example].startswith("# yaml-language-server: $schema=.definition.schema.json\n")
    assert json.loads(files["systems/.definition.schema.json"])["title"] == "A system registration"
    assert empty.run("validate", "--strict").returncode == 0
    assert empty.run("fmt", "--check").returncode == 0
    assert empty.plan()["summary"]["create"] == 1
    again = empty.run("init", "--vendor", VENDOR, "--owners", "@org/team", "--yes")
    assert (again.returncode, list_files(empty.root)) == (0, files)
    assert "Nothing to write" in again.stdout


def test_what_is_there_stays(empty: Repository) -> None:
    """Lines are added at the end of a file that is shared with others; nothing else changes."""
    theirs = {
        ".gitignore": "*.pyc",
        "Readme.rst": "Ours\n====\n",
        "CODEOWNERS": "* @everyone\n/systems/ @org/team\n",
        "pyproject.toml": '[tool.reconciler.environments.own]\nregister = "https://r.example"\n'
        'maskinporten = "https://m.example/"\n',
        "systems/one.yaml": "id: 1\n",
        "systems/.definition.schema.json": "{}\n",
    }
    for name, text in theirs.items():
        path = empty.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    done = empty.run("init", "--vendor", VENDOR, "--owners", "@org/team", "--yes")

    assert done.returncode == 0, done.stderr
    changed = {
        ".gitignore": "*.pyc\n.reconciler/\nplan.json\nplan.html\ndrift.html\nreport.json\nundo.json\nevidence-*.zip\n",
        "CODEOWNERS": f"{theirs['CODEOWNERS']}/systems/.approvals.yaml @org/team\n/reconciler.toml @org/team\n",
    }
    assert list_files(empty.root) == {**theirs, **changed}
    assert "'reconciler import --all -e own'" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("words", "name"), [((), "tt02"), (("-e", "local", "-e", "prod"), "prod")])
def test_it_names_an_environment_that_is_used(empty: Repository, words: tuple[str, ...], name: str) -> None:
    """The one that is asked for, else the test environment."""
    done = empty.run("init", "--yes", *words)

    assert f"Next: 'reconciler new ID', or 'reconciler import --all -e {name}'" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--vendor", "123"), 2, "'123' is no organisation number."),
        (("-e", "tt20"), 2, "There is no environment 'tt20'."),
        ((), 4, "there is no terminal to ask on"),
    ],
)
def test_nothing_is_written_where_something_is_wrong(
    empty: Repository, words: tuple[str, ...], code: int, said: str
) -> None:
    """A typo, and a missing answer, leave the folder as it was."""
    done = empty.run("init", *words)

    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert list_files(empty.root) == {}


@pytest.mark.slow
def test_pipelines_are_pinned(empty: Repository) -> None:
    """Their owners are named, and without a commit of the program nothing is written."""
    unpinned = empty.run("init", "--yes", "--github")
    assert (unpinned.returncode, list_files(empty.root)) == (2, {}), unpinned.stderr
    assert "--program OWNER/REPOSITORY@COMMIT" in unpinned.stderr

    done = empty.run(
        "init", "--yes", "--github", "--gitlab", "--owners", "@o/t", "--program", f"a/b@{'0a' * 20}"
    )

    assert done.returncode == 0, done.stderr
    files = list_files(empty.root)
    assert f"    uses: a/b/.github/workflows/plan.yml@{'0a' * 20} " in files[".github/workflows/plan.yml"]
    assert "/.github/ @o/t\n/.gitlab-ci.yml @o/t\n" in files[".github/CODEOWNERS"]


@pytest.mark.slow
def test_it_asks_on_a_terminal(empty: Repository) -> None:
    """For the example, the platform, the commit and the reviewers."""
    code, said = answer_all(
        empty,
        ["init"],
        [
            ("for an example (none):", ""),
            ("github, gitlab or azure (none):", "travis"),
            ("github, gitlab or azure (none):", "azure"),
            ("as in CODEOWNERS, such as @org/team (nobody):", ""),
            ("as OWNER/REPOSITORY@COMMIT:", f"https://dev.azure.com/o/p/_git/r@{'0a' * 20}"),
            ("Write them? [y/N]:", "y"),
        ],
    )

    assert code == 0, said
    text = list_files(empty.root)["azure-pipelines.yml"]
    assert "https://dev.azure.com/o/p/_git/r" in text
    assert "0a" * 20 in text


def test_a_dry_run_shows_the_files(empty: Repository) -> None:
    """The whole texts are shown, and nothing is written."""
    done = empty.run("init", "--vendor", VENDOR, "--dry-run")

    assert done.returncode == 0
    assert f"    id: {VENDOR}_example" in done.stdout
    assert list_files(empty.root) == {}


def test_check_runs_doctor_for_every_environment(repository: Repository, served: Served) -> None:
    """Each environment is looked at with its own credentials; one that is wrong is enough for 1."""
    del served
    path = repository.root / "reconciler.toml"
    named = path.read_text(encoding="utf-8")
    for name in ("tt02", "prod"):
        named += f"[environments.{name}]\n"
    path.write_text(named, encoding="utf-8")
    blocked = {"HTTPS_PROXY": "http://127.0.0.1:9"}
    done = repository.run("init", "--check", timeout=60, **blocked)

    assert done.returncode == 1
    assert "served: nothing is wrong." in done.stderr
    assert "tt02: something is wrong; fix maskinporten first." in done.stderr
    assert done.stdout.count("configuration ") == 3
