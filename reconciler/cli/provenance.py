"""Where a run comes from: the platform's variables, and git where there are none.

Nothing is guessed: what neither says stays empty. The variables are what whoever configured the job lets them be.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler import __version__
from reconciler.build import find_commit
from reconciler.cli.runner_links import find_links
from reconciler.definitions.git import find_head
from reconciler.execution.program import digest_program
from reconciler.model.provenance import Provenance
from reconciler.render.links import check_address, check_commit

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST = 300
"""Characters of what a platform says."""
_MOST = 4 * 1024 * 1024
"""Bytes of an event file that are read; GitHub's hold a few tens of thousands."""


def find_provenance(environ: Mapping[str, str], root: Path) -> Provenance:
    """Find where a run comes from, and which program it is."""
    found = Provenance()
    for known, find in (
        ("GITHUB_ACTIONS", _find_github),
        ("GITLAB_CI", _find_gitlab),
        ("TF_BUILD", _find_azure),
    ):
        if environ.get(known):
            found = find(environ)
            break
    if not (found.commit and found.branch):
        commit, branch = find_head(root)
        is_same = found.commit in {
            "",
            commit,
        }  # a runner checks a commit out, and its branch is then not git's
        found = replace(
            found, commit=found.commit or commit, branch=found.branch or (branch if is_same else "")
        )
    return replace(found, tool_version=__version__, tool_commit=find_commit(), tool_digest=digest_program())


def _find_github(environ: Mapping[str, str]) -> Provenance:
    """https://docs.github.com/actions, variables: default environment variables; webhook events: pull_request."""
    top = _join(environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", ""))
    request = _read_event(environ.get("GITHUB_EVENT_PATH", "")).get("pull_request")
    request = request if isinstance(request, dict) else {}
    head = request.get("head")
    number = request.get("number")
    is_branch = environ.get("GITHUB_REF_TYPE") == "branch"
    attempt = _take(environ, "GITHUB_RUN_ATTEMPT")
    run = find_links(environ).run
    return Provenance(
        platform="github",
        repository=top,
        commit=check_commit(str(head.get("sha")) if isinstance(head, dict) else "")
        or check_commit(environ.get("GITHUB_SHA", "")),
        branch=_take(environ, "GITHUB_HEAD_REF") or (_take(environ, "GITHUB_REF_NAME") if is_branch else ""),
        pull_request=str(number) if isinstance(number, int) else "",
        pull_request_address=check_address(f"{top}/pull/{number}") if top and isinstance(number, int) else "",
        actor=_take(environ, "GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR"),
        job=_take(environ, "GITHUB_RUN_ID"),
        attempt=attempt,
        address=f"{run}/attempts/{attempt}" if run and attempt.isdecimal() else run,
    )


def _read_event(event: str) -> dict[str, Any]:
    try:
        path = Path(event)
        if not event or path.stat().st_size > _MOST:
            return {}
        read = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _find_gitlab(environ: Mapping[str, str]) -> Provenance:
    """https://docs.gitlab.com/ci/variables/predefined_variables/."""
    number = _take(environ, "CI_MERGE_REQUEST_IID")
    project = check_address(environ.get("CI_MERGE_REQUEST_PROJECT_URL", ""))
    return Provenance(
        platform="gitlab",
        repository=check_address(environ.get("CI_PROJECT_URL", "")),
        commit=check_commit(environ.get("CI_COMMIT_SHA", "")),
        branch=_take(environ, "CI_COMMIT_BRANCH", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"),
        pull_request=number,
        pull_request_address=check_address(f"{project}/-/merge_requests/{number}")
        if project and number
        else "",
        actor=_take(environ, "GITLAB_USER_LOGIN"),
        job=_take(environ, "CI_JOB_ID"),
        address=check_address(environ.get("CI_JOB_URL", "")) or find_links(environ).run,
    )


def _find_azure(environ: Mapping[str, str]) -> Provenance:
    """https://learn.microsoft.com/azure/devops/pipelines/build/variables."""
    links = find_links(environ)
    top = links.commit.rpartition("/commit/")[0]
    number = _take(environ, "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "SYSTEM_PULLREQUEST_PULLREQUESTID")
    is_own = environ.get("BUILD_REPOSITORY_PROVIDER", "TfsGit") == "TfsGit"
    where = "pullrequest" if is_own else "pull"
    reference = _take(environ, "SYSTEM_PULLREQUEST_SOURCEBRANCH", "BUILD_SOURCEBRANCH")
    is_branch = reference.startswith("refs/heads/") or not reference.startswith("refs/")
    return Provenance(
        platform="azure",
        repository=top,
        commit=check_commit(environ.get("SYSTEM_PULLREQUEST_SOURCECOMMITID", ""))
        or check_commit(environ.get("BUILD_SOURCEVERSION", "")),
        branch=reference.removeprefix("refs/heads/") if is_branch else "",
        pull_request=number,
        pull_request_address=check_address(f"{top}/{where}/{number}") if top and number else "",
        actor=_take(environ, "BUILD_REQUESTEDFOR"),
        job=_take(environ, "BUILD_BUILDID"),
        attempt=_take(environ, "SYSTEM_STAGEATTEMPT"),
        address=links.run,
    )


def _take(environ: Mapping[str, str], *names: str) -> str:
    """Take the first variable that says something; Azure leaves one that has no value as `$(Its.Name)`."""
    found = (environ.get(name, "").strip() for name in names)
    return next((each[:_LONGEST] for each in found if each and not each.startswith("$(")), "")


def _join(top: str, path: str) -> str:
    return check_address(f"{top.rstrip('/')}/{path.strip('/')}") if top and path else ""
