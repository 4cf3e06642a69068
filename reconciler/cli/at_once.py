"""Answers `--version` and `--help` without the library of the command line, which takes four times as long to load.

The text is the library's own: a test compares them.
"""

from __future__ import annotations

import os
import sys

from reconciler.cli.verbs import GROUPS, VERBS

TYPE_CHECKING = False  # `typing` takes longer to import than everything here
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NARROWEST = 80
"""Columns from which on the library breaks no line of the help anew."""
_HEAD = """\
Usage: reconciler [OPTIONS] COMMAND [ARGS]...

  Keep a vendor's systems in Altinn's System Register as YAML files in git.

Options:
  --version      Print the version.
  -v, --verbose  Log a line a request to stderr.
  --debug        Log what happens to stderr; secrets as ***.
  -h, --help     Show this message and exit.
"""


def answer_at_once(words: Sequence[str], environ: Mapping[str, str]) -> str:
    """Give the answer to a command line that asks for nothing else; empty where the library has to answer."""
    if list(words) == ["--version"]:
        from reconciler.build import describe_build  # noqa: PLC0415 - only where it was asked for

        return f"{describe_build()}\n"
    if list(words) in (["--help"], ["-h"]) and _count_columns(environ) >= _NARROWEST:
        return write_help()
    return ""


def write_help() -> str:
    """Write the help of the whole program, for a screen that is wide enough."""
    widest = max(map(len, VERBS))
    lines = [_HEAD]
    for heading, verbs in GROUPS.items():
        lines += ["", f"{heading}:", *(f"  {verb.ljust(widest)}  {line}" for verb, line in verbs.items())]
    return "\n".join([lines[0].rstrip("\n"), *lines[1:], ""])


def _count_columns(environ: Mapping[str, str]) -> int:
    """Count the columns of the screen, as the library does: by the variable, else by the terminal, else 80."""
    try:
        columns = int(environ.get("COLUMNS", ""))
    except ValueError:
        columns = 0
    if columns > 0:
        return columns
    try:
        return (
            os.get_terminal_size(sys.__stdout__.fileno()).columns or _NARROWEST
            if sys.__stdout__
            else _NARROWEST
        )
    except (OSError, ValueError, AttributeError):
        return _NARROWEST
