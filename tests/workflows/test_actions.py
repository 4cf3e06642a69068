"""The shell of the actions by itself: signals that reach the program, and journals that may be believed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.workflows.github import OWN, REPOSITORY, GitHub, write_script
from tests.workflows.runner import PROJECT, read_outputs, read_yaml

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed; GitHub's runners have it"),
]
ACTIONS = PROJECT / ".github" / "actions"
BASH = shutil.which("bash") or "bash"
APPLY = "apply plan.json --yes --recover --patience 60 --journal kept --report RESULTS/report.json"
# Ends a moment after SIGTERM, as the program does, which finishes what is under way.
PROGRAM = """#!{python}
import signal, sys, time
asked = []
signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
print("begun", flush=True)
while not asked:
    time.sleep(0.01)
time.sleep(0.3)
print("ended", len(asked))
sys.exit(5)
"""


def an_environment(folder: Path, **values: str) -> dict[str, str]:
    """Make the variables of a step, with those of the action empty that are not given."""
    output = folder / "output"
    output.write_text("")
    names = [step.get("env", {}) for step in read_yaml(ACTIONS / "reconcile" / "action.yml")["runs"]["steps"]]
    empty = {name: "" for each in names for name in each}
    own = {"PATH": os.environ["PATH"], "GITHUB_OUTPUT": str(output), "RUNNER_TEMP": str(folder)}
    return {**empty, **own, "GITHUB_STEP_SUMMARY": str(folder / "summary"), **values}


@pytest.mark.parametrize(
    "signals",
    [[signal.SIGINT], [signal.SIGTERM], [signal.SIGINT, signal.SIGTERM, signal.SIGTERM]],
    ids=["interrupt", "terminate", "both"],
)
def test_a_signal_reaches_the_program_and_its_exit_code_comes_back(
    tmp_path: Path, signals: list[signal.Signals]
) -> None:
    """The runner sends its signals to the shell alone, which hands them on and waits."""
    write_script(tmp_path / "reconciler" / "bin" / "reconciler", PROGRAM.format(python=sys.executable))
    action = ACTIONS / "reconcile"
    (step,) = [each for each in read_yaml(action / "action.yml")["runs"]["steps"] if each.get("id") == "run"]
    process = subprocess.Popen(
        [BASH, "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        env=an_environment(tmp_path, ACTION=str(action), VERB="recover", PATIENCE="60", JOURNAL="journal"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "begun\n"

    for number in signals:
        process.send_signal(number)
        time.sleep(0.1)

    assert process.communicate()[0] == f"ended {len(signals)}\n"
    assert process.returncode == 5
    assert dict(read_outputs((tmp_path / "output").read_text())) == {"exit-code": "5"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"VERB": "verify"}, "verify plan.json"),
        ({"VERB": "recover"}, "recover --patience 60 --journal kept"),
        ({"VERB": "rollback", "UNDO": "latest"}, "rollback latest --journal kept --out plan.json"),
        (
            {"VERB": "apply", "TIP": "origin/main", "MISSING": "7-1 8-2", "WITHOUT": "7-1"},
            f"{APPLY} --require-tip origin/main --expect-journal 7-1 --expect-journal 8-2 --without-journal 7-1",
        ),
    ],
    ids=["verify", "recover", "rollback", "apply"],
)
def test_a_verb_is_asked_for_with_its_options(tmp_path: Path, given: dict[str, str], words: str) -> None:
    """The program gets what the action was given; an input that was left out is no variable."""
    script = """#!/bin/sh\necho "$@" "[${MASKINPORTEN_CLIENT_ID-none} ${RECONCILER_ENVIRONMENT-none}]"\n"""
    write_script(tmp_path / "reconciler" / "bin" / "reconciler", script)
    own = {"PLAN_FILE": "plan.json", "PATIENCE": "60", "JOURNAL": "kept", "RECONCILER_ENVIRONMENT": "tt02"}
    environ = an_environment(tmp_path, **{**own, **given})

    done = subprocess.run(
        [BASH, str(ACTIONS / "reconcile" / "run.sh")],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    expected = words.replace("RESULTS", str(tmp_path / "reconciler-results"))
    assert done.stdout == f"{expected} [none tt02]\n"


def fetch(github: GitHub, folder: Path, **values: str) -> tuple[str, list[str]]:
    """Fetch the journals; give which runs are without one, and the files that are there."""
    folder.mkdir()
    given = {
        "PATH": f"{github.tools}:{os.environ['PATH']}",
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_RUN_ID": "99",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_REF": "refs/heads/main",
        "TARGET": "tt02",
        "BRANCH": "main",
        "SUFFIX": "",
        "JOURNAL": str(folder / "journal"),
        **values,
    }
    script = str(ACTIONS / "journals" / "fetch.sh")
    subprocess.run([BASH, script], env=an_environment(folder, **given), check=True, cwd=folder)
    outputs = dict(read_outputs((folder / "output").read_text()))
    files = sorted((folder / "journal").iterdir())
    return outputs["missing"], [f"{file.name} {file.read_text()}" for file in files]


def leave(github: GitHub, folder: Path, name: str, run: int, **journals: str) -> None:
    """Leave an artifact with journals."""
    base = folder / "left" / f"{run}-{name}"
    (base / "journal").mkdir(parents=True)
    for each, text in {"run": "", **journals}.items():
        (base / ("journal" if each != "run" else ".") / f"{each}.jsonl").write_text(text)
    github.upload(run, name, base, [file for file in base.rglob("*") if file.is_file()])


def a_run(github: GitHub, **changes: str | int) -> int:
    """Make a run on the deployed branch."""
    own = {"head_branch": "main", "head_sha": "0" * 40, "event": "push", **changes}
    owner = own.pop("repository", OWN)
    return github.add("runs", head_repository={"id": owner}, **own)


def test_journals_of_the_deployed_branch_are_fetched(tmp_path: Path) -> None:
    """All of an environment, the longest of each; a run that began and left none is named."""
    github = GitHub(tmp_path / "github")
    first, second, third, fourth = (
        a_run(github, event=each) for each in ("push", "schedule", "push", "push")
    )
    for run, name in ((first, "1-1"), (second, "2-1"), (second, "2-2"), (third, "3-1")):
        leave(github, tmp_path, f"apply-tt02-{name}", run)
    leave(github, tmp_path, "journal-tt02-1-1", first, a="open")
    leave(github, tmp_path, "journal-tt02-2-1", second, b="written", a="open, settled")
    leave(github, tmp_path, "journal-tt02-2-2", second, a="open")
    leave(github, tmp_path, "journal-prod-4-1", fourth, c="of another environment")
    leave(github, tmp_path, "journal-tt02-4-1-register-a", fourth, d="of another folder")
    leave(github, tmp_path, "apply-tt02-4-1-register-b", fourth)

    missing, files = fetch(github, tmp_path / "job")

    assert missing == "3-1"
    assert files == ["a.jsonl open, settled", "b.jsonl written", "d.jsonl of another folder"]
    assert fetch(github, tmp_path / "other", SUFFIX="-register-b")[0] == "4-1"


def test_what_a_pull_request_left_is_not_believed(tmp_path: Path) -> None:
    """Nor what a fork, another branch or a run under another's name left, nor what has expired."""
    github = GitHub(tmp_path / "github")
    runs = [
        a_run(github, event="pull_request"),
        a_run(github, event="pull_request_target"),
        a_run(github, repository=2),
        a_run(github, head_branch="feature"),
        a_run(github, event="workflow_run"),
    ]
    for run in runs:
        leave(github, tmp_path, f"journal-tt02-{run}-1", run, **{f"of-{run}": "{}"})
        leave(github, tmp_path, f"apply-tt02-{run}-2", run)
    good = a_run(github)
    leave(github, tmp_path, "journal-tt02-77-1", good, named_for_another="{}")
    leave(github, tmp_path, f"journal-tt02-{good}-1", good, expired="{}")
    state = github.read()
    state["artifacts"][-1]["expired"] = True
    github.write(state)

    assert fetch(github, tmp_path / "job") == ("", [])


def test_a_journal_whose_run_cannot_be_asked_for_stops_the_job(tmp_path: Path) -> None:
    """What is not known to be of a pull request is not passed over in silence: apply would miss it."""
    github = GitHub(tmp_path / "github")
    run = a_run(github)
    leave(github, tmp_path, f"journal-tt02-{run}-1", run, open="{}")
    github.write({**github.read(), "runs": []})

    with pytest.raises(subprocess.CalledProcessError):
        fetch(github, tmp_path / "job")


@pytest.mark.parametrize(
    "given",
    [{"GITHUB_EVENT_NAME": "workflow_run"}, {"GITHUB_REF": "refs/heads/feature"}],
    ids=["event", "branch"],
)
def test_a_run_whose_journal_would_not_be_believed_does_not_begin(
    tmp_path: Path, given: dict[str, str]
) -> None:
    """Else what it leaves open would be passed over by the next one."""
    with pytest.raises(subprocess.CalledProcessError):
        fetch(GitHub(tmp_path / "github"), tmp_path / "job", **given)
