"""What the README promises is what the program has."""

from __future__ import annotations

import ast
import re
import tomllib
from typing import Any

import pytest

from reconciler.cli.verbs import VERBS
from reconciler.definitions.pipeline import PIPELINES, PLACEHOLDER, read_pipeline
from reconciler.errors import Exit
from reconciler.model.environment import BUILT_IN, Environment
from reconciler.render.formats import FORMATS
from tests.citations import DOCS, ROOT, find_broken_links
from tests.workflows.runner import read_yaml

_NAMED = re.compile(r"`((?:[\w.]+/)+(?:\w+\.\w+)?|\w+\.py)`")
"""A file, or a folder with its slash, in the style of code."""
_ROOTS = (ROOT, ROOT / "reconciler")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_exit_code_stands_in_the_table() -> None:
    """The table of the README has each code once, and no other."""
    table = README.split("## Exit codes")[1].split("##")[0]

    assert [int(code) for code in re.findall(r"^\| (\d) \|", table, re.MULTILINE)] == [
        code.value for code in Exit
    ]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_described(verb: str) -> None:
    """Each verb has its row."""
    table = README.split("## The verbs")[1].split("##")[0]

    assert re.search(rf"^\| `{verb}[ `]", table, re.MULTILINE)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_named(name: str) -> None:
    """Each format is named where the outputs are."""
    assert f"`{name}`" in README


@pytest.mark.parametrize("environment", BUILT_IN, ids=lambda each: each.name)
def test_every_environment_stands_with_its_addresses(environment: Environment) -> None:
    """The built-in environments stand with the addresses that the program uses."""
    name, register = environment.name, environment.register
    row = next(line for line in README.splitlines() if line.startswith(f"| `{name}` |"))

    assert register in row


def test_the_links_of_the_documentation_lead_somewhere() -> None:
    """A page, or a heading of one, that is linked to is there."""
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    broken = {page.relative_to(ROOT).as_posix(): find_broken_links(page) for page in pages}

    assert {name: links for name, links in broken.items() if links} == {}


def test_the_files_that_the_documentation_names_are_there() -> None:
    """Each file or folder of ours that a page names is there; `architecture.md` names them within the package."""
    pages = [path for path in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")] if path.name != "CHANGELOG.md"]
    named = {
        (page.name, name)
        for page in pages
        for name in _NAMED.findall(page.read_text(encoding="utf-8"))
        if name.startswith(("reconciler/", "tests/")) or page.name == "architecture.md"
    }
    missing = [each for each in sorted(named) if not any((root / each[1]).exists() for root in _ROOTS)]

    assert missing == []
    assert len(named) > 50  # the finder finds them


def _read_project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _read_sessions() -> dict[str, list[str]]:
    """Read what the sessions of the noxfile run, as lines; nox itself need not be installed."""
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    values = {
        each.targets[0].id: each.value.value
        for each in tree.body
        if isinstance(each, ast.Assign)
        and isinstance(each.targets[0], ast.Name)
        and isinstance(each.value, ast.Constant)
    }
    return {
        function.name: [
            " ".join(
                str(values[word.id] if isinstance(word, ast.Name) else word.value)
                for word in call.args
                if isinstance(word, (ast.Constant, ast.Name))
            )
            for call in ast.walk(function)
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "session.run"
        ]
        for function in tree.body
        if isinstance(function, ast.FunctionDef)
    }


@pytest.mark.parametrize("path", [path for paths in PIPELINES.values() for path in paths])
def test_init_writes_the_pipelines_of_the_pages(path: str, request: pytest.FixtureRequest) -> None:
    """Page and shipped file are the same to the byte; `--accept` takes the files from the pages."""
    (platform,) = (each for each, paths in PIPELINES.items() if path in paths)
    page = (ROOT / "docs" / f"{platform}.md").read_text(encoding="utf-8")
    found = re.search(rf"`{re.escape(path)}`:?\n+```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)

    assert found, f"docs/{platform}.md does not show {path}"
    if request.config.getoption("--accept"):
        name = path.removeprefix(".").replace("/", "-")
        (ROOT / "reconciler/data/pipelines" / name).write_text(found[1], encoding="utf-8")
    assert read_pipeline(path) == found[1], "pytest tests/test_docs.py --accept"
    assert PLACEHOLDER in found[1]


def test_nox_runs_what_the_pages_and_the_pipeline_run() -> None:
    """The README's test command, the quick one of CONTRIBUTING, and the lint of the pipeline are nox's sessions."""
    sessions = _read_sessions()
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    pipeline = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()

    assert f".venv/bin/{sessions['tests'][0]}" in README
    assert sessions["quick"][0].replace("not e2e", '"not e2e').replace("live", 'live"') in contributing
    assert [line for line in pipeline if "/ruff" in line or "/mypy" in line] == [
        f".venv/bin/{line}" for line in sessions["lint"]
    ]


def test_the_pipeline_runs_every_python_that_is_promised() -> None:
    """The classifiers, `requires-python` and the tests of three systems agree."""
    project = _read_project()["project"]
    matrix = read_yaml(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["tests"]["strategy"]["matrix"]
    promised = re.findall(r"Python :: (3\.\d+)", " ".join(project["classifiers"]))

    assert matrix["python"] == promised
    assert project["requires-python"] == f">={promised[0]}"
    assert [re.sub(r"-.*", "", each) for each in matrix["system"]] == ["ubuntu", "macos", "windows"]


def test_the_hooks_are_programs_of_the_tests() -> None:
    """A hook of this repository runs what the extra `dev` installs, and fetches nothing."""
    (repository,) = read_yaml(ROOT / ".pre-commit-config.yaml")["repos"]
    extras = " ".join(_read_project()["project"]["optional-dependencies"]["lint"])

    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        program = hook["entry"].split()[0].removeprefix(".venv/bin/")
        assert hook["language"] == "system"
        assert program == "reconciler" or program in extras
