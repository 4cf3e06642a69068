"""The addresses of a run, as the runners of GitHub, GitLab and Azure give them in their environment.

What is not there, or is no plain https address, becomes no link: the variables of a run are no secret, and no truth.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from reconciler.render.links import Links, check_address, check_commit

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 4 * 1024 * 1024
"""Bytes of an event file that are read; GitHub's hold a few tens of thousands."""


def find_links(environ: Mapping[str, str]) -> Links:
    """Find the addresses of a run."""
    for known, find in ((_GITHUB, _find_github), (_GITLAB, _find_gitlab), (_AZURE, _find_azure)):
        if environ.get(known):
            return find(environ)
    return Links()


_GITHUB, _GITLAB, _AZURE = "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD"
"""The variable by which each platform says that this is its runner."""


def _find_github(environ: Mapping[str, str]) -> Links:
    """https://docs.github.com/actions, variables: default environment variables."""
    top = _join(environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", ""))
    commit = _find_head(environ.get("GITHUB_EVENT_PATH", "")) or check_commit(environ.get("GITHUB_SHA", ""))
    number = environ.get("GITHUB_RUN_ID", "")
    run = check_address(f"{top}/actions/runs/{number}") if top and number.isdecimal() else ""
    return _make(
        top,
        commit=f"/commit/{commit}" if commit else "",
        run=run,
        artifact=f"{run}#artifacts" if run else "",
        line=f"/blob/{commit}/{{path}}#L{{line}}" if commit else "",
    )


def find_restart(environ: Mapping[str, str]) -> str:
    """Find where somebody starts the same pipeline again; empty where the platform does not say."""
    if environ.get(_GITHUB):  # OWNER/REPOSITORY/.github/workflows/FILE@REF
        top = _join(environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", ""))
        file = environ.get("GITHUB_WORKFLOW_REF", "").partition("@")[0].rpartition("/")[2]
        return _join(top, f"actions/workflows/{quote(file)}") if file else ""
    if environ.get(_GITLAB):
        return _join(environ.get("CI_PROJECT_URL", ""), "-/pipelines/new")
    if environ.get(_AZURE) and (pipeline := environ.get("SYSTEM_DEFINITIONID", "")).isdecimal():
        project = quote(environ.get("SYSTEM_TEAMPROJECT", ""))
        return _join(environ.get("SYSTEM_COLLECTIONURI", ""), f"{project}/_build?definitionId={pipeline}")
    return ""


def _find_head(event: str) -> str:
    """Find the commit of a pull request in the event; the runner's own is a merge that is thrown away."""
    try:
        path = Path(event)
        if not event or path.stat().st_size > _MOST:
            return ""
        read = json.loads(path.read_bytes())
        return check_commit(str(read["pull_request"]["head"]["sha"]))
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return ""


def _find_gitlab(environ: Mapping[str, str]) -> Links:
    """https://docs.gitlab.com/ci/variables/predefined_variables/."""
    job = check_address(environ.get("CI_JOB_URL", ""))
    commit = check_commit(environ.get("CI_COMMIT_SHA", ""))
    return _make(
        check_address(environ.get("CI_PROJECT_URL", "")),
        commit=f"/-/commit/{commit}" if commit else "",
        run=check_address(environ.get("CI_PIPELINE_URL", "")) or job,
        artifact=f"{job}/artifacts/browse" if job else "",
        line=f"/-/blob/{commit}/{{path}}#L{{line}}" if commit else "",
    )


def _find_azure(environ: Mapping[str, str]) -> Links:
    """https://learn.microsoft.com/azure/devops/pipelines/build/variables."""
    scheme, _, rest = environ.get("BUILD_REPOSITORY_URI", "").partition("://")
    # The address can hold the name of an organisation as its user.
    host, _, path = rest.partition("/")
    top = check_address(f"{scheme}://{host.rpartition('@')[2]}/{path}")
    commit = check_commit(environ.get("SYSTEM_PULLREQUEST_SOURCECOMMITID", ""))
    commit = commit or check_commit(environ.get("BUILD_SOURCEVERSION", ""))
    number = environ.get("BUILD_BUILDID", "")
    project = _join(environ.get("SYSTEM_COLLECTIONURI", ""), quote(environ.get("SYSTEM_TEAMPROJECT", "")))
    run = (
        check_address(f"{project}/_build/results?buildId={number}") if project and number.isdecimal() else ""
    )
    own = environ.get("BUILD_REPOSITORY_PROVIDER", "TfsGit") == "TfsGit"
    line = f"?path=/{{path}}&version=GC{commit}&line={{line}}&lineEnd={{line}}&lineStartColumn=1&lineEndColumn=200"
    return _make(
        top,
        commit=f"/commit/{commit}" if commit else "",
        run=run,
        artifact=f"{run}&view=artifacts&type=publishedArtifacts" if run else "",
        line="" if not commit else line if own else f"/blob/{commit}/{{path}}#L{{line}}",
    )


def _make(top: str, *, commit: str, run: str, artifact: str, line: str) -> Links:
    """Put the address of the repository before what lies within it; without one there is neither."""
    return Links(
        commit=check_address(f"{top}{commit}") if top and commit else "",
        run=run,
        artifact=artifact,
        line=f"{top}{line}" if top and line else "",
    )


def _join(top: str, path: str) -> str:
    """Join an address and a path; empty where either is missing, or the two are no address."""
    return check_address(f"{top.rstrip('/')}/{path.strip('/')}") if top and path else ""
