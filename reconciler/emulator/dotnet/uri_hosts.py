"""User information, host and port of a URL, as .NET's `System.Uri` reads and prints them.

System Register contract §2.4, "Hosts": domain names, network names and addresses. Names are not
converted to or from punycode and not normalised, as in a service without ICU.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from reconciler.emulator.dotnet import uri_ipv6
from reconciler.emulator.dotnet.characters import is_letter, lower

_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_LABEL = re.compile(r"[0-9A-Za-z\u00a0-\U0010ffff][0-9A-Za-z_\u00a0-\U0010ffff-]*")
_REFUSED = re.compile("[\u200e\u200f\u202a-\u202e]")
"""Characters that this emulator refuses in hosts; the tool's rule is `redirect-host-marks`."""
_USER = re.compile(r"([^@/?#\\]*)@(?=.)", re.DOTALL)
_NAME = re.compile(r"[^:/?#\\]*")
_PORT = re.compile(r":([0-9]*)(?=[/?#\\]|\Z)")
LONGEST_LABEL, LONGEST_NETWORK_NAME, HIGHEST_PORT = 63, 256, 0xFFFF


class NotAUrl(ValueError):
    """`System.Uri` cannot parse the text, neither as an absolute nor as a relative URL."""


class Authority(NamedTuple):
    """User, host and port; `user` ends with its `@`."""

    user: str
    host: str
    port: int | None
    end: int
    """Offset of the path, query or fragment."""


def read(text: str) -> Authority:
    """Read the authority at the start of `text`; raises `NotAUrl`."""
    found = _USER.match(text)
    user = found[1] + "@" if found else ""
    start = len(user)
    if text[start : start + 1] == "[":
        address = uri_ipv6.read(text, start)
        if address is None:
            raise NotAUrl(text)
        host, end = address
    else:
        name = _NAME.match(text, start)
        end = name.end() if name else start
        host = _print(text[start:end])
    port, end = _read_port(text, end)
    if text[end : end + 1] == "\\":
        raise NotAUrl(text)
    return Authority(user, host, port, end)


def _read_port(text: str, at: int) -> tuple[int | None, int]:
    if text[at : at + 1] != ":":
        return None, at
    port = _PORT.match(text, at)
    digits = "" if port is None else port[1].lstrip("0")
    if port is None or len(digits) > len(str(HIGHEST_PORT)) or int(digits or "0") > HIGHEST_PORT:
        raise NotAUrl(text)
    return (int(digits or "0") if port[1] else None), port.end()


def _print(host: str) -> str:
    address = _read_ipv4(host) if host[:1].isascii() and host[:1].isdigit() else None
    if address is not None:
        return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))
    if _REFUSED.search(host) or not (_is_domain_name(host) or _is_network_name(host)):
        raise NotAUrl(host)
    if re.search("[A-Z]", host):
        host = lower(host)
    return "localhost" if host == "loopback" else host


def _read_ipv4(host: str) -> int | None:
    """Read one to four numbers, decimal, octal or hexadecimal; the last fills the remaining bytes."""
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
    return all(_LABEL.fullmatch(label) and _octets(label) <= LONGEST_LABEL for label in labels)


def _octets(label: str) -> int:
    """Count a label as .NET does: two for a unit beyond Latin-1, four more for the prefix of punycode."""
    count = sum(1 if ord(char) <= 0xFF else 2 if ord(char) <= 0xFFFF else 4 for char in label)
    return count if label.isascii() else count + 4


def _is_network_name(host: str) -> bool:
    """Say whether the text is a Windows network name, which .NET accepts besides domain names."""
    first, *others = host.removesuffix(".").split(".")
    if len(host) > LONGEST_NETWORK_NAME or not all(map(_is_network_char, host.replace(".", ""))):
        return False
    if not all(others) or any(label[0] in "-_" for label in others[1:]):
        return False
    return any(is_letter(char) or char in "-_" for char in first)


def _is_network_char(char: str) -> bool:
    return char in "-_0123456789" or is_letter(char)
