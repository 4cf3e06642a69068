"""A runner of GitLab CI for tests: rules, shell and artifacts of the page's pipeline, and the API that it asks."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from ruamel.yaml import YAML

from tests.git import git
from tests.workflows.machine import Api, Ended, make_tool, read_pipeline, run_shell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tests.served import Repository
    from tests.workflows.machine import Answer, Watch
    from tests.workflows.runner import Node

PROJECT_NUMBER = "17"
_TERM = re.compile(r'(\$\w+) (==|!=) (?:"([^"]*)"|(\$\w+))')


@dataclass
class GitLab:
    """A project, its variables by environment, and what its jobs left; `served` takes the place of tt02."""

    origin: Repository
    work: Path
    secrets: Mapping[str, Mapping[str, str]]
    deployments: list[dict[str, Any]] = field(default_factory=list)
    archives: dict[str, bytes] = field(default_factory=dict)
    watch: Watch | None = None
    """Watches the script of `apply`."""
    before: Callable[[], None] | None = None
    """Happens between plan and apply."""
    loses_machine: bool = False
    """Whether the machine of `apply` is gone before anything is kept."""

    def __post_init__(self) -> None:
        self.work.mkdir()
        self.pipeline: Any = YAML(typ="safe", pure=True).load(
            read_pipeline("gitlab").replace("tt02", "served")
        )
        address, commit = make_tool(self.work / "tool")
        self._tool = {"RECONCILER_REPOSITORY": address, "RECONCILER_COMMIT": commit}
        self._jobs = 0
        self.storage = Api(self._store)
        self.api = Api(self._answer)

    def close(self) -> None:
        """End the API."""
        self.api.close()
        self.storage.close()

    def run(self, source: str = "push", /, commit: str = "", **variables: str) -> dict[str, Ended]:
        """Run the jobs of a pipeline whose rules hold, in order; `commit` is that of an old one, run again."""
        given = {
            name: value["value"] if isinstance(value, dict) else value
            for name, value in self.pipeline["variables"].items()
        }
        context = {
            **given,
            **self._tool,
            "CI_PIPELINE_SOURCE": source,
            "CI_PROJECT_ID": PROJECT_NUMBER,
            **({"CI_COMMIT_BRANCH": "main"} if source != "merge_request_event" else {}),
            **variables,
        }
        if not holds(self.pipeline["workflow"]["rules"], context):
            return {}
        done: dict[str, Ended] = {}
        kept: dict[str, Path] = {}
        for name, job in self._list_jobs(context):
            earlier = job.get("needs", [each for each in done if self._precedes(each, name)])
            if all(each in done and self._passed(each, done[each]) for each in earlier):
                done[name] = self._run_job(name, job, context, [kept[each] for each in earlier], commit)
                if done[name].code == 0 or job.get("artifacts", {}).get("when") == "always":
                    kept[name] = done[name].folder.with_name(f"{done[name].folder.name}-kept")
                    self._keep(job, done[name], kept[name])
        return done

    def _list_jobs(self, context: Mapping[str, str]) -> list[tuple[str, Any]]:
        jobs = [
            (name, job) for name, job in self.pipeline.items() if isinstance(job, dict) and "stage" in job
        ]
        chosen = [(name, job) for name, job in jobs if holds(job.get("rules", [{}]), context)]
        return sorted(chosen, key=lambda each: self.pipeline["stages"].index(each[1]["stage"]))

    def _precedes(self, one: str, other: str) -> bool:
        stages = self.pipeline["stages"]
        return bool(stages.index(self.pipeline[one]["stage"]) < stages.index(self.pipeline[other]["stage"]))

    def _passed(self, name: str, ended: Ended) -> bool:
        allowed = self.pipeline[name].get("allow_failure", {}).get("exit_codes")
        return ended.code in {0, allowed}

    def _run_job(
        self, name: str, job: Node, context: Mapping[str, str], needed: Sequence[Path], commit: str
    ) -> Ended:
        self._jobs += 1
        number = str(self._jobs)
        folder = self.work / f"job-{number}" / "project"
        git(self.work, "clone", "-q", f"file://{self.origin.root}", str(folder))
        git(folder, "checkout", "-q", "--detach", commit or context.get("CI_COMMIT_SHA", "HEAD"))
        for each in needed:
            shutil.copytree(each, folder, dirs_exist_ok=True, symlinks=True)
        bound = job.get("environment", {})
        place = bound.get("name", "").replace("$TARGET", context["TARGET"])
        if bound and "action" not in bound:
            self._deploy(number, place)
        environ = {
            **context,
            **job.get("variables", {}),
            **self.secrets.get(place, {}),
            "GITLAB_CI": "true",
            "CI": "true",
            "CI_PROJECT_DIR": str(folder),
            "CI_JOB_ID": number,
            "CI_JOB_TOKEN": f"token-{number}",
            "CI_API_V4_URL": f"{self.api.address}/api/v4",
            "PATIENCE": "2",
        }
        watch = self.watch if name == "apply" else None
        if name == "apply" and self.before:
            self.before()
        ended = run_shell("\n".join(job["script"]), folder, environ, watch)
        if name == "apply" and not self.loses_machine:
            self.archives[number] = self._pack(job, folder)
        return ended

    def _keep(self, job: Node, ended: Ended, target: Path) -> None:
        target.mkdir()
        artifacts = job.get("artifacts", {})
        for path in artifacts.get("paths", []):
            source = ended.folder / path
            if source.is_dir():
                shutil.copytree(source, target / path, symlinks=True)
            elif source.exists():
                shutil.copy(source, target / path)
        wanted = [*artifacts.get("paths", []), *artifacts.get("reports", {}).values()]
        ended.missing = [path for path in wanted if not (ended.folder / path).exists()]

    def _deploy(self, number: str, place: str) -> None:
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        job = {"id": int(number), "started_at": now}
        self.deployments.insert(
            0, {"ref": "main", "created_at": now, "environment": place, "deployable": job}
        )

    def _pack(self, job: Node, folder: Path) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for path in job["artifacts"]["paths"]:
                found = [folder / path] if (folder / path).is_file() else (folder / path).rglob("*")
                for each in found:
                    archive.write(each, each.relative_to(folder).as_posix())
        return packed.getvalue()

    def _answer(self, path: str, headers: Mapping[str, str]) -> Answer:
        """https://docs.gitlab.com/api/deployments/, and /api/job_artifacts/."""
        asked = urlsplit(path)
        if headers.get("job-token") != f"token-{self._jobs}":
            return 401, b"{}"
        top = f"/api/v4/projects/{PROJECT_NUMBER}"
        if asked.path == f"{top}/deployments":
            query = {name: values[0] for name, values in parse_qs(asked.query).items()}
            first = (int(query["page"]) - 1) * int(query["per_page"])
            assert (query["order_by"], query["sort"]) == ("id", "desc")
            found = [each for each in self.deployments if each["environment"] == query["environment"]]
            return 200, json.dumps(found[first : first + int(query["per_page"])]).encode()
        match = re.fullmatch(rf"{top}/jobs/(\d+)/artifacts", asked.path)
        if match and match[1] in self.archives:
            return f"{self.storage.address}/{match[1]}"
        return 404, b"{}"

    def _store(self, path: str, headers: Mapping[str, str]) -> Answer:
        if "job-token" in headers:  # it is another host
            return 400, b""
        return 200, self.archives[path.strip("/")]


def holds(rules: Sequence[Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    """Say whether the first rule that fits lets a job run; what a pipeline changed always fits here."""
    for rule in rules:
        if all(_compare(term, context) for term in rule.get("if", "").split(" && ") if term):
            return rule.get("when") != "never"
    return False


def _compare(term: str, context: Mapping[str, str]) -> bool:
    match = _TERM.fullmatch(term)
    assert match, term
    left = context.get(match[1][1:], "")
    right = context.get(match[4][1:], "") if match[4] else match[3]
    return (left == right) is (match[2] == "==")
