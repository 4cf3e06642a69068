"""Zip files in one form only: members by name, stored as they are, without times, comments or anything else.

Pure. The same members are always the same bytes, whatever libraries there are in ten years, and every program that
reads zip files reads them. What is read is compared with how it would be written, so that no byte can differ unseen.
Nothing is unpacked to a disk, so no name can lead anywhere. The form is that of PKWARE's APPNOTE.TXT, sections 4.3.7
(local header), 4.3.12 (central directory) and 4.3.16 (its end).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MOST_BYTES = 256 * 1024 * 1024
"""Of a whole file; twice that is in memory while it is read."""
_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s4H2LH")
_LOCAL_MARK, _CENTRAL_MARK, _END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_VERSION, _UNIX = 20, 3 << 8
_FIRST_DAY = 0x21
"""1980-01-01, the first that the format knows."""
_CHUNK = 64 * 1024
"""Bytes that are compared at a time; what stands beside a few members takes less."""
_PLAIN = 0o100644 << 16
"""A regular file that everybody may read."""


@dataclass(frozen=True, slots=True)
class Unzipped:
    """What a file holds, and where it is not as it would be written."""

    members: Mapping[str, bytes]
    fault: str = ""
    """A sentence without its full stop; empty where every byte is as it would be written."""


def write_zip(members: Mapping[str, bytes]) -> bytes:
    """Make the file; names are ASCII. Raises `ValueError` where it would be larger than what is read."""
    if sum(map(len, members.values())) > MOST_BYTES - _CHUNK:
        raise ValueError(f"more than {MOST_BYTES >> 20} MiB")
    body, directory = bytearray(), bytearray()
    for name, content in sorted(members.items()):
        encoded = name.encode("ascii")
        shared = (0, 0, 0, _FIRST_DAY, crc32(content), len(content), len(content), len(encoded), 0)
        directory += _CENTRAL.pack(
            _CENTRAL_MARK, _VERSION | _UNIX, _VERSION, *shared, 0, 0, 0, _PLAIN, len(body)
        )
        directory += encoded
        body += _LOCAL.pack(_LOCAL_MARK, _VERSION, *shared) + encoded + content
    number = len(members)
    end = _END.pack(_END_MARK, 0, 0, number, number, len(directory), len(body), 0)
    return bytes(body + directory + end)


def read_zip(content: bytes, known: Collection[str]) -> Unzipped:
    """Read a file whose members have only `known` names; what is wrong with it is said, and nothing is raised."""
    if len(content) > MOST_BYTES:
        return Unzipped({}, f"it has more than {MOST_BYTES >> 20} MiB")
    members: dict[str, bytes] = {}
    place = 0
    while content[place : place + 4] == _LOCAL_MARK:
        name, start, size = _read_header(content, place)
        fault = ""
        if start + size > len(content):
            fault = "it is cut off"
        elif name not in known:
            fault = f"it has a member that does not belong there: `{name[:80]}`"
        elif name in members:
            fault = f"it has `{name}` twice"
        if fault:
            return Unzipped({}, fault)
        members[name] = content[start : start + size]
        place = start + size
    fault = _find_fault(content, members) if members else "it is no zip file that this program wrote"
    return Unzipped(members, fault)


def _read_header(content: bytes, place: int) -> tuple[str, int, int]:
    """Read a member's name, where its content begins, and its size."""
    if len(content) < place + _LOCAL.size:
        return "", len(content), 1
    _mark, *_rest, size, length, _extra = _LOCAL.unpack_from(content, place)
    start = place + _LOCAL.size + length
    return content[place + _LOCAL.size : start].decode("ascii", errors="backslashreplace"), start, size


def _find_fault(content: bytes, members: Mapping[str, bytes]) -> str:
    """Find the first byte that is not as it would be written; empty where there is none."""
    try:
        again = write_zip(members)
    except ValueError as error:
        return f"it holds {error}"
    if again == content:
        return ""
    place = 0
    while again[place : place + _CHUNK] == content[place : place + _CHUNK]:
        place += _CHUNK
    pairs = zip_longest(again[place : place + _CHUNK], content[place : place + _CHUNK])
    place += next(number for number, (one, other) in enumerate(pairs) if one != other)
    return f"byte {place:,} of it is not as it was written"
