"""Several outputs of one result: one on stdout, and any number into files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.console import show_lines, show_text
from reconciler.cli.options import Format
from reconciler.errors import UsageError
from reconciler.model.suggest import find_nearest
from reconciler.render.formats import FORMATS, JSON, TEXT
from reconciler.render.lines import print_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reconciler.render.lines import Line


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where a result goes: a format for stdout, and formats for files."""

    stdout: str
    files: tuple[tuple[str, Path], ...]

    @property
    def paths(self) -> list[Path]:
        """The files."""
        return [path for _, path in self.files]

    @property
    def form(self) -> Format:
        """How failures are reported on stdout: as JSON where JSON was asked for there."""
        return Format.JSON if self.stdout == JSON else Format.TEXT

    def write(
        self,
        *,
        lines: Callable[[], Iterable[Line]],
        render: Callable[[str], str],
        save: Callable[[Path, str], None],
    ) -> None:
        """Write a result to all outputs: `lines` gives it as text, `render` in the format of a name."""
        for name, path in self.files:
            save(path, print_lines(lines()) if name == TEXT else render(name))
        if self.stdout == TEXT:
            show_lines(lines())
        else:
            show_text(render(self.stdout))


def choose_outputs(words: Sequence[str] | None) -> Outputs:
    """Read `NAME` and `NAME=FILE`; raises `UsageError` for an unknown name, and for two on stdout."""
    stdout, files = "", list[tuple[str, Path]]()
    for word in words or ():
        name, equals, file = word.partition("=")
        if name not in FORMATS:
            near = find_nearest(name, FORMATS)
            hint = f"Did you mean `{near}`?" if near else f"Known here: {', '.join(FORMATS)}."
            raise UsageError(f"There is no format `{name}`.", hint=hint)
        if equals:
            files.append((name, Path(file)))
        elif stdout:
            raise UsageError("Two formats for stdout.", hint="Send one to a file: --format NAME=FILE.")
        else:
            stdout = name
    return Outputs(stdout or TEXT, tuple(files))
