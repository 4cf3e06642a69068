"""The help of every verb: plain, narrow, and with examples that can be typed as they stand."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer
from typer._click import Context
from typer._click.exceptions import UsageError as ClickUsageError
from typer.testing import CliRunner

from reconciler.cli.exit_codes import EXIT_CODES
from reconciler.cli.main import app
from reconciler.cli.verbs import GROUPS, VERBS
from reconciler.errors import Exit

if TYPE_CHECKING:
    from typer._click import Command

PROGRAM = typer.main.get_command(app)
BELOW = {"catalogue": ("refresh", "search", "show"), "register": ("serve",)}
"""The verbs that have others below them."""
PATHS = [path for verb in VERBS for path in ((verb,), *((verb, each) for each in BELOW.get(verb, ())))]


def _find(path: tuple[str, ...]) -> Command:
    found = PROGRAM
    for name in path:
        assert hasattr(found, "get_command")
        below = found.get_command(Context(found), name)
        assert below is not None
        found = below
    return found


def _read_help(*path: str) -> str:
    done = CliRunner().invoke(app, [*path, "--help"], prog_name="reconciler", env={"COLUMNS": "200"})
    assert done.exit_code == 0
    return done.output


def _list_examples(text: str) -> list[str]:
    assert "\nExamples:\n" in text
    return text.rpartition("\nExamples:\n")[2].replace("\\\n", "").strip().splitlines()


def _parse(words: list[str]) -> None:
    """Read a command line as the program does, to the last option, and run nothing."""
    above, command = None, PROGRAM
    name = "reconciler"
    while True:
        above = command.make_context(name, list(words), parent=above)
        with above:
            if not hasattr(command, "resolve_command"):
                return
            left = [*above._protected_args, *above.args]
            name, command, words = command.resolve_command(above, left)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the files that the examples name."""
    monkeypatch.chdir(tmp_path)
    for name in ("body.json", "plan.json", "back.json"):
        Path(name).write_text("{}", encoding="utf-8")
    Path("systems").mkdir()


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_a_help_is_plain_and_narrow(path: tuple[str, ...]) -> None:
    """No line over 80 columns, no type of the language, no mark-up, and a first paragraph of one sentence."""
    text = _read_help(*path)

    assert max(map(len, text.splitlines())) <= 80
    assert text.isascii()
    assert not re.search(r"`|<|list\[|[\[{]{2}|<=|\bx>=", text)
    first = " ".join(text.split("\n\n")[1].split())
    assert re.fullmatch(r"[^.]+\.", first)


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_option_and_argument_is_described(path: tuple[str, ...]) -> None:
    """A reader does not have to guess what a name stands for."""
    shown = [each for each in _find(path).params if not getattr(each, "hidden", False)]

    assert [each.name for each in shown if not (getattr(each, "help", "") or "").endswith((".", ")"))] == []


@pytest.mark.parametrize(
    "path", [each for each in PATHS if each[0] not in BELOW or len(each) > 1], ids=" ".join
)
def test_a_help_names_the_exit_codes(path: tuple[str, ...]) -> None:
    """What a script can go by, in the order of the codes, each with one sentence about this verb."""
    codes = EXIT_CODES[" ".join(path)]
    text = _read_help(*path).partition("\nExit codes:\n")[2].partition("\n\n")[0]

    assert re.findall(r"^  (\d)  ", text, re.MULTILINE) == [str(code.value) for code in codes]
    assert next(iter(codes)) is Exit.DONE
    assert sorted(codes) == list(codes)
    assert all(re.fullmatch(r"[A-Z].+\.", each) for each in codes.values())


def test_only_verbs_have_exit_codes() -> None:
    """A verb that goes away takes its row with it."""
    assert [each for each in EXIT_CODES if tuple(each.split()) not in PATHS] == []


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_the_examples_can_be_typed(path: tuple[str, ...]) -> None:
    """Two or three, of verbs and options that exist; the first is of the verb itself."""
    examples = _list_examples(_read_help(*path))

    assert 2 <= len(examples) <= 3
    assert shlex.split(examples[0])[: len(path) + 1] == ["reconciler", *path]
    for each in examples:
        name, *words = shlex.split(each)
        assert name == "reconciler"
        _parse(words)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("words", [["plan", "--bas", "main"], ["export"], ["catalogue", "find"]])
def test_a_wrong_example_would_be_found(words: list[str]) -> None:
    """The reading above is the program's own."""
    with pytest.raises(ClickUsageError):
        _parse(words)


def test_the_program_lists_each_verb_once_by_what_it_is_for() -> None:
    """The groups hold every verb, and the help shows them under their headings."""
    text = _read_help()

    assert sorted(VERBS) == sorted(verb for group in GROUPS.values() for verb in group)
    assert len(VERBS) == sum(map(len, GROUPS.values()))
    assert [text.index(f"\n{heading}:\n") for heading in GROUPS] == sorted(
        text.index(f"\n{heading}:\n") for heading in GROUPS
    )
    for verb, line in VERBS.items():
        assert len(re.findall(rf"^  {verb} +{re.escape(line)}$", text, re.MULTILINE)) == 1
    assert max(map(len, text.splitlines())) <= 80


def test_the_verbs_below_are_all_looked_at() -> None:
    """A verb that gets others below it is listed above."""
    found = {verb: tuple(getattr(_find((verb,)), "commands", ())) for verb in VERBS}

    assert {verb: below for verb, below in found.items() if below} == BELOW
