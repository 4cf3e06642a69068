"""Answers the command lines that have to be quick without the library of the command line.

They are `--version`, `--help`, and `validate` as hooks and editors call it. What the library would make of them is the
same: tests compare the texts, and what is read of the words. Whatever else is asked for is left to it.
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
  -v, --verbose  Log each request to stderr in one line.
  --debug        Log what happens to stderr; secrets as ***.
  -h, --help     Show this message and exit.
"""


def answer_at_once(words: Sequence[str], environ: Mapping[str, str]) -> int | None:
    """Carry out a command line of which this module makes sense, and give the exit code; None for any other."""
    text = find_text(words, environ)
    if text:
        sys.stdout.write(text)
        return 0
    read = read_validate(words)
    if read is None:
        return None
    from pathlib import Path  # noqa: PLC0415 - `--version` needs none of them

    from reconciler.cli.validation import FileCheck, check_files  # noqa: PLC0415 - as above
    from reconciler.clients.exposure import check_exposed  # noqa: PLC0415 - as above

    check_exposed(words, environ)
    paths, formats, strict = read
    return check_files(FileCheck([Path(each) for each in paths], formats or None, strict=strict))


def find_text(words: Sequence[str], environ: Mapping[str, str]) -> str:
    """Give the answer to a command line that asks for the version or the help; empty for any other."""
    if list(words) == ["--version"]:
        from reconciler.build import describe_build  # noqa: PLC0415 - only where it was asked for

        return f"{describe_build()}\n"
    if list(words) in (["--help"], ["-h"]) and _count_columns(environ) >= _NARROWEST:
        return write_help()
    return ""


def read_validate(words: Sequence[str]) -> tuple[list[str], list[str], bool] | None:
    """Read the paths, the formats and `--strict` of a `validate` that has no other option; None for any other."""
    if list(words[:1]) != ["validate"] or os.name == "nt":  # where the library resolves `*` in paths
        return None
    paths, formats, strict = list[str](), list[str](), False
    left = iter(words[1:])
    for word in left:
        if word == "--strict":
            strict = True
        elif word == "--format" or word.startswith("--format="):
            value = next(left, "") if word == "--format" else word.removeprefix("--format=")
            if not value or value.startswith("-"):
                return None
            formats.append(value)
        elif word and not word.startswith("-"):
            paths.append(word)
        else:
            return None
    return paths, formats, strict


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
