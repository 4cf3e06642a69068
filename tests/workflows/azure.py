"""A runner of Azure Pipelines for tests: conditions, shell and artifacts of the page's pipeline, and its API."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from ruamel.yaml import YAML

from tests.git import git
from tests.workflows.machine import Api, Ended, make_tool, read_pipeline, run_shell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.served import Repository
    from tests.workflows.machine import Answer, Watch
    from tests.workflows.runner import Node

DEFINITION = "3"
_MACRO = re.compile(r"\$\(([\w.]+)\)")
_OUTPUT = re.compile(r"##vso\[task\.setvariable variable=(\w+);isOutput=true\](.*)")
_SUMMARY = re.compile(r"##vso\[task\.uploadsummary\](.*)")


@dataclass
class Build:
    """A run of the pipeline, the attempts of its stages, and what they published."""

    number: int
    reason: str
    branch: str
    commit: str
    attempts: dict[str, int] = field(default_factory=dict)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of each stage, by `job.step.name`."""
    failed: set[str] = field(default_factory=set)


@dataclass
class Azure:
    """A project, its variable groups and its runs; `served` takes the place of tt02."""

    origin: Repository
    work: Path
    groups: Mapping[str, Mapping[str, str]]
    builds: list[Build] = field(default_factory=list)
    watch: Watch | None = None
    """Watches the script that applies."""
    before: Callable[[], None] | None = None
    """Happens between plan and apply."""
    loses_machine: bool = False
    """Whether the machine of the stage that applies is gone before anything is kept."""

    def __post_init__(self) -> None:
        self.work.mkdir()
        address, commit = make_tool(self.work / "tool")
        self._tool = {"RECONCILER_REPOSITORY": address, "RECONCILER_COMMIT": commit}
        self._jobs = 0
        self.api = Api(self._answer)

    def close(self) -> None:
        """End the API."""
        self.api.close()

    def read_kept(self, artifact: str, name: str) -> bytes:
        """Read a file of an artifact of the newest run."""
        with zipfile.ZipFile(io.BytesIO(self.builds[0].artifacts[artifact])) as archive:
            return archive.read(f"{artifact}/{name}")

    def run(
        self, reason: str = "IndividualCI", /, branch: str = "refs/heads/main", **given: str
    ) -> dict[str, Ended]:
        """Run the stages whose conditions hold; `FORK` says that a pull request is a fork's."""
        commit = git(self.origin.root, "rev-parse", given.pop("commit", "HEAD")).strip()
        self.builds.insert(0, Build(len(self.builds) + 1, reason, branch, commit))
        return self._run_stages(self.builds[0], given)

    def rerun(self, build: Build, **given: str) -> dict[str, Ended]:
        """Run the failed stages of a run again, and those that depend on them."""
        return self._run_stages(build, given, again=True)

    def _run_stages(self, build: Build, given: Mapping[str, str], *, again: bool = False) -> dict[str, Ended]:
        text = read_pipeline("azure").replace("tt02", "served")
        values = {"target": "served", "accept": "", "without": "", **given}
        text = re.sub(r"\$\{\{ parameters\.(\w+) \}\}", lambda match: values[match[1]], text)
        pipeline: Any = YAML(typ="safe", pure=True).load(text)
        done: dict[str, Ended] = {}
        for stage in pipeline["stages"]:
            name = stage["stage"]
            if again and name not in build.failed:
                continue
            if self._decide(stage["condition"], build, {}, ended=Ended()):
                build.attempts[name] = build.attempts.get(name, 0) + 1
                done[name] = self._run_stage(stage, pipeline["variables"], build, given)
                (build.failed.add if done[name].code else build.failed.discard)(name)
        return done

    def _run_stage(self, stage: Node, common: Node, build: Build, given: Mapping[str, str]) -> Ended:
        self._jobs += 1
        machine = self.work / f"job-{self._jobs}"
        folders = {name: machine / name for name in ("temp", "workspace", "sources")}
        for name in ("temp", "workspace"):
            folders[name].mkdir(parents=True)
        known, secrets = self._list_variables(stage, build, folders, given)
        for name, value in {**common, **self._tool}.items():
            known[name] = _MACRO.sub(lambda match: known.get(match[1], match[0]), value)
        (job,) = stage["jobs"]
        steps = job["steps"] if "steps" in job else job["strategy"]["runOnce"]["deploy"]["steps"]
        outputs = build.outputs.setdefault(stage["stage"], {})
        ended = Ended(folder=folders["sources"])
        for step in steps:
            wanted = step.get("condition", "succeeded()")
            if self._decide(wanted, build, outputs, ended=ended):
                before = len(ended.stdout)
                self._run_step(step, build, {**known, **secrets}, known, ended)
                for match in _OUTPUT.finditer(ended.stdout, before):
                    outputs[f"{step['name']}.{match[1]}"] = match[2]
        ended.summaries = [Path(path).read_text() for path in _SUMMARY.findall(ended.text)]
        return ended

    def _list_variables(
        self, stage: Node, build: Build, folders: Mapping[str, Path], given: Mapping[str, str]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """List the variables of a stage by their names in macros, and the secrets apart."""
        name, attempt = stage["stage"], str(build.attempts[stage["stage"]])
        known = {
            "Agent.TempDirectory": str(folders["temp"]),
            "Pipeline.Workspace": str(folders["workspace"]),
            "Build.SourcesDirectory": str(folders["sources"]),
            "Build.BuildId": str(build.number),
            "Build.Reason": build.reason,
            "Build.SourceBranch": build.branch,
            "System.StageName": name,
            "System.StageAttempt": attempt,
            "System.JobAttempt": attempt,
            "System.CollectionUri": f"{self.api.address}/",
            "System.TeamProject": "a project",
            "System.DefinitionId": DEFINITION,
            "System.PullRequest.IsFork": str("FORK" in given),
        }
        secrets = {"System.AccessToken": f"token-{self._jobs}"}
        for each in stage.get("variables", []):
            if "group" in each and "FORK" not in given:
                secrets |= self.groups.get(each["group"], {})
            elif "name" in each:
                match = re.fullmatch(
                    r"\$\[stageDependencies\.(\w+)\.\w+\.outputs\['([\w.]+)'\]\]", each["value"]
                )
                assert match, each
                known[each["name"]] = build.outputs[match[1]][match[2]]
        return known, secrets

    def _run_step(
        self, step: Node, build: Build, macros: Mapping[str, str], plain: Mapping[str, str], ended: Ended
    ) -> None:
        def expand(text: str) -> str:
            return _MACRO.sub(lambda match: macros.get(match[1], match[0]), text)

        sources, workspace = Path(plain["Build.SourcesDirectory"]), Path(plain["Pipeline.Workspace"])
        if "checkout" in step:
            git(self.work, "clone", "-q", f"file://{self.origin.root}", str(sources))
            git(sources, "checkout", "-q", "--detach", build.commit)
            if build.reason == "PullRequest":
                git(sources, "checkout", "-q", "--detach", "origin/main")
                git(sources, "merge", "-q", "--no-ff", "-m", "Merge", build.commit)
        elif "publish" in step:
            if "apply" in plain["System.StageName"] and self.loses_machine:
                return
            name = expand(step["artifact"])
            assert name not in build.artifacts, "an artifact cannot be replaced"
            build.artifacts[name] = _pack(sources / expand(step["publish"]), name)
        elif "download" in step:
            name = expand(step["artifact"])
            (workspace / name).mkdir()
            with zipfile.ZipFile(io.BytesIO(build.artifacts[name])) as archive:
                archive.extractall(workspace)
        elif "task" in step:
            wanted = step["inputs"]["testResultsFiles"]
            ended.missing += [] if list(sources.glob(wanted)) else [wanted]
        else:
            environ = {name.upper().replace(".", "_"): value for name, value in plain.items()}
            environ |= {name: expand(value) for name, value in step.get("env", {}).items()}
            extra = {"TF_BUILD": "True", "PATIENCE": "2"}
            watch = self.watch if "apply.sh" in step["bash"] else None
            if "apply.sh" in step["bash"] and self.before:
                self.before()
            ran = run_shell(expand(step["bash"]), sources, {**environ, **extra}, watch)
            ended.code = ended.code or ran.code
            ended.stdout += ran.stdout
            ended.stderr += ran.stderr

    def _decide(self, condition: str, build: Build, own: Mapping[str, str], *, ended: Ended) -> bool:
        """Decide a condition of the page, whose functions are Python's but for their names."""
        text = re.sub(r"\b(and|not)\(", r"\1_(", condition)
        text = re.sub(r"dependencies\.(\w+)\.outputs\['plan\.([\w.]+)'\]", r"depends('\1', '\2')", text)
        variables = {"Build.Reason": build.reason, "Build.SourceBranch": build.branch, **own}
        names = {
            "and_": lambda *each: all(each),
            "not_": lambda each: not each,
            "eq": lambda one, other: one == other,
            "ne": lambda one, other: one != other,
            "canceled": lambda: False,
            "always": lambda: True,
            "succeeded": lambda: ended.code == 0,
            "succeededOrFailed": lambda: True,
            "depends": lambda stage, name: build.outputs.get(stage, {}).get(name, ""),
            "variables": _Missing(variables),
        }
        return bool(eval(text, {"__builtins__": {}}, names))  # noqa: S307 - the page's own text

    def _answer(self, path: str, headers: Mapping[str, str]) -> Answer:
        """https://learn.microsoft.com/rest/api/azure/devops/build: builds, timeline and artifacts."""
        asked = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        if headers.get("authorization") != f"Bearer token-{self._jobs}":
            return 401, b"{}"
        top = "/a%20project/_apis/build/builds"
        if asked.path == top:
            assert query["definitions"] == DEFINITION
            assert datetime.fromisoformat(query["minTime"]) < datetime.now(UTC)
            found = [{"id": each.number} for each in self.builds if each.branch == query["branchName"]]
            return 200, json.dumps({"value": found}).encode()
        match = re.fullmatch(rf"(?:{top}/|/storage/)(\d+)/([\w-]+)", asked.path)
        if not match:
            return 404, b"{}"
        (build,) = (each for each in self.builds if str(each.number) == match[1])
        return self._answer_of(build, match[2], query)

    def _answer_of(self, build: Build, what: str, query: Mapping[str, str]) -> Answer:
        if what == "timeline":
            records = [
                {"type": "Stage", "identifier": name, "attempt": attempt, "startTime": "2026-11-20T08:00:00Z"}
                for name, attempt in build.attempts.items()
            ]
            waiting = {"type": "Stage", "identifier": "apply_prod", "attempt": 1, "startTime": None}
            return 200, json.dumps({"records": [*records, waiting]}).encode()
        if what != "artifacts":
            return 200, build.artifacts[what]
        name = query["artifactName"]
        if name not in build.artifacts:
            return 404, b"{}"
        address = f"{self.api.address}/storage/{build.number}/{name}"
        return 200, json.dumps({"name": name, "resource": {"downloadUrl": address}}).encode()


class _Missing(dict[str, str]):
    """Variables, of which one that is not there is empty."""

    def __missing__(self, name: str) -> str:
        return ""


def _pack(source: Path, name: str) -> bytes:
    """Pack what is published, below the artifact's name."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        found = [source] if source.is_file() else source.rglob("*")
        base = source.parent if source.is_file() else source
        for each in found:
            archive.write(each, f"{name}/{each.relative_to(base).as_posix()}")
    return packed.getvalue()
