"""Rules on `allowedRedirectUrls`: where customers may be sent after they have approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.findings import Severity
from reconciler.redirect import canonicalise, parse_redirect
from reconciler.rules.registry import Fault, quote, system_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model import Resolved
    from reconciler.redirect import Redirect


def _place(index: int) -> tuple[str | int, ...]:
    return ("allowedRedirectUrls", index)


def _parsed(subject: Resolved) -> Iterator[tuple[int, str, Redirect]]:
    for index, url in enumerate(subject.system.allowedRedirectUrls):
        redirect = parse_redirect(url)
        if redirect is not None:
            yield index, url, redirect


@system_rule("redirect-not-absolute", code="AUTH.VLD-00005", allowable=False)
def check_absolute(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL is absolute: `https://`, a host, a path.

    A POST refuses anything else; a PUT stores it, or fails in the database (System Register contract §1.6).
    """
    for index, url in enumerate(subject.system.allowedRedirectUrls):
        if canonicalise(url) is None and "*" not in url:
            message = f"{quote(url)} is not an absolute URL"
            yield Fault(_place(index), message, "Write it whole: `https://host.example/path`.")


@system_rule("redirect-not-https", code="AUTH.VLD-00005", allowable=False)
def check_https(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL is https.

    A POST refuses http; a PUT stores it, and the next POST of the same document fails (System Register
    contract §4, Q26).
    """
    for index, url, redirect in _parsed(subject):
        if redirect.scheme != "https":
            yield Fault(_place(index), f"{quote(url)} is not https", "Write `https://`.")


@system_rule("redirect-wildcard", allowable=False)
def check_wildcards(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL is exact, without wildcards.

    Altinn compares scheme, host and path as they stand; a `*` matches nothing.
    """
    for index, url in enumerate(subject.system.allowedRedirectUrls):
        if "*" in url:
            yield Fault(_place(index), f"{quote(url)} holds a `*`", "Write every URL out.")


@system_rule("redirect-user-info", allowable=False)
def check_user_info(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL holds no user name and no password.

    Everybody who reads the register would read them.
    """
    for index, _url, redirect in _parsed(subject):
        if redirect.user_info:
            message = f"The URL for host {quote(redirect.host)} holds a user name or a password"
            yield Fault(_place(index), message, "Remove everything before the `@`.")


@system_rule("redirect-fragment", severity=Severity.WARNING)
def check_fragments(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL has no fragment.

    Altinn ignores what follows the `#` when it compares.
    """
    for index, url, redirect in _parsed(subject):
        if redirect.fragment:
            yield Fault(_place(index), f"{quote(url)} has a fragment", "Remove the `#` and what follows.")


@system_rule("redirect-duplicate", allowable=False)
def check_duplicates(subject: Resolved) -> Iterator[Fault]:
    """No redirect URL stands twice, however it is spelt.

    The register would return the same text twice.
    """
    first: dict[str, int] = {}
    for index, url in enumerate(subject.system.allowedRedirectUrls):
        other = first.setdefault(canonicalise(url) or url, index)
        if other != index:
            message = f"{quote(url)} stands twice: `allowedRedirectUrls[{other}]` is the same"
            yield Fault(_place(index), message, "Remove one of them.")


@system_rule("redirect-trailing-space", allowable=False)
def check_trailing_space(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL does not end in `%20`.

    The register stores a space in its place and trims it when it comes back, so the URL never settles (System
    Register contract §2.4).
    """
    for index, url, redirect in _parsed(subject):
        if redirect.canonical != redirect.canonical.strip():
            yield Fault(_place(index), f"{quote(url)} ends in a space", "Remove the `%20`.")


@system_rule("redirect-respelt", severity=Severity.NOTE)
def check_respelt(subject: Resolved) -> Iterator[Fault]:
    """A redirect URL comes back as it was written.

    The register prints URLs in its own way (System Register contract §2.4): `https://Example.com` becomes
    `https://example.com/`. It means the same, and makes no difference in a plan.
    """
    for index, url, redirect in _parsed(subject):
        if redirect.canonical != url:
            message = f"{quote(url)} will come back as {quote(redirect.canonical)}"
            yield Fault(_place(index), message, "Write it so, and both sides read alike.")
