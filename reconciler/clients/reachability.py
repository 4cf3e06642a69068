"""Whether an address answers as the service that is meant to be there, and what its clock says; nothing is sent.

The first answer of a network is often not the service's: a proxy's error page, a network's sign-in page, a
certificate of somebody in between.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from reconciler.clients.http_client import describe_failure, open_client
from reconciler.clients.register import PREFIX
from reconciler.clients.response_body import read_body
from reconciler.errors import MaskinportenUnavailable, NotConnected, RegisterError, Unintelligible

if TYPE_CHECKING:
    from reconciler.model.environment import Environment

METADATA = ".well-known/oauth-authorization-server"
"""RFC 8414 §3, as Maskinporten has it (Maskinporten contract §1)."""
_SECONDS = 8.0
"""For one answer."""


@dataclass(frozen=True, slots=True)
class Met:
    """What answered: whether it is the service, and how far this machine's clock is ahead of it in seconds."""

    ahead: float | None
    """None where the answer does not say what time it is."""


def meet_maskinporten(environment: Environment) -> Met:
    """Ask Maskinporten for its metadata; raises `MaskinportenUnavailable` where something else answers, or nothing."""
    host = urlsplit(environment.maskinporten).netloc
    try:
        response, ahead = _get(environment.maskinporten, METADATA)
    except RegisterError as error:
        raise MaskinportenUnavailable(error.message, hint=error.hint) from None
    body = read_body(response)
    named = body.get("issuer") if isinstance(body, dict) else None
    if not isinstance(named, str):
        raise MaskinportenUnavailable(
            f"{host} is not answered by Maskinporten: {_describe_answer(response)}.", hint=_explain(response)
        )
    if named.rstrip("/") != environment.maskinporten.rstrip("/"):
        raise MaskinportenUnavailable(
            f"{host} calls itself another issuer than {environment.maskinporten}.",
            hint="Correct `maskinporten` in the configuration: it is the issuer, with its slash at the end.",
        )
    return Met(ahead)


def meet_register(environment: Environment) -> Met:
    """Ask the register for the list without a token, which it refuses; raises `RegisterError` for any other answer."""
    host = urlsplit(environment.register).netloc
    response, ahead = _get(environment.register, PREFIX)
    if response.status_code == 401:
        return Met(ahead)
    raise Unintelligible(
        f"{host} is not answered by the System Register: {_describe_answer(response)}.",
        hint=_explain(response),
    )


def _get(base: str, path: str) -> tuple[httpx.Response, float | None]:
    """Send a GET without a token; raises `RegisterError`."""
    host = urlsplit(base).netloc
    with open_client(base, read_only=True) as client:
        before = time.time()
        try:
            response = client.get(path, extensions={"seconds": _SECONDS})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _explain_failure(error, host) from None
        return response, _read_offset(response, (before + time.time()) / 2)


def _read_offset(response: httpx.Response, now: float) -> float | None:
    try:
        return now - parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return None


def _explain_failure(error: Exception, host: str) -> RegisterError:
    reason = describe_failure(error)
    if "CERTIFICATE_VERIFY_FAILED" in reason.upper().replace(" ", "_"):
        return NotConnected(
            f"The certificate that {host} shows is not trusted here: {reason}.",
            hint="A proxy that opens TLS, or an authority of your own: name its certificates in SSL_CERT_FILE.",
        )
    return NotConnected(
        f"{host} could not be reached: {reason}.",
        hint="Check the address, the network and the proxy; https://status.digdir.no reports outages.",
    )


def _describe_answer(response: httpx.Response) -> str:
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip() or "nothing"
    goes = response.headers.get("Location", "")
    to = f", sending to {urlsplit(goes).netloc or goes}" if goes else ""
    return f"it answered {response.status_code} with {'a web page' if kind == 'text/html' else kind}{to}"


def _explain(response: httpx.Response) -> str:
    """Say what stands in between, by the form of an answer."""
    status = response.status_code
    page = "html" in response.headers.get("Content-Type", "")
    if status in {511, 301, 302, 303, 307, 308} or (page and status == 200):
        return "A network's sign-in page, or a proxy, answers in its place: sign in, or use another network."
    if page:
        return "That is a proxy's or a gateway's error page: look at HTTPS_PROXY and NO_PROXY, and try again later."
    if status >= 500:
        return "It may be better in a minute; https://status.digdir.no and https://status.altinn.no report outages."
    return "Check the environment's address in the configuration."
