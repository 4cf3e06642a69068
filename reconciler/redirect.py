"""Redirect URLs as the register stores and returns them: .NET's `System.Uri`, printed by `ToString`.

Pure, and built from the measured table of the System Register contract §2.4. Canonicalising twice gives
the same as once, but for a URL that ends in `%20`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CANONICAL = re.compile(r"https://[a-z0-9-]+(?:\.[a-z0-9-]*[a-z-][a-z0-9-]*)+(?:/[A-Za-z0-9_~-]+)+/?")
"""Most URLs that people write are canonical already; this tells at a glance."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_AUTHORITY = re.compile(r"//([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_HOST = re.compile(r"[^\x00-\x20\x7f-\xa0\"#%&'()*+,/:;<=>?@\[\\\]^`{|}!$]+")
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+|%")
_KEPT = frozenset("/?#&=+@:;,$!'()*[]%\\\ufffd")
"""Characters whose escapes are kept: RFC 3986 §2.2 reserved ones, `%`, `\\` and the replacement mark."""
_DEFAULT_PORTS = {"https": 443, "http": 80}


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
    scheme_match = _SCHEME.fullmatch(url.strip())
    if scheme_match is None:
        return None
    scheme = scheme_match[1].lower()
    match = _AUTHORITY.fullmatch(scheme_match[2])
    if match is None:
        return None
    authority, path, query, fragment = match[1], match[2], match[3] or "", match[4] or ""
    user_info, at, rest = authority.rpartition("@")
    host, port = _split_port(rest)
    named = _read_host(host)
    if named is None or port is None or "\\" in authority:
        return None
    shown = "" if port in ("", str(_DEFAULT_PORTS.get(scheme))) else f":{port}"
    steady = _remove_dots(_unescape(path.replace("\\", "/"))) or "/"
    text = f"{scheme}://{user_info}{at}{named}{shown}{steady}{_unescape(query)}{_unescape(fragment)}"
    return Redirect(scheme, user_info, named, fragment, text)


def _split_port(rest: str) -> tuple[str, str | None]:
    """Split host and port; the port is without leading zeros, empty where there is none, None where wrong."""
    if rest.startswith("["):
        host, bracket, after = rest.partition("]")
        host += bracket
    else:
        host, colon, port = rest.partition(":")
        after = colon + port
    digits = after.removeprefix(":")
    if after and not after.startswith(":"):
        return host, None
    if not digits:
        return host, ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9 and int(digits) <= 65535):
        return host, None
    return host, str(int(digits))


def _read_host(host: str) -> str | None:
    if host.startswith("["):
        return host.lower() if re.fullmatch(r"\[[0-9A-Fa-f:.]{2,45}\]", host) else None
    if not _HOST.fullmatch(host) or host.startswith((".", "-")) or ".." in host:
        return None
    # NOTE: ASCII letters only; a host with letters beyond ASCII comes back as it was sent.
    lowered = host.lower() if host.isascii() else host
    return _read_address(lowered) or lowered


def _read_address(host: str) -> str | None:
    """Read the short, octal and hexadecimal forms of an IPv4 address; None where it is a name."""
    parts = host.split(".")
    if len(parts) > 4:
        return None
    numbers: list[int] = []
    for part in parts:
        if not re.fullmatch(r"0x[0-9a-f]+|[0-9]+", part) or len(part) > 12:
            return None
        octal = len(part) > 1 and part.startswith("0") and not part.startswith("0x")
        if octal and not re.fullmatch(r"[0-7]+", part):
            return None
        numbers.append(int(part, 16 if part.startswith("0x") else 8 if octal else 10))
    *head, last = numbers
    if any(each > 255 for each in head) or last >= 256 ** (4 - len(head)):
        return None
    tail = last.to_bytes(4 - len(head), "big")
    return ".".join(str(each) for each in (*head, *tail))


def _unescape(text: str) -> str:
    return _ESCAPES.sub(_read_escapes, text)


def _read_escapes(match: re.Match[str]) -> str:
    """Decode a run of escapes; what may not be decoded keeps its own spelling, hex digits included."""
    run = match[0]
    if run == "%":
        return "%25"
    octets = bytes.fromhex(run.replace("%", ""))
    result: list[str] = []
    index = 0
    while index < len(octets):
        size, character = _read_character(octets, index)
        kept = character is None or character in _KEPT or _is_control(character)
        result.append(run[3 * index : 3 * (index + size)] if kept or character is None else character)
        index += size
    return "".join(result)


def _read_character(octets: bytes, index: int) -> tuple[int, str | None]:
    """Read one UTF-8 character: its length in octets, and None where the octets are no character."""
    first = octets[index]
    size = 1 if first < 0x80 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    try:
        return size, octets[index : index + size].decode()
    except UnicodeDecodeError:
        return 1, None


def _is_control(character: str) -> bool:
    return ord(character) < 0x20 or 0x7F <= ord(character) <= 0x9F


def _remove_dots(path: str) -> str:
    """Remove dot segments (RFC 3986 §5.2.4)."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for index, segment in enumerate(segments):
        last = index == len(segments) - 1
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
        if last and segment in {".", ".."}:
            kept.append("")
    return "/" + "/".join(kept)
