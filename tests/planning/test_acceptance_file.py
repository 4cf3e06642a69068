"""The file of accepted differences: every problem at once, and edits that leave the rest as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import UsageError
from reconciler.model.canonical_json import digest_json
from reconciler.planning.acceptance import Acceptance
from reconciler.planning.acceptance_file import (
    Rules,
    drop_acceptances,
    print_acceptance,
    put_acceptance,
    read_acceptances,
)
from reconciler.planning.diff import Field

if TYPE_CHECKING:
    from collections.abc import Sequence

TODAY = date(2026, 11, 21)
RULES = Rules(TODAY, ("local", "tt02", "prod"))
ONE = Acceptance("tt02", "a", "isVisible", date(2026, 12, 24), "the agency asked for it", "0" * 64)
TEXTS = st.text().map(lambda text: f"x{text}")
ENTRIES = st.builds(
    Acceptance,
    st.sampled_from(["local", "tt02", "prod"]),
    TEXTS,
    TEXTS.map(lambda text: Field(("rights", text)).path),
    st.dates(date(2020, 1, 1), TODAY + timedelta(365)),
    TEXTS,
    TEXTS.map(digest_json),
)
LISTS = st.lists(ENTRIES, max_size=5, unique_by=lambda each: each.key)


def _print(entries: Sequence[Acceptance]) -> str:
    return "".join(print_acceptance(each) for each in entries)


def _read(text: str) -> tuple[Acceptance, ...]:
    return read_acceptances(text.encode(), RULES)


@given(LISTS)
def test_entries_are_read_as_they_were_printed(entries: list[Acceptance]) -> None:
    """Whatever a system, a path or a reason holds; those whose day has passed too."""
    assert _read(_print(entries)) == tuple(entries)


def test_a_reason_in_norwegian_stays_readable() -> None:
    """People review the file, so only what YAML cannot take is escaped."""
    assert 'reason: "på vent"\n' in print_acceptance(replace(ONE, reason="på vent"))


@pytest.mark.parametrize("text", ["", "[]\n", "# nothing yet\n"])
def test_an_empty_file_accepts_nothing(text: str) -> None:
    """Whether it is empty, an empty list or a comment; and an entry is put into each."""
    assert _read(text) == ()
    put = put_acceptance(text.encode(), ONE, RULES)
    assert _read(put) == (ONE,)
    assert put == text.replace("[]\n", "") + print_acceptance(ONE)


DIGEST = "0" * 64


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a: 1\n", ":1: the file is not a list"),
        ("x\n", ":1: the file is not a list"),
        ("- 1\n", ":1: an entry has environment, id, path, until, reason, digest"),
        (
            f"- {{id: a, path: isVisible, until: 2026-12-24, reason: c, digest: {DIGEST}}}\n",
            "add for example `env",
        ),
        ("- {environment: tt02, id: a, path: isVisible, until: 2026-12-24, reason: c}\n", "has no digest"),
        ("- {environment: tt20, id: a}\n", "`tt20` is not configured (is tt02 meant?)"),
        (
            "- {environment: tt02, id: a, until: tomorrow}\n",
            "until is a date such as 2026-12-31, and not `tomorrow`",
        ),
        ("- {until: 2026-02-30}\n", "until is a date"),
        ("- {until: 2027-11-22}\n", "until is 2027-11-21 at the latest"),
        ("- {until: }\n", "until is empty"),
        ("- {reason: ' '}\n", "reason is empty"),
        ("- {id: ''}\n", "id is empty"),
        ("- {id: [a]}\n", "id is no text"),
        ("- {path: rights}\n", "`rights` is no single difference"),
        ("- {path: withdrawn}\n", "a deletion that the files ask for cannot be accepted away"),
        ("- {digest: abc}\n", "digest is not the 64"),
        ("- {untill: 2026-12-24}\n", "`untill` is no member of an entry (is until meant?)"),
        ("- [\n", ".accepted.yaml:"),
    ],
)
def test_a_broken_file_is_a_usage_error(content: str, told: str) -> None:
    """Each problem with its line; a broken entry never counts as one that stands."""
    with pytest.raises(UsageError) as caught:
        _read(content)

    assert caught.value.message.startswith("systems/.accepted.yaml:")
    assert told in caught.value.message


def test_every_problem_is_told_at_once() -> None:
    """P6: a line for each entry that cannot be used, the second of the same difference among them."""
    twice = replace(ONE, until=TODAY, reason="again")
    elsewhere = replace(ONE, environment="prod")
    text = _print([ONE, twice, elsewhere]) + "- 1\n- {environment: tt02, reason: ''}\n"

    with pytest.raises(UsageError) as caught:
        _read(text)

    lines = caught.value.message.splitlines()
    assert [line.split(":")[1] for line in lines] == ["7", "19", "20"]
    assert "stands in line 1 already" in lines[0]
    assert "has no id" in lines[2]
    assert "reason is empty" in lines[2]


def test_a_path_in_another_spelling_is_the_same_difference() -> None:
    """Else one of the two would count and the other would be spent."""
    one = replace(ONE, path='rights["å"]')
    text = _print([one]) + print_acceptance(one).replace("å", "\\\\u00e5")

    with pytest.raises(UsageError, match="stands in line 1 already"):
        _read(text)


@given(LISTS, ENTRIES, st.booleans())
def test_an_entry_is_put_in_once(entries: list[Acceptance], added: Acceptance, again: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
    """P6: at the end, or in place of the entry of the same difference; the others keep their lines."""
    if again and entries:
        added = replace(added, environment=entries[0].environment, id=entries[0].id, path=entries[0].path)
    put = put_acceptance(_print(entries).encode(), added, RULES)

    keys = [each.key for each in entries]
    same = keys.index(added.key) if added.key in keys else len(entries)
    assert put == _print([*entries[:same], added, *entries[same + 1 :]])


@given(LISTS, st.data())
def test_entries_are_dropped(entries: list[Acceptance], data: st.DataObject) -> None:
    """Any selection, and the rest stays as it was."""
    text = _print(entries)
    read = _read(text)
    dropped = data.draw(st.lists(st.sampled_from(read), unique_by=lambda each: each.key)) if read else []

    keys = {each.key for each in dropped}
    left = [each for each in entries if each.key not in keys]
    assert drop_acceptances(text.encode(), dropped) == _print(left)


def test_an_edit_keeps_comments_indentation_and_line_ends() -> None:
    """The smallest edit: what is not about the entry is not touched."""
    first, second = (
        print_acceptance(each).replace("\n", "\r\n  ") for each in (ONE, replace(ONE, path="name.en"))
    )
    text = f"# agreed with the agency\r\n  {first}\r\n  # the fair\r\n  {second.rstrip(' ')}# end\r\n"
    again = replace(ONE, reason="longer")

    entries = _read(text)
    assert len(entries) == 2
    assert put_acceptance(text.encode(), again, RULES) == text.replace(ONE.reason, again.reason, 1)
    dropped = drop_acceptances(text.encode(), [entries[0]])
    assert dropped == text.replace(f"  {first.rstrip(' ')}", "", 1)
    assert _read(put_acceptance(text.encode(), replace(ONE, id="b"), RULES))[2].id == "b"


@pytest.mark.parametrize("style", ["[{}, {}]\n", "-\n  {}\n- {}\n"])
def test_another_layout_is_left_to_a_person(style: str) -> None:
    """What could only be guessed at is refused, and nothing is lost."""
    flow = [
        f"{{environment: tt02, id: {name}, path: isVisible, until: 2026-12-24, reason: r, digest: {DIGEST}}}"
        for name in "ab"
    ]
    text = style.format(*flow)

    with pytest.raises(UsageError, match="is not written an entry a line"):
        drop_acceptances(text.encode(), [_read(text)[0]])
