"""JSON text read token by token, as .NET's `Utf8JsonReader` does, with the path of each value.

System Register contract §2.7. The reader stops at the first error; `json_errors` makes its message. The
binder checks the types of values.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet import json_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_DEPTH = 32
"""ASP.NET's `JsonOptions` allow 32 levels (System Register contract §2.1)."""

_MOST = 2000
"""Entries or escapes that one match may cover, since no other thread runs during a match."""
_BLANK = rb"[ \t\r\n]*+"
_PLAIN = rb'[^"\\\x00-\x1f]*+'
_DIGITS = rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"
_VALUE = rb'(?:"%b"|%b(?=[,}\] \n\r\t])|true|false|null)' % (_PLAIN, _DIGITS)
_BLANKS = re.compile(_BLANK)
_STRING = re.compile(rb'"%b' % _PLAIN)
"""A string up to its first escape, or to its end."""
_ESCAPES = re.compile(rb'(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})%b){1,%d}' % (_PLAIN, _MOST))
_NUMBER = re.compile(rb"%b(?=[,}\] \n\r\t/]|\Z)" % _DIGITS)
_LITERALS = {b"t": b"true", b"f": b"false", b"n": b"null"}
_SIMPLE = re.compile(_VALUE)
"""Simple values, which most unknown members have; skipped in one match."""
_ELEMENTS = re.compile(rb"(?:%b%b,%b(?=[^\]])){1,%d}" % (_VALUE, _BLANK, _BLANK, _MOST))
"""Simple values of a list, each with its comma, if another element follows."""
_QUOTED_STEP = re.compile("[. '\"/\\\\()\\[\\]\b\t\n\f\r\x85\u2028\u2029]")


class Malformed(Exception):
    """The text is not JSON, or has a wrong type; `path` is the key of the error."""

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.path = path


class NotText(ValueError):
    """A JSON string that is not text: invalid UTF-8, or a lone surrogate."""


def make_run(names: Iterable[str]) -> re.Pattern[bytes]:
    """Make the pattern for a run of unknown members with simple values, which is skipped in one match."""
    known = "|".join(names).encode()
    name = rb'"(?!(?i:%b)")%b"' % (known, _PLAIN)
    entry = (name, _BLANK, _BLANK, _VALUE, _BLANK, _BLANK)
    return re.compile(rb'(?:%b%b:%b%b%b,%b(?=")){1,%d}' % (*entry, _MOST))


_RUN = make_run([r"\Z"])


class JsonReader:
    """Reads one JSON text in UTF-8; all methods raise `Malformed`.

    With `cut_literals` errors quote only five bytes of a bad literal, as the service does for a request that is
    larger than one block.
    """

    def __init__(self, data: bytes, *, cut_literals: bool = False) -> None:
        self.data = data
        self.at = 0
        """Offset behind the last token."""
        self.raw = b""
        """The raw content of the last string, or the text of the last number."""
        self._depth = 0
        self._steps: list[str | int] = []
        self._cut = cut_literals

    def begin(self) -> bytes:
        """Read the first token; gives its first byte, as `value` does."""
        if self._skip() == len(self.data):
            raise self._fail(json_errors.NO_TOKENS, len(self.data))
        return self.value()

    def end(self) -> None:
        """Check that nothing follows the value."""
        at = self._skip()
        if at < len(self.data):
            raise self._fail(json_errors.behind_root(self.data, at), at)

    def value(self) -> bytes:
        """Read the first token of a value; gives its first byte, `0` for all numbers."""
        at = self._skip()
        first = self.data[at : at + 1]
        if first == b'"':
            is_read = self._read_string(at)
        elif first in b"{[" and first:
            self._open(first, at)
            return first
        elif first in _LITERALS:
            is_read = self.data.startswith(_LITERALS[first], at)
            self.at = at + len(_LITERALS[first])
        else:
            is_read = self._read_number(at)
            first = b"0"
        if not is_read:
            raise self._fail(*json_errors.value(self.data, at, is_root=not self._depth, cut=self._cut))
        return first

    def text(self) -> str:
        """Give the text of the last string; raises `NotText`."""
        return _decode(self.raw)

    def members(self, run: re.Pattern[bytes] | None = None, *, is_bound: bool = True) -> Iterator[bytes]:
        """Give the raw name of each member of an object; the caller reads each value before the next name.

        The caller adds each name to the path with `step`. Runs of unknown members, by the pattern `run`, are
        skipped.
        """
        at = self._skip()
        if self.data[at : at + 1] == b"}":
            self._close(at)
            return
        while True:
            at = at if run is None else self._pass_over(run, at)
            if not self._read_string(at):
                raise self._fail(*json_errors.name(self.data, at, is_first=True))
            name = self.raw
            colon = self._skip()
            if self.data[colon : colon + 1] != b":":
                raise self._fail(*json_errors.colon(self.data, colon))
            self.at = colon + 1
            if is_bound:
                yield name
                self._steps.pop()
            else:
                yield name
            at = self._separate(b"}")
            if at < 0:
                return

    def step(self, name: str) -> None:
        """Add the member `name` to the path, until its value is complete."""
        self._steps.append(name)

    def elements(self, *, is_bound: bool = True) -> Iterator[int]:
        """Give the number of each element of a list; the caller reads each value before the next number.

        Without `is_bound` runs of simple elements are skipped.
        """
        count = 0
        if is_bound:
            self._steps.append(0)
        at = self._skip()
        if self.data[at : at + 1] == b"]":
            self._close(at)
        else:
            while at >= 0:
                if not is_bound:
                    self.at = self._pass_over(_ELEMENTS, at)
                yield count
                count += 1
                if is_bound:
                    self._steps[-1] = count
                at = self._separate(b"]")
        if is_bound:
            self._steps.pop()

    def skip(self) -> None:
        """Skip one value."""
        at = self._skip()
        simple = _SIMPLE.match(self.data, at)
        if simple is not None:
            self.at = simple.end()
            return
        self.skip_rest(self.value())

    def skip_rest(self, first: bytes) -> None:
        """Skip the rest of a value whose first token has been read."""
        if first == b"{":
            for _ in self.members(_RUN, is_bound=False):
                self.skip()
        elif first == b"[":
            for _ in self.elements(is_bound=False):
                self.skip()

    def refuse(self, message: str) -> Malformed:
        """Make the binder's error, which names the position behind the last token."""
        return self._fail(message, self.at)

    def path(self) -> str:
        """Give the path of the current value."""
        return "$" + "".join(_write_step(step) for step in self._steps)

    def _fail(self, message: str, at: int) -> Malformed:
        path = self.path()
        line = self.data.count(b"\n", 0, at)
        column = at - (self.data.rfind(b"\n", 0, at) + 1)
        return Malformed(f"{message} Path: {path} | LineNumber: {line} | BytePositionInLine: {column}.", path)

    def _skip(self) -> int:
        blanks = _BLANKS.match(self.data, self.at)
        return blanks.end() if blanks else self.at

    def _read_string(self, at: int) -> bool:
        """Read the string that begins here, if it is one."""
        found = _STRING.match(self.data, at)
        if found is None:
            return False
        end = found.end()
        if self.data[end : end + 1] == b"\\":
            end = self._pass_over(_ESCAPES, end)
        if self.data[end : end + 1] != b'"':
            return False
        self.raw = self.data[at + 1 : end]
        self.at = end + 1
        return True

    def _read_number(self, at: int) -> bool:
        """Read the number that begins here, if it is one; inside a list or an object something follows it."""
        found = _NUMBER.match(self.data, at)
        if found is None or (found.end() == len(self.data) and self._depth):
            return False
        self.raw = found[0]
        self.at = found.end()
        return True

    def _pass_over(self, run: re.Pattern[bytes], at: int) -> int:
        """Step over a run of entries, one match after another; gives where the next entry begins."""
        while (found := run.match(self.data, at)) is not None:
            at = found.end()
        return at

    def _open(self, first: bytes, at: int) -> None:
        if self._depth == MAX_DEPTH:
            raise self._fail(json_errors.too_deep(first, MAX_DEPTH), at)
        self._depth += 1
        self.at = at + 1

    def _close(self, at: int) -> None:
        self._depth -= 1
        self.at = at + 1

    def _separate(self, close: bytes) -> int:
        """Read the comma or bracket behind an entry; gives the offset of the next entry, -1 at the end."""
        at = self._skip()
        char = self.data[at : at + 1]
        if char == close:
            self._close(at)
            return -1
        if char != b",":
            raise self._fail(*json_errors.behind_value(self.data, at))
        self.at = at + 1
        following = self._skip()
        if following == len(self.data):
            # NOTE: where the comma is the last byte, the error names the comma itself.
            raise self._fail(json_errors.NOTHING_BEHIND_COMMA, at if following == at + 1 else following)
        char = self.data[following : following + 1]
        if char == close:
            raise self._fail(json_errors.trailing_comma(close), following)
        if close == b"}" and char != b'"':
            raise self._fail(*json_errors.name(self.data, following, is_first=False))
        return following


def read_name(raw: bytes) -> str:
    """Give a member's name, invalid UTF-8 as U+FFFD; raises `NotText` for a lone surrogate."""
    try:
        return _decode(raw)
    except NotText:
        name = raw.decode("utf-8", "replace")
        return _decode(name.encode())


def _decode(raw: bytes) -> str:
    try:
        text = raw.decode()
        if "\\" not in text:
            return text
        text = str(json.loads(f'"{text}"'))
        text.encode()
    except UnicodeError:
        raise NotText from None
    return text


def _write_step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f"['{step}']" if _QUOTED_STEP.search(step) else f".{step}"
