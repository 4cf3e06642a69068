"""Several outputs of one result: one on stdout, and any number into files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from reconciler.cli.console import show_lines, show_text
from reconciler.cli.github_actions import find_prefix, shows_summary
from reconciler.definitions.files import write_file
from reconciler.errors import UsageError
from reconciler.model.suggest import find_nearest
from reconciler.render import formats
from reconciler.render.formats import FORMATS, JSON, PLACED, TEXT, load_renderer
from reconciler.render.places import move_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from reconciler.cli.options import Format
    from reconciler.model.findings import Finding
    from reconciler.render.lines import Line

Table = TypeVar("Table")


class Outputs(NamedTuple):
    """Where a result goes: a format for stdout, or empty for nothing there, and formats for files."""

    stdout: str
    files: tuple[tuple[str, Path], ...] = ()

    @property
    def paths(self) -> list[Path]:
        """The files."""
        return [path for _, path in self.files]

    @property
    def form(self) -> Format:
        """How failures are reported on stdout: as JSON where JSON was asked for there."""
        from reconciler.cli.options import Format  # noqa: PLC0415 - a check of files needs no options

        return Format.JSON if self.stdout == JSON else Format.TEXT

    def write(
        self,
        *,
        lines: Callable[[], Iterable[Line]],
        render: Callable[[str], str | Iterable[str]],
        save: Callable[[Path, str | Iterable[str]], None],
    ) -> None:
        """Write a result to all outputs: `lines` gives it as text, `render` in the format of a name, or in pieces."""
        for name, path in self.files:
            save(path, _print(lines()) if name == TEXT else render(name))
        if self.stdout == TEXT:
            show_lines(lines())
        elif self.stdout:
            show_text(render(self.stdout))


def show_table(
    form: str,
    table: Table,
    as_lines: Callable[[Table], Iterable[Line]],
    as_data: Mapping[str, Callable[[Table], str]],
) -> None:
    """Write a table to stdout: as text, or by the one of `as_data` that has the form's name."""
    if form == TEXT:
        show_lines(as_lines(table))
    else:
        show_text(as_data[form](table))


def choose_outputs(words: Sequence[str] | None, known: Sequence[str] = FORMATS) -> Outputs:
    """Read `NAME` and `NAME=FILE`; raises `UsageError` for an unknown name, and for two on stdout."""
    stdout, files = "", list[tuple[str, Path]]()
    for word in words or ():
        name, equals, file = word.partition("=")
        if name not in known:
            near = find_nearest(name, known)
            hint = f"Did you mean `{near}`?" if near else f"Known here: {', '.join(known)}."
            raise UsageError(f"There is no format `{name}`.", hint=hint)
        if equals:
            files.append((name, Path(file)))
        elif stdout:
            raise UsageError("Two formats for stdout.", hint="Send one to a file: --format NAME=FILE.")
        else:
            stdout = name
    return Outputs(stdout or TEXT, tuple(files))


def _print(lines: Iterable[Line]) -> str:
    from reconciler.render.lines import print_lines  # noqa: PLC0415 - few programs ask for lines

    return print_lines(lines)


def _list_lines(findings: Sequence[Finding], files: int) -> Iterable[Line]:
    from reconciler.render.text.findings import render_findings  # noqa: PLC0415 - as above

    return render_findings(findings, files)


def write_findings(
    findings: Sequence[Finding], files: int, outputs: Outputs, root: Path, *, verb: str, quiet: bool = False
) -> None:
    """Write findings to all outputs, and to the step's summary where there are any.

    `quiet` leaves the text on stdout out, for a verb whose result they are not.
    """
    placed = move_findings(findings, find_prefix(root, os.environ))
    shown = outputs._replace(stdout="") if quiet and outputs.stdout == TEXT else outputs
    shown.write(
        lines=lambda: _list_lines(findings, files),
        render=lambda name: formats.render_findings(name, placed if name in PLACED else findings, files),
        save=write_file,
    )
    if findings and shows_summary(os.environ):
        from reconciler.cli.step_summary import show_summary  # noqa: PLC0415 - only where there is one to show

        show_summary(verb, lambda: load_renderer("markdown").render_findings(placed, files), os.environ)
