"""Rules on `allowedRedirectUrls`: where customers may be sent after they have approved.

No message shows what stands before an `@`: it may be a password.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from reconciler.document import quote
from reconciler.findings import Severity
from reconciler.redirect import parse_redirect
from reconciler.rules.registry import Fault, system_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.document import Path
    from reconciler.model import Resolved
    from reconciler.redirect import Redirect

_USER_INFO = re.compile(r"(?<=//)[^/?#]*@")

_parse = lru_cache(maxsize=1024)(parse_redirect)
"""Six rules look at the same few URLs one after the other."""


def _place(index: int) -> Path:
    return ("allowedRedirectUrls", index)


def _show(url: str) -> str:
    return quote(_USER_INFO.sub("***@", url))


def _read_redirects(subject: Resolved) -> Iterator[tuple[int, str, Redirect]]:
    """Give the URLs that are absolute, taken apart."""
    for index, url in enumerate(subject.system.allowedRedirectUrls):
        redirect = _parse(url)
        if redirect is not None:
            yield index, url, redirect


@system_rule("redirect-not-absolute", code="AUTH.VLD-00005")
def check_absolute(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL is absolute: `https://`, a host, a path.

    A POST refuses a relative one; a PUT stores it or fails in the database, and what is
    stored so may break every later read (System Register contract §2.4 and §3, 00005).

    Mend it: write it whole.

        allowedRedirectUrls:
          - https://smartcloud.example/receipt
    """
    for index, url in enumerate(subject.system.allowedRedirectUrls):
        if _parse(url) is None and "*" not in url:
            message = f"{_show(url)} is not an absolute URL"
            yield Fault(_place(index), message, "Write it whole: `https://host.example/path`.")


@system_rule("redirect-not-https", code="AUTH.VLD-00005")
def check_https(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL is https.

    A POST refuses http; a PUT stores it, and the next POST of the same document fails
    (System Register contract §3, 00005, and §4, Q26).

    Mend it: write `https://`, also for a test system.
    """
    for index, url, redirect in _read_redirects(subject):
        if redirect.scheme != "https":
            yield Fault(_place(index), f"{_show(url)} is not https", "Write `https://`.")


@system_rule("redirect-wildcard")
def check_wildcards(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL is exact, without wildcards.

    Altinn compares scheme, host, port and path as they stand, so a `*` stands for itself
    and matches no URL that anybody uses.

    Mend it: write every URL out.

        allowedRedirectUrls:
          - https://one.smartcloud.example/receipt
          - https://two.smartcloud.example/receipt
    """
    for index, url in enumerate(subject.system.allowedRedirectUrls):
        if "*" in url:
            yield Fault(_place(index), f"{_show(url)} holds a `*`", "Write every URL out.")


@system_rule("redirect-user-info")
def check_user_info(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL holds no user name and no password.

    The register keeps them as they stand (System Register contract §2.4), for everybody
    who reads the system.

    Mend it: remove everything between `//` and `@`, and change the password.
    """
    for index, url, redirect in _read_redirects(subject):
        if redirect.user_info:
            message = f"{_show(url)} holds a user name or a password"
            yield Fault(_place(index), message, "Remove everything between `//` and `@`.")


@system_rule("redirect-fragment", severity=Severity.WARNING)
def check_fragments(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL has no fragment.

    The register keeps what follows a `#` (System Register contract §2.4), and nothing
    looks at it when a request's URL is compared.

    Mend it: remove the `#` and what follows.
    """
    for index, url, redirect in _read_redirects(subject):
        if redirect.fragment:
            yield Fault(_place(index), f"{_show(url)} has a fragment", "Remove the `#` and what follows.")


@system_rule("redirect-duplicate")
def check_duplicates(subject: Resolved) -> Iterator[Fault]:
    """No redirect URL stands twice, however it is spelt.

    The register would return the same text twice (System Register contract §2.2 and
    §2.4): `https://Example.com` and `https://example.com:443/` are one URL.

    Mend it: remove one of them.
    """
    urls = subject.system.allowedRedirectUrls
    first: dict[str, int] = {}
    for index, url in enumerate(urls):
        redirect = _parse(url)
        other = first.setdefault(redirect.canonical if redirect else url, index)
        if other != index:
            how = "the same" if urls[other] == url else f"the same URL, spelt {_show(urls[other])}"
            message = f"{_show(url)} stands twice: `allowedRedirectUrls[{other}]` is {how}"
            yield Fault(_place(index), message, "Remove one of them.")


@system_rule("redirect-trailing-space")
def check_trailing_space(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL does not end in `%20`.

    The register stores a space in its place, and loses it when the URL is sent back, so
    that it never settles (System Register contract §2.4).

    Mend it: remove the `%20`.
    """
    for index, url, redirect in _read_redirects(subject):
        if redirect.canonical != redirect.canonical.strip():
            message = f"{_show(url)} ends in a space that the register cannot keep"
            yield Fault(_place(index), message, "Remove the `%20`.")


@system_rule("redirect-respelt", severity=Severity.NOTE)
def check_respelt(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL comes back as it was written.

    The register prints URLs in its own way (System Register contract §2.4): it writes
    the host in small letters, leaves the default port out, adds the `/` after a bare
    host and undoes some escapes. It means the same, and makes no difference in a plan.

    Mend it: write it as the register will print it, and both sides read alike.
    """
    for index, url, redirect in _read_redirects(subject):
        if redirect.canonical != url and redirect.canonical == redirect.canonical.strip():
            message = f"{_show(url)} will come back as {_show(redirect.canonical)}"
            yield Fault(_place(index), message, "Write it so, and both sides read alike.")
