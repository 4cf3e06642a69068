"""The pipelines that `init` writes: pinned to one commit of the program, and never to a name that can be moved."""

from __future__ import annotations

import pytest

from reconciler.definitions.pipeline import (
    PIPELINES,
    PLACEHOLDER,
    Platform,
    Program,
    make_pipelines,
    read_program,
)
from reconciler.errors import UsageError

COMMIT = "3a5c4bbb91f2d0c7e6f8a9b0c1d2e3f405162738"


def write(platform: Platform, program: str) -> dict[str, str]:
    """Make the files of a platform in an empty repository."""
    return {each.path: each.text for each in make_pipelines(platform, read_program(program), lambda _: False)}


@pytest.mark.parametrize(
    ("text", "address", "name"),
    [
        ("acme/reconciler", "https://github.com/acme/reconciler", "acme/reconciler"),
        (
            "https://github.com/acme/reconciler.git",
            "https://github.com/acme/reconciler.git",
            "acme/reconciler",
        ),
        ("git+https://gitlab.example:8443/a/b/c", "https://gitlab.example:8443/a/b/c", "a/b/c"),
    ],
)
def test_a_commit_of_the_program_is_read(text: str, address: str, name: str) -> None:
    """A path alone is on GitHub."""
    program = read_program(f"{text}@{COMMIT}")

    assert (program, program.name) == (Program(address, COMMIT), name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "acme/reconciler",
        "acme/reconciler@v1",
        f"acme/reconciler@{COMMIT[:12]}",
        f"acme/reconciler@{COMMIT.upper()}",
        f"http://github.com/acme/reconciler@{COMMIT}",
        f"https://user:word@github.com/acme/reconciler@{COMMIT}",
        f"acme/reconciler #@{COMMIT}",
        f"acme/reconciler\n@{COMMIT}",
    ],
)
def test_what_can_be_moved_or_is_no_address_is_refused(text: str) -> None:
    """Tags, branches and short commits, and what would become another line of the file."""
    with pytest.raises(UsageError):
        read_program(text)


@pytest.mark.parametrize("platform", Platform)
def test_every_file_is_pinned(platform: Platform) -> None:
    """No placeholder is left, and each file names the commit."""
    written = write(platform, f"acme/reconciler@{COMMIT}")

    assert tuple(written) == PIPELINES[platform]
    for text in written.values():
        assert COMMIT in text
        assert PLACEHOLDER not in text
        assert "OWNER" not in text
        assert "acme/reconciler" in text


def test_workflows_on_github_call_others_there_only() -> None:
    """`uses` takes an owner and a repository, and one of that name there may be somebody else's."""
    for address in ("https://gitlab.example/a/b/c", "https://gitlab.example/a/b", "a/b/c", "a"):
        with pytest.raises(UsageError):
            write(Platform.GITHUB, f"{address}@{COMMIT}")


@pytest.mark.parametrize("platform", Platform)
def test_another_environment_is_planned_for(platform: Platform) -> None:
    """Wherever the page says tt02, as a part of a name too."""
    program = read_program(f"acme/reconciler@{COMMIT}")
    made = [each.text for each in make_pipelines(platform, program, lambda _: False, "trial")]

    assert not any("tt02" in text for text in made)
    assert "trial" in made[0]


def test_what_is_there_stays() -> None:
    """A pipeline is never overwritten."""
    program = read_program(f"acme/reconciler@{COMMIT}")
    made = list(make_pipelines(Platform.GITHUB, program, lambda path: path.endswith("plan.yml")))

    assert [bool(each.text) for each in made] == [False, True, True]
