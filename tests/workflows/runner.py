"""A runner of GitHub Actions for tests: it executes the shell of jobs, and stands in for the actions of others.

The shells, files, variables and signals are the real runner's. Checking out is a clone, artifacts are kept and carried
between jobs and runs as github.com does, and `gh` is a script over a JSON file.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from ruamel.yaml import YAML

from tests.git import git
from tests.workflows.expression import decide, resolve
from tests.workflows.github import OWN, REPOSITORY, GitHub, gather, remove, unpack, write_script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.workflows.expression import Value

# A workflow's YAML is whatever its author wrote; the schema is checked elsewhere.
Node: TypeAlias = "Mapping[str, Any]"

PROJECT = Path(__file__).parents[2]
WORKFLOWS = PROJECT / ".github" / "workflows"
SHELLS = {
    # https://docs.github.com/actions, workflow syntax, jobs.<job_id>.steps[*].shell
    "": ["bash", "-e"],
    "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
}


def read_yaml(path: Path) -> Node:
    """Read a file as YAML 1.2, in which `on` is a word."""
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]  # untyped


def read_jobs(name: str) -> Node:
    """Read the jobs of a workflow."""
    jobs: Node = read_yaml(WORKFLOWS / f"{name}.yml")["jobs"]
    return jobs


class MachineLostError(Exception):
    """The machine of a job is gone, with everything on it."""


class Watch(Protocol):
    """What is done to a step while it runs."""

    def __call__(self, step: str, process: subprocess.Popen[str]) -> bool:
        """Watch a step until it ends, and say whether the job was cancelled; raises `MachineLostError`."""


@dataclass
class Done:
    """What became of a job, or of a step within an action."""

    failed: bool = False
    cancelled: bool = False
    stdout: str = ""
    stderr: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    steps: dict[str, dict[str, str]] = field(default_factory=dict)
    """The outputs of the steps that have an id."""
    ran: list[str] = field(default_factory=list)
    """The names of the steps with a shell of their own, in order."""

    @property
    def result(self) -> str:
        """What the jobs after it are told."""
        return "cancelled" if self.cancelled else "failure" if self.failed else "success"

    def list_steps(self) -> dict[str, Value]:
        """Give the context `steps`."""
        return {name: {"outputs": outputs} for name, outputs in self.steps.items()}


@dataclass
class Run:
    """One run of a workflow, with the jobs of its newest attempt."""

    id: int
    event: dict[str, Value]
    """The contexts `github`, `inputs` and `vars`."""
    workflow: Path
    jobs: dict[str, Done] = field(default_factory=dict)


@dataclass
class Machine:
    """Where a job runs: its folders, and the contexts that it sees."""

    folder: Path
    contexts: dict[str, Value]
    run: Run

    @property
    def checkout(self) -> Path:
        """The workspace."""
        return self.folder / "checkout"

    @property
    def temp(self) -> Path:
        """The folder for files of the run."""
        return self.folder / "temp"


@dataclass
class Runner:
    """Runs workflows over one origin; another environment takes the place of tt02, whose address nobody can change."""

    origin: Path
    work: Path
    program: Mapping[str, str]
    """The variables under which the program under test runs, besides the runner's."""
    secrets: Mapping[str, Mapping[str, str]]
    """What each GitHub environment gives to a job that is bound to it."""
    event: dict[str, Value]
    """The contexts `github`, `inputs` and `vars`."""
    merges: str = ""
    """The branch that a pull request asks to merge."""
    watch: Watch | None = None
    patience: str = "2"
    """Seconds that a write may take; nobody waits a minute in a test."""
    loaded: Path | None = None
    """The folder of the program without the time of its imports; None for the program as it is installed."""
    environment: str = "served"
    """The environment that takes the place of tt02."""
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    """What somebody does right before a job begins."""

    def __post_init__(self) -> None:
        self.github = GitHub(self.work)
        self._machines = 0

    def run_workflow(self, name: str) -> dict[str, Done]:
        """Run a workflow for the event, by its name here."""
        return self.start(WORKFLOWS / f"{name}.yml").jobs

    def start(self, workflow: Path) -> Run:
        """Start a run of a workflow: one of ours, or a vendor's that calls them."""
        github = self.event["github"]
        assert isinstance(github, dict)
        sha = github.get("sha") or git(self.origin, "rev-parse", "main")
        number = self.github.add(
            "runs",
            head_branch=str(github["ref"]).removeprefix("refs/heads/"),
            head_sha=sha,
            event=github["event_name"],
            head_repository={"id": github.get("head_repository", OWN)},
            repository={"id": OWN},
        )
        told = {**github, "run_id": str(number), "run_attempt": "1", "sha": sha}
        run = Run(number, {**self.event, "github": told}, workflow)
        self._run_jobs(run, {})
        return run

    def rerun(self, run: Run, *, failed_only: bool) -> None:
        """Run a run again for the same event and commit: all of it, or what failed and what needs that."""
        github = run.event["github"]
        assert isinstance(github, dict)
        github["run_attempt"] = str(int(github["run_attempt"]) + 1)
        kept = {name: job for name, job in run.jobs.items() if failed_only and job.result == "success"}
        run.jobs = {}
        self._run_jobs(run, kept)

    def _run_jobs(self, run: Run, kept: Mapping[str, Done]) -> None:
        """Run the jobs whose conditions hold, in order; of a called workflow, with the secrets that are named."""
        for name, job in read_yaml(run.workflow)["jobs"].items():
            if "uses" in job:
                called, inputs, names = read_called(job, run.event)
                for inner, each in called["jobs"].items():
                    self._run_one(run, inner, each, {**run.event, "inputs": inputs}, names, kept)
            else:
                self._run_one(run, name, job, run.event, None, kept)

    def _run_one(
        self,
        run: Run,
        name: str,
        job: Node,
        contexts: Mapping[str, Value],
        names: frozenset[str] | None,
        kept: Mapping[str, Done],
    ) -> None:
        """Run a job if its condition holds; `names` are the secrets that a caller named, None where there is none."""
        needed = job.get("needs", [])
        needed = [needed] if isinstance(needed, str) else needed
        needs = describe_needs(needed, run.jobs)
        if name in kept and all(each in kept for each in needed if each in run.jobs):
            run.jobs[name] = kept[name]
        elif wants(job, contexts, needs):
            self.before.pop(name, lambda: None)()
            run.jobs[name] = self.run_job(run, job, {**contexts, "needs": needs}, names)

    def run_job(
        self, run: Run, job: Node, contexts: Mapping[str, Value], names: frozenset[str] | None = None
    ) -> Done:
        """Run the steps of a job on a machine of its own."""
        self._machines += 1
        machine = Machine(self.work / f"machine-{self._machines}", dict(contexts), run)
        bound = job.get("environment", "")
        bound = resolve(bound["name"] if isinstance(bound, dict) else bound, contexts)
        given = self.secrets.get(bound, {})
        machine.contexts["secrets"] = {
            name: value for name, value in given.items() if names is None or name in names
        }
        machine.contexts["runner"] = {"temp": str(machine.temp)}
        machine.temp.mkdir(parents=True)
        machine.checkout.mkdir()
        self._install(machine.temp / "reconciler" / "bin" / "reconciler")
        done = Done()
        try:
            for step in job["steps"]:
                self.run_step(step, machine.contexts, machine, done, {})
        except MachineLostError:
            remove(machine.folder)
            return Done(failed=True)
        now = {**machine.contexts, "steps": done.list_steps()}
        done.outputs = {name: resolve(value, now) for name, value in job.get("outputs", {}).items()}
        return done

    def _install(self, path: Path) -> None:
        if self.loaded is None:
            write_program(path)
        else:
            write_script(path, f'#!/bin/sh\nexec "{self.loaded / "reconciler"}" "$@"\n')

    def run_step(
        self,
        step: Node,
        contexts: Mapping[str, Value],
        machine: Machine,
        done: Done,
        environ: Mapping[str, str],
    ) -> None:
        """Run one step, if its condition holds."""
        fine = not done.failed and not done.cancelled
        states = {
            "success()": fine,
            "failure()": done.failed and not done.cancelled,
            "always()": True,
            "cancelled()": done.cancelled,
        }
        now: dict[str, Value] = {"steps": done.list_steps(), **contexts, **states}
        if not decide(str(step.get("if", "")), now):
            return
        environ = {**environ, **{name: resolve(value, now) for name, value in step.get("env", {}).items()}}
        given = {name: resolve(str(value), now) for name, value in step.get("with", {}).items()}
        uses = step.get("uses", "")
        if uses.startswith("$/"):
            self._run_action(step, given, now, machine, done, environ)
        elif uses:
            try:
                self._stand_in(uses.partition("@")[0], given, machine)
            except LookupError:
                done.failed = not step.get("continue-on-error", False)
        elif step.get("name") != "Install":
            outputs = self._run_shell(step, machine, done, environ, now)
            if "id" in step:
                done.steps[step["id"]] = outputs

    def _run_action(
        self,
        step: Node,
        given: Mapping[str, str],
        contexts: Mapping[str, Value],
        machine: Machine,
        done: Done,
        environ: Mapping[str, str],
    ) -> None:
        """Run the steps of an own action; it sees its own inputs, and the contexts of the caller but the secrets."""
        folder = PROJECT / step["uses"].removeprefix("$/")
        action = read_yaml(folder / "action.yml")
        unknown = set(given) - set(action["inputs"])
        missing = {name for name, each in action["inputs"].items() if each.get("required")} - set(given)
        if unknown or missing:
            raise ValueError(f"the action has no inputs {unknown}, or has to have {missing}")
        github = contexts["github"]
        assert isinstance(github, dict)
        seen: dict[str, Value] = {"github": {**github, "action_path": str(folder)}}
        inputs = {
            name: given.get(name, resolve(str(each.get("default", "")), seen))
            for name, each in action["inputs"].items()
        }
        if inputs.get("environment") == "tt02" and "verb" in inputs:
            inputs["environment"] = self.environment
        if "patience" in inputs:
            inputs["patience"] = self.patience
        inner = Done(failed=done.failed, cancelled=done.cancelled)
        seen["inputs"] = inputs
        # The step's own condition held: within the action, each step begins with what came before it there.
        inner.failed = inner.cancelled = False
        for each in action["runs"]["steps"]:
            self.run_step(each, seen, machine, inner, environ)
        now = {"steps": inner.list_steps()}
        outputs = {name: resolve(each["value"], now) for name, each in action.get("outputs", {}).items()}
        if "id" in step:
            done.steps[step["id"]] = outputs
        add(done, inner)

    def _run_shell(
        self,
        step: Node,
        machine: Machine,
        done: Done,
        environ: Mapping[str, str],
        contexts: Mapping[str, Value],
    ) -> dict[str, str]:
        temp = machine.temp
        script, output, summary = temp / "step.sh", temp / "output", temp / "summary"
        script.write_text(step["run"], encoding="utf-8")
        output.write_text("")
        summary.write_text("")
        files = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
        own = {**self._describe_runner(machine), **files, **self.program, **environ}
        with (temp / "stdout").open("w+") as stdout, (temp / "stderr").open("w+") as stderr:
            process = subprocess.Popen(
                [*SHELLS[step.get("shell", "")], str(script)],
                cwd=machine.checkout / resolve(step.get("working-directory", "."), contexts),
                env=own,
                stdout=stdout,
                stderr=stderr,
                text=True,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
            cancelled = self.watch(step.get("name", ""), process) if self.watch else False
            process.wait(timeout=120)
            stdout.seek(0)
            stderr.seek(0)
            made = Done(process.returncode != 0, cancelled, stdout.read(), stderr.read())
        made.summary = summary.read_text()
        made.ran = [step.get("name", "")]
        add(done, made)
        return dict(read_outputs(output.read_text()))

    def _describe_runner(self, machine: Machine) -> dict[str, str]:
        github = machine.run.event["github"]
        assert isinstance(github, dict)
        return {
            "PATH": f"{self.github.tools}:{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(machine.folder),
            "LANG": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_RUN_ID": str(github["run_id"]),
            "GITHUB_RUN_ATTEMPT": str(github["run_attempt"]),
            "GITHUB_SHA": str(github["sha"]),
            "GITHUB_REF": str(github["ref"]),
            "GITHUB_EVENT_NAME": str(github["event_name"]),
            "GITHUB_WORKFLOW_REF": f"{REPOSITORY}/.github/workflows/{machine.run.workflow.name}@{github['ref']}",
            "GITHUB_WORKSPACE": str(machine.checkout),
            "RUNNER_TEMP": str(machine.temp),
        }

    def _stand_in(self, uses: str, given: Mapping[str, str], machine: Machine) -> None:
        """Do what an action of others does; raises `LookupError` where it would fail."""
        checkout = machine.checkout
        if uses == "actions/checkout":
            self._check_out(machine, given)
        elif uses == "actions/upload-artifact":
            paths = [checkout / path for path in given["path"].split()]
            base, files = gather([Path(os.path.normpath(path)) for path in paths])
            if files:
                self.github.upload(machine.run.id, given["name"], base, files)
            elif given.get("if-no-files-found") != "ignore":
                raise LookupError(given["path"])
        elif uses == "actions/download-artifact":
            found = self.github.find_artifact(given["name"], machine.run.id)
            unpack(found, checkout / given.get("path", "."))
        elif uses != "actions/setup-python":
            raise ValueError(f"nothing stands in for {uses}")

    def _check_out(self, machine: Machine, given: Mapping[str, str]) -> None:
        """Check out the commit of the event, with the whole history or without any."""
        checkout = machine.checkout
        depth = [] if given.get("fetch-depth") == "0" else ["--depth", "1"]
        git(self.work, "clone", "-q", *depth, f"file://{self.origin}", str(checkout))
        github = machine.run.event["github"]
        assert isinstance(github, dict)
        if self.merges:  # as GitHub does, on a commit of its own that no branch holds
            git(checkout, "checkout", "-q", "--detach")
            git(checkout, "merge", "-q", "--no-ff", "-m", "Merge", f"origin/{self.merges}")
        elif not depth:
            git(checkout, "checkout", "-q", "--detach", str(github["sha"]))


def describe_needs(needed: list[str], jobs: Mapping[str, Done]) -> dict[str, Value]:
    """Give the context `needs`; a job that did not run was skipped."""
    return {
        name: {"result": jobs[name].result, "outputs": jobs[name].outputs}
        if name in jobs
        else {"result": "skipped", "outputs": {}}
        for name in needed
    }


def wants(job: Node, contexts: Mapping[str, Value], needs: Mapping[str, Value]) -> bool:
    """Say whether the condition of a job holds, over the jobs that it needs."""
    results = [each["result"] for each in needs.values() if isinstance(each, dict)]
    states: dict[str, Value] = {
        "success()": all(each == "success" for each in results),
        "failure()": "failure" in results,
        "cancelled()": "cancelled" in results,
        "always()": True,
    }
    return decide(str(job.get("if", "")), {**contexts, "needs": needs, **states})


def read_called(job: Node, event: Mapping[str, Value]) -> tuple[Node, dict[str, Value], frozenset[str]]:
    """Read the workflow that a job calls: its document, its inputs, and the names of the secrets that it is given.

    Raises `ValueError` for what github.com refuses before anything runs.
    """
    match = re.fullmatch(
        r"(?:[\w-]+/[\w-]+|\$)/\.github/workflows/([\w-]+)\.yml(@[0-9a-f]{40})?", job["uses"]
    )
    if match is None:
        raise ValueError(f"not understood: {job['uses']}")
    called = read_yaml(WORKFLOWS / f"{match[1]}.yml")
    declared = called["on"]["workflow_call"]
    given = {name: resolve(str(value), event) for name, value in job.get("with", {}).items()}
    secrets = job.get("secrets", {})
    if set(given) - set(declared["inputs"]) or set(secrets) - set(declared["secrets"]):
        raise ValueError("an input or a secret is unknown")
    if {name for name, each in declared["secrets"].items() if each.get("required")} - set(secrets):
        raise ValueError("a secret is missing")
    for each in called["jobs"].values():
        for name, level in each["permissions"].items():
            if level == "write" and job["permissions"].get(name) != "write":
                raise ValueError(f"the caller does not grant {name}: {level}")
            if name not in job["permissions"]:
                raise ValueError(f"the caller does not grant {name}: {level}")
    inputs: dict[str, Value] = {
        name: _read_input(given.get(name, each.get("default", "")), each["type"])
        for name, each in declared["inputs"].items()
    }
    return called, inputs, frozenset(secrets)


def _read_input(value: str | bool, kind: str) -> Value:  # noqa: FBT001 - as YAML has it
    return str(value).lower() == "true" if kind == "boolean" else str(value)


def read_outputs(text: str) -> Iterator[tuple[str, str]]:
    """Read a step's outputs: `name=value`, and values between marks."""
    lines = iter(text.splitlines())
    for line in lines:
        match = re.fullmatch(r"([\w-]+)<<(.+)", line)
        if match is None:
            name, _, value = line.partition("=")
            yield name, value
            continue
        rows = []
        for row in lines:
            if row == match[2]:
                break
            rows.append(row)
        yield match[1], "\n".join(rows)


def add(done: Done, more: Done) -> None:
    """Add what became of a step to what became of its job."""
    done.failed = done.failed or more.failed
    done.cancelled = done.cancelled or more.cancelled
    done.stdout += more.stdout
    done.stderr += more.stderr
    done.summary += more.summary
    done.ran += more.ran


def write_program(path: Path) -> None:
    """Write the program under test, as installing it would."""
    write_script(
        path, f'#!/bin/sh\nPYTHONPATH="{PROJECT}" exec "{sys.executable}" -W error -m reconciler "$@"\n'
    )


def read_report(runner: Runner, name: str) -> dict[str, Any]:
    """Read the report of an apply out of an artifact."""
    report: dict[str, Any] = json.loads(runner.github.find_artifact(name).read("report.json"))
    return report
