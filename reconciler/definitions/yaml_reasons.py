"""What a parser's own reason for stopping means, with what to do; for what `yaml_syntax` finds no mistake behind.

Pure. The C library and the parser without it word a reason differently, so each is recognised by what both of them say.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from reconciler.definitions.yaml_nodes import Position
from reconciler.definitions.yaml_text import Mistake

if TYPE_CHECKING:
    from reconciler.definitions.yaml_syntax import ParseFailure


class _Reason(NamedTuple):
    """What the parsers say, and what we say."""

    said: re.Pattern[str]
    message: str
    hint: str
    at_start: bool = False
    """Whether the place is where that which was being read starts."""


_DIRECTIVE = "A line that begins with `%` is a directive, and this one cannot be read"
_NO_DIRECTIVE = "Remove the line: a definition needs no directive."
_REASONS = (
    _Reason(
        re.compile("scanning an alias"),
        "A text that begins with `*` needs quotes",
        "Quote the text: without quotes, `*` repeats a value from above.",
        at_start=True,
    ),
    _Reason(
        re.compile("scanning an anchor"),
        "A text that begins with `&` needs quotes",
        "Quote the text: without quotes, `&` gives a value a name.",
        at_start=True,
    ),
    _Reason(
        re.compile("directive|incompatible YAML|duplicate tag handle"),
        _DIRECTIVE,
        _NO_DIRECTIVE,
    ),
    _Reason(
        re.compile(r"\btag\b"),
        "A text that begins with `!` needs quotes",
        "Quote the text: without quotes, `!` gives a value a type.",
        at_start=True,
    ),
    _Reason(
        re.compile("hexdecimal"),
        "An escape in double quotes lacks digits",
        "`\\x` takes two hexadecimal digits, `\\u` four; a backslash itself is `\\\\`.",
    ),
    _Reason(
        re.compile("scanning a block scalar"),
        "Behind `|` or `>`, a text begins in the next line",
        "Write it there, indented, or quote a text that starts with `|` or `>`.",
        at_start=True,
    ),
    _Reason(
        re.compile("document (?:indicator|separator)"),
        "The quote that opens here is not closed before a line with `---` or `...`",
        "Close it at the end of the text.",
        at_start=True,
    ),
    _Reason(
        re.compile("mapping keys are not allowed"),
        "A text that begins with `? ` needs quotes",
        "Quote the text.",
    ),
    _Reason(
        re.compile("sequence entries are not allowed"),
        "A list begins behind a colon",
        "Begin it in the next line, or quote a text that starts with `- `.",
    ),
)


def explain_reason(text: str, failure: ParseFailure) -> Mistake:
    """Put a parser's reason in words of ours."""
    for look in (_explain_known, _explain_gap, _explain_bracket, _explain_rest):
        found = look(text, failure)
        if found is not None:
            return found
    return Mistake(
        "This cannot be read as YAML",
        failure.position,
        "Look for a wrong quote, bracket or indentation here and in the line above.",
    )


def explain_crash(text: str) -> Mistake:
    """Say at what the parser without the C library fails in a way of its own: it trusts numbers in a file."""
    for found in re.finditer(r"\\U([0-9A-Fa-f]{8})", text):
        if int(found[1], 16) > 0x10FFFF:  # the last character of Unicode
            line = text.count("\n", 0, found.start()) + 1
            position = Position(line, found.start() - text.rfind("\n", 0, found.start()))
            return Mistake(
                f"The escape `{found[0]}` is no character", position, "Write the character itself."
            )
    for number, line_text in enumerate(text.split("\n"), 1):
        if line_text.startswith("%"):
            return Mistake(_DIRECTIVE, Position(number, 1), _NO_DIRECTIVE)
    return Mistake(
        "This cannot be read as YAML", Position(1, 1), "Write out escapes, tags and whatever else is rare."
    )


def _explain_known(text: str, failure: ParseFailure) -> Mistake | None:
    del text
    for reason in _REASONS:
        if reason.said.search(failure.problem):
            start = failure.start if reason.at_start else None
            return Mistake(reason.message, start or failure.position, reason.hint)
    return None


def _explain_gap(text: str, failure: ParseFailure) -> Mistake | None:
    """Say what stands in brackets where a value belongs."""
    if "flow node" not in failure.problem:
        return None
    line, column = failure.position
    found = text.split("\n")[line - 1][column - 1 :]
    if found.startswith(","):
        hint = "Remove it, or write the value before it."
        return Mistake("A comma stands where a value belongs", failure.position, hint)
    if found.startswith("-"):
        hint = "Separate the values with commas, or quote the text."
        return Mistake("A `- ` stands in brackets", failure.position, hint)
    return None


def _explain_bracket(text: str, failure: ParseFailure) -> Mistake | None:
    """Say what is wrong with a bracket, inside or behind it."""
    line, column = failure.position
    whole = text.split("\n")[line - 1]
    before, character = whole[: column - 1], whole[column - 1 : column]
    if character in {"[", "{"} and before[-1:].isalnum():
        hint = "Quote the whole text."
        return Mistake(f"A `{character}` stands in a text without quotes", failure.position, hint)
    if "expected ',' or" in failure.problem:
        closing = "]" if "expected ',' or ']'" in failure.problem else "}"
        hint = "Write it, or quote a text that holds a bracket, a comma or a colon."
        return Mistake(f"A comma or a closing `{closing}` is missing", failure.position, hint)
    if before.rstrip()[-1:] in {"]", "}"}:
        hint = "Write it in the next line, or quote the whole text."
        return Mistake("A text goes on behind a closing bracket", failure.position, hint)
    return None


def _explain_rest(text: str, failure: ParseFailure) -> Mistake | None:
    """Say why there is more behind what is a whole document already."""
    lines = text.split("\n")[: failure.position.line]
    if not re.search("document start>|document end", failure.problem) and not lines[-1].startswith("..."):
        return None
    for number, line in enumerate(lines, 1):
        if line.startswith("%"):
            return Mistake(_DIRECTIVE, Position(number, 1), _NO_DIRECTIVE)
        if line.startswith("..."):
            hint = "Remove it: a file holds one document."
            return Mistake("The document ends at `...`, and more follows", Position(number, 1), hint)
    first = next((each for each in lines if each.strip() and not each.lstrip().startswith("#")), "")
    if first.startswith(" "):
        hint = "Begin every member of the top level in the same column."
        return Mistake("The line is indented less than the first one", failure.position, hint)
    hint = "Write the members of a definition below each other, each as `name: value`."
    return Mistake("The document is complete above, and more follows", failure.position, hint)
