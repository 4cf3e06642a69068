"""A runner of GitHub Actions for tests: it executes the shell of a job, and stands in for the actions of others.

The shells, files and variables are the real runner's. Checking out is a clone, artifacts are copied files, and
`gh` is a script that writes down what it is asked.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ruamel.yaml import YAML

from tests.git import git
from tests.workflows.expression import decide, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.workflows.expression import Value

# A workflow's YAML is whatever its author wrote; the schema is checked elsewhere.
Node: TypeAlias = "Mapping[str, Any]"

PROJECT = Path(__file__).parents[2]
REPOSITORY = "vendor/systems"
SHELLS = {
    # https://docs.github.com/actions, workflow syntax, jobs.<job_id>.steps[*].shell
    "": ["bash", "-e"],
    "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
}
_GH = """#!{python}
import json, pathlib, sys
words = sys.argv[1:]
body = pathlib.Path(words[words.index("--input") + 1]).read_text() if "--input" in words else None
with pathlib.Path({log!r}).open("a") as stream:
    stream.write(json.dumps([words, body and json.loads(body)]) + "\\n")
answer = pathlib.Path({answer!r})
if "--method" not in words and answer.exists():
    sys.stdout.write(answer.read_text())
"""


def read_yaml(path: Path) -> Node:
    """Read a file as YAML 1.2, in which `on` is a word."""
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]  # untyped


def read_jobs(name: str) -> Node:
    """Read the jobs of a workflow."""
    jobs: Node = read_yaml(PROJECT / ".github" / "workflows" / f"{name}.yml")["jobs"]
    return jobs


@dataclass
class Done:
    """What became of a job."""

    failed: bool = False
    stdout: str = ""
    stderr: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    steps: dict[str, dict[str, str]] = field(default_factory=dict)
    """The outputs of the steps that have an id."""
    ran: list[str] = field(default_factory=list)
    """The names of the steps with a shell of their own, in order."""

    def list_steps(self) -> dict[str, Value]:
        """Give the context `steps`."""
        return {name: {"outputs": outputs} for name, outputs in self.steps.items()}


@dataclass
class Runner:
    """Runs jobs over one origin; `served` takes the place of tt02, whose address nobody can change."""

    origin: Path
    work: Path
    program: Mapping[str, str]
    """The variables under which the program under test runs, besides the runner's."""
    secrets: Mapping[str, Mapping[str, str]]
    """What each GitHub environment gives to a job that is bound to it."""
    event: Mapping[str, Value]
    """The contexts `github`, `inputs` and `vars`."""
    merges: str = ""
    """The branch that a pull request asks to merge."""

    def __post_init__(self) -> None:
        self.tools = self.work / "tools"
        self.tools.mkdir(parents=True, exist_ok=True)
        self.gh_log, self.gh_answer = self.work / "gh.log", self.work / "gh.json"
        names = {"python": sys.executable, "log": str(self.gh_log), "answer": str(self.gh_answer)}
        _write_script(self.tools / "gh", _GH.format(**names))
        self.artifacts = self.work / "artifacts"
        self._jobs = 0

    def asked(self) -> list[tuple[list[str], Any]]:
        """Read what `gh` was asked, with the bodies."""
        lines = self.gh_log.read_text().splitlines() if self.gh_log.exists() else []
        return [tuple(json.loads(line)) for line in lines]

    def run_workflow(self, name: str) -> dict[str, Done]:
        """Run those jobs of a workflow whose conditions hold, in order."""
        done: dict[str, Done] = {}
        for key, job in read_jobs(name).items():
            needed = [job["needs"]] if "needs" in job else []
            if any(each not in done or done[each].failed for each in needed):
                continue
            outputs: dict[str, Value] = {each: {"outputs": done[each].outputs} for each in needed}
            if self.wants(job, outputs):
                done[key] = self.run_job(job, outputs)
        return done

    def wants(self, job: Node, needs: Mapping[str, Value]) -> bool:
        """Say whether the condition of a job holds, over the jobs that it needs."""
        return decide(job.get("if", ""), {**self.event, "needs": needs, "success()": True})

    def run_job(self, job: Node, needs: Mapping[str, Value]) -> Done:
        """Run the steps of a job in a room of its own; of a matrix, its first column."""
        self._jobs += 1
        room = self.work / f"job-{self._jobs}"
        matrix = {name: values[0] for name, values in job.get("strategy", {}).get("matrix", {}).items()}
        contexts: dict[str, Value] = {**self.event, "needs": needs, "matrix": matrix}
        bound = resolve(job.get("environment", ""), contexts)
        contexts["secrets"] = self.secrets.get(bound, {})
        done = Done()
        temp = room / "temp"
        temp.mkdir(parents=True)
        write_program(temp / "reconciler" / "bin" / "reconciler")
        for step in job["steps"]:
            self.run_step(step, contexts, room, done, {})
        now = {**contexts, "steps": done.list_steps()}
        done.outputs = {name: resolve(value, now) for name, value in job.get("outputs", {}).items()}
        return done

    def run_step(
        self, step: Node, contexts: Mapping[str, Value], room: Path, done: Done, environ: Mapping[str, str]
    ) -> None:
        """Run one step, if its condition holds."""
        states = {
            "success()": not done.failed,
            "failure()": done.failed,
            "always()": True,
            "cancelled()": False,
        }
        now: dict[str, Value] = {"steps": done.list_steps(), **contexts, **states}
        if not decide(step.get("if", ""), now):
            return
        environ = {**environ, **{name: resolve(value, now) for name, value in step.get("env", {}).items()}}
        given = {name: resolve(str(value), now) for name, value in step.get("with", {}).items()}
        uses = step.get("uses", "")
        if uses.startswith("$/"):
            self._run_action(step, given, now, room, done, environ)
        elif uses:
            self._stand_in(uses.partition("@")[0], given, room)
        elif step.get("name") != "Install":
            folder = room / "checkout" / resolve(step.get("working-directory", "."), now)
            outputs = self._run_shell(step, folder, room, done, environ)
            if "id" in step:
                done.steps[step["id"]] = outputs

    def _run_action(
        self,
        step: Node,
        given: Mapping[str, str],
        contexts: Mapping[str, Value],
        room: Path,
        done: Done,
        environ: Mapping[str, str],
    ) -> None:
        """Run the steps of an own action; it sees its own inputs, and the contexts of the caller but the secrets."""
        action = read_yaml(PROJECT / step["uses"].removeprefix("$/") / "action.yml")
        unknown = set(given) - set(action["inputs"])
        if unknown:
            raise ValueError(f"the action has no inputs {unknown}")
        inputs = {name: given.get(name, each.get("default", "")) for name, each in action["inputs"].items()}
        if inputs["environment"] == "tt02":
            inputs["environment"] = "served"
        inner = Done(failed=done.failed)
        seen: dict[str, Value] = {"github": contexts["github"], "inputs": inputs}
        for each in action["runs"]["steps"]:
            self.run_step(each, seen, room, inner, environ)
        now = {"steps": inner.list_steps()}
        outputs = {name: resolve(each["value"], now) for name, each in action["outputs"].items()}
        if "id" in step:
            done.steps[step["id"]] = outputs
        _add(done, inner)

    def _run_shell(
        self, step: Node, folder: Path, room: Path, done: Done, environ: Mapping[str, str]
    ) -> dict[str, str]:
        temp = room / "temp"
        script, output, summary = temp / "step.sh", temp / "output", temp / "summary"
        script.write_text(step["run"], encoding="utf-8")
        output.write_text("")
        summary.write_text("")
        runner = {
            "PATH": f"{self.tools}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(room),
            "LANG": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_WORKSPACE": str(room / "checkout"),
            "RUNNER_TEMP": str(temp),
        }
        ran = subprocess.run(
            [*SHELLS[step.get("shell", "")], str(script)],
            cwd=folder,
            env={**runner, **self.program, **environ},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        step_done = Done(failed=ran.returncode != 0, stdout=ran.stdout, stderr=ran.stderr)
        step_done.summary = summary.read_text()
        step_done.ran = [step.get("name", "")]
        _add(done, step_done)
        return dict(read_outputs(output.read_text()))

    def _stand_in(self, uses: str, given: Mapping[str, str], room: Path) -> None:
        checkout = room / "checkout"
        if uses == "actions/checkout":
            depth = [] if given.get("fetch-depth") == "0" else ["--depth", "1"]
            git(self.work, "clone", "-q", *depth, f"file://{self.origin}", str(checkout))
            if self.merges:  # as GitHub does, on a commit of its own that no branch holds
                git(checkout, "checkout", "-q", "--detach")
                git(checkout, "merge", "-q", "--no-ff", "-m", "Merge", f"origin/{self.merges}")
        elif uses == "actions/upload-artifact":
            for path in given["path"].split():
                source, target = checkout / path, self.artifacts / given["name"] / path
                if source.is_dir():
                    shutil.copytree(source, target, dirs_exist_ok=True)
                elif source.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(source, target)
                elif given.get("if-no-files-found") != "ignore":
                    raise FileNotFoundError(path)
        elif uses == "actions/download-artifact":
            shutil.copytree(self.artifacts / given["name"], checkout, dirs_exist_ok=True)
        elif uses != "actions/setup-python":
            raise ValueError(f"nothing stands in for {uses}")


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


def _add(done: Done, more: Done) -> None:
    done.failed = done.failed or more.failed
    done.stdout += more.stdout
    done.stderr += more.stderr
    done.summary += more.summary
    done.ran += more.ran


def write_program(path: Path) -> None:
    """Write the program under test, as installing it would."""
    _write_script(
        path, f'#!/bin/sh\nPYTHONPATH="{PROJECT}" exec "{sys.executable}" -W error -m reconciler "$@"\n'
    )


def _write_script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
