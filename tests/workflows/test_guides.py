"""The pages on GitHub, GitLab and Azure: their pipelines satisfy the schemas, and ask for what the program has."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from tests.served import Repository
from tests.workflows.runner import PROJECT, write_program
from tests.workflows.test_static import CHECK, run

if TYPE_CHECKING:
    from pathlib import Path

PAGES = {name: PROJECT / "docs" / f"{name}.md" for name in ("github", "gitlab", "azure")}


def read_pipeline(page: str) -> str:
    """Read the one long pipeline of a page."""
    pipelines: list[str] = re.findall(
        r"```yaml\n(.*?)```", PAGES[page].read_text(encoding="utf-8"), re.DOTALL
    )
    return max(pipelines, key=len)


def read_vendor_file(name: str) -> str:
    """Read a vendor's workflow file from the page on GitHub."""
    text = PAGES["github"].read_text(encoding="utf-8")
    match = re.search(rf"`\.github/workflows/{name}\.yml`:\n\n```yaml\n(.*?)```", text, re.DOTALL)
    assert match, name
    return match[1]


@pytest.mark.skipif(CHECK is None, reason="check-jsonschema is not installed: pip install check-jsonschema")
@pytest.mark.parametrize(
    ("page", "schema"), [("gitlab", "vendor.gitlab-ci"), ("azure", "vendor.azure-pipelines")]
)
def test_a_pipeline_satisfies_its_schema(page: str, schema: str, tmp_path: Path) -> None:
    """What a page gives to copy is a pipeline of its kind."""
    assert CHECK is not None
    file = tmp_path / f"{page}.yml"
    file.write_text(read_pipeline(page))
    transform = schema.removeprefix("vendor.")

    # The patterns of Azure's schema are no regular expressions of JavaScript's newest kind.
    done = run(
        CHECK, "--builtin-schema", schema, "--data-transform", transform, "--regex-variant", "python", file
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.e2e
def test_a_page_asks_for_options_that_exist(page: str) -> None:
    """Every verb, option and format on a page is one of the program's."""
    text = PAGES[page].read_text(encoding="utf-8").replace("\\\n", " ")
    asked = re.findall(r"(?:bin/|`|- |^\s*)reconciler ([a-z]+)([^`\n]*)", text, re.MULTILINE)

    assert asked
    for verb, words in asked:
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", verb, "--help"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, verb
        options = re.findall(r"(--[a-z-]+)", words)
        assert [each for each in options if each not in done.stdout] == [], verb
        assert [each for each in re.findall(r"--format (\w+)", words) if each not in done.stdout] == [], verb


@pytest.mark.parametrize("page", ["gitlab", "azure"])
def test_a_pipeline_puts_no_parameter_into_a_script(page: str) -> None:
    """A parameter reaches a script as a variable: in the script itself it would be run."""
    lines = [line for line in read_pipeline(page).splitlines() if "${{" in line]

    allowed = re.compile(
        r"\s*(?:variables: \[\{group: |environment: |[A-Z_]+: )\"?[\w-]*\$\{\{ parameters\.\w+ \}\}"
    )
    assert [line for line in lines if not allowed.match(line)] == []


@pytest.mark.skipif(CHECK is None, reason="check-jsonschema is not installed: pip install check-jsonschema")
@pytest.mark.parametrize("name", ["plan", "apply", "drift"])
def test_a_file_of_a_vendor_is_short_and_satisfies_the_schema(name: str, tmp_path: Path) -> None:
    """A vendor's workflow file is fifteen lines."""
    assert CHECK is not None
    file = tmp_path / f"{name}.yml"
    file.write_text(read_vendor_file(name))

    assert len(file.read_text().splitlines()) <= 15
    done = run(CHECK, "--builtin-schema", "vendor.github-workflows", file)
    assert done.returncode == 0, done.stdout


def test_what_is_called_is_shown_pinned_by_commit() -> None:
    """Whoever copies a file or the example names a whole commit."""
    uses = re.findall(r"uses: (\S+)", PAGES["github"].read_text(encoding="utf-8"))
    ours = r"OWNER/REPOSITORY/\.github/(?:actions/reconcile|workflows/(?:plan|apply|drift)\.yml)@[0-9a-f]{40}"

    assert len(uses) == 4
    assert all(re.fullmatch(ours, each) for each in uses)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Make a git repository with one definition, one commit after the first."""
    made = Repository(tmp_path / "checkout")
    made.track(".venv/")
    for message, visible in (("Register SmartCloud", True), ("Hide it", False)):
        made.define(isVisible=visible)
        made.commit(message)
    return made


def execute(repository: Repository, script: str, **environ: str) -> str:
    """Execute a script as both runners do, with the program installed; give what it prints."""
    program = repository.root / ".venv" / "bin" / "reconciler"
    write_program(program)
    path = f"{program.parent}:/usr/local/bin:/usr/bin:/bin"
    done = subprocess.run(
        ["/bin/bash", "-eo", "pipefail", "-c", script],
        cwd=repository.root,
        env={"PATH": path, "HOME": str(repository.root.parent), "LANG": "C.UTF-8", **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_scripts_for_gitlab_run(repository: Repository) -> None:
    """Checked, planned, applied and audited, in the embedded register; the reports are where the jobs take them."""
    jobs: Any = YAML(typ="safe", pure=True).load(read_pipeline("gitlab"))
    base = "HEAD^1"

    for name in ("validate", "plan-against", "plan", "apply", "drift"):
        script = "\n".join(jobs[name]["script"])
        execute(repository, script, TARGET="local", ACCEPT="", CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
        artifacts = jobs[name].get("artifacts", {})
        files = [*artifacts.get("paths", []), *artifacts.get("reports", {}).values()]
        assert [file for file in files if not (repository.root / file).exists()] == [], name


@pytest.mark.slow
def test_the_scripts_for_azure_run(repository: Repository) -> None:
    """Checked, planned, applied and audited, in the embedded register, with the parameters as variables."""
    stages: Any = YAML(typ="safe", pure=True).load(read_pipeline("azure"))["stages"]
    values = {
        "RECONCILER_ENVIRONMENT": "local",
        "FORK": "True",
        "ACCEPT": "",
        "PIPELINE_WORKSPACE": str(repository.root.parent),
    }
    ran = []
    for stage in stages:
        (job,) = stage["jobs"]
        steps = job["steps"] if "steps" in job else job["strategy"]["runOnce"]["deploy"]["steps"]
        for step in steps:
            if "download" in step:
                target = repository.root.parent / step["artifact"]
                target.mkdir()
                shutil.copy(repository.root / "plan.json", target)
            if "pip install" not in step.get("bash", "pip install"):
                script = step["bash"].replace("--environment tt02", "--environment local")
                ran.append(execute(repository, script, **values))

    assert len(ran) == 5
    assert "##vso[task.uploadsummary]" in ran[1]
    assert json.loads((repository.root / "left" / "report.json").read_text())
    assert (repository.root / "junit.xml").is_file()
