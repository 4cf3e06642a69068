"""Files of entries: what is read is what was printed, and what is removed leaves the rest as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.definitions.entry_list import Entry, print_entry, read_entries, remove_entries
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILE = "systems/.entries.yaml"
NAMES = st.from_regex("[a-z]{1,6}", fullmatch=True)
ROWS = st.dictionaries(NAMES, st.text(), min_size=1, max_size=3)


def _read(content: bytes) -> tuple[Entry, ...]:
    return read_entries(FILE, content, lambda entry: entry, hint="Look.")


def _remove(text: str, *lines: int) -> str:
    return remove_entries(FILE, text.encode(), lines, hint="Look.")


@given(ROWS, st.lists(ROWS, min_size=1, max_size=3))
def test_an_entry_is_read_as_it_was_printed(
    values: Mapping[str, str], rows: Sequence[Mapping[str, str]]
) -> None:
    """Whatever its texts hold, in it and in its list."""
    (entry,) = _read(print_entry(values, {"rows_": rows}).encode())

    assert (entry.values, entry.lists) == (values, {"rows_": tuple(rows)})


@given(st.lists(ROWS, min_size=1, max_size=5), st.data())
def test_what_is_removed_leaves_the_rest(entries: Sequence[Mapping[str, str]], data: st.DataObject) -> None:
    """Any selection of what was printed goes, and every other entry stays as it was."""
    gone = data.draw(st.sets(st.integers(0, len(entries) - 1)))
    text = "".join(print_entry(each) for each in entries)
    lines = [each.line for number, each in enumerate(_read(text.encode())) if number in gone]

    left = "".join(print_entry(each) for number, each in enumerate(entries) if number not in gone)
    assert _remove(text, *lines) == left


def test_comments_and_line_ends_stay() -> None:
    """A comment before an entry belongs to it; the file's line ends and its other texts are not touched."""
    text = "# all\r\n- a: one\r\n  b: x\r\n\r\n# the second\r\n-  {a: two}\r\n# the third\r\n- a: three\r\n# end\r\n"

    assert _remove(text, 6) == text.replace("-  {a: two}\r\n", "")
    assert _remove(text, 2) == text.replace("- a: one\r\n  b: x\r\n", "")
    assert _read(_remove(text, 2, 6, 8).encode()) == ()


@pytest.mark.parametrize("text", ["[{a: b}, {a: c}]\n", "-\n  a: b\n- a: c\n"])
def test_what_cannot_be_removed_line_by_line_is_refused(text: str) -> None:
    """Rather than leaving half of an entry behind."""
    with pytest.raises(UsageError, match="is not written an entry a line") as caught:
        _remove(text, _read(text.encode())[0].line)
    assert caught.value.hint.startswith("Change it by hand")


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("- {a: b, rows: []}", True),
        ("- {a: b, c: d, rows: []}", True),
        ("- {a: b, rows: c}", False),
        ("- {a: b, x: c, rows: []}", False),
        ("- {a: [], rows: []}", False),
        ("- {a: b, rows: [], x: {}}", False),
        ("- 1", False),
    ],
)
def test_an_entry_says_whether_it_has_its_members(text: str, *, fits: bool) -> None:
    """A member that is missing, unknown or of another shape is named by what an entry has."""
    (entry,) = _read(text.encode())
    if fits:
        entry.check_members(["a"], ["rows"], ["c"])
        return
    with pytest.raises(UsageError, match="an entry has a, rows"):
        entry.check_members(["a"], ["rows"], ["c"])


def test_every_problem_has_its_line() -> None:
    """Those of the entries, one on a line, and the hint of whoever asked."""

    def refuse(_entry: Entry) -> None:
        raise UsageError("this is wrong")

    with pytest.raises(UsageError) as caught:
        read_entries(FILE, b"- a: b\n\n- 1\n", refuse, hint="Look.")
    assert caught.value.message == f"{FILE}:1: this is wrong\n{FILE}:3: this is wrong"
    assert caught.value.hint == "Look."
