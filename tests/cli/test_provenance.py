"""Where a run comes from, as GitHub, GitLab, Azure and git say it; what none of them says stays empty."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler import __version__
from reconciler.cli.provenance import find_provenance
from reconciler.model.provenance import Provenance
from tests.cli.test_runner_links import AZURE, COMMIT, GITHUB, GITLAB, HEAD
from tests.git import commit_all, git

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_GITHUB = {
    **GITHUB,
    "GITHUB_REF_TYPE": "branch",
    "GITHUB_REF_NAME": "main",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_ACTOR": "anna",
    "GITHUB_TRIGGERING_ACTOR": "bo",
}
_GITLAB = {**GITLAB, "CI_COMMIT_BRANCH": "main", "CI_JOB_ID": "7", "GITLAB_USER_LOGIN": "anna"}
_AZURE = {
    **AZURE,
    "BUILD_SOURCEBRANCH": "refs/heads/release/1",
    "BUILD_REQUESTEDFOR": "Anna Andersen",
    "SYSTEM_STAGEATTEMPT": "3",
    "SYSTEM_PULLREQUEST_PULLREQUESTID": "$(System.PullRequest.PullRequestId)",
}
_TOOL = ("tool_version", "tool_commit", "tool_digest")


def _find(environ: Mapping[str, str], root: Path) -> dict[str, str]:
    """Give what is known of a run, without the program."""
    found = asdict(find_provenance(environ, root))
    return {name: value for name, value in found.items() if value and name not in _TOOL}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (
            _GITHUB,
            {
                "platform": "github",
                "repository": "https://github.com/smartcloud/systems",
                "branch": "main",
                "actor": "bo",
                "job": "42",
                "attempt": "2",
                "address": "https://github.com/smartcloud/systems/actions/runs/42/attempts/2",
            },
        ),
        (
            _GITLAB,
            {
                "platform": "gitlab",
                "repository": "https://gitlab.example/smartcloud/systems",
                "branch": "main",
                "actor": "anna",
                "job": "7",
                "address": "https://gitlab.example/smartcloud/systems/-/jobs/7",
            },
        ),
        (
            _AZURE,
            {
                "platform": "azure",
                "repository": "https://dev.azure.com/smartcloud/my%20project/_git/systems",
                "branch": "release/1",
                "actor": "Anna Andersen",
                "job": "42",
                "attempt": "3",
                "address": "https://dev.azure.com/smartcloud/my%20project/_build/results?buildId=42",
            },
        ),
    ],
    ids=["github", "gitlab", "azure"],
)
def test_every_platform_says_where_a_run_comes_from(
    environ: Mapping[str, str], expected: Mapping[str, str], tmp_path: Path
) -> None:
    """Repository, commit, branch, who started it, and the run with its address; after a merge no pull request."""
    assert _find(environ, tmp_path) == {**expected, "commit": COMMIT}


def test_a_pull_request_is_named_where_the_platform_names_it(tmp_path: Path) -> None:
    """By its number and address, with the commit and the branch that it is of, and not those it is to be merged to."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7, "head": {"sha": HEAD}}}), encoding="utf-8")
    of_github = {"GITHUB_REF_NAME": "7/merge", "GITHUB_HEAD_REF": "topic", "GITHUB_EVENT_PATH": str(event)}
    of_gitlab = {
        "CI_COMMIT_BRANCH": "",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "topic",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_PROJECT_URL": GITLAB["CI_PROJECT_URL"],
    }
    of_azure = {
        "BUILD_SOURCEBRANCH": "refs/pull/7/merge",
        "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/topic",
        "SYSTEM_PULLREQUEST_SOURCECOMMITID": HEAD,
        "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
    }
    found = [
        _find(environ, tmp_path)
        for environ in ({**_GITHUB, **of_github}, {**_GITLAB, **of_gitlab}, {**_AZURE, **of_azure})
    ]

    assert [each["pull_request"] for each in found] == ["7"] * 3
    assert [each["branch"] for each in found] == ["topic"] * 3
    assert [each["commit"] for each in found] == [HEAD, COMMIT, HEAD]
    assert [each["pull_request_address"] for each in found] == [
        "https://github.com/smartcloud/systems/pull/7",
        "https://gitlab.example/smartcloud/systems/-/merge_requests/7",
        "https://dev.azure.com/smartcloud/my%20project/_git/systems/pullrequest/7",
    ]


def test_elsewhere_git_says_commit_and_branch(tmp_path: Path) -> None:
    """Nobody is named: who sits at a machine is not known from what git is told."""
    assert _find({}, tmp_path) == {}
    git(tmp_path, "init", "-q", "-b", "topic", "--template=")
    assert _find({}, tmp_path) == {"branch": "topic"}
    (tmp_path / "a").touch()
    commit = commit_all(tmp_path, "one")
    assert _find({"GITHUB_ACTOR": "anna"}, tmp_path) == {"commit": commit, "branch": "topic"}
    git(tmp_path, "checkout", "-q", "--detach")
    assert _find({}, tmp_path) == {"commit": commit}


def test_the_branch_of_another_commit_is_not_taken(tmp_path: Path) -> None:
    """Where the platform names a commit and no branch, the one that lies there says nothing about it."""
    git(tmp_path, "init", "-q", "-b", "topic", "--template=")
    (tmp_path / "a").touch()
    commit = commit_all(tmp_path, "one")

    assert "branch" not in _find(GITHUB, tmp_path)
    assert _find({**GITHUB, "GITHUB_SHA": commit}, tmp_path)["branch"] == "topic"


def test_the_program_is_named(tmp_path: Path) -> None:
    """Its version, and a digest over its files."""
    found = find_provenance({}, tmp_path)

    assert (found.tool_version, len(found.tool_digest)) == (__version__, 64)


_NAMES = sorted({*_GITHUB, *_GITLAB, *_AZURE, "GITHUB_HEAD_REF", "CI_MERGE_REQUEST_IID"})


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([GITHUB, GITLAB, AZURE]),
    st.dictionaries(st.sampled_from(_NAMES), st.text(max_size=400) | st.just("http://a@b/<script>")),
)
def test_odd_variables_make_no_address(given_by: Mapping[str, str], odd: Mapping[str, str]) -> None:
    """Every address is a plain https one or none, a commit has digits, and nothing is long."""
    from pathlib import Path  # noqa: PLC0415 - else for types only

    named = {name: given_by[name] for name in ("GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD") if name in given_by}
    found = find_provenance({**given_by, **odd, **named}, Path("/nonexistent"))

    assert isinstance(found, Provenance)
    for address in (found.repository, found.pull_request_address, found.address):
        assert not address or (address.startswith("https://") and "<" not in address and "@" not in address)
    assert not found.commit or set(found.commit) <= set("0123456789abcdef")
    assert max(map(len, asdict(found).values())) <= 1100


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"pull_request": []}', '{"pull_request": {"number": "<b>"}}', "[" * 9000]
)
def test_an_odd_event_names_no_pull_request(tmp_path: Path, text: str) -> None:
    """The variables are taken then, and nothing fails."""
    event = tmp_path / "event.json"
    event.write_text(text, encoding="utf-8")

    found = _find({**_GITHUB, "GITHUB_EVENT_PATH": str(event)}, tmp_path)

    assert (found["commit"], found.get("pull_request")) == (COMMIT, None)
