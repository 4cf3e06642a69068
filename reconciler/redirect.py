"""Redirect URLs as the register stores and returns them: .NET's `System.Uri`, printed by `ToString`.

Pure, and built from the measured table of the System Register contract §2.4. Canonicalising twice gives
the same as once, but for a URL that ends in `%20`. Any text can be given, and none takes long.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_CANONICAL = re.compile(
    r"https://(?:[a-z0-9][a-z0-9-]{0,62}\.)++[a-z][a-z0-9-]{0,62}(?=/)"
    r"(?:/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*+)*+/?(?:\?[A-Za-z0-9_.~&=/-]*+)?"
)
"""Most URLs that people write are canonical already; this tells at a glance.

NOTE: it never tries a second way through a text, so that a long URL in a file cannot stop the tool.
"""
_BLANKS = " \t\r\n"
"""What `System.Uri` takes off both ends; any other white space belongs to the URL."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_AUTHORITY = re.compile(r"[/\\]{2}([^/\\?#]*+)(?!\\)([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_LABEL = re.compile(r"[^\x00-/:-@\[-`{-\x9f][^\x00-,./:-@\[-^`{-\x9f]{0,62}")
"""A letter, a digit or what is beyond ASCII; then hyphens and underscores too. Negated, it compiles at once."""
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e]")
"""Marks of writing direction, which a host loses."""
_UNSTEADY = re.compile(r"(?:%[0-9A-Fa-f]{2})+|%|[^\x00-\x7f]+")
_KEPT = frozenset("/?#&=+@:;,$!'()*[]%\\\x7f") | frozenset(map(chr, range(0x20)))
"""ASCII whose escapes are kept: RFC 3986 §2.2 reserved characters, `%`, `\\` and control characters."""
_DEFAULT_PORTS = {"https": "443", "http": "80"}


@dataclass(frozen=True, slots=True)
class Redirect:
    """An absolute URL taken apart, and its canonical text."""

    scheme: str
    user_info: str
    host: str
    fragment: str
    """With its `#`; empty where there is none."""
    canonical: str


def canonicalise(url: str) -> str | None:
    """Give a URL as the register returns it; None where it is relative or no URL at all."""
    if _CANONICAL.fullmatch(url):
        return url
    redirect = parse_redirect(url)
    return redirect.canonical if redirect else None


def parse_redirect(url: str) -> Redirect | None:
    """Take an absolute URL with a host apart; None where `System.Uri` finds none in it."""
    scheme_match = _SCHEME.fullmatch(url.strip(_BLANKS))
    if scheme_match is None:
        return None
    match = _AUTHORITY.fullmatch(scheme_match[2])
    if match is None:
        return None
    scheme, path, query, fragment = scheme_match[1].lower(), match[2], match[3] or "", match[4] or ""
    before, at, after = match[1].partition("@")
    user_info, place = (before, after) if at else ("", before)
    written, port = _split_port(place)
    host = _read_host(written)
    if host is None or port is None:
        return None
    shown = "" if port in ("", _DEFAULT_PORTS.get(scheme)) else f":{port}"
    steady = _remove_dots(_unescape(path).replace("\\", "/")) or "/"
    rest = f"{shown}{steady}{_unescape_query(query)}{_unescape(fragment)}"
    return Redirect(scheme, user_info, host, fragment, f"{scheme}://{user_info}{at}{host}{rest}")


def _split_port(place: str) -> tuple[str, str | None]:
    """Split host and port; the port is without leading zeros, empty where there is none, None where wrong."""
    bracket = place.find("]") + 1 if place.startswith("[") else 0
    host, colon, port = place[bracket:].partition(":")
    if not port:
        return place.removesuffix(colon), ""
    digits = port.lstrip("0") or "0"
    known = port.isascii() and port.isdigit() and len(digits) <= 5 and int(digits) <= 65535
    return place[:bracket] + host, digits if known else None


def _read_host(host: str) -> str | None:
    """Read an address or a name as it is printed; None where it is neither."""
    if host.startswith("["):
        return host.lower() if re.fullmatch(r"\[[0-9A-Fa-f:.]{2,45}\]", host) else None
    address = _read_address(host.lower()) if host[:1].isascii() and host[:1].isdigit() else None
    if address is not None:
        return address
    if not host.isascii():
        host = unicodedata.normalize("NFC", _DIRECTIONS.sub("", host))
    labels = _DOTS.split(host)
    if len(labels) > 1 and not labels[-1]:
        labels.pop()
    if not all(map(_LABEL.fullmatch, labels)):
        return None
    # NOTE: a capital letter beyond ASCII is lowered only in the company of one of ASCII.
    lowered = host.lower() if re.search("[A-Z]", host) else host
    return "localhost" if lowered == "loopback" else lowered


def _read_address(host: str) -> str | None:
    """Read the short, octal and hexadecimal forms of an IPv4 address; None where it is a name."""
    parts = host.split(".")
    if len(parts) > 4:
        return None
    numbers: list[int] = []
    for part in parts:
        if not re.fullmatch(r"0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*", part) or len(part) > 12:
            return None
        octal = part.startswith("0") and not part.startswith("0x")
        numbers.append(int(part, 16 if part.startswith("0x") else 8 if octal else 10))
    *head, last = numbers
    if any(each > 255 for each in head) or last >= 256 ** (4 - len(head)):
        return None
    tail = last.to_bytes(4 - len(head), "big")
    return ".".join(str(each) for each in (*head, *tail))


def _unescape(text: str) -> str:
    """Decode what is printed decoded in a path or a fragment, and escape what may not stand there."""
    return _UNSTEADY.sub(lambda match: _read_run(match[0], _may_stand), text)


def _unescape_query(text: str) -> str:
    """Do the same to a query, where characters of private use may stand too."""
    return _UNSTEADY.sub(lambda match: _read_run(match[0], _may_stand_in_query), text)


def _read_run(run: str, may_stand: Callable[[int], bool]) -> str:
    """Print a run of escapes or of text beyond ASCII; an escape that is kept keeps its own hex digits."""
    if run == "%":
        return "%25"
    if not run.startswith("%"):
        return "".join(each if may_stand(ord(each)) else _escape(each) for each in run)
    octets = bytes.fromhex(run.replace("%", ""))
    result: list[str] = []
    index = 0
    while index < len(octets):
        size, character = _read_character(octets, index)
        shown = character not in _KEPT if character.isascii() else may_stand(ord(character))
        result.append(character if shown else run[3 * index : 3 * (index + size)])
        index += size
    return "".join(result)


def _read_character(octets: bytes, index: int) -> tuple[int, str]:
    """Read one UTF-8 character: its length in octets, and the replacement mark where they are none."""
    first = octets[index]
    size = 1 if first < 0x80 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    try:
        return size, octets[index : index + size].decode()
    except UnicodeDecodeError:
        return 1, "\ufffd"


def _escape(character: str) -> str:
    return "".join(f"%{octet:02X}" for octet in character.encode("utf-8", "surrogatepass"))


def _may_stand(point: int) -> bool:
    """Say whether a character beyond ASCII stands in a URL as itself (`ucschar` of RFC 3987 §2.2)."""
    if point < 0x10000:
        return 0xA0 <= point <= 0xD7FF or 0xF900 <= point <= 0xFDCF or 0xFDF0 <= point <= 0xFFEF
    return point < 0xF0000 and point & 0xFFFF <= 0xFFFD and not 0xE0000 <= point < 0xE1000


def _may_stand_in_query(point: int) -> bool:
    """Say the same of a query, which takes `iprivate` as well."""
    private = 0xE000 <= point <= 0xF8FF or (point >= 0xF0000 and point & 0xFFFF <= 0xFFFD)
    return private or _may_stand(point)


def _remove_dots(path: str) -> str:
    """Remove dot segments (RFC 3986 §5.2.4)."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)
