"""Which address is which, and where a token or a grant may go.

Pure. Every place where a secret leaves the process asks `find_objection` first.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Literal
from urllib.parse import SplitResult, urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""The names of this machine, the only ones to which plain http may go."""
_PORTS = {"https": 443, "http": 80}
_MASKINPORTEN, _ALTINN, _CLOUD = "maskinporten.no", "altinn.no", "altinn.cloud"
_PRODUCTION = frozenset({"maskinporten.no", "platform.altinn.no"})
_TEST = ("test.maskinporten.no", "tt02.altinn.no", _CLOUD)
"""Hosts that are certainly for tests, with those below them (System Register contract §1.1)."""
_TEST_PLATFORMS = frozenset(f"platform.{name}.{_CLOUD}" for name in ("at21", "at22", "at23", "at24", "yt01"))
"""Altinn's own test environments outside `altinn.no` (System Register contract §1.1)."""


def is_sound(address: str) -> bool:
    """Say whether an address is https, or http on this machine, and hides nothing."""
    return _split(address) is not None


def _split(address: str) -> SplitResult | None:
    """Take a sound address apart; None for any other."""
    if not re.fullmatch(r"https?://[!-~]+", address, re.IGNORECASE) or re.search(r"[\\@?#]", address):
        return None
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode()  # refuses what no name server can be asked
        port = parts.port
    except ValueError:
        return None
    known = re.fullmatch(r"[a-z0-9._-]+", host) or (":" in host and _name_host(host) in LOOPBACK)
    secure = parts.scheme == "https" or _name_host(host) in LOOPBACK
    return parts if known and port != 0 and secure else None


def _name_host(host: str) -> str:
    """Spell a host in one way: small letters, no dot at its end, one form of an IP address."""
    name = host.lower().removesuffix(".")
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name


def identify(address: str) -> str:
    """Give the one spelling of an address, by which locks, journals and plans know a register.

    Letter case of scheme and host, a dot at the host's end, the default port, slashes at the end and the three
    names of this machine do not count. Two names of one register that only a name server or a proxy could
    connect stay two. What is no sound address is given back as it is.
    """
    parts = _split(address)
    if parts is None:
        return address
    host = _name_host(parts.hostname or "")
    host = "127.0.0.1" if host in LOOPBACK else host
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


def find_objection(what: Literal["token", "grant"], issuer: str, address: str, *, named: str = "") -> str:
    """Say why a token or a grant must not be sent to an address; empty where it may.

    `issuer` is who issued the token, or the audience of the grant; `named` is the issuer that the environment
    names as its own. A grant goes to its audience. A token of Maskinporten or of one of Altinn's platforms goes
    to Altinn only, and not from tests to production or back where both are certain; any other goes to its own
    issuer, and to the environment that names that issuer.
    """
    there, origin = _split(address), _split(issuer)
    if there is None:
        return f"{address} is not an https address, nor http on this machine"
    if origin is None:
        return "its issuer is not an https address" if issuer else "it does not say who issued it"
    if _is_official(origin) and what == "token":
        return _judge_official(origin, there)
    home = _name_origin(origin) == _name_origin(there)
    if what == "token" and named:
        home = home or identify(issuer) == identify(named)
    return "" if home else f"it is for {issuer} and those who name it"


def _judge_official(issuer: SplitResult, there: SplitResult) -> str:
    """Judge where a token of Maskinporten or of one of Altinn's platforms may go."""
    target = _name_host(there.hostname or "")
    if there.scheme != "https" or not _is_altinn(target):
        return f"tokens of {issuer.geturl()} go over https to Altinn's own hosts only"
    stage = _find_stage(_name_host(issuer.hostname or ""))
    if {stage, _find_stage(target)} == {"production", "test"}:
        return f"its issuer {issuer.geturl()} is for {stage}, and {there.geturl()} is not"
    return ""


def _name_origin(parts: SplitResult) -> str:
    return identify(parts._replace(path="").geturl())


def _is_below(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _is_official(issuer: SplitResult) -> bool:
    """Say whether an issuer is a Maskinporten of Digdir's, or one of Altinn's platforms."""
    host = _name_host(issuer.hostname or "")
    return any(_is_below(host, domain) for domain in (_MASKINPORTEN, _ALTINN, _CLOUD))


def _is_altinn(host: str) -> bool:
    return host.endswith(f".{_ALTINN}") or host in _TEST_PLATFORMS


def _find_stage(host: str) -> str:
    """Say whether a host is for production or for test; empty where that is not certain."""
    if host in _PRODUCTION:
        return "production"
    return "test" if any(_is_below(host, domain) for domain in _TEST) else ""
