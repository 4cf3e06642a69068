"""What is said of a file that is no YAML: the mistake itself, and the line in which it was made."""

from __future__ import annotations

import re

import pytest

from reconciler.definitions import yaml_document as document
from reconciler.definitions.yaml_document import FaultKind, Position, Scalar, read_document

MISTAKES = {
    "a tab before a member": ("id: x\nname:\n\tnb: a\n", 3, 1, "indented with a tab", "Indent with spaces."),
    "a tab before an entry": ("clientId:\n \t- a\n", 2, 2, "indented with a tab", "Indent with spaces."),
    "deeper than before": (
        "id: x\n  vendor: y\n",
        2,
        3,
        "indented deeper",
        "Indent it like the lines around it.",
    ),
    "deeper in a mapping": ("name:\n  nb: a\n   nn: b\n", 3, 4, "indented deeper", "Indent it like"),
    "between two levels": (
        "name:\n    nb: a\n  nn: b\nid: x\n",
        3,
        3,
        "like none of those above",
        "Indent it like",
    ),
    "a list between two": (
        "clientId:\n  - a\n - b\nid: x\n",
        3,
        2,
        "like none of those above",
        "Indent it like",
    ),
    "a list without a name": ("id: x\n- a\n", 2, 1, "A list stands where a member", "Write the list's name"),
    "a conflict": (
        "id: x\n<<<<<<< HEAD\nname: a\n=======\nname: b\n>>>>>>> b\n",
        2,
        1,
        "merge conflict",
        "Keep one",
    ),
    "a conflict in a list": (
        "a:\n  - b\n<<<<<<< HEAD\n  - c\n=======\n",
        3,
        1,
        "merge conflict",
        "Keep one side",
    ),
    "the end of a conflict": ("a: b\nb: c\n>>>>>>> b\n", 3, 1, "merge conflict", "Keep one side"),
    "an open quote": ('id: x\nname:\n  nb: "a\n  nn: b\n', 3, 7, "never closed", "Close it"),
    "an open single quote": ("id: 'x\nvendor: y\n", 1, 5, "never closed", "Close it"),
    "a quote that the next one closes": (
        'name:\n  nb: "a\n  nn: "b"\n',
        2,
        7,
        "closed in line 3 only",
        "Close it",
    ),
    "a single quote inside": ("name: {nb: 'it's', nn: b}\n", 1, 16, "behind its closing quote", "Write `''`"),
    "a comma behind a list": ("clientId: [a, b],\nid: x\n", 1, 17, "A comma stands", "Remove it"),
    "a comma behind a quote": ('id: "x",\nvendor: y\n', 1, 8, "A comma stands", "Remove it"),
    "an open bracket": ("clientId: [a, b\nid: x\n", 1, 11, "The `[` that opens here", "Close it with `]`."),
    "an open brace at the end": (
        "id: x\nname: {nb: a\n",
        2,
        7,
        "The `{` that opens here",
        "Close it with `}`.",
    ),
    "a bracket too many": ("id: x\nb: [a]]\n", 2, 7, "Nothing opens", "Remove it, or quote the text."),
    "a colon in a text": ("name:\n  nb: Demo: one\n", 2, 11, "A `: ` stands", "Quote a text that holds `: `"),
    "a colon in flow style": (
        "name: {nb: Demo: one}\n",
        1,
        16,
        "A `: ` stands",
        "Quote a text that holds `: `",
    ),
    "no colon": ("id: x\nvendor\nname: y\n", 2, 1, "has no colon", "Write the name of a member"),
    "an at sign": ("id: @x\n", 1, 5, "No text begins with `@`", "Quote the text."),
    "nothing closed at the end": ("clientId: [a", 1, 11, "The `[` that opens here", "Close it with `]`."),
    "no comma in JSON": ('{"a": "b"\n"c": 1}\n', 2, 1, "A comma or a colon is missing", "Write it."),
    "no space behind a colon": (
        "vendor:y\nid: x\n",
        1,
        7,
        "No space stands behind the colon",
        "Write a space.",
    ),
    "a first line without a colon": ("vendor\nid: x\n", 1, 1, "has no colon", "Write the name of a member"),
    "a bracket that nothing opens": ("]\n", 1, 1, "Nothing opens", "Remove it"),
    "two commas": ("a: [b,,c]\n", 1, 7, "A comma stands where a value", "Remove it"),
    "a star and a space": ("* item\n", 1, 1, "begins with `*` needs quotes", "Quote the text"),
    "an ampersand": ("name: & Co\n", 1, 7, "begins with `&` needs quotes", "Quote the text"),
    "an exclamation mark": ("name: !<x y\n", 1, 7, "begins with `!` needs quotes", "Quote the text"),
    "an unknown tag": ("name: !x!y z\n", 1, 7, "begins with `!` needs quotes", "Quote the text"),
    "a question mark": ("name: ? x\n", 1, 7, "begins with `? ` needs quotes", "Quote the text."),
    "a pipe": ("name: | Regnskap\n", 1, 7, "Behind `|` or `>`, a text begins", "Write it there"),
    "a greater than": ("name: > 100\n", 1, 7, "Behind `|` or `>`, a text begins", "Write it there"),
    "a list behind a colon": ("rights: - a\n", 1, 9, "A list begins behind a colon", "Begin it in the next"),
    "a list in brackets": ("rights: [\n  - a]\n", 2, 3, "A `- ` stands in brackets", "Separate"),
    "a short escape": ('a: "\\u12"\n', 1, 7, "lacks digits", "`\\x` takes two"),
    "an escape of no character": ('b: 1\na: "\\UFFFFFFFF"\n', 2, 5, "is no character", "Write the character"),
    "an unknown escape": ('- "\\q"\n', 1, 4, "begins no escape", "Write `\\\\` for a backslash"),
    "a quote across documents": ('a: "b\n---\nc"\n', 1, 4, "before a line with `---`", "Close it"),
    "a bracket across documents": (
        "a: [b,\n---\nc]\n",
        1,
        4,
        "The `[` that opens here",
        "Close it with `]`.",
    ),
    "a bracket at the end": ("a: [{b: ']'}, # [\n", 1, 4, "The `[` that opens here", "Close it"),
    "a directive": ("%YAML x\n---\na: b\n", 1, 7, "is a directive", "Remove the line"),
    "another version": ("%YAML 1.3\n---\na: b\n", 1, 1, "is a directive", "Remove the line"),
    "a percent sign at the end": ("a: b\n%YAML 1.2\n", 2, 1, "is a directive", "Remove the line"),
    "dots": ("a: b\n... x\n", 2, 1, "The document ends at `...`", "Remove it"),
    "dots first": ("...\na: b\n", 1, 1, "The document ends at `...`", "Remove it"),
    "brackets before members": ("[a]\nb: c\n", 2, 1, "The document is complete above", "Write the members"),
    "a text behind a bracket": ("a: {b: c} d\n", 1, 11, "behind a closing bracket", "Write it in the next"),
    "a bracket in a text": ("a: [x{y: 1]\n", 1, 6, "A `{` stands in a text", "Quote the whole text."),
    "no comma": ("a: [b, {c: d} e]\n", 1, 15, "A comma or a closing `]` is missing", "Write it, or"),
    "less than before": (
        "  a: b\nc: d\n",
        2,
        1,
        "indented less than the first",
        "Begin every member",
    ),
    "two names of a value": ("a: &b &c d\n", 1, 7, "This cannot be read as YAML", "Look for"),
    "a backtick": ("id: `x`\n", 1, 5, "No text begins with a backtick", "Quote the text."),
}


@pytest.mark.parametrize("fast", [True, False], ids=["with the C parser", "without it"])
@pytest.mark.parametrize(("text", "line", "column", "message", "hint"), MISTAKES.values(), ids=MISTAKES)
def test_each_mistake_has_its_words_and_its_line(
    text: str, line: int, column: int, message: str, hint: str, *, fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P15: a tab, an indentation, a conflict, a quote and a comma are named, where they stand, by either parser."""
    if not fast:
        monkeypatch.setattr(document, "CParser", None)
    (fault,) = read_document("a.yaml", text.encode()).faults

    assert fault.kind is FaultKind.SYNTAX
    assert fault.position == Position(line, column)
    assert message in fault.message
    assert fault.hint.startswith(hint)


@pytest.mark.parametrize("fast", [True, False], ids=["with the C parser", "without it"])
def test_no_reason_of_a_parser_reaches_a_person(*, fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a letter is put into a file, or taken out, what is wrong is said in words of ours."""
    if not fast:
        monkeypatch.setattr(document, "CParser", None)
    text = "a: \"b\"\nc: [d, {e: 'f'}]\ng:\n  - h # i\n"
    broken = {text[:at] + text[at + 1 :] for at in range(len(text))}
    letters = "[]{}:,\"'#&*!|>%@`?-\t \n\\."
    broken |= {
        text[:at] + each + text[at:] for at in range(0, len(text), 1 if fast else 7) for each in letters
    }
    faults = [fault for each in sorted(broken) for fault in read_document("a.yaml", each.encode()).faults]

    assert len(faults) > 100
    assert [each for each in faults if re.search("while|expected|scalar|token|<", each.message)] == []
    assert [each for each in faults if not each.hint and each.kind is FaultKind.SYNTAX] == []
    assert [
        text for each in faults for text in (each.message, each.hint) if len(text) > 80 - len("    ")
    ] == []


@pytest.mark.parametrize(
    ("content", "line", "column", "message"),
    [
        ("id: x\nname: Blåbær\n".encode("latin-1"), 2, 9, "byte 15 is `å` in Latin-1 (Windows-1252)"),
        ("id: x\n".encode("utf-16"), 1, 1, "The file is UTF-16, not UTF-8"),
        ("id: x\n".encode("utf-16-le"), 1, 1, "The file is UTF-16, not UTF-8"),
        ("id: x\n".encode("utf-16-be"), 1, 1, "The file is UTF-16, not UTF-8"),
        ("æ: ".encode() + b"\x81", 1, 4, "Byte 5 is not UTF-8"),
    ],
)
def test_another_encoding_is_recognised(content: bytes, line: int, column: int, message: str) -> None:
    """P15: Latin-1 and UTF-16 are called by their names, at the first letter that shows it."""
    (fault,) = read_document("a.yaml", content).faults

    assert fault.position == Position(line, column)
    assert message in fault.message
    assert fault.hint == "Save the file as UTF-8."


@pytest.mark.parametrize("fast", [True, False], ids=["with the C parser", "without it"])
def test_an_emoji_in_the_escapes_of_json_is_read(*, fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    r"""R16: `\uD83C\uDF89` in double quotes is one character, and what stands beside it keeps its place."""
    if not fast:
        monkeypatch.setattr(document, "CParser", None)
    found = read_document("a.yaml", rb'{a: "\uD83C\uDF89 \ud83d\ude00", b: "\uD83C\uDF89", c: \uD83C\uDF89}')

    assert found.faults == ()
    assert found.find(("a",)) == Scalar("🎉 😀", plain=False, position=Position(1, 5))
    assert found.find(("b",)) == Scalar("🎉", plain=False, position=Position(1, 37))
    assert found.find(("c",)) == Scalar("\\uD83C\\uDF89", plain=True, position=Position(1, 56))


@pytest.mark.parametrize("fast", [True, False], ids=["with the C parser", "without it"])
@pytest.mark.parametrize(
    ("value", "half"),
    [
        (r"\uD83C", "D83C"),
        (r"\uDF89\uD83C", "DF89"),
        (r"\uD83C\uDF89\uD83C", "D83C"),
        (r"\uD83C-\uDF89", "D83C"),
    ],
)
def test_half_a_character_is_named(
    value: str, half: str, *, fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R16: an escape without its other half is an error in its line."""
    if not fast:
        monkeypatch.setattr(document, "CParser", None)
    (fault,) = read_document("a.yaml", f'a: 1\nid: "{value}"\n'.encode()).faults

    assert fault.message == f"The escape `\\u{half}` is a lone surrogate"
    assert fault.position == Position(2, 5)
    assert fault.hint == "Write the character itself, or both of its escapes."


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029"])
def test_a_line_break_that_editors_do_not_show_is_refused(character: str) -> None:
    """T: the parsers count such lines differently, and both read a member that an editor shows as a comment."""
    (fault,) = read_document("a.yaml", f"a: 1\n# c{character}id: x\n".encode()).faults

    assert fault.message == f"U+{ord(character):04X} is a line break to some programs only"
    assert fault.position == Position(2, 4)
    assert fault.hint == f"Remove it, or write `\\u{ord(character):04X}` in double quotes."
    assert read_document("a.yaml", f'a: "\\u{ord(character):04X}"'.encode()).find(("a",)) == Scalar(
        character, plain=False, position=Position(1, 4)
    )


def test_a_question_in_brackets_is_named_where_the_parser_refuses_it() -> None:
    """YAML 1.2 allows it, and so does the parser without C; libyaml takes it for a key."""
    faults = read_document("a.yaml", b"name: {nb: Hva?, nn: Kva}\n").faults

    assert [(each.message, str(each.position.column), each.hint) for each in faults] in (
        [],
        [("A `?` stands in brackets without quotes", "15", "Quote the whole text.")],
    )
