"""JSON as System.Text.Json reads it with ASP.NET's web defaults, every value with its place.

It is stricter than Python's reader (no comments, no NaN, no lone surrogates, depth 32) and it
never guesses: what it refuses it refuses with the words and the position that the service prints.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

MAX_DEPTH = 32
"""ASP.NET's `JsonOptions` allow 32 levels (System Register contract §2.1)."""

Kind = Literal["object", "array", "string", "number", "boolean", "null"]
_SPACE = re.compile(r"[ \t\r\n]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = (("true", True), ("false", False), ("null", None))


class Malformed(Exception):
    """The text is not JSON, or not the JSON that was asked for; `path` is the key it is filed under."""

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True, slots=True)
class Node:
    """One JSON value, the path that leads to it, and where the reader stood once it had read its token."""

    kind: Kind
    value: object
    path: str
    at: int

    def members(self) -> list[tuple[str, Node]]:
        """List the members of an object in the order in which they were written, repeats included."""
        return self.value if self.kind == "object" and isinstance(self.value, list) else []

    def elements(self) -> list[Node]:
        """List the elements of an array."""
        return self.value if self.kind == "array" and isinstance(self.value, list) else []

    def plain(self) -> object:
        """Give the value as Python's own types, the last of repeated members winning."""
        if self.kind == "object":
            return {name: node.plain() for name, node in self.members()}
        if self.kind == "array":
            return [node.plain() for node in self.elements()]
        return self.value


class Text:
    """A JSON text being read: `read()` gives its one value or raises `Malformed`."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0

    def read(self) -> Node:
        """Read the one value that the text holds."""
        self._skip()
        if self.position == len(self.source):
            raise self.refuse(
                "The input does not contain any JSON tokens. Expected the input to start with a valid JSON "
                "token, when isFinalBlock is true.",
                "$",
            )
        node = self._value("$", 0)
        self._skip()
        if self.position < len(self.source):
            raise self.refuse(
                f"{self._seen()} is invalid after a single JSON value. Expected end of data.", "$"
            )
        return node

    def refuse(self, message: str, path: str, at: int | None = None) -> Malformed:
        """Make the exception that names `path` and the position as the service prints them."""
        before = self.source[: self.position if at is None else at]
        line = before.count("\n")
        column = len(before[before.rfind("\n") + 1 :].encode("utf-8", "surrogatepass"))
        return Malformed(f"{message} Path: {path} | LineNumber: {line} | BytePositionInLine: {column}.", path)

    def _skip(self) -> None:
        match = _SPACE.match(self.source, self.position)
        self.position = match.end() if match else self.position

    def _peek(self) -> str:
        return self.source[self.position : self.position + 1]

    def _seen(self) -> str:
        char = self._peek()
        return f"'{char}'" if char.isprintable() else f"'0x{ord(char):02X}'"

    def _value(self, path: str, depth: int) -> Node:
        char = self._peek()
        if char == "{":
            return self._object(path, depth + 1)
        if char == "[":
            return self._array(path, depth + 1)
        if char == '"':
            text = self._string(path)
            return Node("string", text, path, self.position)
        for word, value in _WORDS:
            if self.source.startswith(word, self.position):
                self.position += len(word)
                return Node("null" if value is None else "boolean", value, path, self.position)
        match = _NUMBER.match(self.source, self.position)
        if match is None:
            raise self._not_a_value(path)
        self.position = match.end()
        return Node("number", _number(match.group()), path, self.position)

    def _not_a_value(self, path: str) -> Malformed:
        if not self._peek():
            return self._cut_short(path)
        return self.refuse(f"{self._seen()} is an invalid start of a value.", path)

    def _cut_short(self, path: str) -> Malformed:
        return self.refuse(
            "Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array "
            "that should be closed.",
            path,
        )

    def _enter(self, path: str, depth: int, kind: Literal["object", "array"]) -> int:
        self.position += 1
        if depth > MAX_DEPTH:
            raise self.refuse(
                f"The maximum configured depth of {MAX_DEPTH} has been exceeded. Cannot read next JSON "
                f"{kind}.",
                path,
            )
        at = self.position
        self._skip()
        return at

    def _goes_on(self, path: str, kind: Literal["object", "array"]) -> bool:
        """Step over what follows an entry; True when another entry has to come."""
        self._skip()
        char, close = self._peek(), "}" if kind == "object" else "]"
        if char == close:
            self.position += 1
            return False
        if char != ",":
            if not char:
                raise self._cut_short(path)
            raise self.refuse(
                f"{self._seen()} is invalid after a value. Expected either ',', '}}', or ']'.", path
            )
        self.position += 1
        self._skip()
        if self._peek() == close:
            raise self.refuse(
                f"The JSON {kind} contains a trailing comma at the end which is not supported in this mode. "
                "Change the reader options.",
                path,
            )
        return True

    def _object(self, path: str, depth: int) -> Node:
        at = self._enter(path, depth, "object")
        members: list[tuple[str, Node]] = []
        if self._peek() == "}":
            self.position += 1
            return Node("object", members, path, at)
        while True:
            if self._peek() != '"':
                if not self._peek():
                    raise self._cut_short(path)
                raise self.refuse(
                    f"{self._seen()} is an invalid start of a property name. Expected a '\"'.", path
                )
            name = self._string(path)
            self._skip()
            if self._peek() != ":":
                if not self._peek():
                    raise self._cut_short(path)
                raise self.refuse(f"{self._seen()} is invalid after a property name. Expected a ':'.", path)
            self.position += 1
            self._skip()
            members.append((name, self._value(_step(path, name), depth)))
            if not self._goes_on(path, "object"):
                return Node("object", members, path, at)

    def _array(self, path: str, depth: int) -> Node:
        at = self._enter(path, depth, "array")
        elements: list[Node] = []
        if self._peek() == "]":
            self.position += 1
            return Node("array", elements, path, at)
        while True:
            elements.append(self._value(f"{path}[{len(elements)}]", depth))
            if not self._goes_on(path, "array"):
                return Node("array", elements, path, at)

    def _string(self, path: str) -> str:
        self.position += 1
        parts: list[str] = []
        while True:
            match = _PLAIN.match(self.source, self.position)
            parts.append(match[0] if match else "")
            self.position += len(parts[-1])
            char = self._peek()
            if char == '"':
                self.position += 1
                return self._join(parts, path)
            if char == "\\":
                parts.append(self._escape(path))
                continue
            if not char:
                raise self.refuse("Expected end of string, but instead reached end of data.", path)
            raise self.refuse(
                f"{self._seen()} is invalid within a JSON string. The string should be correctly escaped.",
                path,
            )

    def _escape(self, path: str) -> str:
        char = self.source[self.position + 1 : self.position + 2]
        if char in _ESCAPES:
            self.position += 2
            return _ESCAPES[char]
        digits = self.source[self.position + 2 : self.position + 6]
        if char != "u" or not re.fullmatch(r"[0-9a-fA-F]{4}", digits):
            self.position += 1
            raise self.refuse(
                f"{self._seen()} is an invalid escapable character within a JSON string. The string should "
                "be correctly escaped.",
                path,
            )
        self.position += 6
        return chr(int(digits, 16))

    def _join(self, parts: list[str], path: str) -> str:
        text = "".join(parts)
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise self.refuse(
                "Cannot read incomplete UTF-16 JSON text as string with missing low surrogate.", path
            ) from None


def read(body: bytes) -> tuple[Text, Node]:
    """Read `body`, which is UTF-8 with or without a byte-order mark."""
    try:
        text = Text(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        text = Text(body[: error.start].decode("utf-8-sig", "ignore"))
        raise text.refuse(
            "Cannot transcode invalid UTF-8 JSON text to UTF-16 string.", "$", len(text.source)
        ) from None
    return text, text.read()


def _step(path: str, name: str) -> str:
    return f"{path}.{name}" if re.fullmatch(r"[^\s.'\"\[\]()\\/]+", name) else f"{path}['{name}']"


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)
