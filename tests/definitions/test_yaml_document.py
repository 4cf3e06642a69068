"""YAML text as a tree with positions: what is read, where it stands, and what is refused."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

import pytest

from reconciler.definitions import yaml_document as document
from reconciler.definitions.yaml_document import (
    LONG_TEXT,
    LONGEST_SHOWN,
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    FaultKind,
    Items,
    Mapping,
    Position,
    Scalar,
    make_printable,
    print_path,
    quote,
    read_document,
)

if TYPE_CHECKING:
    from reconciler.definitions.yaml_document import Document, Path

TEXT = """\
# a comment
id: 991825827_smartcloud
Vendor: {ID: "0192:991825827"}
name:
  nb: |-
    SmartCloud er
    verdens beste
  nn: 'Smart SKY'
rights:
  - ske-krav-og-betalinger
  - resource: [{id: urn:altinn:resource, value: kravogbetaling}]
clientId: []
isVisible:
"""


@pytest.fixture(params=["with the C parser", "without it"])
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read once with the C library, and once as where it does not exist."""
    if request.param == "without it":
        monkeypatch.setattr(document, "CParser", None)


both_parsers = pytest.mark.usefixtures("_parser")


def _read(text: str | bytes) -> Document:
    return read_document("systems/a.yaml", text.encode() if isinstance(text, str) else text)


@both_parsers
@pytest.mark.parametrize(
    ("path", "line", "column", "reason"),
    [
        (("id",), 2, 5, "a scalar is where its value starts"),
        (("vendor",), 3, 1, "a mapping is where its name stands"),
        (("vendor", "ID"), 3, 14, "a quoted text is where its quote stands"),
        (("name",), 4, 1, "a block mapping is where its name stands"),
        (("name", "nb"), 5, 7, "a block text is where its sign stands"),
        (("name", "nn"), 8, 7, "what follows a block text is counted on"),
        (("rights",), 9, 1, "a list is where its name stands"),
        (("rights", 0), 10, 5, "an entry is where it starts"),
        (("rights", 1), 11, 5, "an entry that is a mapping is where its first name stands"),
        (("rights", 1, "resource", 0, "value"), 11, 49, "flow style has its columns"),
        (("isVisible",), 13, 11, "an empty value is where it would start"),
        (("ID",), 2, 5, "a name is found in any letter case"),
        (("name", "en"), 4, 1, "what is missing is where its parent is"),
        (("rights", 7), 9, 1, "an entry that does not exist is where its list is"),
        (("rights", 0, "resource", 0, "value"), 10, 5, "a short form stands for the long one"),
        (("clientId", 0), 12, 1, "an empty list has its name only"),
        (("nothing", "at", 1), 1, 1, "what is nowhere is at the start of the file"),
        ((), 1, 1, "the whole file starts at its start"),
    ],
)
def test_each_part_has_its_place(path: Path, line: int, column: int, reason: str) -> None:
    """A path leads to the value of a scalar, else to the name or the entry, else to what is nearest."""
    assert _read(TEXT).locate(path) == Position(line, column), reason


@both_parsers
@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        ("\ufeffid: x", 1, 5, "a byte order mark has no width"),
        ("a: 1\r\nid: x\r\n", 2, 5, "two characters end one line"),
        ("blåbær: {æ: ø, id: x}\nid: y", 2, 5, "letters beyond ASCII are one column each"),
        ("a: 1\n\n# id: y\nid:\n\n  x", 6, 3, "a value may stand on a later line"),
        ("? id\n: x", 2, 3, "a name may be marked as one"),
        ('{"id": "x"}', 1, 8, "JSON is YAML"),
        ("---\nid: x\n...\n", 2, 5, "a document may be marked as one"),
    ],
)
def test_lines_and_columns_are_those_of_an_editor(text: str, line: int, column: int, reason: str) -> None:
    """Positions count from one, as people and editors do."""
    assert _read(text).locate(("id",)) == Position(line, column), reason


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        ("id:\nb: 1\n", 1, 4, "before another member"),
        ("a: 1\nid:\n\n\n", 2, 4, "at the end of the file"),
        ("a: {id: , b: 1}", 1, 8, "in flow style"),
        ("a:\n  id:\nb: 1", 2, 6, "at the end of a mapping"),
        ('"id":\nb: 1', 1, 6, "after a name in quotes"),
        ("id: # nothing\nb: 1", 1, 4, "before a comment"),
    ],
)
@both_parsers
def test_what_is_left_empty_is_where_its_name_ends(text: str, line: int, column: int, reason: str) -> None:
    """An empty value has a place too, in the line of its name."""
    document = _read(text)
    path = ("id",) if document.find(("id",)) else ("a", "id")

    found = document.locate(path)
    assert found.line == line, reason
    assert column <= found.column <= column + 1, reason


@both_parsers
def test_the_tree_keeps_what_was_written() -> None:
    """A scalar keeps its source text and whether it was quoted; nothing is guessed from it."""
    root = _read("a: 007\nb: '007'\nc: no\nd: 0x1F\ne: 1_000\nf: 2026-01-01\ng: ! x\nh: !!str y").root

    assert isinstance(root, Mapping)
    assert [
        (key.text, value.text, value.plain) for key, value in root.entries if isinstance(value, Scalar)
    ] == [
        ("a", "007", True),
        ("b", "007", False),
        ("c", "no", True),
        ("d", "0x1F", True),
        ("e", "1_000", True),
        ("f", "2026-01-01", True),
        ("g", "x", False),
        ("h", "y", False),
    ]


@both_parsers
@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_null_is_what_yaml_calls_null(text: str) -> None:
    """Five plain texts are null; in quotes they are texts."""
    plain, quoted = (_read(f"a: {each}").find(("a",)) for each in (text, f"'{text}'"))

    assert isinstance(plain, Scalar)
    assert plain.is_null
    assert isinstance(quoted, Scalar)
    assert not quoted.is_null


@pytest.mark.parametrize(
    "text",
    [
        "a: [urn:b:c, https://d.example:8443/e, 12:30]",
        "a: {urn:b: {c:d: e:f}}",
        """a: [b:c, 'd:e', "f:g"]""",
        "a: {\"b\":1, 'c':d, e: f:g}",
        "a: [b:c] # d:e\nf: |\n  g:h\n",
        "a: &b [c:d, &e f:g]\nh: [*b, *e]",
        "a: [b:c, :d]",
        "a: [&b :c:d]",
        "a: [? ::b:c]",
        "a: [b:c, : ]",
        "a: [b::c, d:]",
        "a: [b:\ue000c]",
        "a: [b:c, \ue000]",
        "a: [b:c\n",
        "%TAG !x! tag:a.example:\n---\na: [b:c]",
        "æ: [ø:å, b:c]",
    ],
)
def test_colons_in_brackets_are_read_as_the_other_parser_reads_them(text: str) -> None:
    """T: a quick way with them changes neither a text, nor a place, nor what is refused; words are the libraries'."""
    slowly = document._compose(text, document._parse_slowly(text))
    found = read_document("a.yaml", text.encode())

    assert found.root == slowly.root
    assert [(each.kind, each.position) for each in found.faults] == [
        (each.kind, each.position) for each in slowly.faults
    ]


@both_parsers
def test_a_urn_in_brackets_is_a_text() -> None:
    """The C library knows YAML 1.1, where a colon ended a text in a flow list; the file reads anyway."""
    document = _read("accessPackages: [urn:altinn:accesspackage:skattegrunnlag, https://a.example/x]")
    found = document.find(("accessPackages",))

    assert document.faults == ()
    assert isinstance(found, Items)
    assert [each.text for each in found.nodes if isinstance(each, Scalar)] == [
        "urn:altinn:accesspackage:skattegrunnlag",
        "https://a.example/x",
    ]


@both_parsers
@pytest.mark.parametrize(
    ("text", "kind", "position", "message"),
    [
        ("a: 1\na: 2\na: 3", "duplicate", (2, 1), "`a` stands twice; the first is in line 1"),
        ("x: {b: 1, b: 2}", "duplicate", (1, 11), "`b` stands twice; the first is in line 1"),
        ("a: 1\n---\nb: 2", "documents", (2, 1), "The file holds more than one YAML document"),
        ("a: *b", "syntax", (1, 4), "The alias `*b` has no anchor `&b` before it"),
        ("a: &b [*b]", "syntax", (1, 8), "The alias `*b` has no anchor `&b` before it"),
        ("a: !!python/name:os x", "syntax", (1, 4), "The tag `!!python/name:os` has no meaning here"),
        ("a: !x [1]", "syntax", (1, 4), "The tag `!x` has no meaning here"),
        ("a: !!int 1", "syntax", (1, 4), "The tag `!!int` has no meaning here"),
        ("? [a]\n: 1", "syntax", (1, 3), "A member's name has to be plain text, not a list or a mapping"),
        ("? {a: 1}\n: 1", "syntax", (1, 3), "A member's name has to be plain text, not a list or a mapping"),
        ("a: x\x07", "syntax", (1, 5), "The control character U+0007 may not stand in YAML"),
        (b"a: 1\nb: \x81", "syntax", (2, 4), "Byte 9 is not UTF-8"),
        ("a: " + "[" * MAX_DEPTH, "syntax", (1, 3 + MAX_DEPTH), "Nested deeper than 32 levels"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    text: str | bytes, kind: str, position: tuple[int, int], message: str
) -> None:
    """Every fault is a sentence at a place; both parsers tell it alike."""
    faults = _read(text).faults

    assert faults
    assert (faults[0].kind, faults[0].position, faults[0].message) == (kind, position, message)


@both_parsers
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: [1", 1),
        ("a: b: c", 1),
        ("a: 'b", 1),
        ("a:\n\tb: 1", 2),
        ("a: 1\n b: 2", 2),
        ("a: @b", 1),
        ("a: %b", 1),
        ("%YAML 3.0\n---\na: 1", 1),
        ("%YAML 1.99999999999999999999\n---\na: 1", 1),
        ('a: "\\ud800"', 1),
        ('a: "\\UFFFFFFFF"', 1),
        ('"\\udfff": 1', 1),
        ("a: !%ff x", 1),
        ("a: !<", 1),
        ("&", 1),
    ],
)
def test_what_is_not_yaml_is_a_fault(text: str, line: int) -> None:
    """A parser's complaint becomes one sentence, within the file, and is never raised."""
    document = _read(text)

    assert [each.kind for each in document.faults] == [FaultKind.SYNTAX]
    assert document.faults[0].message
    assert "\n" not in document.faults[0].message
    assert 1 <= document.faults[0].position.line <= line + 1


@both_parsers
def test_a_repeated_name_keeps_its_first_value() -> None:
    """What is read on has one value a name, and every repetition is a fault."""
    document = _read("a: 1\na: 2\nb: 3\na: 4")

    assert len(document.faults) == 2
    assert document.root == Mapping(
        (
            (Scalar("a", True, Position(1, 1)), Scalar("1", True, Position(1, 4))),  # noqa: FBT003 - a tuple
            (Scalar("b", True, Position(3, 1)), Scalar("3", True, Position(3, 4))),  # noqa: FBT003 - a tuple
        ),
        Position(1, 1),
    )


@both_parsers
@pytest.mark.parametrize(("text", "empty"), [("", True), ("# nothing\n", True), ("---\n", False)])
def test_an_empty_file_has_no_tree(text: str, *, empty: bool) -> None:
    """A file without a document has no root; a marked empty document is null."""
    document = _read(text)

    assert document.faults == ()
    assert (document.root is None) == empty


def test_a_file_is_read_up_to_a_megabyte() -> None:
    """Exactly a megabyte is read, and one byte more is not."""
    line = b"#" * 63 + b"\n"
    largest = line * (MAX_BYTES // len(line))

    assert _read(largest).faults == ()
    fault = _read(largest + b"#").faults[0]
    assert (fault.kind, fault.message) == (FaultKind.SIZE, "The file has more than 1,048,576 bytes")


@both_parsers
def test_depth_is_counted_as_the_register_counts_it() -> None:
    """Thirty-two levels are read, and one more is not."""
    deepest = "[" * MAX_DEPTH + "]" * MAX_DEPTH

    assert _read(deepest).faults == ()
    assert _read(f"[{deepest}]").faults != ()


@both_parsers
@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "{? "])
def test_no_depth_overflows_the_stack(opening: str) -> None:
    """A hundred thousand levels are refused like thirty-three."""
    assert [each.kind for each in _read(opening * 100_000).faults] == [FaultKind.SYNTAX]


@both_parsers
def test_an_alias_stands_for_its_anchor() -> None:
    """An alias is read as what it stands for, with the place of the anchor."""
    document = _read("name: &texts {nb: SmartCloud}\ndescription: *texts")

    assert document.faults == ()
    assert document.find(("description",)) == document.find(("name",))
    assert document.locate(("description", "nb")) == Position(1, 19)


def _multiply(levels: int, width: int) -> str:
    """Write lists of aliases that stand for width to the power of levels."""
    lines = [f"a0: &a0 [{','.join(['1'] * (width - 1))}]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (_multiply(9, 10), "aliases of aliases"),
        (_multiply(3, 10) + "\nrights:\n" + "- [*a2]\n" * 1000, "aliases in lists of their own"),
        (_multiply(3, 10) + "\nrights:\n" + "- {a: *a2}\n" * 1000, "aliases in mappings of their own"),
        (f"a: &a {'x' * 100_000}\nb: [{','.join(['*a'] * 1000)}]", "aliases of a long text"),
        (f"a: &a [{'x, ' * 1000}]\n" + "".join(f"b{n}: *a\n" for n in range(100)), "aliases at the top"),
    ],
)
def test_aliases_cannot_multiply_without_end(text: str, reason: str) -> None:
    """However they are spread, the aliases of a file stand for a bounded number of values."""
    (fault,) = _read(text).faults

    assert fault.kind is FaultKind.ALIASES, reason


def test_the_limit_of_aliases_is_exact() -> None:
    """As many values as the limit are read, one more is refused; what stands in the file itself is free."""
    values = ",".join("1" * 999)
    text = f"a: &a [{values}]\nb: [{','.join(['*a'] * (MAX_NODES // 1000))}]\nc: [{','.join('1' * 40_000)}]\n"

    assert _read(text).faults == ()
    assert [each.kind for each in _read(text + "d: &d 1\ne: *d").faults] == [FaultKind.ALIASES]


def test_a_long_text_counts_as_several_values() -> None:
    """The texts that aliases repeat are bounded as their number is."""
    long = "x" * (LONG_TEXT * 999)
    within, beyond = (f"a: &a {long}\nb: [{','.join(['*a'] * number)}]" for number in (50, 51))

    assert _read(within).faults == ()
    assert [each.kind for each in _read(beyond).faults] == [FaultKind.ALIASES]


def test_a_mapping_with_many_members_is_searched_like_any_other() -> None:
    """The exact name comes first, then the first in another letter case, at any size."""
    few = "".join(f"member{n}: {n}\n" for n in range(3))
    many = "".join(f"member{n}: {n}\n" for n in range(3, 100))
    for text in (few, few + many):
        document = _read(text + "Id: a\nID: b\nid: c\n")
        found = [document.find((name,)) for name in ("id", "ID", "iD", "member2", "none")]
        assert [each.text if isinstance(each, Scalar) else None for each in found] == [
            "c",
            "b",
            "a",
            "2",
            None,
        ]


def test_what_a_path_leads_to_is_found() -> None:
    """A node is found by names and numbers, and what is not there is None."""
    document = _read(TEXT)
    paths: list[Path] = [
        ("rights", 0),
        ("rights", 1, "RESOURCE", 0, "id"),
        ("rights", 2),
        ("rights", "x"),
        ("id", 0),
    ]
    found = [document.find(path) for path in (*paths, ("none", "x"))]

    assert [each.text if isinstance(each, Scalar) else each for each in found] == [
        "ske-krav-og-betalinger",
        "urn:altinn:resource",
        None,
        None,
        None,
        None,
    ]
    assert document.find(()) is document.root


def test_without_the_c_library_everything_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its wheel does not exist for every platform; the room does without it."""
    monkeypatch.setitem(sys.modules, "_ruamel_yaml", None)
    spec = importlib.util.spec_from_file_location("document_without_c", document.__file__)
    assert spec is not None
    assert spec.loader is not None
    room = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "document_without_c", room)
    spec.loader.exec_module(room)

    assert room.CParser is None
    assert room.read_document("a.yaml", TEXT.encode()).locate(("name", "nn")) == Position(8, 7)


def test_searching_many_members_takes_no_time() -> None:
    """Twenty thousand look-ups in a mapping of twenty thousand are twenty thousand steps."""
    document = _read("".join(f"m{n}: 1\n" for n in range(20_000)))

    assert isinstance(document.root, Mapping)
    assert document.root.numbers is not None
    assert document.locate(("m19999",)) == Position(20_000, 9)
    assert sum(document.locate((f"m{n}",)).line for n in range(20_000)) == 200_010_000


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("id",), "id"),
        (("rights", 0, "resource", 1, "value"), "rights[0].resource[1].value"),
        (("environments", "tt02", "name", "nb"), "environments.tt02.name.nb"),
        (("x" * (LONGEST_SHOWN + 1), 0), "x" * (LONGEST_SHOWN - 1) + "…[0]"),
        (("a\nb",), "a\\nb"),
    ],
)
def test_a_path_prints_as_people_write_it(path: Path, text: str) -> None:
    """Names are joined by dots, indices stand in brackets, and a hostile name is tamed."""
    assert print_path(path) == text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("SmartCloud", "`SmartCloud`"),
        ("", "The empty text"),
        ("x" * LONGEST_SHOWN, f"`{'x' * LONGEST_SHOWN}`"),
        ("x" * (LONGEST_SHOWN + 1), f"`{'x' * (LONGEST_SHOWN - 1)}…`"),
        ("a\nb\x1b[2J", "`a\\nb\\x1b[2J`"),
        ("\u202egpj.exe", "`\\u202egpj.exe`"),
        ("blåbær", "`blåbær`"),
    ],
)
def test_a_value_is_quoted_on_one_line(value: str, shown: str) -> None:
    """A value in a message is short, visible and on one line."""
    assert quote(value) == shown


def test_a_long_text_is_cut_before_it_is_escaped() -> None:
    """A text of a megabyte of control characters costs no more than a short one."""
    assert make_printable("\x00" * 1_000_000) == "\\x00" * (LONGEST_SHOWN - 1) + "…"


def test_the_stand_in_for_a_colon_stays_what_it_is() -> None:
    """U+E000, also as an escape, is not read as the colon that it stands for beside `[urn:x]`."""
    found = _read('{a: [urn:b], c: "x\\uE000y", d: "\\U0000e000"}')

    assert found.find(("c",)) == Scalar("x\ue000y", plain=False, position=Position(1, 17))
    assert found.find(("d",)) == Scalar("\ue000", plain=False, position=Position(1, 32))
