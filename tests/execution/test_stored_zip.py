"""The one form of zip file that evidence has: every other byte, name and size is seen, and nothing is unpacked."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.execution import stored_zip
from reconciler.execution.stored_zip import read_zip, write_zip

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = ("a.json", "b.jsonl", "c.yaml")
MEMBERS = {"a.json": b'{"a": 1}\n', "b.jsonl": b"", "c.yaml": "æøå".encode()}


def test_other_programs_read_it() -> None:
    """Each member under its name, as a regular file, and with nothing that a moment or a machine would change."""
    with zipfile.ZipFile(io.BytesIO(write_zip(MEMBERS))) as file:
        found = {each.filename: file.read(each) for each in file.infolist()}
        assert file.testzip() is None
        assert {each.date_time for each in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {each.external_attr >> 16 for each in file.infolist()} == {stat.S_IFREG | 0o644}
    assert found == MEMBERS
    assert list(found) == sorted(found)


@given(st.dictionaries(st.sampled_from(NAMES), st.binary(max_size=200), min_size=1))
def test_what_is_written_is_read(members: Mapping[str, bytes]) -> None:
    """Whatever the members hold, in whatever order they are given."""
    content = write_zip(members)

    found = read_zip(content, NAMES)

    assert (found.members, found.fault) == (members, "")
    assert write_zip(dict(reversed(list(members.items())))) == content


def test_no_byte_can_change_unseen() -> None:
    """At every position of it, content or not: another value, one less, one more; cut off, and longer."""
    content = write_zip(MEMBERS)
    for place in range(len(content)):
        before, byte, after = content[:place], content[place], content[place + 1 :]
        others = [bytes([byte ^ mask]) for mask in (1, 0x20, 0x80, 0xFF)]
        for other in (*others, b"", bytes([byte, byte]), bytes([byte, 0])):
            changed = before + other + after
            if changed == content:
                continue
            found = read_zip(changed, NAMES)
            assert found.fault, (place, other)
        assert read_zip(before, NAMES).fault, place
    for more in (b"\0", b"PK", content):
        assert read_zip(content + more, NAMES).fault
        assert read_zip(more + content, NAMES).fault


def _zip(members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", compression) as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name), content, compression)
    return held.getvalue()


def _link(name: str, target: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(entry, target)
    return held.getvalue()


def _double(name: str) -> bytes:
    """Write a member twice, as no library does without a warning."""
    once = write_zip({name: b"one"})
    start = once.index(b"PK\x01\x02")
    return once[:start] + once


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param(_zip({"a.json": bytes(10_000_000)}, zipfile.ZIP_DEFLATED), "it is cut off", id="bomb"),
        pytest.param(
            _zip({"../a.json": b""}), "a member that does not belong there: `../a.json`", id="upwards"
        ),
        pytest.param(_zip({"/etc/a.json": b""}), "a member that does not belong there", id="absolute"),
        pytest.param(_zip({"a.json\\..\\b": b""}), "a member that does not belong there", id="backslash"),
        pytest.param(_zip({"æ.json": b""}), "a member that does not belong there", id="letters"),
        pytest.param(_zip({f"{each}.json": b"" for each in range(5000)}), "does not belong there", id="many"),
        pytest.param(_link("a.json", b"/etc/passwd"), "byte ", id="link"),
        pytest.param(_double("a.json"), "it has `a.json` twice", id="twice"),
        pytest.param(_zip({"c.yaml": b"1", "a.json": b"2"}), "byte ", id="another order"),
        pytest.param(_zip({"a.json": b"1"}) + b"PK", "byte ", id="more behind it"),
        pytest.param(write_zip({"a.json": b"1"})[:-22], "byte ", id="no end"),
        pytest.param(b"", "no zip file that this program wrote", id="nothing"),
        pytest.param(b"PK\x03\x04", "it is cut off", id="a mark alone"),
        pytest.param(b"\x1f\x8b" + bytes(100), "no zip file that this program wrote", id="gzip"),
        pytest.param(
            struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 33, 0, 0xFFFFFFFF, 0xFFFFFFFF, 6, 0)
            + b"a.json",
            "it is cut off",
            id="four gigabytes",
        ),
    ],
)
def test_a_hostile_file_is_refused(content: bytes, fault: str) -> None:
    """What it claims is not believed, and nothing of it is unpacked or allocated."""
    assert fault in read_zip(content, NAMES).fault


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """For writing as for reading."""
    monkeypatch.setattr(stored_zip, "MOST_BYTES", 1 << 20)
    assert read_zip(bytes((1 << 20) + 1), NAMES).fault == "it has more than 1 MiB"
    with pytest.raises(ValueError, match="more than 1 MiB"):
        write_zip({"a.json": bytes(1 << 20)})
