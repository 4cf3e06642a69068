"""Where GitHub, GitLab and Azure show a run: what becomes a link, and what never does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.cli.runner_links import find_links
from reconciler.render.formats import render_plan
from reconciler.render.links import NO_LINKS, check_address
from reconciler.render.places import move_plan
from tests.render.inert import check_html
from tests.render.samples import HOSTILE, a_plan

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COMMIT, HEAD = "a" * 40, "b" * 40
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "smartcloud/systems",
    "GITHUB_SHA": COMMIT,
    "GITHUB_RUN_ID": "42",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_PROJECT_URL": "https://gitlab.example/smartcloud/systems",
    "CI_COMMIT_SHA": COMMIT,
    "CI_JOB_URL": "https://gitlab.example/smartcloud/systems/-/jobs/7",
    "CI_PIPELINE_URL": "https://gitlab.example/smartcloud/systems/-/pipelines/42",
}
AZURE = {
    "TF_BUILD": "True",
    "BUILD_REPOSITORY_URI": "https://smartcloud@dev.azure.com/smartcloud/my%20project/_git/systems",
    "BUILD_REPOSITORY_PROVIDER": "TfsGit",
    "BUILD_SOURCEVERSION": COMMIT,
    "BUILD_BUILDID": "42",
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/smartcloud/",
    "SYSTEM_TEAMPROJECT": "my project",
}


@pytest.mark.parametrize(
    ("environ", "commit", "run", "artifact", "line"),
    [
        (
            GITHUB,
            f"https://github.com/smartcloud/systems/commit/{COMMIT}",
            "https://github.com/smartcloud/systems/actions/runs/42",
            "https://github.com/smartcloud/systems/actions/runs/42#artifacts",
            f"https://github.com/smartcloud/systems/blob/{COMMIT}/deep/systems/a%20b.yaml#L7",
        ),
        (
            GITLAB,
            f"https://gitlab.example/smartcloud/systems/-/commit/{COMMIT}",
            "https://gitlab.example/smartcloud/systems/-/pipelines/42",
            "https://gitlab.example/smartcloud/systems/-/jobs/7/artifacts/browse",
            f"https://gitlab.example/smartcloud/systems/-/blob/{COMMIT}/deep/systems/a%20b.yaml#L7",
        ),
        (
            AZURE,
            f"https://dev.azure.com/smartcloud/my%20project/_git/systems/commit/{COMMIT}",
            "https://dev.azure.com/smartcloud/my%20project/_build/results?buildId=42",
            "https://dev.azure.com/smartcloud/my%20project/_build/results?buildId=42&view=artifacts&type=publishedArtifacts",
            (
                "https://dev.azure.com/smartcloud/my%20project/_git/systems?path=/deep/systems/a%20b.yaml"
                f"&version=GC{COMMIT}&line=7&lineEnd=7&lineStartColumn=1&lineEndColumn=200"
            ),
        ),
    ],
    ids=["github", "gitlab", "azure"],
)
def test_every_platform_has_its_addresses(
    environ: Mapping[str, str], commit: str, run: str, artifact: str, line: str
) -> None:
    """Commit, run, what the run kept, and a line of a file; a user's name in an address is left out."""
    found = find_links(environ)

    assert (found.commit, found.run, found.artifact) == (commit, run, artifact)
    assert found.find_line("deep/systems/a b.yaml", 7) == line


def test_a_pull_request_is_shown_at_its_own_commit(tmp_path: Path) -> None:
    """GitHub's variable names a merge that is thrown away; the event names the commit that was pushed."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"head": {"sha": HEAD}}}), encoding="utf-8")

    found = find_links({**GITHUB, "GITHUB_EVENT_PATH": str(event)})

    assert found.commit.endswith(f"/commit/{HEAD}")
    assert f"/blob/{HEAD}/" in found.line


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pull_request": null}', "\xff", "[" * 100_000, None])
def test_an_event_that_says_nothing_is_passed_over(tmp_path: Path, text: str | None) -> None:
    """The variables are taken then, and nothing fails."""
    event = tmp_path / "event.json"
    if text is not None:
        event.write_text(text, encoding="latin-1")

    assert find_links({**GITHUB, "GITHUB_EVENT_PATH": str(event)}).commit.endswith(COMMIT)


def test_elsewhere_nothing_is_linked() -> None:
    """A person's machine has no addresses, whatever else its environment holds."""
    variables = {name: value for each in (GITHUB, GITLAB, AZURE) for name, value in each.items()}
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD"):
        del variables[name]

    assert find_links(variables) == NO_LINKS


@pytest.mark.parametrize(
    "address",
    [
        "http://github.com/x",
        "javascript:alert(1)",
        "https://a b",
        'https://x/"onclick="x',
        "https://x/)[y](https://z",
        "https://user:word@x/",
        "https://x/<b>",
        "https://x/\n::error::x",
        "HTTPS://x",
        "//x",
        "https://",
    ],
)
def test_an_address_that_could_be_more_is_none(address: str) -> None:
    """Only https, only plain letters, and nobody's name in it."""
    assert check_address(address) == ""
    for environ, name in (
        (GITHUB, "GITHUB_SERVER_URL"),
        (GITLAB, "CI_PROJECT_URL"),
        (AZURE, "BUILD_REPOSITORY_URI"),
    ):
        found = find_links({**environ, name: address})
        assert (found.commit, found.line) == ("", "") or "user" in address


@settings(max_examples=10)
@given(st.dictionaries(st.sampled_from([*GITHUB, *GITLAB, *AZURE]), st.text() | st.just(HOSTILE)))
def test_no_variable_breaks_out_of_a_link(variables: dict[str, str]) -> None:
    """Whatever the environment holds, the page keeps to its tags and every address to https."""
    changed = {name: value for name, value in variables.items() if "\x00" not in value}
    for environ in (GITHUB, GITLAB, AZURE):
        found = find_links({**environ, **changed})
        addresses = [found.commit, found.run, found.artifact, found.find_line(HOSTILE, 3)]
        assert all(not each or check_address(each) for each in addresses)
        page = render_plan("html", a_plan(), found)
        assert set(check_html(page)) <= {"<a>", "the attribute href", "the attribute rel"}


def test_a_comment_links_to_the_line() -> None:
    """The place of each system, the commit, the run and the artifact are links where there are addresses."""
    text = render_plan("markdown", move_plan(a_plan(), "deep"), find_links(GITHUB))
    page = render_plan("html", move_plan(a_plan(), "deep"), find_links(GITHUB))

    address = f"https://github.com/smartcloud/systems/blob/{COMMIT}/deep/systems/991825827_gone.yaml#L10"
    assert f'<a href="{address}"><code>deep/systems/991825827_gone.yaml&#58;10</code></a>' in text
    assert (
        f'<a href="{address}" rel="noreferrer"><code>deep/systems/991825827_gone.yaml:10</code></a>' in page
    )
    for part in ("/actions/runs/42", "/actions/runs/42#artifacts", f"/commit/{COMMIT}"):
        assert f'<a href="https://github.com/smartcloud/systems{part}">' in text
        assert f'<a href="https://github.com/smartcloud/systems{part}" rel' in page
