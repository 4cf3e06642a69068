"""Rules on `allowedRedirectUrls`: where customers may be sent after they have approved.

No message shows what is before an `@`: it may be a password.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from reconciler.definitions.yaml_document import quote
from reconciler.model.findings import Severity
from reconciler.model.redirect_host import MARKS
from reconciler.model.redirect_url import BLANKS, is_steady, parse_redirect
from reconciler.rules.registry import Fault, system_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.definitions.definition import Resolved
    from reconciler.definitions.yaml_document import Path
    from reconciler.model.redirect_url import Redirect

_USER_INFO = re.compile(r"(?<=[/\\]{2})[^/\\?#]*@")
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[/\\]{2}([^/\\?#]*)")
_SCHEMES = frozenset({"https", "http"})
"""The database takes no other (System Register contract §2.4); `redirect-not-https` is about the second."""

_parse = lru_cache(maxsize=1024)(parse_redirect)
"""Eight rules look at the same few URLs one after the other."""
_is_steady = lru_cache(maxsize=1024)(is_steady)


def _place(index: int) -> Path:
    return ("allowedRedirectUrls", index)


def show_url(url: str) -> str:
    """Show a URL without what may be a password."""
    return quote(_USER_INFO.sub("***@", url))


def _read_redirects(subject: Resolved) -> Iterator[tuple[int, str, Redirect]]:
    """Give the URLs that are absolute, taken apart."""
    for index, url in enumerate(subject.system.allowedRedirectUrls):
        redirect = _parse(url)
        if redirect is not None and redirect.scheme in _SCHEMES:
            yield index, url, redirect


def _holds_marks(url: str) -> bool:
    authority = _AUTHORITY.match(url.lstrip(BLANKS))
    return authority is not None and MARKS.search(authority[1]) is not None


@system_rule("redirect-not-absolute", code="AUTH.VLD-00005", allowable=False)
def check_absolute(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL is absolute: `https://`, a host, a path.

    A POST refuses anything else; a PUT refuses it too, or fails in the database (System
    Register contract §2.4 and §3, 00005). The host is a name or an address, IPv6 in
    brackets, and the port a number up to 65535.

    Fix: write it whole.

        allowedRedirectUrls:
          - https://smartcloud.example/receipt
    """
    for index, url in enumerate(subject.system.allowedRedirectUrls):
        redirect = _parse(url)
        if (redirect is None and not _holds_marks(url)) or (redirect and redirect.scheme not in _SCHEMES):
            message = f"{show_url(url)} is not an absolute URL"
            hint = "Write it whole: `https://host.example/path`."
            if redirect is None and _AUTHORITY.match(url.lstrip(BLANKS)):
                message = f"{show_url(url)} cannot be read as a URL"
                hint = "Look at the host and the port: `https://host.example:8443/path`."
            yield Fault(_place(index), message, hint)


@system_rule("redirect-host-marks", allowable=False)
def check_host_marks(subject: Resolved) -> Iterator[Fault]:
    """The host of a redirect URL holds none of U+200E, U+200F and U+202A to U+202E.

    This tool does not send such a host.

    Fix: type the host again, without them.
    """
    for index, url in enumerate(subject.system.allowedRedirectUrls):
        if _holds_marks(url):
            message = f"The host of {show_url(url)} holds a character that is not accepted"
            yield Fault(_place(index), message, "Type the host again.")


@system_rule("redirect-not-https", code="AUTH.VLD-00005")
def check_https(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL is https.

    A POST refuses http; a PUT stores it, and the next POST of the same document fails
    (System Register contract §3, 00005, and §4, Q26).

    Fix: write `https://`, also for a test system.
    """
    for index, url, redirect in _read_redirects(subject):
        if redirect.scheme != "https":
            yield Fault(_place(index), f"{show_url(url)} is not https", "Write `https://`.")


@system_rule("redirect-wildcard")
def check_wildcards(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL is exact, without wildcards.

    Altinn compares scheme, host, port and path as they stand, so a `*` stands for itself
    and matches no URL that anybody uses.

    Fix: write every URL out.

        allowedRedirectUrls:
          - https://one.smartcloud.example/receipt
          - https://two.smartcloud.example/receipt
    """
    for index, url in enumerate(subject.system.allowedRedirectUrls):
        if "*" in url:
            yield Fault(_place(index), f"{show_url(url)} holds a `*`", "Write every URL out.")


@system_rule("redirect-user-info")
def check_user_info(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL holds no user name and no password.

    The register keeps them as they stand (System Register contract §2.4), for everybody
    who reads the system.

    Fix: remove everything between `//` and `@`, and change the password.
    """
    for index, url, redirect in _read_redirects(subject):
        if redirect.user_info:
            message = f"{show_url(url)} holds a user name or a password"
            yield Fault(_place(index), message, "Remove everything between `//` and `@`.")


@system_rule("redirect-fragment", severity=Severity.WARNING)
def check_fragments(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL has no fragment.

    The register keeps what follows a `#` (System Register contract §2.4), and nothing
    looks at it when a request's URL is compared.

    Fix: remove the `#` and what follows.
    """
    for index, url, redirect in _read_redirects(subject):
        if redirect.fragment:
            yield Fault(_place(index), f"{show_url(url)} has a fragment", "Remove the `#` and what follows.")


@system_rule("redirect-duplicate")
def check_duplicates(subject: Resolved) -> Iterator[Fault]:
    """No redirect URL stands twice, however it is spelt.

    The register would return the same text twice (System Register contract §2.2 and
    §2.4): `https://Example.com` and `https://example.com:443/` are one URL.

    Fix: remove one of them.
    """
    urls = subject.system.allowedRedirectUrls
    first: dict[str, int] = {}
    for index, url in enumerate(urls):
        redirect = _parse(url)
        other = first.setdefault(redirect.canonical if redirect else url, index)
        if other != index:
            how = "the same" if urls[other] == url else f"the same URL, spelt {show_url(urls[other])}"
            message = f"{show_url(url)} stands twice: `allowedRedirectUrls[{other}]` is {how}"
            yield Fault(_place(index), message, "Remove one of them.")


@system_rule("redirect-trailing-space", allowable=False)
def check_trailing_space(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL does not end in `%20`, nor in a blank that the register keeps at first.

    The register stores a blank at the end, and loses it when the URL is sent back, so
    that two writings are needed before it stays as it is (System Register contract §2.4).

    Fix: remove what stands at the end.
    """
    for index, url, redirect in _read_redirects(subject):
        if redirect.canonical != redirect.canonical.rstrip(BLANKS):
            what = "`%20`" if url == url.rstrip(BLANKS) else "blank"
            message = f"{show_url(url)} ends in a blank that the register does not keep"
            yield Fault(_place(index), message, f"Remove the {what} at the end.")


@system_rule("redirect-broken-escape", allowable=False)
def check_broken_escapes(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL that holds a `%` without two hexadecimal digits stays as it is stored.

    The register writes such a `%` as `%25`. Right before a few characters beyond ASCII it
    needs two writings for that (System Register contract §2.4), so that the URL does not
    settle.

    Fix: write `%25` for the sign itself.
    """
    for index, url, redirect in _read_redirects(subject):
        if redirect.canonical == redirect.canonical.rstrip(BLANKS) and not _is_steady(redirect):
            message = f"{show_url(url)} holds a `%` that the register stores in two different ways"
            yield Fault(_place(index), message, "Write `%25` for the sign itself.")


@system_rule("redirect-respelt", severity=Severity.NOTE)
def check_respelt(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL comes back as it was written.

    The register prints URLs in its own way (System Register contract §2.4): it writes
    the host in small letters, leaves the default port out, adds the `/` after a bare
    host, shortens IPv6 addresses and undoes some escapes. It means the same, and makes no
    difference in a plan.

    Fix: write it as the register will print it, and both sides read alike.
    """
    for index, url, redirect in _read_redirects(subject):
        if redirect.canonical != url and _is_steady(redirect):
            message = f"{show_url(url)} will come back as {show_url(redirect.canonical)}"
            yield Fault(_place(index), message, "Write it so, and both sides read alike.")
