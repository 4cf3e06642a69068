"""The address of an emulator: where it listens, its public URL, and the base of links in its answers.

Links follow System Register contract §7.1: they start with the base that was called, after the forwarded
headers of a proxy; a configured public URL takes precedence.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.requests import Request

INTERNAL = "http://altinn-authentication.internal"
"""The host in `links.next` on a documentation page of 2025-11: one that a vendor cannot reach."""
_WILDCARDS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
"""The loopback address to use where an emulator listens on all interfaces."""


@dataclass(frozen=True, slots=True)
class Address:
    """The address of one emulator."""

    base: str
    """The base URL of all paths, without a slash at the end."""
    local: str
    """The base URL on this machine, which differs from `base` where a public URL is set."""
    is_closed: bool
    """The control endpoint refuses everyone: other machines can reach it, and no control token is set."""

    @property
    def maskinporten(self) -> str:
        """The base URL of Maskinporten's endpoints, with a slash at the end."""
        return f"{self.base}/maskinporten/"


@dataclass(frozen=True, slots=True)
class Links:
    """The base URL of links to further pages."""

    base: str | None = None
    """A fixed base; None means the base that was called."""

    def find_base(self, request: Request) -> str:
        """Give the base of a link in the answer to `request`, without a slash at the end."""
        if self.base is not None:
            return self.base
        scheme = _read_forwarded(request, "proto") or request.url.scheme
        host = _read_forwarded(request, "host") or request.headers.get("host") or request.url.netloc
        return f"{scheme}://{host}"


def describe(host: str, port: int, public_url: str | None, *, has_token: bool) -> Address:
    """Make the address of an emulator that listens at `host`; `public_url` is its address for other machines."""
    name = _WILDCARDS.get(host, host)
    own = f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
    base = own if public_url is None else public_url.rstrip("/")
    is_private = is_loopback(host) and is_loopback(urlsplit(base).hostname or "")
    return Address(base, own, is_closed=not is_private and not has_token)


def check_url(url: str) -> str | None:
    """Say what is wrong with a public URL; None if nothing is."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return f"an address such as https://register.example is expected, not {url!r}"
    if parts.query or parts.fragment or parts.username is not None:
        return f"an address without user, query and fragment is expected, not {url!r}"
    return None


def is_loopback(host: str) -> bool:
    """Say whether a host is loopback; of names only `localhost` is."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_forwarded(request: Request) -> bool:
    """Say whether a proxy forwarded the request, so that the peer is not the client."""
    names = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
    return any(name in request.headers for name in names)


def _read_forwarded(request: Request, name: str) -> str:
    """Give the last value of a forwarded header, which the nearest proxy wrote; empty if absent."""
    return request.headers.get(f"x-forwarded-{name}", "").rpartition(",")[2].strip()
