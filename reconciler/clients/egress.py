"""The way out of this machine: the proxy and the certificates that environment variables name."""

from __future__ import annotations

import logging
import os
import re
import ssl
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

import certifi
import httpcore

from reconciler.errors import UsageError
from reconciler.model.token_address import LOOPBACK

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_LOG = logging.getLogger(__name__)
_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""In the order in which curl and Python's library look at them; `NO_PROXY` takes hosts out."""
_UNSET = "Name a file of certificates in PEM form, or unset the variable."
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
"""How OpenSSL finds a certificate in a folder: https://docs.openssl.org/master/man1/openssl-rehash/."""


def find_proxy(base: str, context: ssl.SSLContext | None) -> httpcore.Proxy | None:
    """Find the proxy for an https address; None for this machine, and where no variable names one.

    Raises `UsageError` for one that is not http or https. What is sent through it stays in TLS.
    """
    parts = urlsplit(base)
    host = parts.hostname or ""
    proxies = getproxies_environment()
    named = proxies.get("https") or proxies.get("all")
    if parts.scheme != "https" or host in LOOPBACK or not named:
        return None
    if proxy_bypass(parts.netloc):
        _LOG.debug("%s is reached without a proxy, as NO_PROXY says", host)
        return None
    variable = next((each for each in _VARIABLES if os.environ.get(each)), "HTTPS_PROXY")
    found = _split_proxy(named)
    if found is None:
        raise UsageError(
            f"{variable} does not name a proxy that can be used.",
            hint="Set it to http://HOST:PORT or https://HOST:PORT, or add the host to NO_PROXY.",
        )
    port = found.port or (443 if found.scheme == "https" else 80)
    _LOG.debug("%s is reached through the proxy %s:%s, as %s says", host, found.hostname, port, variable)
    who = (unquote(found.username), unquote(found.password or "")) if found.username else None
    url = httpcore.URL(scheme=found.scheme, host=found.hostname or "", port=port, target="/")
    return httpcore.Proxy(url, auth=who, ssl_context=context if found.scheme == "https" else None)


def describe_route(base: str) -> str:
    """Say how an address is reached, and whose certificates are trusted; raises as the two above do."""
    if urlsplit(base).scheme != "https":
        return "directly, without TLS"
    context = load_certificates()
    proxy = find_proxy(base, context)
    through = f"through the proxy {_print_host(proxy.url)}" if proxy else "directly"
    named = [
        f"{name}={os.environ[name]}" for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)
    ]
    return f"{through}; trusted are the certificates of {' and '.join(named) or 'Mozilla'}"


def _print_host(url: httpcore.URL) -> str:
    return f"{url.host.decode()}:{url.port}"


def _split_proxy(named: str) -> SplitResult | None:
    try:
        found = urlsplit(named if "://" in named else f"http://{named}")
        sound = found.port != 0 and found.scheme in {"http", "https"} and bool(found.hostname)
        (found.hostname or "").encode("ascii")
        (unquote(found.username or "") + unquote(found.password or "")).encode("ascii")
    except ValueError:
        return None
    return found if sound else None


def load_certificates() -> ssl.SSLContext:
    """Load the authorities that are trusted: those of SSL_CERT_FILE and SSL_CERT_DIR, else those of Mozilla.

    Raises `UsageError` that names the variable and the file where nothing can be loaded.
    """
    file, folder = os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", "")
    folders = [Path(each) for each in folder.split(os.pathsep) if each]
    if not file and not folders:
        return ssl.create_default_context(cafile=certifi.where())
    if folders and not any(_holds_certificates(each) for each in folders):
        raise UsageError(
            f"SSL_CERT_DIR names {folder}, where there is no certificate.",
            hint="Name a folder that `openssl rehash` has been run in, or unset the variable.",
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for each in folders:
        context.load_verify_locations(capath=each)
    if file:
        _load_file(context, Path(file))
    _LOG.debug("The certificates of %s are trusted", " and ".join(filter(None, (file, folder))))
    return context


def _holds_certificates(folder: Path) -> bool:
    try:
        return any(_HASHED.fullmatch(each.name) for each in folder.iterdir())
    except OSError:
        return False


def _load_file(context: ssl.SSLContext, file: Path) -> None:
    try:
        if file.exists() and not file.is_file():  # a pipe would never end
            raise UsageError(f"SSL_CERT_FILE names {file}, which is no file.", hint=_UNSET)
        context.load_verify_locations(cafile=file)
    except ssl.SSLError:
        reason = "holds no certificate that can be read"
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
    else:
        return
    raise UsageError(f"SSL_CERT_FILE names {file}, which {reason}.", hint=_UNSET)
