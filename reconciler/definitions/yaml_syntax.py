"""What is wrong with a text that is no YAML, in words that help to correct it: a tab, a quote, a comma, an indentation.

Pure. A parser says where it stopped, which is often far behind the mistake; here the text around it is looked at.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from reconciler.definitions.yaml_nodes import Position
from reconciler.definitions.yaml_text import QUOTE, Mistake, find_position

_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?=[ \r\n]|\Z)", re.MULTILINE)
_TAB = re.compile(r"^ *\t", re.MULTILINE)
_TOKENS = re.compile(
    r"""(?P<comment>(?:^|(?<=[ \t]))\#[^\n]*)
      | (?P<quote>(?:^|(?<=[\s\[{,]))(?:"(?:[^"\\]|\\.)*+"|'(?:[^']|'')*+'))""",
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)
_INDENT = re.compile(r"[ ]*")
_KEY = re.compile(r"[ ]*(?:- +)*[^\s#][^\n]*?:(?=[ \t\r\n]|\Z)")
_TIGHT = re.compile(r"[ ]*[A-Za-z]+:(?=[^\s:])")


class ParseFailure(NamedTuple):
    """Where a parser stopped, its reason, and where that which it was reading starts."""

    position: Position
    problem: str
    start: Position | None = None


def find_mistake(text: str, failure: ParseFailure) -> Mistake | None:
    """Name the mistake that made a parser stop; None where the text around does not show it."""
    offset = _find_offset(text, failure.position)
    for look in (
        _find_conflict,
        _find_tab,
        _find_lost_comma,
        _find_quote,
        _find_comma,
        _find_question,
        _find_bracket,
        _find_colon,
        _find_indent,
    ):
        found = look(text, failure, offset)
        if found is not None:
            return found
    return _rephrase(text, failure, offset)


def _find_offset(text: str, position: Position) -> int:
    start = 0
    for _ in range(position.line - 1):
        start = text.find("\n", start) + 1 or len(text)
    return min(start + position.column - 1, len(text))


def _line(text: str, number: int) -> str:
    start = _find_offset(text, Position(number, 1))
    return text[start:].partition("\n")[0]


def _find_conflict(text: str, failure: ParseFailure, offset: int) -> Mistake | None:
    """Find the marks that git leaves where two branches changed the same lines."""
    del failure, offset
    found = _CONFLICT.search(text)
    if found is None:
        return None
    hint = "Keep one side, and remove the lines with `<<<<<<<`, `=======` and `>>>>>>>`."
    return Mistake("A merge conflict is not resolved", find_position(text, found.start()), hint)


def _find_tab(text: str, failure: ParseFailure, offset: int) -> Mistake | None:
    """Find a tab among the spaces before a line, or where the parser stopped."""
    line = text.rfind("\n", 0, offset) + 1
    found = _TAB.match(text, line)
    if found:
        position = find_position(text, found.end() - 1)
        return Mistake("The line is indented with a tab", position, "Indent with spaces.")
    if text[offset : offset + 1] == "\t" and "token" in failure.problem:
        return Mistake("A tab stands where a space belongs", failure.position, "Write a space.")
    return None


def _find_quote(text: str, failure: ParseFailure, offset: int) -> Mistake | None:
    """Find a quote that is never closed, or closed by the next one, or by one inside the text."""
    if "end of stream" in failure.problem and "quoted scalar" in failure.problem and failure.start:
        return Mistake(
            "The quote that opens here is never closed", failure.start, "Close it at the end of the text."
        )
    last = None
    for found in _TOKENS.finditer(text, 0, offset):
        last = found
    if last is None or last.lastgroup != "quote" or text[last.end() : offset].strip(" \t"):
        return None
    opened = find_position(text, last.start())
    if "\n" in last[0]:
        hint = "Close it at the end of the text."
        return Mistake(
            f"The quote that opens here is closed in line {failure.position.line:,} only", opened, hint
        )
    if text[offset : offset + 1] in {",", "", "\n", "}", "]"}:
        return None
    hint = "Write `''` for `'` in single quotes, and `\\\"` for `\"` in double quotes."
    return Mistake("A text goes on behind its closing quote", failure.position, hint)


def _find_lost_comma(text: str, failure: ParseFailure, offset: int) -> Mistake | None:
    """Find two texts in quotes beside each other in brackets."""
    before = text[:offset]
    if (
        "flow" not in failure.problem
        or text[offset : offset + 1] not in {"'", '"'}
        or before == before.rstrip()
    ):
        return None
    if before.rstrip()[-1:] not in {"'", '"'}:
        return None
    return Mistake("A comma or a colon is missing before this text", failure.position, "Write it.")


def _find_comma(text: str, failure: ParseFailure, offset: int) -> Mistake | None:
    """Find a comma behind a value that stands on a line of its own."""
    if text[offset : offset + 1] != "," or "flow" in failure.problem:
        return None
    return Mistake(
        "A comma stands behind the value", failure.position, "Remove it: a member ends with its line."
    )


def _find_question(text: str, failure: ParseFailure, offset: int) -> Mistake | None:
    """Find a question mark in brackets without quotes, which YAML 1.2 allows and the parser takes for a key."""
    if "flow" not in failure.problem or text[offset : offset + 1] != "?":
        return None
    return Mistake("A `?` stands in brackets without quotes", failure.position, "Quote the whole text.")


def _find_bracket(text: str, failure: ParseFailure, offset: int) -> Mistake | None:
    """Find a bracket that is never closed."""
    if "flow" not in failure.problem or failure.start is None:
        return None
    ended = offset >= len(text.rstrip()) or text.startswith(("---", "..."), offset)
    start = _find_last_open(text, offset) if ended and "flow node" in failure.problem else failure.start
    opened = text[_find_offset(text, start) :][:1]
    if opened not in {"[", "{"} or (start.line == failure.position.line and not ended):
        return None
    closing = "]" if opened == "[" else "}"
    return Mistake(f"The `{opened}` that opens here is not closed", start, f"Close it with `{closing}`.")


def _find_last_open(text: str, offset: int) -> Position:
    """Find the last bracket that is open at `offset`; `offset` itself where there is none."""
    opened: list[int] = []
    for found in re.finditer(r"[\[\]{}]", _TOKENS.sub(lambda token: " " * len(token[0]), text[:offset])):
        if found[0] in "[{":
            opened.append(found.start())
        elif opened:
            opened.pop()
    return find_position(text, opened[-1] if opened else offset)


def _find_colon(text: str, failure: ParseFailure, offset: int) -> Mistake | None:
    """Find a colon inside a text without quotes."""
    if text[offset : offset + 1] != ":":
        return None
    line = _line(text, failure.position.line)
    before = _line(text, failure.position.line - 1) if failure.position.line > 1 else ""
    first = _KEY.match(line)
    deeper = _measure(line) > _measure(before) and before.strip() and not before.rstrip().endswith(":")
    if first and first.end() == failure.position.column and deeper and "flow" not in failure.problem:
        message = "The line is indented deeper than the one before it, which has a value"
        return Mistake(
            message,
            Position(failure.position.line, _measure(line) + 1),
            "Indent it like the lines around it.",
        )
    if first and first.end() == failure.position.column and "flow" not in failure.problem:
        found = _find_lost_colon(text, failure.position.line - 1)
        if found is not None:
            return found
    return Mistake("A `: ` stands in a text without quotes", failure.position, QUOTE)


def _find_lost_colon(text: str, number: int) -> Mistake | None:
    """Find that the line before a member is no member, since its colon or the space behind it is missing."""
    line = _line(text, number) if number else ""
    if not line.strip() or _KEY.match(line) or line.lstrip().startswith(("#", "-")):
        return None
    if _measure(line) != _measure(_line(text, number + 1)):
        return None
    found = _TIGHT.match(line)
    if found:
        return Mistake("No space stands behind the colon", Position(number, found.end()), "Write a space.")
    start = Position(number, _measure(line) + 1)
    return Mistake("The line has no colon", start, "Write the name of a member, a colon and a space.")


def _measure(line: str) -> int:
    found = _INDENT.match(line)
    return found.end() if found else 0


def _find_indent(text: str, failure: ParseFailure, offset: int) -> Mistake | None:
    """Find a line that begins between two levels, or a list where a member belongs."""
    line = _line(text, failure.position.line)
    if "block" not in failure.problem or _measure(line) + 1 != failure.position.column:
        return None
    if "document start" in failure.problem or line.lstrip().startswith(("]", "}", "...")):
        return None
    above = {
        _measure(each) for each in text[:offset].split("\n")[:-1] if each.strip() and each.lstrip()[0] != "#"
    }
    if _measure(line) not in above:
        message = "The line is indented like none of those above it"
        return Mistake(message, failure.position, "Indent it like the lines that it belongs to, with spaces.")
    if line.lstrip().startswith("-"):
        return Mistake(
            "A list stands where a member belongs", failure.position, "Write the list's name above it."
        )
    return Mistake(
        "The line is indented like none that it could belong to", failure.position, "Check its indentation."
    )


def _rephrase(text: str, failure: ParseFailure, offset: int) -> Mistake | None:
    """Put the parser's reason in plainer words."""
    character = text[offset : offset + 1]
    if "expected ':'" in failure.problem and failure.start:
        return Mistake(
            "The line has no colon", failure.start, "Write the name of a member, a colon and a space."
        )
    if "cannot start any token" in failure.problem and character and character.isprintable():
        shown = "a backtick" if character == "`" else f"`{character}`"
        return Mistake(f"No text begins with {shown} without quotes", failure.position, "Quote the text.")
    if character and character in "]}":
        return Mistake(
            f"Nothing opens what `{character}` closes here", failure.position, "Remove it, or quote the text."
        )
    if "escape character" in failure.problem:
        hint = "Write `\\\\` for a backslash in double quotes, or use single quotes."
        line, column = failure.position
        position = Position(line, column if character == "\\" else column - 1)  # or the letter behind it
        return Mistake("The text in double quotes holds a `\\` that begins no escape", position, hint)
    return None
