"""The error messages of .NET's `Utf8JsonReader`, and the position that each message names.

System Register contract §2.7. Each function takes the bytes and the offset where reading stopped, and gives
the message and the offset that the message names.
"""

from __future__ import annotations

import re

NO_TOKENS = (
    "The input does not contain any JSON tokens. Expected the input to start with a valid JSON token, when "
    "isFinalBlock is true."
)
NOTHING_BEHIND_COMMA = "Expected start of a property name or value, but instead reached end of data."
_OPEN_AT_END = (
    "Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that "
    "should be closed."
)
_NO_DIGIT_AT_END = "Expected a digit ('0'-'9'), but instead reached end of data."
_AFTER_SIGN = (
    "{} is invalid within a number, immediately after a sign character ('+' or '-'). Expected a digit "
    "('0'-'9')."
)
_AFTER_POINT = (
    "{} is invalid within a number, immediately after a decimal point ('.'). Expected a digit ('0'-'9')."
)
_AFTER_VALUE = "{} is invalid after a value. Expected either ',', '}}', or ']'."
_UNESCAPED = "{} is invalid within a JSON string. The string should be correctly escaped."
_BAD_ESCAPE = (
    "{} is an invalid escapable character within a JSON string. The string should be correctly escaped."
)
_NO_HEX_DIGIT = (
    "{} is not a hex digit following '\\u' within a JSON string. The string should be correctly escaped."
)
_STRING_AT_END = "Expected end of string, but instead reached end of data."
_EXPONENTS = frozenset({b"e", b"E"})
_DIGITS = re.compile(rb"[0-9]*")
_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*')
_LITERALS = {b"t": b"true", b"f": b"false", b"n": b"null"}

JsonError = tuple[str, int]
"""A message, and the offset of the byte that it names."""


def behind_root(data: bytes, at: int) -> str:
    """Make the error for text behind the root."""
    return f"{_show(data, at)} is invalid after a single JSON value. Expected end of data."


def too_deep(first: bytes, depth: int) -> str:
    """Make the error for a bracket that is nested too deep."""
    kind = "object" if first == b"{" else "array"
    return f"The maximum configured depth of {depth} has been exceeded. Cannot read next JSON {kind}."


def trailing_comma(close: bytes) -> str:
    """Make the error for a comma before a closing bracket."""
    kind = "object" if close == b"}" else "array"
    return (
        f"The JSON {kind} contains a trailing comma at the end which is not supported in this mode. Change the "
        "reader options."
    )


def name(data: bytes, at: int, *, is_first: bool) -> JsonError:
    """Make the error where a member's name is expected; `is_first` means right behind `{`."""
    if at == len(data):
        return _OPEN_AT_END, at
    if data[at : at + 1] == b'"':
        return string(data, at)
    if is_first and data[at : at + 1] == b"/":
        return _AFTER_VALUE.format(_show(data, at)), at
    return f"{_show(data, at)} is an invalid start of a property name. Expected a '\"'.", at


def colon(data: bytes, at: int) -> JsonError:
    """Make the error where a colon is expected."""
    if at == len(data):
        return "Expected a value, but instead reached end of data.", at
    return f"{_show(data, at)} is invalid after a property name. Expected a ':'.", at


def behind_value(data: bytes, at: int) -> JsonError:
    """Make the error behind a value inside an object or a list."""
    if at == len(data):
        return _OPEN_AT_END, at
    if data[at : at + 1] in b"}]":
        return f"{_show(data, at)} is invalid without a matching open.", at
    return _AFTER_VALUE.format(_show(data, at)), at


def value(data: bytes, at: int, *, is_root: bool, cut: bool) -> JsonError:
    """Make the error where a value is expected; `cut` quotes only five bytes of a bad literal."""
    first = data[at : at + 1]
    if not first:
        return _OPEN_AT_END, at
    if first == b'"':
        return string(data, at)
    if first in _LITERALS:
        return _literal(data, at, cut=cut)
    if first in b"-0123456789":
        return _number(data, at, is_root=is_root)
    if first == b"/" and not is_root and not _follows_comma(data, at):
        return _AFTER_VALUE.format(_show(data, at)), at
    return f"{_show(data, at)} is an invalid start of a value.", at


def string(data: bytes, at: int) -> JsonError:
    """Make the error for a string that does not end or holds a wrong byte."""
    at += 1
    while True:
        plain = _PLAIN.match(data, at)
        at = plain.end() if plain else at
        if at == len(data):
            return _STRING_AT_END, at
        if data[at : at + 1] != b"\\":
            return _UNESCAPED.format(_show(data, at)), at
        at += 1
        escape = data[at : at + 1]
        if not escape:
            return _STRING_AT_END, at
        if escape not in b'"\\/bfnrtu':
            return _BAD_ESCAPE.format(_show(data, at)), at
        at += 1
        if escape == b"u":
            for place in range(at, at + 4):
                if place >= len(data):
                    return _STRING_AT_END, len(data)
                if data[place : place + 1] not in b"0123456789abcdefABCDEF":
                    return _NO_HEX_DIGIT.format(_show(data, place)), place
            at += 4


def _literal(data: bytes, at: int, *, cut: bool) -> JsonError:
    wanted = _LITERALS[data[at : at + 1]]
    same = 1
    while data[at + same : at + same + 1] == wanted[same : same + 1]:
        same += 1
    rest = data[at : at + 5] if cut else data[at:]
    shown = rest.decode("utf-8", "replace")
    return f"'{shown}' is an invalid JSON literal. Expected the literal '{wanted.decode()}'.", at + same


def _number(data: bytes, at: int, *, is_root: bool) -> JsonError:
    """Make the error for a number: sign, integer part, fraction, exponent."""
    if data[at : at + 1] == b"-":
        at += 1
        if not _is_digit(data, at):
            return _need_digit(data, at, _AFTER_SIGN)
    if data[at : at + 1] == b"0":
        at += 1
        if _is_digit(data, at):
            return f"Invalid leading zero before {_show(data, at)}.", at
    at = _past_digits(data, at)
    if data[at : at + 1] == b".":
        return _fraction(data, at + 1, is_root=is_root)
    if data[at : at + 1] in _EXPONENTS:
        return _exponent(data, at + 1, is_root=is_root)
    return _end_number(data, at, is_root=is_root)


def _fraction(data: bytes, at: int, *, is_root: bool) -> JsonError:
    if not _is_digit(data, at):
        return _need_digit(data, at, _AFTER_POINT)
    at = _past_digits(data, at)
    if at == len(data):
        return _end_number(data, at, is_root=is_root)
    if data[at : at + 1] in _EXPONENTS:
        return _exponent(data, at + 1, is_root=is_root)
    return f"{_show(data, at)} is an invalid end of a number. Expected 'E' or 'e'.", at


def _exponent(data: bytes, at: int, *, is_root: bool) -> JsonError:
    if data[at : at + 1] in {b"+", b"-"}:
        at += 1
    if not _is_digit(data, at):
        return _need_digit(data, at, _AFTER_SIGN)
    return _end_number(data, _past_digits(data, at), is_root=is_root)


def _end_number(data: bytes, at: int, *, is_root: bool) -> JsonError:
    if at == len(data) and not is_root:
        return f"{_show(data, at - 1)} is an invalid end of a number. Expected a delimiter.", at
    return f"{_show(data, at)} is an invalid end of a number. Expected a delimiter.", at


def _need_digit(data: bytes, at: int, message: str) -> JsonError:
    return (_NO_DIGIT_AT_END if at >= len(data) else message.format(_show(data, at))), at


def _is_digit(data: bytes, at: int) -> bool:
    return data[at : at + 1].isdigit()


def _past_digits(data: bytes, at: int) -> int:
    digits = _DIGITS.match(data, at)
    return digits.end() if digits else at


def _follows_comma(data: bytes, at: int) -> bool:
    return data[:at].rstrip(b" \t\r\n").endswith(b",")


def _show(data: bytes, at: int) -> str:
    """Show a byte: printable ASCII as itself, others as two hex digits in upper case."""
    byte = data[at]
    return f"'{chr(byte)}'" if 0x20 <= byte <= 0x7E else f"'0x{byte:02X}'"
