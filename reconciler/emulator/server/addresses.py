"""Where an emulator listens, what it is called by others, and what the address of a request says.

It knows no endpoint. Links follow System Register contract §7.1: the base that was called, where the
forwarded headers of a proxy in front count; a public address that is configured wins over both.
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
"""Under which address this machine reaches itself when an emulator listens everywhere."""


@dataclass(frozen=True, slots=True)
class Address:
    """The address of one emulator."""

    base: str
    """What the real paths hang under, without a slash at the end."""
    local: str
    """The same as this machine reaches it; another one where a public address is set."""
    is_closed: bool
    """The control endpoint answers nobody: others can reach it, and there is no token to know them by."""

    @property
    def maskinporten(self) -> str:
        """Where Maskinporten's endpoints are, with a slash at the end."""
        return f"{self.base}/maskinporten/"


@dataclass(frozen=True, slots=True)
class Links:
    """How a link to another page begins."""

    base: str | None = None
    """What it always begins with; None is the base that was called."""

    def find_base(self, request: Request) -> str:
        """Give the base of a link in the answer to `request`, without a slash at the end."""
        if self.base is not None:
            return self.base
        scheme = _read_forwarded(request, "proto") or request.url.scheme
        host = _read_forwarded(request, "host") or request.headers.get("host") or request.url.netloc
        return f"{scheme}://{host}"


def describe(host: str, port: int, public_url: str | None, *, has_token: bool) -> Address:
    """Say where an emulator that listens at `host` is reached, `public_url` being what others call it."""
    name = _WILDCARDS.get(host, host)
    own = f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
    base = own if public_url is None else public_url.rstrip("/")
    is_private = is_loopback(host) and is_loopback(urlsplit(base).hostname or "")
    return Address(base, own, is_closed=not is_private and not has_token)


def check_url(url: str) -> str | None:
    """Say what is wrong with a public address; None for nothing."""
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
    """Say whether a host is this machine alone; a name is so only as `localhost`."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_forwarded(request: Request) -> bool:
    """Say whether a proxy passed the request on, so that its sender is somebody else."""
    names = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
    return any(name in request.headers for name in names)


def _read_forwarded(request: Request, name: str) -> str:
    """Give the last value of a forwarded header, which is the nearest proxy's; empty without one."""
    return request.headers.get(f"x-forwarded-{name}", "").rpartition(",")[2].strip()
