"""The one factory of HTTP clients, and what HTTP's failures are called here.

The owner of httpx together with `register` and `maskinporten`. No redirects, TLS on, bounded times; what
is secret never reaches a log.
"""

from __future__ import annotations

import json
import logging
import random
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from reconciler import __version__
from reconciler.errors import NoAnswer, NotConnected, RegisterError, UsageError, WriteRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model import Json

CONNECT_SECONDS = 4.0
READ_SECONDS = 60.0
"""The register asks another service for every right and package, one by one (contract §4, Q18)."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
    httpx.ProxyError,
)
"""What happens before a request leaves this machine; everything else may have been processed."""

# NOTE: at debug level httpcore logs every header, the token included, and there is no switch for less.
logging.getLogger("httpcore").setLevel(logging.WARNING)


class ReadOnly(httpx.BaseTransport):
    """A transport that lets nothing but GET through, whatever the code above it does."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a GET on; raises `WriteRefused` for any other method."""
        if request.method != "GET":
            raise WriteRefused(f"This verb only reads, and would have sent a {request.method}.")
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the transport below."""
        self._inner.close()


def open_client(
    base: str, *, workers: int = 1, read_only: bool = False, transport: httpx.BaseTransport | None = None
) -> httpx.Client:
    """Make a client for one address, with a pool for so many threads."""
    parts = urlsplit(base)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise UsageError(f"{base} is not an https address.", hint="Plain http is for this machine only.")
    limits = httpx.Limits(max_connections=workers, max_keepalive_connections=workers)
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    local = parts.hostname in LOOPBACK
    inner = transport or httpx.HTTPTransport(limits=limits, verify=not local, trust_env=not local)
    return httpx.Client(
        base_url=base,
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": f"reconciler/{__version__}", "Accept": "application/json"},
        transport=ReadOnly(inner) if read_only else inner,
    )


def explain_failure(error: Exception, base: str) -> RegisterError:
    """Name a failure of httpx: whether the request left this machine decides what may be done next."""
    host = urlsplit(base).netloc
    if isinstance(error, _NEVER_SENT):
        return NotConnected(
            f"{host} could not be reached: {_reason(error)}.", hint="Check the address and the network."
        )
    return NoAnswer(f"{host} gave no usable answer: {_reason(error)}.", hint="Try again when it is well.")


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "it took too long"
    return (str(error).splitlines() or [""])[0].rstrip(".") or type(error).__name__


def read_body(response: httpx.Response) -> Json:
    """Read a body as JSON, or as its text where it is none; None where it is empty."""
    if not response.content:
        return None
    try:
        return json.loads(response.content)
    except ValueError:
        return response.text


def read_wait(response: httpx.Response) -> float | None:
    """Read how many seconds an answer asks to be waited (RFC 9110 §10.2.3); None where it does not say."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdigit() else None


def back_off(budget: float, *, first: float = 0.2) -> Iterator[float]:
    """Give the waits between attempts, with full jitter, doubling, until a budget of seconds is spent."""
    deadline = time.monotonic() + budget
    ceiling = first
    while (left := deadline - time.monotonic()) > 0:
        yield min(random.uniform(0, ceiling), left)  # noqa: S311 - spreads load, guards nothing
        ceiling = min(ceiling * 2, 5.0)
