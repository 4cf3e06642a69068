"""The host of a URL as .NET's `System.Uri` reads and prints it: an address, a domain name or a network name.

Pure, and built from the measured rules of the System Register contract §2.4. No name is looked up anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from ipaddress import IPv6Address

MARKS = re.compile("[\u200e\u200f\u202a-\u202e]")
"""Marks of writing direction: a host with one of them is not taken."""
_LABEL = re.compile(r"[^\x00-/:-@\[-`{-\x9f][^\x00-,./:-@\[-^`{-\x9f]*")
"""A letter, a digit or what is beyond ASCII; then hyphens and underscores too. Negated, it compiles at once."""
_LONGEST_LABEL = 63
_LONGEST_NAME = 256
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")
"""What stands between labels as a dot does."""
_NUMBER = re.compile(r"0x0*[0-9a-f]{1,9}|0+[0-7]{0,12}|[1-9][0-9]{0,9}")
_ADDRESS6 = re.compile(r"([0-9A-Fa-f:.]+)(?:%[^/]*)?(/[0-9]{1,2})?(?:%[^/]*)?", re.DOTALL)
_PADDED = re.compile(r"\.0([1-9][0-9]*)\Z")
"""The last of four decimals may begin with one zero."""


def read_host(host: str) -> str | None:
    """Read an address or a name as it is printed; None where it is neither."""
    if host.startswith("["):
        return _read_address6(host[1:-1]) if host.endswith("]") else None
    if MARKS.search(host):
        return None
    address = _read_address(host.lower()) if host[:1].isascii() and host[:1].isdigit() else None
    if address is not None:
        return address
    if not _is_domain_name(host) and not _is_network_name(host):
        return None
    # NOTE: a capital letter beyond ASCII is lowered only in the company of one of ASCII.
    lowered = "".join(map(_lower, host)) if re.search("[A-Z]", host) else host
    return "localhost" if lowered == "loopback" else lowered


def find_bracket(text: str, start: int) -> int:
    """Find the end of an address in brackets; the text's end where the bracket stays open."""
    return text.find("]", start) + 1 or len(text)


def _lower(character: str) -> str:
    lowered = character.lower()
    return lowered if len(lowered) == 1 else character


def _is_domain_name(host: str) -> bool:
    """Say whether each label begins with a letter or digit and is short enough."""
    labels = host.translate(_DOTS).split(".")
    if len(labels) > 1 and not labels[-1]:
        labels.pop()
    return all(_LABEL.fullmatch(label) and _measure(label) <= _LONGEST_LABEL for label in labels)


def _measure(label: str) -> int:
    """Measure a label: beyond ASCII four more, and what is above U+00FF twice, in UTF-16 units."""
    if label.isascii():
        return len(label)
    return 4 + sum(4 if each > "\uffff" else 2 if each > "\xff" else 1 for each in label)


def _is_network_name(host: str) -> bool:
    """Say whether letters, digits, `-` and `_` make a name of the other kind."""
    first, *others = host.split(".")
    if len(host) > _LONGEST_NAME or not all(_is_plain(each) or each == "." for each in host):
        return False
    if others and not others[-1]:
        others.pop()
    starts = [each[:1] for each in others]
    return (
        any(not each.isdigit() for each in first)
        and all(starts)
        and not any(each in "-_" for each in starts[1:])
    )


def _is_plain(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character in "-_"
    return character <= "\uffff" and unicodedata.category(character).startswith("L")


def _read_address(host: str) -> str | None:
    """Read the short, octal and hexadecimal forms of an IPv4 address; None where it is a name."""
    parts = host.split(".")
    if len(parts) > 4:
        return None
    numbers: list[int] = []
    for part in parts:
        if not _NUMBER.fullmatch(part):
            return None
        octal = part.startswith("0") and not part.startswith("0x")
        numbers.append(int(part, 16 if part.startswith("0x") else 8 if octal else 10))
    *head, last = numbers
    if any(each > 255 for each in head) or last >= 256 ** (4 - len(head)):
        return None
    tail = last.to_bytes(4 - len(head), "big")
    return ".".join(str(each) for each in (*head, *tail))


def _read_address6(text: str) -> str | None:
    """Read an IPv6 address, and print it as .NET does, without zone and prefix; None where it is wrong."""
    match = _ADDRESS6.fullmatch(text)
    if match is None or (match[2] and match[1] == "::"):
        return None
    # Before a prefix, .NET reads the nothing behind a last colon as zero, where `::` stands in the address too.
    is_open = bool(match[2]) and "::" in match[1] and re.search(r"[^:]:$", match[1])
    try:
        packed = IPv6Address(_PADDED.sub(r".\1", match[1]) + ("0" if is_open else "")).packed
    except ValueError:
        return None
    groups = [packed[index] << 8 | packed[index + 1] for index in range(0, 16, 2)]
    if not _ends_in_decimals(groups):
        return f"[{_join_groups(groups)}]"
    start = _join_groups(groups[:6])
    decimals = ".".join(map(str, packed[12:]))
    return f"[{start}{'' if start.endswith(':') else ':'}{decimals}]"


def _ends_in_decimals(groups: list[int]) -> bool:
    """Say whether the last 32 bits are printed as an IPv4 address."""
    middle = (groups[4], groups[5])
    mapped = not any(groups[:4]) and groups[6] and middle in {(0, 0), (0, 0xFFFF), (0xFFFF, 0)}
    return bool(mapped) or middle == (0, 0x5EFE)


def _join_groups(groups: list[int]) -> str:
    """Join groups by colons, the first of the longest runs of two or more zeros as `::`."""
    text = ":".join(f"{each:x}" for each in groups)
    runs = [match[0] for match in re.finditer(r"(?<![0-9a-f])0(?::0)+(?![0-9a-f])", text)]
    if not runs:
        return text
    longest = max(runs, key=len)
    before, _, after = re.split(rf"(?<![0-9a-f])({longest})(?![0-9a-f])", text, maxsplit=1)
    return f"{before.removesuffix(':')}::{after.removeprefix(':')}"
