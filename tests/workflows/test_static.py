"""What the workflows may never be: linters find nothing, every action is pinned, nothing is put into shell."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.workflows.runner import PROJECT, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

GITHUB = PROJECT / ".github"
WORKFLOWS = sorted(GITHUB.glob("workflows/*.y*ml"))
ACTIONS = sorted(GITHUB.glob("actions/*/action.y*ml"))
CHECKED = [
    ("vendor.github-workflows", WORKFLOWS),
    ("vendor.github-actions", ACTIONS),
    ("vendor.dependabot", [GITHUB / "dependabot.yml"]),
]


def find(name: str) -> str | None:
    """Find a program beside this Python, or on the path."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


ZIZMOR, CHECK, ACTIONLINT = find("zizmor"), find("check-jsonschema"), find("actionlint")


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a linter."""
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)


def label(path: Path) -> str:
    """Name a file in a test's id."""
    return path.relative_to(GITHUB).as_posix()


def list_steps(path: Path) -> Iterator[dict[str, Any]]:
    """List the steps of a workflow or an action."""
    document = read_yaml(path)
    if "runs" in document:
        yield from document["runs"]["steps"]
    for job in document.get("jobs", {}).values():
        yield from job.get("steps", [])  # a job that calls another workflow has none


@pytest.mark.skipif(ZIZMOR is None, reason="zizmor is not installed: pip install zizmor")
def test_zizmor_reports_nothing() -> None:
    """The audits of workflows and actions find nothing, those included that may be wrong."""
    assert ZIZMOR is not None
    done = run(ZIZMOR, "--offline", "--no-progress", "--color", "never", "--persona", "auditor", GITHUB)

    assert done.returncode == 0, done.stdout
    assert "No findings to report" in done.stdout


@pytest.mark.slow  # beside the tests that run where the linters are installed
@pytest.mark.skipif(ACTIONLINT is None, reason="actionlint is not installed: pip install '.[lint]'")
def test_actionlint_reports_nothing() -> None:
    """Expressions name what is there, jobs fit together, and keys are those of GitHub."""
    assert ACTIONLINT is not None
    done = run(ACTIONLINT, "-no-color", "-oneline", *WORKFLOWS)

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(CHECK is None, reason="check-jsonschema is not installed: pip install check-jsonschema")
@pytest.mark.parametrize(("schema", "paths"), CHECKED, ids=[schema for schema, _ in CHECKED])
def test_the_schema_of_its_kind_holds(schema: str, paths: list[Path]) -> None:
    """Every workflow, action and the updater's file satisfy their published schemas; it names those that do not."""
    assert CHECK is not None
    done = run(CHECK, "--builtin-schema", schema, *paths)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=label)
def test_every_action_is_pinned_by_commit(path: Path) -> None:
    """An action is named by a whole commit, with its version in a comment, or is our own at the same commit."""
    used = re.findall(r"uses: (\S+)(.*)", path.read_text(encoding="utf-8"))
    loose = [
        name
        for name, comment in used
        if not name.startswith("$/")
        and not (
            re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", name)
            and re.fullmatch(r" # v\d+\.\d+\.\d+", comment)
        )
    ]

    assert used or path in ACTIONS
    assert loose == []
    assert all((PROJECT / name[2:] / "action.yml").is_file() for name, _ in used if name.startswith("$/"))


def test_every_workflow_and_action_is_looked_at() -> None:
    """None lies where the globs of this file, or the linters, do not look."""
    found = {path for path in GITHUB.rglob("*") if path.suffix in {".yml", ".yaml"}}

    assert found == {*WORKFLOWS, *ACTIONS, GITHUB / "dependabot.yml"}


def test_an_action_is_pinned_to_one_commit() -> None:
    """The same action is the same commit everywhere."""
    texts = [path.read_text(encoding="utf-8") for path in (*WORKFLOWS, *ACTIONS)]
    pins = {pin for text in texts for pin in re.findall(r"uses: ([^@\s]+)@([0-9a-f]{40})", text)}

    assert len(pins) == len({name for name, _ in pins})


@pytest.mark.parametrize("path", WORKFLOWS, ids=label)
def test_permissions_are_granted_by_job(path: Path) -> None:
    """Nothing is allowed at the top, and each job says what it needs."""
    workflow = read_yaml(path)

    assert workflow["permissions"] == {}
    assert all("permissions" in job and "timeout-minutes" in job for job in workflow["jobs"].values())


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=label)
def test_nothing_is_interpolated_into_shell(path: Path) -> None:
    """No expression stands in a script: a branch may be named `$(…)`."""
    assert [step["run"] for step in list_steps(path) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=label)
def test_secrets_are_inputs_of_the_action_and_stand_nowhere_else(path: Path) -> None:
    """The credential is given to the action by name, which hands it to the step that runs the program."""
    steps = [dict(step) for step in list_steps(path)]
    for step in steps:
        if step.get("uses") == "$/.github/actions/reconcile":
            inputs = step["with"].items()
            step["with"] = {name: value for name, value in inputs if name not in {"client-id", "client-jwk"}}
    document = read_yaml(path)
    jobs = [
        {key: value for key, value in job.items() if key != "steps"}
        for job in document.get("jobs", {}).values()
    ]

    assert "secrets." not in str(steps)
    assert "secrets" not in str(jobs)
    assert "secrets" not in str(document.get("env", {}))


def test_the_credential_reaches_only_the_step_that_runs_the_program() -> None:
    """No other step of the action has it, the one that installs least of all."""
    (action,) = [path for path in ACTIONS if path.parent.name == "reconcile"]
    holders = [step.get("name") for step in list_steps(action) if "client-" in str(step)]

    assert holders == ["Run"]


def test_no_pull_request_meets_a_production_credential() -> None:
    """What runs for a pull request is bound to no production environment: the scope that reads deletes."""
    for path in WORKFLOWS:
        workflow = read_yaml(path)
        assert "pull_request_target" not in str(workflow["on"])
        if "pull_request" in workflow["on"]:
            assert not [job for job in workflow["jobs"].values() if "prod" in str(job.get("environment", ""))]


def test_the_check_to_require_always_runs() -> None:
    """Nothing keeps the workflow from starting, and its last job runs whatever became of the others."""
    workflow = read_yaml(GITHUB / "workflows" / "plan.yml")
    *others, (name, last) = workflow["jobs"].items()

    assert workflow["on"]["pull_request"] is None
    assert workflow["on"]["merge_group"] is None
    assert (name, last["name"], last["if"]) == ("reconciler", "reconciler", "always()")
    assert last["needs"] == [each for each, _ in others]


def test_only_what_writes_is_a_deployment() -> None:
    """A job that plans or looks is bound to an environment for its credential alone."""
    bound = {
        (path.stem, name): job["environment"]
        for path in WORKFLOWS
        if path.stem in {"plan", "apply", "drift"}
        for name, job in read_yaml(path)["jobs"].items()
        if "environment" in job
    }

    deploying = [each for each, value in bound.items() if not isinstance(value, dict) or value["deployment"]]
    assert deploying == [("apply", "apply")]
    assert len(bound) == 4


def test_what_writes_to_github_has_no_credential() -> None:
    """Comments, issues and findings are written by jobs of their own, which check nothing out."""
    for path in WORKFLOWS:
        if path.stem not in {"plan", "apply", "drift"}:
            continue
        for job in read_yaml(path)["jobs"].values():
            if "write" in job["permissions"].values():
                assert "environment" not in job
                assert "actions/checkout" not in str(job["steps"])


def test_an_apply_is_never_cut_off() -> None:
    """One apply at a time for each environment, and none is cancelled by the next."""
    concurrency = read_yaml(GITHUB / "workflows" / "apply.yml")["concurrency"]

    assert concurrency["cancel-in-progress"] is False
    assert "inputs.environment" in concurrency["group"]


def test_the_hook_is_one_that_the_program_has() -> None:
    """G5: the pre-commit hook runs `validate` for the files that are definitions, wherever `systems/` lies."""
    hooks: Any = read_yaml(PROJECT / ".pre-commit-hooks.yaml")
    (hook,) = hooks

    assert hook["entry"].split() == ["reconciler", hook["id"]]
    assert hook["pass_filenames"] is False
    assert re.search(hook["files"], "systems/991825827_smartcloud.yaml")
    assert re.search(hook["files"], "deep/er/systems/team/a.yml")
    assert not re.search(hook["files"], "docs/systems.md")
    assert not re.search(hook["files"], "ecosystems/a.yaml")
