"""Host and port of an `http` or `https` URL as .NET's `System.Uri` reads and prints them.

Names are lower-cased and never converted to or from punycode, IPv4 addresses are completed, and
anything that is neither a name nor an address is refused (System Register contract §2.4).
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata

_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_LABEL = re.compile(r"[0-9A-Za-z\u00a0-\U0010ffff][0-9A-Za-z_\u00a0-\U0010ffff-]*")
_BIDI = re.compile("[\u200e\u200f\u202a-\u202e]")


class NotAUrl(ValueError):
    """`System.Uri` can make neither an absolute nor a relative URL of the text."""


def read(text: str, *, is_iri: bool) -> tuple[str, int | None]:
    """Read `host` or `host:port`; gives the host as printed and the port, or raises `NotAUrl`."""
    bracket = text.find("]") if text.startswith("[") else -1
    colon = text.find(":", bracket + 1)
    host, port = (text, "") if colon < 0 else (text[:colon], text[colon + 1 :])
    if port and not (port.isascii() and port.isdigit() and int(port) <= 0xFFFF):
        raise NotAUrl(text)
    return _print(host, is_iri=is_iri), int(port) if port else None


def _print(host: str, *, is_iri: bool) -> str:
    if host.startswith("["):
        return _print_ipv6(host)
    address = _read_ipv4(host) if host[:1].isascii() and host[:1].isdigit() else None
    if address is not None:
        return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))
    if not (_is_domain_name(host) or _is_network_name(host)):
        raise NotAUrl(host)
    if is_iri:
        host = unicodedata.normalize("NFC", _BIDI.sub("", host))
    if re.search("[A-Z]", host):
        host = host.lower()
    return "localhost" if host == "loopback" else host


def _print_ipv6(host: str) -> str:
    match = re.fullmatch(r"\[([^]%/]+)[^]]*\]", host)
    try:
        address = ipaddress.IPv6Address(match[1] if match else "")
    except ValueError:
        raise NotAUrl(host) from None
    return f"[::ffff:{address.ipv4_mapped}]" if address.ipv4_mapped else f"[{address.compressed}]"


def _read_ipv4(host: str) -> int | None:
    """Read one to four numbers, decimal, octal or hexadecimal; the last one fills what is left."""
    numbers: list[int] = []
    for part in host.split("."):
        if re.fullmatch(r"0[xX][0-9a-fA-F]+", part):
            numbers.append(int(part, 16))
        elif re.fullmatch(r"0[0-7]*", part):
            numbers.append(int(part, 8))
        elif re.fullmatch(r"[1-9][0-9]{0,9}", part):
            numbers.append(int(part))
        else:
            return None
    *leading, last = numbers
    if len(numbers) > 4 or any(number > 0xFF for number in leading) or last >= 256 ** (5 - len(numbers)):
        return None
    return last + sum(number << (24 - 8 * index) for index, number in enumerate(leading))


def _is_domain_name(host: str) -> bool:
    labels = _DOTS.split(host)
    if len(labels) > 1 and not labels[-1]:
        labels.pop()
    return all(_LABEL.fullmatch(label) and _octets(label) <= 63 for label in labels)


def _octets(label: str) -> int:
    """Count a label as .NET does: two for what is beyond Latin-1, four more for the prefix of punycode."""
    count = sum(2 if ord(char) > 0xFF else 1 for char in label)
    return count + 4 if any(char >= "\xa0" for char in label) else count


def _is_network_name(host: str) -> bool:
    """Say whether the text is a Windows network name, which .NET takes where it is no domain name."""
    first, *others = host.removesuffix(".").split(".")
    shown = all(char.isalpha() or char in "-_0123456789" for char in host.replace(".", ""))
    starts = all(label[:1].isalpha() or (label[:1].isascii() and label[:1].isdigit()) for label in others)
    return shown and starts and len(host) <= 256 and any(char.isalpha() or char in "-_" for char in first)
