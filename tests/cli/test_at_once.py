"""What is answered without the library of the command line is what that library would make of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer._click.exceptions import ClickException
from typer.testing import CliRunner

from reconciler.cli.at_once import answer_at_once, find_text, read_validate
from reconciler.cli.main import app
from reconciler.cli.validate import app as validate_app

VALIDATE = typer.main.get_command(validate_app)
WORDS = [
    "a.yaml",
    "systems",
    "x y",
    "--strict",
    "--format",
    "json",
    "--format=sarif=out",
    "--format=",
    "-v",
    "--",
]


@pytest.mark.parametrize("columns", ["80", "81", "120", "300"])
def test_the_help_is_that_of_the_library(columns: str) -> None:
    """On every screen that is wide enough for it."""
    done = CliRunner().invoke(app, ["--help"], prog_name="reconciler", env={"COLUMNS": columns})

    assert find_text(["--help"], {"COLUMNS": columns}) == done.output
    assert find_text(["-h"], {"COLUMNS": columns}) == done.output


def test_the_version_is_that_of_the_library() -> None:
    """The same sentence, whichever way it is asked for."""
    done = CliRunner().invoke(app, ["--version"], prog_name="reconciler")

    assert find_text(["--version"], {}) == done.output


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["plan"],
        ["--help", "plan"],
        ["plan", "--help"],
        ["--debug", "--help"],
        ["--version", "plan"],
        ["--verbose", "validate"],
        ["validate", "--help"],
        ["validate", "-v"],
        ["validate", "--only", "x"],
        ["validate", "--vendor=991825827"],
        ["validate", "--format"],
        ["validate", "--forma", "json"],
        ["validate", ""],
        ["validate", "--", "a.yaml"],
    ],
    ids=" ".join,
)
def test_whatever_else_is_asked_for_is_left_to_the_library(words: list[str]) -> None:
    """Also the help of a screen that is too narrow for the lines as they are."""
    assert answer_at_once(words, {"COLUMNS": "100"}) is None
    assert find_text(["--help"], {"COLUMNS": "79"}) == ""


@pytest.mark.skipif(os.name == "nt", reason="there the library resolves patterns")
@given(st.lists(st.sampled_from(WORDS), max_size=5))
def test_validate_is_read_as_the_library_reads_it(words: list[str]) -> None:
    """Words that are read here mean the same there, and what the library refuses is not read here."""
    read = read_validate(["validate", *words])
    try:
        found = VALIDATE.make_context("validate", list(words)).params
    except ClickException:
        assert read is None
        return
    if read is None:
        return
    paths, formats, strict = read
    known = {"paths": [Path(each) for each in paths], "formats": formats, "strict": strict}
    assert _leave_out_empty(found) == _leave_out_empty(known)


def _leave_out_empty(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items() if value
    }


def test_what_hooks_and_editors_write_is_read() -> None:
    """A hook appends the names of files to the words of its entry."""
    assert read_validate(["validate", "systems/a.yaml", "b.yaml"]) == (
        ["systems/a.yaml", "b.yaml"],
        [],
        False,
    )
    assert read_validate(["validate", "--strict", "--format", "json", "--format=sarif=x.sarif"]) == (
        [],
        ["json", "sarif=x.sarif"],
        True,
    )
