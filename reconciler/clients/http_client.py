"""The one factory of HTTP clients, and the mapping of HTTP's failures to our exceptions.

Only the clients use httpx. No redirects, TLS on, bounded times; no secret
reaches a log.
"""

from __future__ import annotations

import logging
import random
import re
import time
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from reconciler import __version__
from reconciler.clients.egress import find_proxy, load_certificates
from reconciler.clients.http_exchange import ENCODINGS, Exchange, TooMuch
from reconciler.clients.network import SLOW_NAME
from reconciler.clients.trace_context import HEADER, make_traceparent
from reconciler.errors import NoAnswer, NotConnected, RegisterError, Unintelligible, UsageError, WriteRefused
from reconciler.model.token_address import is_sound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOKEN_BUDGET = 8.0
"""Seconds for all attempts at one token; they count in the budget of the request that needs it."""
SHORTEST_SECONDS = 1.0
"""What an attempt is given at least, so that the last one has a chance."""
NOTICEABLE = 2.0
"""Seconds without an answer, after which whoever reads a log is told why."""
QUIET = 60.0
"""Seconds in which that is said once, however many requests wait."""
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


class Writing(httpx.BaseTransport):
    """A transport that lets writes through to some paths only, whatever the code above it does."""

    def __init__(self, inner: httpx.BaseTransport, may_write: Callable[[str], bool]) -> None:
        self._inner = inner
        self._may_write = may_write

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on; raises `WriteRefused` for one that is no GET and goes elsewhere."""
        if request.method != "GET" and not self._may_write(_name_path(request)):
            raise WriteRefused(f"This verb would have sent a {request.method} to {_name_path(request)}.")
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the transport below."""
        self._inner.close()


class Logged(httpx.BaseTransport):
    """A transport that logs each request in one line: method, path, status and time; never a header, query or body."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on, and log what came of it; raises `httpx.HTTPError`."""
        before, came = time.monotonic(), "no answer"
        try:
            response = self._inner.handle_request(request)
            came = str(response.status_code)
            return response
        finally:
            _LOG.info("%s %s %s %.0f ms", request.method, _name_path(request), came, _count_ms(before))

    def close(self) -> None:
        """Close the transport below."""
        self._inner.close()


class _NoCookies(httpx.Cookies):
    """The cookies of a client that takes none; `Exchange` leaves them out of every answer."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Take none, without the two requests of another library that httpx makes to look for them."""


class _Client(httpx.Client):
    """A client that neither keeps nor sends cookies."""

    cookies = _NoCookies()  # type: ignore[override]  # what is set there would be other cookies


def _name_path(request: httpx.Request) -> str:
    """Give the path as it is sent, in which no letter of an id breaks a line."""
    return request.url.raw_path.partition(b"?")[0].decode("ascii", errors="replace")


def _count_ms(before: float) -> float:
    return (time.monotonic() - before) * 1000


def open_client(
    base: str,
    *,
    workers: int = 1,
    read_only: bool = False,
    writable: Callable[[str], bool] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> httpx.Client:
    """Make a client for one address, with a pool for so many threads.

    `writable` says of a path whether anything but a GET may be sent there; None lets all through.
    """
    if not is_sound(base):
        raise UsageError(f"{base} is not an https address.", hint="Plain http is for this machine only.")
    inner: httpx.BaseTransport = Logged(transport or _open_transport(base, workers))
    if read_only:
        inner = ReadOnly(inner)
    elif writable is not None:
        inner = Writing(inner, writable)
    return _Client(
        base_url=base,
        follow_redirects=False,
        trust_env=False,
        headers={
            "User-Agent": f"reconciler/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": ENCODINGS,
        },
        event_hooks={"request": [_mark]},
        transport=inner,
    )


def _open_transport(base: str, workers: int) -> Exchange:
    """Open the transport of every client, with the certificates and the proxy that the environment names."""
    context = load_certificates() if urlsplit(base).scheme == "https" else None
    return Exchange(workers=workers, context=context, proxy=find_proxy(base, context))


def _mark(request: httpx.Request) -> None:
    """Give a request a trace id that the service logs as well, and log the request."""
    traceparent = request.headers.setdefault(HEADER, make_traceparent())
    _LOG.debug("%s %s with %s %s", request.method, _name_path(request), HEADER, traceparent)


def explain_failure(error: Exception, base: str) -> RegisterError:
    """Turn a failure of httpx into our exception: the class says whether the request left this machine."""
    host = urlsplit(base).netloc
    if isinstance(error, _NEVER_SENT):
        return NotConnected(
            f"{host} could not be reached: {describe_failure(error)}.",
            hint="Check the address and the network.",
        )
    if isinstance(error, TooMuch):  # another try would only bring the same
        return Unintelligible(
            f"{host} gave no usable answer: {describe_failure(error)}.",
            hint="Check the environment's address.",
        )
    return NoAnswer(
        f"{host} gave no usable answer: {describe_failure(error)}.",
        hint="Try again when it is well.",
        overdue=isinstance(error, httpx.TimeoutException),
    )


def describe_failure(error: Exception) -> str:
    """Say what went wrong in a few words."""
    if isinstance(error, httpx.TimeoutException):
        return SLOW_NAME if SLOW_NAME in str(error) else "it took too long"
    if isinstance(error, httpx.LocalProtocolError):  # its text quotes the header at fault
        return "the request could not be formed"
    reason = (str(error).splitlines() or [""])[0].rstrip(".")
    return re.sub(r"^\[Errno -?\d+\] ", "", reason) or type(error).__name__


class Delays:
    """Says that requests are tried again, and why; safe for threads."""

    def __init__(self, notify: Callable[[str], None] = _LOG.info) -> None:
        self._notify = notify
        self._lock = Lock()
        self._quiet_until = 0.0

    def report(self, why: str, seconds: float) -> None:
        """Say why a request is tried again, and for how many seconds at most; others that wait too add nothing."""
        now = time.monotonic()
        with self._lock:
            if now < self._quiet_until:
                return
            self._quiet_until = now + QUIET
        self._notify(f"{why} Trying again for at most {max(round(seconds), 1)} s.")


class Patience:
    """The seconds in which one request is tried again, with full jitter and growing waits."""

    def __init__(self, budget: float, delays: Delays | None = None) -> None:
        self._begun = time.monotonic()
        self._deadline = self._begun + budget
        self._delays = delays or Delays()
        self._ceiling = 0.2

    def limit(self) -> float:
        """Give the seconds of the next attempt, which never exceed the budget."""
        return max(self._deadline - time.monotonic(), SHORTEST_SECONDS)

    @contextmanager
    def excuse(self, beyond: float) -> Iterator[None]:
        """Leave out the seconds that something else than the request takes beyond a number of them."""
        begun = time.monotonic()
        yield
        self._deadline += max(time.monotonic() - begun - beyond, 0.0)

    def wait(self, why: str, asked: float | None = None) -> bool:
        """Wait before another attempt, at least as long as was asked; False where the budget forbids it.

        `why` is the sentence that says what the last attempt came to; where it takes long, it is shown.
        """
        pause = (asked or 0.0) + random.uniform(0, self._ceiling)  # noqa: S311 - spreads load, guards nothing
        self._ceiling = min(self._ceiling * 2, 5.0)
        now = time.monotonic()
        if now + pause >= self._deadline:
            return False
        if now + pause >= self._begun + NOTICEABLE:
            self._delays.report(why, self._deadline - now)
        time.sleep(pause)
        return True
