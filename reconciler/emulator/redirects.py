"""Redirect URLs as .NET's `System.Uri` reads and prints them (System Register contract §2.4).

It knows the rules for `https` and `http`; every other text is merely relative or absolute. What
is stored is `Uri.ToString()`, what the change log keeps is the text as it was sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

BLANKS = " \t\r\n"
"""What `System.Uri` takes off both ends."""
_DEFAULT_PORTS = {"https": 443, "http": 80}
_RESERVED = frozenset(":/?#[]@!$&'()*+,;=")
_KEPT = _RESERVED | frozenset("%\\")
_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


class NotAUrl(ValueError):
    """`System.Uri` can make neither an absolute nor a relative URL of the text."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """One redirect URL: the text as sent, the text as stored, and the scheme when it is absolute."""

    sent: str
    stored: str
    scheme: str | None

    def is_https(self) -> bool:
        """Say whether AUTH.VLD-00005 lets it through."""
        return self.scheme == "https"

    def is_storable(self) -> bool:
        """Say whether the database domain `uri` takes it."""
        return re.match(r"https?://[^.]+", self.stored) is not None


def read(sent: str) -> Redirect:
    """Read a redirect URL, or raise `NotAUrl`."""
    text = sent.strip(BLANKS)
    match = re.match(r"(https?)://", text, re.IGNORECASE)
    if match is None:
        scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", text)
        if scheme is None or scheme[1].lower() in _DEFAULT_PORTS:
            return Redirect(sent, sent, None)
        return Redirect(sent, text, scheme[1].lower())
    scheme_name = match[1].lower()
    rest = text[match.end() :]
    end = next((index for index, char in enumerate(rest) if char in "/?#\\"), len(rest))
    if rest[end : end + 1] == "\\":
        raise NotAUrl(sent)
    authority = _authority(rest[:end], scheme_name)
    return Redirect(sent, f"{scheme_name}://{authority}{_tail(rest[end:])}", scheme_name)


def _authority(text: str, scheme: str) -> str:
    user, at, place = text.rpartition("@")
    host, port = place, ""
    match = re.search(r":([^:\]]*)$", place)
    if match:
        host, port = place[: match.start()], match[1]
    if port and not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise NotAUrl(text)
    if not host or re.search(r"[%\s<>\"^`{|}\\]", host):
        raise NotAUrl(text)
    number = f":{int(port)}" if port and int(port) != _DEFAULT_PORTS[scheme] else ""
    return f"{user}{at}{_ipv4(host) or host.lower()}{number}"


def _ipv4(host: str) -> str | None:
    parts = host.split(".")
    if len(parts) > 4:
        return None
    numbers: list[int] = []
    for part in parts:
        if re.fullmatch(r"0[xX][0-9a-fA-F]+", part):
            numbers.append(int(part, 16))
        elif re.fullmatch(r"0[0-7]+", part):
            numbers.append(int(part, 8))
        elif re.fullmatch(r"0|[1-9][0-9]*", part):
            numbers.append(int(part))
        else:
            return None
    *leading, last = numbers
    if any(number > 255 for number in leading) or last >= 256 ** (5 - len(numbers)):
        return None
    value = last
    for index, number in enumerate(leading):
        value |= number << (24 - 8 * index)
    return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))


def _tail(text: str) -> str:
    end = next((index for index, char in enumerate(text) if char in "?#"), len(text))
    path = text[:end].replace("\\", "/") or "/"
    path = _compress(re.sub(r"%2[eE]", ".", path))
    return _show(path) + _show(text[end:])


def _compress(path: str) -> str:
    parts: list[str] = []
    segments = path.split("/")[1:]
    for index, segment in enumerate(segments):
        last = index == len(segments) - 1
        if segment == ".":
            if last:
                parts.append("")
        elif segment == "..":
            if parts:
                parts.pop()
            if last:
                parts.append("")
        else:
            parts.append(segment)
    return "/" + "/".join(parts)


def _show(text: str) -> str:
    shown: list[str] = []
    position = 0
    for match in _ESCAPED.finditer(text):
        shown.append(text[position : match.start()].replace("%", "%25"))
        shown.append(_unescape(match.group()))
        position = match.end()
    shown.append(text[position:].replace("%", "%25"))
    return "".join(shown)


def _unescape(run: str) -> str:
    data = bytes.fromhex(run.replace("%", ""))
    shown: list[str] = []
    index = 0
    while index < len(data):
        for width in (1, 2, 3, 4):
            try:
                char = data[index : index + width].decode()
            except UnicodeDecodeError:
                continue
            break
        else:
            char, width = "", 1
        keep = not char or char in _KEPT or char == "�" or not (0x20 <= ord(char) < 0x7F or ord(char) > 0x9F)
        shown.append(run[3 * index : 3 * (index + width)] if keep else char)
        index += width
    return "".join(shown)
