"""Redirect URLs as the register stores and returns them: .NET's `System.Uri`, printed by `ToString`.

Pure, and built from the measured rules of the System Register contract §2.4: a text is decoded once where it is
an IRI, and once more when it is printed. Any text can be given, and none takes long. What is printed comes back
unchanged, but for the few texts that `is_steady` names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.redirect_host import find_bracket, read_host

if TYPE_CHECKING:
    from collections.abc import Callable

_CANONICAL = re.compile(
    r"https://(?:[a-z0-9][a-z0-9-]{0,62}\.)++[a-z][a-z0-9-]{0,62}(?=/)"
    r"(?:/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*+)*+/?(?:\?[A-Za-z0-9_.~&=/-]*+)?"
)
"""Most URLs that people write are canonical already; this shows it at a glance.

NOTE: it never tries a second way through a text, so that a long URL in a file cannot stop the tool.
"""
BLANKS = " \t\r\n"
"""What `System.Uri` takes off both ends; any other white space belongs to the URL."""
_LONGEST_SCHEME = 1024
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):[/\\]{2}")
_USER_INFO = re.compile(r"([^/\\?#@]*+)@(?=.)", re.DOTALL)
_PLACE = re.compile(r"[^/\\?#]*+")
_PORT = re.compile(r":([^/?#]*+)")
_REST = re.compile(r"([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_STEPS = re.compile(
    "(?:%[0-9A-Fa-f]{2})+|%(?:[\U00010000-\U0010ffff]|[^\U00010000-\U0010ffff].)|[^\x00-\x7f]", re.DOTALL
)
"""What decoding looks at; a broken escape takes the next two UTF-16 units along as they are."""
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+|%")
_SURROGATE = "[\ud800-\udfff]"
"""A lone surrogate, which no JSON can hold: what is left where a broken escape takes its partner along."""
_DECODABLE = re.compile(
    r"%(?:2[dDeE]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[fF]|7[eE]|[89A-Fa-f][0-9A-Fa-f]|(?![0-9A-Fa-f]{2})..)",
    re.DOTALL,
)
"""An escape of an unreserved character or of a byte beyond ASCII, or one that is broken."""
_KEPT = frozenset("/?#&=+@:;,$!'()*[]%\\\x7f") | frozenset(map(chr, range(0x20)))
"""ASCII whose escapes are kept: RFC 3986 §2.2 reserved characters, `%`, `\\` and control characters."""
_UNCLEAN = re.compile("[%\x00-\x1f\x7f-\x9f]")
"""What makes a fragment print its second `#` as an escape."""
_DEFAULT_PORTS = {"https": "443", "http": "80"}


class Redirect(NamedTuple):
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


def is_steady(redirect: Redirect) -> bool:
    """Say whether the register returns the canonical text unchanged when it is sent again."""
    return canonicalise(redirect.canonical) == redirect.canonical


def parse_redirect(url: str) -> Redirect | None:
    """Take an absolute URL with a host apart; None where `System.Uri` finds none in it."""
    text = url.lstrip(BLANKS)
    trimmed = text.rstrip(BLANKS)
    is_iri = not text.isascii() or _DECODABLE.search(text) is not None
    scheme_match = _SCHEME.match(text)
    if scheme_match is None or len(scheme_match[1]) > _LONGEST_SCHEME:
        return None
    scheme = scheme_match[1].lower()
    authority = _read_authority(trimmed, scheme_match.end(), scheme)
    if authority is None:
        return None
    user_info, host, port, end = authority
    rest = _REST.fullmatch(text if is_iri else trimmed, end)
    parts = [user_info or "", *((part or "" for part in rest.groups()) if rest else ())]
    user, path, query, fragment = _decode_all(parts) if is_iri else parts
    path = _print(path, _may_stand).replace("\\", "/")
    path = _remove_dots(path if path.startswith("/") else f"/{path}")
    at = "" if user_info is None else "@"
    tail = f"{path}{_print(query, _may_stand_in_query)}{_print_fragment(fragment)}"
    printed = f"{scheme}://{user}{at}{host}{port}{tail}"
    return (
        None
        if not printed.isascii() and re.search(_SURROGATE, printed)
        else Redirect(scheme, user, host, fragment, printed)
    )


def _read_authority(text: str, start: int, scheme: str) -> tuple[str | None, str, str, int] | None:
    """Read user information, host and port as they are printed, and where they end; None where they are wrong."""
    user = _USER_INFO.match(text, start)
    start = user.end() if user else start
    place = _PLACE.match(text, start)
    end = place.end() if place else start
    if text.startswith("[", start):
        end = find_bracket(text, start)
    else:
        colon = text.find(":", start, end)
        end = end if colon < 0 else colon
    host = read_host(text[start:end])
    port = _PORT.match(text, end)
    number = _read_port(port[1]) if port else ""
    end = port.end() if port else end
    if host is None or number is None or text.startswith("\\", end):
        return None
    shown = "" if number in ("", _DEFAULT_PORTS.get(scheme)) else f":{number}"
    return user[1] if user else None, host, shown, end


def _read_port(port: str) -> str | None:
    """Read a port without its leading zeros, empty where there is none; None where it is wrong."""
    if not port:
        return ""
    digits = port.lstrip("0") or "0"
    known = port.isascii() and port.isdigit() and len(digits) <= 5 and int(digits) <= 65535
    return digits if known else None


def _decode_all(parts: list[str]) -> list[str]:
    """Decode user information, path, query and fragment of an IRI, and take blanks off its end.

    Where there is no fragment, they go only if decoding changed nothing before them.
    """
    may_stand = (_may_stand, _may_stand, _may_stand_in_query, _may_stand)
    read = [_decode(part, where) for part, where in zip(parts, may_stand, strict=True)]
    if read[3] or read == parts:
        last = max((index for index in (1, 2, 3) if read[index]), default=1)
        read[last] = read[last].rstrip(BLANKS)
    return read


def _decode(text: str, may_stand: Callable[[int], bool]) -> str:
    """Decode what an IRI shows as itself, and escape what may not stand there."""

    def read(match: re.Match[str]) -> str:
        step = match[0]
        if _ESCAPES.fullmatch(step):
            return _read_run(step, may_stand)
        if step.startswith("%"):
            return "\ud800" if len(step) == 3 and ord(step[2]) > 0xFFFF else step
        return step if may_stand(ord(step)) else _escape(step)

    return _STEPS.sub(read, text)


def _print(text: str, may_stand: Callable[[int], bool]) -> str:
    """Print a path, a query or a fragment: what may stand there decoded, and a lone `%` escaped."""
    return _ESCAPES.sub(lambda match: "%25" if match[0] == "%" else _read_run(match[0], may_stand), text)


def _print_fragment(fragment: str) -> str:
    """Print a fragment, in which a second `#` stands only where nothing else has to be looked at."""
    if _UNCLEAN.search(fragment):
        fragment = fragment[:1] + fragment[1:].replace("#", "%23")
    return _print(fragment, _may_stand)


def _read_run(run: str, may_stand: Callable[[int], bool]) -> str:
    """Decode a run of escapes; an escape that is kept keeps its own hex digits."""
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
