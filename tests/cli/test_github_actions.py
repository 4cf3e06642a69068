"""The two files of a runner: what is added to them, and what it cannot become."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.github_actions import SUMMARY_BYTES, find_prefix, is_runner, write_outputs, write_summary

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("environ", "runs"),
    [({"GITHUB_ACTIONS": "true"}, True), ({"GITHUB_ACTIONS": "false"}, False), ({"CI": "true"}, False)],
)
def test_a_runner_says_that_it_is_one(environ: dict[str, str], *, runs: bool) -> None:
    """By its own variable, and by no other."""
    assert is_runner(environ) is runs


@pytest.mark.parametrize("environ", [{}, {"GITHUB_STEP_SUMMARY": "", "GITHUB_OUTPUT": ""}])
def test_without_files_nothing_is_written(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere than in a step there are none."""
    monkeypatch.chdir(tmp_path)

    write_summary("x", environ)
    write_outputs({"a": "b"}, environ)

    assert list(tmp_path.iterdir()) == []


def test_a_summary_is_added_to_what_is_there(tmp_path: Path) -> None:
    """A step can write several."""
    path = tmp_path / "summary"
    path.write_text("one\n", encoding="utf-8")

    write_summary("æ two\n", {"GITHUB_STEP_SUMMARY": str(path)})

    assert path.read_text(encoding="utf-8") == "one\næ two\n"


@pytest.mark.parametrize("there", [0, 1000, SUMMARY_BYTES - 100, SUMMARY_BYTES - 10, SUMMARY_BYTES + 10])
def test_a_summary_that_is_too_long_is_cut_at_a_line(there: int, tmp_path: Path) -> None:
    """A larger one is refused whole, so what fits is kept, and the cut is said; nothing is better than half a sign."""
    path = tmp_path / "summary"
    path.write_bytes(b"." * there)
    line = "æøå | a row\n"

    write_summary(line * 100_000, {"GITHUB_STEP_SUMMARY": str(path)})

    added = path.read_bytes()[there:].decode()
    assert path.stat().st_size <= max(SUMMARY_BYTES, there)
    rows, _, cut = added.partition("\n\n*Cut")
    assert set(rows.splitlines()) <= {line.strip()}
    assert bool(cut) is (there <= SUMMARY_BYTES - 100)
    assert len(added) < len(line) * 100_000


def test_a_summary_that_just_fits_is_whole(tmp_path: Path) -> None:
    """The limit itself is allowed."""
    path = tmp_path / "summary"

    write_summary("x" * SUMMARY_BYTES, {"GITHUB_STEP_SUMMARY": str(path)})

    assert path.read_bytes() == b"x" * SUMMARY_BYTES


def test_an_output_cannot_add_another(tmp_path: Path) -> None:
    """Each value stands between marks of its own that nobody can guess."""
    path = tmp_path / "output"
    hostile = "x\nend-0000000000000000\nplan-digest<<y\nfalse\ny"

    write_outputs({"a": hostile, "b": ""}, {"GITHUB_OUTPUT": str(path)})
    write_outputs({"c": "d"}, {"GITHUB_OUTPUT": str(path)})

    found = re.findall(r"^(\w+)<<(end-[0-9a-f]{16})\n(.*?)\n\2\n", path.read_text(), re.MULTILINE | re.DOTALL)
    assert [(name, value) for name, _, value in found] == [("a", hostile), ("b", ""), ("c", "d")]
    assert len({mark for _, mark, _ in found}) == 3


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "deep/definitions"),
        ({"GITHUB_WORKSPACE": "{top}"}, "deep/definitions"),
        ({"GITHUB_WORKSPACE": "{top}/deep"}, "definitions"),
        ({"CI_PROJECT_DIR": "{link}"}, "deep/definitions"),
        ({"BUILD_SOURCESDIRECTORY": "{top}/deep/definitions"}, ""),
        ({"GITHUB_WORKSPACE": "/elsewhere"}, "deep/definitions"),
        ({"GITHUB_WORKSPACE": ""}, "deep/definitions"),
    ],
)
def test_a_place_is_relative_to_the_workspace(tmp_path: Path, environ: dict[str, str], expected: str) -> None:
    """G5: else to git's top; links make no difference, nor does a workspace that lies elsewhere."""
    top = tmp_path / "repository"
    root = top / "deep" / "definitions"
    root.mkdir(parents=True)
    (top / ".git").mkdir()
    link = tmp_path / "link"
    link.symlink_to(top)

    given = {name: value.format(top=top, link=link) for name, value in environ.items()}

    assert find_prefix(root, given) == expected
    assert find_prefix(link / "deep" / "definitions", given) == expected


def test_without_a_repository_places_are_relative_to_the_root(tmp_path: Path) -> None:
    """G5: as they always were."""
    assert find_prefix(tmp_path, {}) == ""
