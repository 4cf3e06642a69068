"""Looks at everything that a run needs, in the order in which it needs it, and names the one thing that is wrong.

Nothing is written, and no more is asked of the register than its list. What cannot be looked at because of an
earlier fault is skipped.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.clients.credentials import read_credentials
from reconciler.clients.egress import describe_route
from reconciler.clients.keys import read_key
from reconciler.clients.maskinporten import open_tokens
from reconciler.clients.reachability import meet_maskinporten, meet_register
from reconciler.clients.register import HttpRegister
from reconciler.clients.signer import open_signer
from reconciler.clients.token_claims import read_claims, read_organisation, read_supplier
from reconciler.errors import DelegationRefused, Forbidden, ReconcilerError, ScopeRefused, Unauthorised
from reconciler.model.catalogue import STALE
from reconciler.model.catalogue_list import read_shipped_list
from reconciler.model.environment import SCOPE, Environment
from reconciler.planning.key_expiry import find_key_expiry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.clients.credentials import Credentials
    from reconciler.clients.reachability import Met
    from reconciler.model.catalogue_list import CatalogueList
    from reconciler.model.secret import Secret

AHEAD, BEHIND = 10.0, 110.0
"""Seconds that this machine's clock may differ before Maskinporten refuses its grants (Maskinporten contract §2.4)."""
NOTICEABLE = 5.0
"""Seconds from which on a clock is worth a warning; `Date` counts whole ones."""
YEAR, MONTH = 365, 30
"""Days that Maskinporten takes a key for, and for how many before their end it is time for another (MP-121)."""
SLOW = 5.0
"""Seconds from which on a signature is slow: a request of the register has 10 for all, its token included."""
_SAMPLE = b"A text that reconciler doctor has signed; no grant."
_DIGDIR, _ALTINN = "servicedesk@digdir.no", "servicedesk@altinn.no"


class Verdict(StrEnum):
    """How one thing is."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at: what it is called, how it is, a sentence, and what to do."""

    name: str
    state: Verdict
    message: str
    hint: str = ""


def diagnose(
    environment: Environment,
    environ: Mapping[str, str],
    vendors: Sequence[str],
    today: datetime | None = None,
    saved: CatalogueList | None = None,
) -> Iterator[Diagnosis]:
    """Look at what a run in an environment needs, one thing after the other.

    `vendors` are those of the definitions, as organisation numbers; `saved` is what is saved of the environment's
    packages and resources. Raises nothing that is known.
    """
    now = today or datetime.now(UTC)
    yield Diagnosis(
        "configuration", Verdict.OK, f"{environment.name}: {environment.register}, {environment.maskinporten}"
    )
    credentials: Credentials | None = None
    try:
        credentials = read_credentials(environ)
        yield from _look_at_key(credentials, now)
    except ReconcilerError as error:
        credentials = None
        yield _wrong("credentials", error)
    yield from _look_at_expiry(environment, now)
    yield from _look_at_route(environment)
    there = True
    for name, meet in (("maskinporten", meet_maskinporten), ("register", meet_register)):
        try:
            yield from _look_at_clock(name, meet(environment))
        except ReconcilerError as error:
            there = False
            yield _wrong(name, error)
    yield _look_at_catalogue(saved, environment, now)
    if credentials is None or not there:
        why = "no usable credential" if credentials is None else "what it needs does not answer"
        yield Diagnosis("token", Verdict.SKIPPED, f"not asked for: {why}")
        return
    yield from _look_at_access(environment, credentials, vendors)


def _wrong(name: str, error: ReconcilerError) -> Diagnosis:
    return Diagnosis(name, Verdict.WRONG, error.message, error.hint)


def _look_at_key(credentials: Credentials, now: datetime) -> Iterator[Diagnosis]:
    """Look at the key; raises `CredentialsError`."""
    if credentials.token:
        yield Diagnosis(
            "credentials", Verdict.OK, "a ready token in RECONCILER_TOKEN, which cannot be renewed"
        )
        return
    if credentials.signer:
        yield _look_at_signer(credentials)
        return
    key = read_key(credentials.key, credentials.kid)
    message = (
        f"client {credentials.client_id}, RSA key of {key.private.key_size} bits as {key.form}, kid {key.kid}"
    )
    if key.made is None:
        yield Diagnosis("credentials", Verdict.OK, message)
        return
    age = int((now.timestamp() - key.made) / 86400)
    old = age > YEAR - MONTH
    hint = f"Maskinporten takes a key for {YEAR} days: register another one beside it." if old else ""
    yield Diagnosis("credentials", Verdict.WARNING if old else Verdict.OK, f"{message}, {age} days old", hint)


def _look_at_signer(credentials: Credentials) -> Diagnosis:
    """Have the command sign a text that is no grant; raises `CredentialsError` or `SignerFailed`."""
    signer, begun = open_signer(credentials), time.monotonic()
    bits = len(signer.sign(_SAMPLE)) * 8
    took = time.monotonic() - begun
    known = bool(credentials.signer and credentials.signer.public)
    message = (
        f"client {credentials.client_id}, signed by the command in MASKINPORTEN_SIGNER in {took:.1f} s: "
        f"{signer.algorithm}, {bits} bits, kid {signer.kid}, {'fits' if known else 'not compared with'} the public key"
    )
    if took > SLOW:
        return Diagnosis(
            "credentials", Verdict.WARNING, message, f"A token needs one; more than {SLOW:.0f} s is slow."
        )
    hint = "" if known else "With MASKINPORTEN_PUBLIC_KEY each signature is checked before it is sent."
    return Diagnosis("credentials", Verdict.OK, message, hint)


def _look_at_expiry(environment: Environment, now: datetime) -> Iterator[Diagnosis]:
    """Look at the key's last day, where the configuration names it."""
    if environment.key_expires is None:
        return
    for each in find_key_expiry(environment.key_expires, now.date()):
        yield Diagnosis("key", Verdict.WARNING, each.message, each.hint)
        return
    yield Diagnosis("key", Verdict.OK, f"its last day is {environment.key_expires}, by `key_expires`")


def _look_at_route(environment: Environment) -> Iterator[Diagnosis]:
    try:
        yield Diagnosis("network", Verdict.OK, describe_route(environment.register))
    except ReconcilerError as error:
        yield _wrong("network", error)


def _look_at_clock(name: str, met: Met) -> Iterator[Diagnosis]:
    """Report that a service answers, and where its clock is another than ours."""
    off = met.ahead
    if off is None or abs(off) <= NOTICEABLE:
        yield Diagnosis(name, Verdict.OK, "it answers" + ("" if off is None else ", and its clock is ours"))
        return
    refused = off > AHEAD or off < -BEHIND
    message = f"it answers; this machine's clock is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} its clock"
    hint = "Maskinporten refuses grants of such a clock. " if refused else ""
    yield Diagnosis(
        name, Verdict.WRONG if refused else Verdict.WARNING, message, f"{hint}Set the clock (NTP)."
    )


def _look_at_catalogue(saved: CatalogueList | None, environment: Environment, now: datetime) -> Diagnosis:
    listed = saved or read_shipped_list()
    days = (now.date() - listed.taken).days
    what = f"{len(listed.packages):,} access packages in {listed.title}, {days} days ago"
    hint = f"`reconciler catalogue refresh -e {environment.name}` takes its list of today."
    if saved and saved.register != environment.register:
        return Diagnosis("catalogue", Verdict.WARNING, f"{what}, taken from {saved.register}", hint)
    old = days > STALE
    return Diagnosis("catalogue", Verdict.WARNING if old else Verdict.OK, what, hint if old else "")


def _look_at_access(
    environment: Environment, credentials: Credentials, vendors: Sequence[str]
) -> Iterator[Diagnosis]:
    """Fetch a token, look at what it says, and use it once."""
    consumers = [each for each in environment.consumer_org if not vendors or each in vendors]
    yield from _look_at_consumers(environment, vendors)
    delegation = environment.find_delegation(consumers[0]) if consumers else None
    try:
        with open_tokens(environment, credentials, delegation) as tokens:
            token = tokens.token()
            yield from _look_at_token(token, [each for each in vendors if each not in consumers[1:]])
            if delegation:
                yield _describe_delegation(token)
            yield from _look_at_writing(environment, token)
            with HttpRegister(environment, tokens, read_only=True) as register:
                number = len(register.list_systems())
    except DelegationRefused as error:
        yield _explain_delegation(error)
    except ScopeRefused as error:
        yield Diagnosis("token", Verdict.WRONG, error.message, f"{error.hint} {_whom_to_ask()}")
    except Forbidden:
        yield Diagnosis("access", Verdict.WRONG, *_explain_forbidden(token))
    except Unauthorised as error:
        yield _wrong("access", error)
    except ReconcilerError as error:
        yield _wrong("token", error)
    else:
        yield Diagnosis("access", Verdict.OK, f"the register takes the token, and lists {number} systems")
    # A ready token is one vendor's; a key can ask for each.
    for consumer in environment.consumer_org if not credentials.token else ():
        if not (delegation and delegation.consumer == consumer):
            yield _look_at_delegation(environment, credentials, consumer)


def _look_at_consumers(environment: Environment, vendors: Sequence[str]) -> Iterator[Diagnosis]:
    """Compare the vendors on whose behalf the client acts with those of the definitions."""
    others = [each for each in environment.consumer_org if vendors and each not in vendors]
    if others and len(others) == len(environment.consumer_org):
        message = f"`consumer_org` names {', '.join(others)}, and the definitions are {', '.join(vendors)}'s"
        yield Diagnosis("delegation", Verdict.WARNING, message, "The client's own right is used for those.")


def _look_at_delegation(environment: Environment, credentials: Credentials, consumer: str) -> Diagnosis:
    """Fetch a token on behalf of one more vendor."""
    try:
        with open_tokens(environment, credentials, environment.find_delegation(consumer)) as tokens:
            return _describe_delegation(tokens.token())
    except DelegationRefused as error:
        return _explain_delegation(error)
    except ReconcilerError as error:
        return _wrong("delegation", error)


def _describe_delegation(token: Secret) -> Diagnosis:
    source = read_claims(token).get("delegation_source")
    told = f", by {source}" if source else ""
    message = (
        f"organisation {read_organisation(token)} has delegated the scope to {read_supplier(token)}{told}"
    )
    return Diagnosis("delegation", Verdict.OK, message)


def _explain_delegation(error: DelegationRefused) -> Diagnosis:
    hint = f"{error.hint} Whether the scope can be delegated at all is Altinn's to say: {_ALTINN}."
    return Diagnosis("delegation", Verdict.WRONG, error.message, hint if error.code else error.hint)


def _whom_to_ask() -> str:
    return f"Whom to write to: {_DIGDIR} for Maskinporten, {_ALTINN} for the scope itself and for test organisations."


def _look_at_token(token: Secret, vendors: Sequence[str]) -> Iterator[Diagnosis]:
    """Say whose a token is and what it may do, by its claims."""
    claims = read_claims(token)
    if not claims:
        yield Diagnosis("token", Verdict.WARNING, "its content cannot be read")
        return
    scopes = str(claims.get("scope") or "").split()
    left = claims.get("exp")
    life = f", {left - time.time():.0f} s left" if isinstance(left, (int, float)) else ""
    message = f"issued by {claims.get('iss')} for client {claims.get('client_id', 'unknown')}{life}"
    missing = SCOPE not in scopes
    yield Diagnosis(
        "token",
        Verdict.WRONG if missing else Verdict.OK,
        f"{message}; scopes: {' '.join(scopes) or 'none'}" + (f"; missing: {SCOPE}" if missing else ""),
        f"Add the scope to the client in Digdir's self-service. {_whom_to_ask()}" if missing else "",
    )
    yield _compare_organisation(read_organisation(token), vendors)


def _look_at_writing(environment: Environment, token: Secret) -> Iterator[Diagnosis]:
    """Say whether the token's client may write, where the configuration names those that may."""
    if not environment.clients:
        return
    client = str(read_claims(token).get("client_id") or "unknown")
    message = (
        f"client {client} may write: `clients` names it"
        if environment.may_write(client)
        else f"client {client} only reads here: `clients` names others, and apply refuses it"
    )
    yield Diagnosis("writing", Verdict.OK, message)


def _compare_organisation(organisation: str, vendors: Sequence[str]) -> Diagnosis:
    if not organisation:
        hint = (
            "Without `consumer` the register lists nothing and owns nothing: get the token from Maskinporten."
        )
        return Diagnosis("organisation", Verdict.WRONG, "the token does not say whose it is", hint)
    others = [each for each in vendors if each != organisation]
    if others:
        message = f"the token is organisation {organisation}'s, and the definitions are {', '.join(others)}'s"
        return Diagnosis(
            "organisation", Verdict.WRONG, message, "Use the credentials of the definitions' vendor."
        )
    whose = "the vendor of the definitions" if vendors else "no definition to compare with"
    return Diagnosis("organisation", Verdict.OK, f"{organisation}, {whose}")


def _explain_forbidden(token: Secret) -> tuple[str, str]:
    """Name the cause of a 403, which the register gives without a word."""
    if SCOPE not in str(read_claims(token).get("scope") or "").split():
        return (
            f"The register answered 403 since the token lacks the scope {SCOPE}.",
            f"Add it to the client in Digdir's self-service. {_whom_to_ask()}",
        )
    if not read_organisation(token):
        return (
            "The register answered 403 since the token names no organisation (`consumer`).",
            "Get the token from Maskinporten with the vendor's own client.",
        )
    return (
        f"The register answered 403 to a token of organisation {read_organisation(token)} with the right scope.",
        f"That organisation may not be known there; in a test environment {_ALTINN} creates it.",
    )
