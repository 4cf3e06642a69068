"""Texts with many entries: read and written in portions, and the same as those that are not."""

from __future__ import annotations

import json

import pytest

from reconciler.emulator.dotnet import json_writer, uris
from reconciler.emulator.dotnet.json_reader import JsonReader, Malformed, make_run
from reconciler.emulator.dotnet.request_bodies import RequestBody
from reconciler.emulator.register import stored_json
from reconciler.emulator.register.body_binding import Binder, bind_document
from reconciler.emulator.register.documents import write_document
from reconciler.emulator.server.portions import LARGE
from tests.emulator.callers import make_document

MOST = 5000
"""More entries than one match reads over."""
LISTS = {
    "numbers": ["1"] * MOST,
    "numbers and an object": [*["-1.5e3"] * MOST, "{}", *["null"] * MOST],
    "texts": ['"a"', '"\\u00e5"'] * MOST,
    "lists": ["[]", "[1, 2]", "[ ]"] * MOST,
}


@pytest.mark.parametrize("kind", list(LISTS))
@pytest.mark.parametrize("comma", [",", " ,\n"], ids=["close", "wide"])
def test_long_lists_are_read_over(kind: str, comma: str) -> None:
    """§2.7: what stands behind the list is found."""
    text = f'{{"unknown": [{comma.join(LISTS[kind])}], "x": {{"y": 1}}, "id": "found"}}'
    reader = JsonReader(text.encode())
    with pytest.raises(Malformed, match="missing required properties including: 'vendor', 'name'"):
        Binder(reader).document()
    assert json.loads(text)["id"] == "found"


@pytest.mark.parametrize(
    ("end", "behind", "message"),
    [
        ("x]", 0, "'x' is an invalid start of a value."),
        ("]", 0, "The JSON array contains a trailing comma"),
        (" ]", 1, "The JSON array contains a trailing comma"),
        ("", -1, "Expected start of a property name or value, but instead reached end of data."),
        ("1", 1, "'1' is an invalid end of a number. Expected a delimiter."),
        ("1}", 1, "'}' is invalid without a matching open."),
        ("1 1]", 2, "'1' is invalid after a value."),
        ("01]", 1, "Invalid leading zero before '1'."),
    ],
)
@pytest.mark.parametrize("count", [1, MOST, 4000, 3999])
def test_the_end_of_a_long_list(count: int, end: str, behind: int, message: str) -> None:
    """§2.7: what is wrong with an element behind many is found where it is, as behind one."""
    text = "[" + "1," * count + end
    reader = JsonReader(text.encode())
    with pytest.raises(Malformed) as caught:
        reader.skip()
    assert str(caught.value).startswith(message)
    assert str(caught.value).endswith(f"BytePositionInLine: {1 + 2 * count + behind}.")


@pytest.mark.parametrize("escape", ["\\n", "\\u00e5x"])
@pytest.mark.parametrize("count", [1, MOST, 4000, 3999])
def test_strings_with_many_escapes(count: int, escape: str) -> None:
    """§2.7: names and texts of many escapes are read as those of one, and so is what is wrong in them."""
    text = escape * count
    reader = JsonReader(f'{{"{text}":"{text}"}}'.encode())
    assert reader.begin() == b"{"
    for name in reader.members(is_bound=False):
        assert name == text.encode()
        assert reader.value() == b'"'
    assert reader.text() == json.loads(f'"{text}"')
    for end, message in (
        ("\\x", "is an invalid escapable character"),
        ("\t", "is invalid within a JSON string"),
    ):
        with pytest.raises(Malformed, match=message) as caught:
            JsonReader(f'["{text}{end}"]'.encode()).skip()
        place = 2 + len(text) + (end[0] == "\\")
        assert str(caught.value).endswith(f"BytePositionInLine: {place}.")


@pytest.mark.parametrize("count", [4, 30_000])
def test_long_urls(count: int) -> None:
    """§2.4: each escape of a URL is decoded by itself, however many follow it."""
    assert (
        uris.read("https://x.no/" + "%C3%A5%F0%9F%98%80" * count).stored
        == "https://x.no/" + "\xe5\U0001f600" * count
    )


def test_no_match_is_long() -> None:
    """E41: one match reads over so many members at most, since no other thread runs meanwhile."""
    members = b"".join(b'"m%d": %d, ' % (number, number) for number in range(MOST)) + b'"id": 1}'
    found = make_run(["id"]).match(members)
    assert found is not None
    assert 1000 < found[0].count(b",") < MOST


@pytest.mark.parametrize("depth", range(4))
def test_large_values(depth: int) -> None:
    """§0.4: many entries, at whatever level, are written as few are, and read as they were."""
    texts = [f'{number} "\\\n\u2028\xe5\U0001f600' for number in range(MOST)]
    value: object = {"list": texts, "members": dict.fromkeys(texts, None), "empty": [[], {}], "true": True}
    for level in range(depth):
        value = [value, []] if level % 2 else {"inner": value, "other": level}
    written = json_writer.write_in_portions(value)
    assert written == json_writer.write(value)
    assert len(written) > LARGE
    assert stored_json.read(written) == value
    assert stored_json.read("[{}]") == [{}]


def test_long_texts_are_escaped() -> None:
    """§0.4: a text that is escaped in parts is escaped in every part."""
    text = "\xe5\u2028" * 300_000
    assert json_writer.write(text) == '"' + "\xe5\\u2028" * 300_000 + '"'


def test_many_keys_are_sorted() -> None:
    """§1.3: many languages come in the order of few: the shorter first, then by bytes."""
    keys = [*map(str, range(60_000)), "nb", "nn", "en", "\xe5", "\U0001f600", "\uffff"]
    text = json.dumps(make_document(name=dict.fromkeys(keys[::-1], "x"))).encode()
    document = bind_document(RequestBody("application/json", text, is_there=True), "x", {})
    name = write_document(document, "1", is_deleted=False)["name"]
    assert isinstance(name, dict)
    assert list(name) == sorted(keys, key=lambda key: (len(key.encode()), key.encode()))
