"""The one factory of HTTP clients, and what HTTP's failures are called here.

The owner of httpx together with `register` and `maskinporten`. No redirects, TLS on, bounded times; what
is secret never reaches a log.
"""

from __future__ import annotations

import json
import logging
import random
import re
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from reconciler import __version__
from reconciler.address import LOOPBACK
from reconciler.errors import NoAnswer, NotConnected, RegisterError, UsageError, WriteRefused
from reconciler.trace import HEADER, make_traceparent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model import Json

CONNECT_SECONDS = 4.0
WRITE_SECONDS = 60.0
"""The register asks another service for every right and package, one by one (contract §4, Q18)."""
SHORTEST_SECONDS = 1.0
"""What an attempt is given at least, so that the last one has a chance."""
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
    httpx.ProxyError,
)
"""What happens before a request leaves this machine; everything else may have been processed."""

_LOG = logging.getLogger(__name__)
# NOTE: at debug level httpcore logs the headers of answers, cookies included; httpx says enough of a request.
logging.getLogger("httpcore").setLevel(logging.WARNING)


class _Bounded(httpx.SyncByteStream):
    """A body that has to be there by a moment: the timeouts of httpx bound each piece of it alone."""

    def __init__(self, inner: httpx.SyncByteStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._inner:
            if time.monotonic() > self._deadline:
                raise httpx.ReadTimeout("the body came too slowly")
            yield piece

    def close(self) -> None:
        self._inner.close()


class Punctual(httpx.BaseTransport):
    """A transport whose answers end by the `deadline` among a request's extensions, where it has one."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on, and bound the body of its answer."""
        response = self._inner.handle_request(request)
        deadline = request.extensions.get("deadline")
        if deadline is not None and isinstance(response.stream, httpx.SyncByteStream):
            response.stream = _Bounded(response.stream, deadline)
        return response

    def close(self) -> None:
        """Close the transport below."""
        self._inner.close()


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
    timeout = httpx.Timeout(WRITE_SECONDS, connect=CONNECT_SECONDS)
    local = parts.hostname in LOOPBACK
    inner = transport or Punctual(
        httpx.HTTPTransport(limits=limits, verify=parts.scheme == "https", trust_env=not local)
    )
    return httpx.Client(
        base_url=base,
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": f"reconciler/{__version__}", "Accept": "application/json"},
        event_hooks={"request": [_mark]},
        transport=ReadOnly(inner) if read_only else inner,
    )


def _mark(request: httpx.Request) -> None:
    """Give a request an id in the traces of whoever answers it, and log it."""
    traceparent = request.headers.setdefault(HEADER, make_traceparent())
    _LOG.debug("%s %s with %s %s", request.method, request.url.path, HEADER, traceparent)


def explain_failure(error: Exception, base: str) -> RegisterError:
    """Name a failure of httpx: whether the request left this machine decides what may be done next."""
    host = urlsplit(base).netloc
    if isinstance(error, _NEVER_SENT):
        return NotConnected(
            f"{host} could not be reached: {describe_failure(error)}.",
            hint="Check the address and the network.",
        )
    return NoAnswer(
        f"{host} gave no usable answer: {describe_failure(error)}.", hint="Try again when it is well."
    )


def describe_failure(error: Exception) -> str:
    """Say what went wrong in a few words."""
    if isinstance(error, httpx.TimeoutException):
        return "it took too long"
    if isinstance(error, httpx.LocalProtocolError):  # its text quotes the header at fault
        return "the request could not be formed"
    said = (str(error).splitlines() or [""])[0].rstrip(".")
    return re.sub(r"^\[Errno -?\d+\] ", "", said) or type(error).__name__


def read_body(response: httpx.Response) -> Json:
    """Read a body as JSON, or as its text where it is none; None where it is empty."""
    if not response.content:
        return None
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return response.text


def read_wait(response: httpx.Response) -> float | None:
    """Read how many seconds an answer asks to be waited (RFC 9110 §10.2.3); None where it does not say."""
    value = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        until = parsedate_to_datetime(value).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
    try:  # the server's own clock, where it tells it
        now = parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, TypeError, ValueError, OverflowError):
        now = time.time()
    return max(until - now, 0.0)


class Patience:
    """The seconds in which one request is tried again, with full jitter and growing waits."""

    def __init__(self, budget: float) -> None:
        self._deadline = time.monotonic() + budget
        self._ceiling = 0.2

    @property
    def deadline(self) -> float:
        """When the budget is spent, on the monotonic clock; the last attempt has its shortest time."""
        return max(self._deadline, time.monotonic() + SHORTEST_SECONDS)

    def limit(self) -> httpx.Timeout:
        """Give the times of the next attempt, which leave nothing of the budget over."""
        left = max(self._deadline - time.monotonic(), SHORTEST_SECONDS)
        return httpx.Timeout(left, connect=min(left, CONNECT_SECONDS))

    def wait(self, asked: float | None = None) -> bool:
        """Wait before another attempt, at least as long as was asked; False where the budget forbids it."""
        pause = (asked or 0.0) + random.uniform(0, self._ceiling)  # noqa: S311 - spreads load, guards nothing
        self._ceiling = min(self._ceiling * 2, 5.0)
        if time.monotonic() + pause >= self._deadline:
            return False
        time.sleep(pause)
        return True
