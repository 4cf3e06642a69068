"""How lines for people are made and painted; the whole texts stand in `tests/render/golden/`."""

from __future__ import annotations

import io

import pytest

from reconciler.execution.outcome import Failed
from reconciler.planning.change import Keep, Update
from reconciler.planning.diff import FieldChange
from reconciler.planning.plan import Plan, Target
from reconciler.render.lines import Line, Piece, print_lines
from reconciler.render.phrases import count
from reconciler.render.terminal import has_colour, write_lines
from reconciler.render.text.fields import render_field
from reconciler.render.text.plan import render_plan
from reconciler.render.text.report import render_progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


LINES: list[Line] = [(Piece("+ a", "create"), Piece("  b", "dim")), (Piece("plain "),), ()]


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (12345, "12,345 files")]
)
def test_things_are_counted_in_words(number: int, shown: str) -> None:
    """One is singular, everything else plural, and thousands are set apart."""
    assert count(number, "file") == shown


def test_lines_print_without_styles() -> None:
    """The words alone, each line with its break and no blanks at its end."""
    assert print_lines(LINES) == "+ a  b\nplain\n\n"


@pytest.mark.parametrize(
    ("field", "lines"),
    [
        (
            FieldChange(("isVisible",), actual=True, expected=False, line=7),
            ["    ~ isVisible           true → false  :7"],
        ),
        (
            FieldChange(("isVisible",), actual=False, expected=True),
            ["    ~ isVisible           false → true"],
        ),
        (FieldChange(("name", "nb"), None, 'A "b"', 3), ['    + name.nb             "A \\"b\\""  :3']),
        (FieldChange(("name", "nb"), "", None), ['    - name.nb             ""']),
        (FieldChange(("clientId", "a"), "a", None, 2), ["    - clientId            a  :2"]),
        (FieldChange(("rights", "a:read"), None, {"resource": []}), ["    + rights              a:read"]),
        (FieldChange(("vendor", "ID"), "0192:1", "0192:2"), ["    ~ vendor.ID           0192:1 → 0192:2"]),
        (
            FieldChange(("name", "nb"), "x" * 30, "y" * 30, 3),
            ["    ~ name.nb               :3", f'        - "{"x" * 30}"', f'        + "{"y" * 30}"'],
        ),
    ],
)
def test_a_field_is_told_in_its_form(field: FieldChange, lines: list[str]) -> None:
    """Entries come and go, values become others; two long ones stand below each other."""
    assert print_lines(render_field(field, field.line, field.origin)).splitlines() == lines


def test_a_log_gets_the_words_alone() -> None:
    """A stream that is no terminal is never painted."""
    stream = io.StringIO()

    write_lines(LINES, stream)

    assert stream.getvalue() == print_lines(LINES)


def test_a_terminal_is_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal gets colours around the same words, in one line each however narrow it is."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()

    write_lines([(Piece("[red]x[/red] :smile: " * 9, "create"),)], stream)

    assert stream.getvalue() == f"\x1b[32m{'[red]x[/red] :smile: ' * 9}\x1b[0m\n"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_can_refuse_colour(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """NO_COLOR and a terminal that calls itself dumb are honoured; an empty NO_COLOR asks for nothing."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "")
    assert has_colour(Terminal())

    monkeypatch.setenv(name, value)

    assert not has_colour(Terminal())
    stream = Terminal()
    write_lines(LINES, stream)
    assert stream.getvalue() == print_lines(LINES)


def test_no_text_of_others_commands_a_runner_that_reads_the_log() -> None:
    """A runner obeys `##[…]` anywhere in a line, so it comes out marked."""
    change = Keep(
        id="991825827_x", reason="##[error]taken", fields=(FieldChange(("name", "nb"), None, "##[debug]"),)
    )

    text = print_lines(render_plan(Plan(Target("tt02", "https://x", "991825827"), (change,))))

    assert "##[" not in text
    assert "##\\[error]taken" in text


def test_an_outcome_on_the_way_is_one_inert_line() -> None:
    """Whatever an id or a reason holds, and however long it is."""
    outcome = Failed(change=Update(id="::error::a\x1b[31m\n\u202eb"), reason="c\r\n" + "d" * 5000)

    (line,) = print_lines([render_progress(7, 500, outcome)]).splitlines()

    assert line.startswith("  7/500 failed: ")
    assert line.isprintable()
    assert len(line) < 300
