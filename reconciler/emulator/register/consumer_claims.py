"""The `consumer` claim as Newtonsoft.Json reads it: more lenient than JSON, with its own error messages.

System Register contract §6.3. Only what a claim with two members needs is read; all
invalid JSON is one error.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from reconciler.emulator.dotnet.failures import InvalidConsumer, NullReference
from reconciler.emulator.dotnet.numbers import write_number

AUTHORITY = "iso6523-actorid-upis"
ISO6523 = "0192"
MAX_DEPTH = 64
"""The default depth limit of Newtonsoft.Json."""
_TYPE = "Altinn.Platform.Authentication.Model.ConsumerClaim"
_ARRAY = (
    f"Cannot deserialize the current JSON array (e.g. [1,2,3]) into type '{_TYPE}' because the type requires a "
    'JSON object (e.g. {"name":"value"}) to deserialize correctly.\n'
    'To fix this error either change the JSON to a JSON object (e.g. {"name":"value"}) or change the '
    "deserialized type to an array or a type that implements a collection interface (e.g. ICollection, IList) "
    "like List<T> that can be deserialized from a JSON array. JsonArrayAttribute can also be added to the type "
    "to force it to deserialize from a JSON array.\n"
)
_BLANKS = re.compile(r"(?:\s|/\*.*?\*/|//[^\n\r]*)*", re.DOTALL)
_STRING = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "\n": "\n"} | {
    char: char for char in "\"'\\/"
}
_NAME = re.compile(r"[\w$]+")
_WORD = re.compile(r"[^\s,\]}/:\[{\"']+")
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None, "undefined": None}
_NUMBERS = {"NaN": "NaN", "Infinity": "Infinity", "-Infinity": "-Infinity"}
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?0[xX][0-9a-fA-F]+")


class NotJson(Exception):
    """The text is not JSON, not even for Newtonsoft.Json."""


class ClaimValue(NamedTuple):
    """A value that is no object or list, as .NET writes it; `text` is None for null."""

    text: str | None
    is_string: bool = False


def read_org(claim: str) -> str:
    """Give the organisation of a claim, which may be empty; raises `ServiceFailure` with the service's text."""
    try:
        members = _ClaimReader(claim).read()
    except NotJson:
        raise InvalidConsumer("Invalid consumer claim: invalid JSON") from None
    if members is None:
        raise InvalidConsumer("Invalid consumer claim: null")
    if members.get("authority") != AUTHORITY:
        raise InvalidConsumer("Invalid consumer claim: unexpected authority")
    identifier = members.get("id")
    if identifier is None:
        raise NullReference
    parts = identifier.split(":")
    if parts[0] != ISO6523:
        raise InvalidConsumer("Invalid consumer claim: unexpected ISO6523 identifier")
    if len(parts) == 1:
        raise InvalidConsumer("Index was outside the bounds of the array.")
    return parts[1]


class _ClaimReader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._path = ""

    def read(self) -> dict[str, str | None] | None:
        """Read the claim: its two members by their names in lower case, None for null."""
        self._skip()
        first = self._peek()
        if not first:
            return None
        if first == "[":
            self._at += 1
            raise self._fail(_ARRAY)
        if first != "{":
            self._read_scalar()
            return None
        members = self._read_object()
        self._skip()
        if self._peek():
            raise NotJson
        return members

    def _read_scalar(self) -> None:
        """Read a claim that is no object; raises `InvalidConsumer` unless it is null."""
        value = self._scalar()
        if value.text is None:
            self._skip()
            if self._peek():
                raise NotJson
            return
        shown = f'"{value.text}"' if value.is_string else value.text
        raise self._fail(f"Error converting value {shown} to type '{_TYPE}'. ")

    def _read_object(self) -> dict[str, str | None]:
        members: dict[str, str | None] = {}
        self._at += 1
        self._skip()
        if not self._peek():
            raise self._fail("Unexpected end when reading JSON. ")
        while self._peek() != "}":
            name = self._name()
            self._path = name
            self._skip()
            folded = name.lower()
            if folded in {"authority", "id"}:
                if not self._peek():
                    raise self._fail(f"Unexpected end when setting {name}'s value. ")
                members[folded] = self._scalar().text
            elif self._peek():
                self._skip_value(2)
            self._skip()
            if self._peek() == ",":
                self._at += 1
                self._skip()
            elif self._peek() not in {"}", ""}:
                raise NotJson
            if not self._peek():
                raise self._fail("Unexpected end when deserializing object. ")
        self._at += 1
        return members

    def _name(self) -> str:
        string = _STRING.match(self._text, self._at)
        word = _NAME.match(self._text, self._at)
        found = string or word
        if found is None:
            raise NotJson
        self._at = found.end()
        self._skip()
        if self._peek() != ":":
            raise NotJson
        self._at += 1
        return _unescape(string) if string else found[0]

    def _scalar(self) -> ClaimValue:
        string = _STRING.match(self._text, self._at)
        if string is not None:
            self._at = string.end()
            return ClaimValue(_unescape(string), is_string=True)
        word = _WORD.match(self._text, self._at)
        if word is None:
            raise NotJson
        self._at = word.end()
        text = word[0]
        if text in _WORDS:
            value = _WORDS[text]
            return ClaimValue(None if value is None else str(value))
        if text in _NUMBERS:
            return ClaimValue(_NUMBERS[text])
        if not _NUMBER.fullmatch(text):
            raise NotJson
        return ClaimValue(write_number(text))

    def _skip_value(self, depth: int) -> None:
        """Skip the value of an unknown member."""
        first = self._peek()
        if depth > MAX_DEPTH:
            raise NotJson
        if first not in {"{", "["}:
            self._scalar()
            return
        close = "}" if first == "{" else "]"
        self._at += 1
        self._skip()
        while self._peek() != close:
            if first == "{":
                self._name()
                self._skip()
            if not self._peek():
                raise NotJson
            self._skip_value(depth + 1)
            self._skip()
            if self._peek() == ",":
                self._at += 1
                self._skip()
            elif self._peek() != close:
                raise NotJson
        self._at += 1

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self) -> None:
        blanks = _BLANKS.match(self._text, self._at)
        self._at = blanks.end() if blanks else self._at

    def _fail(self, message: str) -> InvalidConsumer:
        before = self._text[: self._at]
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1)
        return InvalidConsumer(f"{message}Path '{self._path}', line {line}, position {column}.")


def _unescape(string: re.Match[str]) -> str:
    def write(escape: re.Match[str]) -> str:
        if escape[1]:
            return chr(int(escape[1], 16))
        if escape[2] not in _ESCAPES:
            raise NotJson
        return _ESCAPES[escape[2]]

    return _ESCAPE.sub(write, string[1] if string[1] is not None else string[2])
