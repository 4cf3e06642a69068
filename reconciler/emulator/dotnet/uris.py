"""Redirect URLs as .NET's `System.Uri` reads and prints them (System Register contract §2.4).

`https` and `http` URLs are parsed and printed; of others only whether they are absolute matters, since they are
never stored. The register stores `Uri.ToString()`; the change log keeps the text as sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reconciler.emulator.dotnet import uri_hosts
from reconciler.emulator.dotnet.path_binding import remove_dots
from reconciler.emulator.dotnet.uri_hosts import NotAUrl

__all__ = ["NotAUrl", "RedirectUri", "read"]

BLANKS = " \t\r\n"
"""Characters that `System.Uri` removes at both ends."""
LONGEST_SCHEME = 1024
_DEFAULT_PORTS = {"https": 443, "http": 80}
_NEED_A_HOST = frozenset({"ftp", "gopher", "net.pipe", "net.tcp", "nntp", "telnet", "ws", "wss"})
"""Other schemes that .NET knows and whose authority may not be empty."""
_ANY_HOST = frozenset({"mailto"})
"""Schemes whose authority is not checked."""
_UNSAFE = frozenset(b";/?:@&=+$,#[]!'()*%\\") | frozenset(range(0x20)) | {0x7F}
"""ASCII that stays percent-encoded: RFC 3986's reserved characters, `%`, backslash, control characters."""
_UNRESERVED = re.compile(r"%(?:2[dDeE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|5[fF]|7[eE]|[89a-fA-F][0-9a-fA-F])")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_DRIVE = re.compile(r"[A-Za-z]:(?=[^/\\])")
_OCTETS = re.compile(r"(?:%[89a-fA-F][0-9a-fA-F]){1,4}")
"""The escapes of one character outside ASCII, at most."""
_SPLIT_PAIR = re.compile("%[^\U00010000-\U0010ffff]?[\U00010000-\U0010ffff]")
"""Where a percent sign takes two UTF-16 units along, of which one may be a lone surrogate."""


@dataclass(frozen=True, slots=True)
class RedirectUri:
    """One redirect URL: the text as sent, the text as stored, and the scheme when it is absolute."""

    sent: str
    stored: str
    scheme: str | None

    def is_https(self) -> bool:
        """Say whether AUTH.VLD-00005 accepts it."""
        return self.scheme == "https"

    def is_storable(self) -> bool:
        """Say whether the database domain `uri` accepts it."""
        return re.match(r"https?://[^.]+", self.stored) is not None


def read(sent: str) -> RedirectUri:
    """Read a redirect URL, or raise `NotAUrl`."""
    text = sent.strip(BLANKS)
    match = _SCHEME.match(text)
    if match is None:
        if _DRIVE.match(text):
            raise NotAUrl(sent)
        return RedirectUri(sent, sent, None)
    scheme, rest = match[1].lower(), text[match.end() :]
    if len(scheme) > LONGEST_SCHEME:
        raise NotAUrl(sent)
    if scheme not in _DEFAULT_PORTS:
        _check_other(scheme, rest)
        return RedirectUri(sent, text, scheme)
    if not re.match(r"[/\\]{2}", rest):
        return RedirectUri(sent, sent, None)
    blanks = sent.lstrip(BLANKS)[len(text) :]
    return RedirectUri(sent, f"{scheme}://{_print(rest[2:], scheme, blanks)}", scheme)


def _check_other(scheme: str, rest: str) -> None:
    """Check the authority of a URL that is never stored; raises `NotAUrl`."""
    if not rest.startswith("//") or scheme in _ANY_HOST:
        return
    if re.match(r"[/?#\\]|$", rest[2:]):
        if scheme in _NEED_A_HOST:
            raise NotAUrl(rest)
        return
    uri_hosts.read(rest[2:])


def _print(text: str, scheme: str, blanks: str) -> str:
    """Print the text behind the two slashes; `blanks` followed it and may be kept."""
    is_iri = not text.isascii() or _has_decodable(text)
    place = uri_hosts.read(text)
    path, query, fragment = _split(text[place.end :])
    user = place.user
    if is_iri:
        user, path, query = _read_iri(user, path, query, "" if fragment else blanks)
        fragment = _normalise(fragment).rstrip(BLANKS)
    path = path.replace("\\", "/")
    # NOTE: text behind the bracket of an address that starts no path, query or fragment is a path.
    path = remove_dots(path if path.startswith("/") else f"/{path}")
    number = f":{place.port}" if place.port not in {None, _DEFAULT_PORTS[scheme]} else ""
    return f"{user}{place.host}{number}{_show(path)}{_show(query, is_query=True)}{_show_fragment(fragment)}"


def _read_iri(user: str, path: str, query: str, blanks: str) -> tuple[str, str, str]:
    """Decode the parts of an IRI for the first time; `blanks` are kept if that changes anything."""
    parts = (user, path, query + blanks) if query else (user, path + blanks if path else "", "")
    decoded = _normalise(parts[0]), _normalise(parts[1]), _normalise(parts[2], is_query=True)
    return (user, path, query) if decoded == parts else decoded


def _has_decodable(text: str) -> bool:
    """Say whether the text holds an escape that is decoded first."""
    escapes = re.finditer(r"%(..)", text, re.DOTALL)
    return any(_UNRESERVED.match(found[0]) or not re.match(r"[0-9a-fA-F]{2}", found[1]) for found in escapes)


def _split(text: str) -> tuple[str, str, str]:
    path, mark, fragment = text.partition("#")
    path, question, query = path.partition("?")
    return path, question + query, mark + fragment


def _normalise(text: str, *, is_query: bool = False) -> str:
    """Decode and encode what an IRI requires, before the parts are processed."""
    if _SPLIT_PAIR.search(text):
        text = _SPLIT_PAIR.sub(_halve, text)
    shown: list[str] = []
    position = 0
    while position < len(text):
        char = text[position]
        if char != "%":
            shown.append(char if char.isascii() or _is_iri(ord(char), is_query=is_query) else _escape(char))
            position += 1
            continue
        piece, width = _decode(text, position, is_query=is_query)
        shown.append(piece)
        position += width
    return _join("".join(shown))


def _halve(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(chr(int.from_bytes(units[at : at + 2])) for at in range(0, len(units), 2))


def _join(text: str) -> str:
    """Combine adjacent surrogates into characters."""
    if not re.search("[\ud800-\udfff]", text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _show(text: str, *, is_query: bool = False) -> str:
    """Decode escapes as `ToString` does; a percent sign that starts no escape becomes `%25`."""
    shown: list[str] = []
    position = 0
    while position < len(text):
        if text[position] != "%":
            shown.append(text[position])
            position += 1
        elif re.match(r"%[0-9a-fA-F]{2}", text[position : position + 3]):
            piece, width = _decode(text, position, is_query=is_query)
            shown.append(piece)
            position += width
        else:
            shown.append("%25")
            position += 1
    return "".join(shown)


def _show_fragment(text: str) -> str:
    """Decode a fragment; if it needs decoding, a second `#` is escaped."""
    if not re.search(r"[%\x00-\x1f\x7f-\x9f]", text):
        return text
    return text[:1] + _show(text[1:].replace("#", "%23"))


def _decode(text: str, position: int, *, is_query: bool) -> tuple[str, int]:
    """Decode the escape at `position`, or keep it; gives the text and the width of the escape."""
    escape = text[position : position + 3]
    if len(escape) < 3:
        return "%", 1
    if not re.fullmatch(r"%[0-9a-fA-F]{2}", escape):
        return escape, 3
    byte = int(escape[1:], 16)
    if byte < 0x80:
        return (escape if byte in _UNSAFE else chr(byte)), 3
    run = _OCTETS.match(text, position)
    data = bytes.fromhex(run[0].replace("%", "")) if run else b""
    for width in (2, 3, 4):
        try:
            char = data[:width].decode()
        except UnicodeDecodeError:
            continue
        if len(data) >= width and _is_iri(ord(char), is_query=is_query):
            return char, 3 * width
        return text[position : position + 3 * width], 3 * width
    return escape, 3


def _escape(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))


def _is_iri(point: int, *, is_query: bool) -> bool:
    """Say whether a character outside ASCII is allowed in an IRI (RFC 3987 §2.2)."""
    if point < 0x10000:
        private = is_query and 0xE000 <= point <= 0xF8FF
        return private or 0xA0 <= point <= 0xD7FF or 0xF900 <= point <= 0xFDCF or 0xFDF0 <= point <= 0xFFEF
    plane = point >> 16
    if point & 0xFFFF > 0xFFFD or 0xE0000 <= point < 0xE1000:
        return False
    return is_query or plane < 0xF
