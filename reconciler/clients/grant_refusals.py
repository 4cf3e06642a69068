"""Why Maskinporten refused a grant, by its code or its words, and what to do about it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from reconciler.errors import (
    ClientRefused,
    ClockRefused,
    DelegationRefused,
    GrantRefused,
    GrantReplayed,
    KeyRefused,
    ScopeRefused,
    SystemUserRefused,
)
from reconciler.model.environment import SCOPE

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

_CODE = re.compile(r"MP-\d{3}")
_TRACE = re.compile(r"\((?:trace_id|correlation id): ([0-9a-f-]+)\)")


def explain_grant_refusal(
    body: dict[str, Json], client_id: str, kid: str, date: str, *, consumer: str = "", scope: str = SCOPE
) -> GrantRefused:
    """Explain why Maskinporten refused a grant for a scope; `consumer` is on whose behalf it was asked.

    The MP code is in the last part of `error_uri` (Maskinporten contract §4.1).
    """
    description = str(body.get("error_description") or "")
    found = _CODE.search(str(body.get("error_uri", ""))) or _CODE.search(description)
    code = found[0] if found else ""
    traced = _TRACE.search(description)
    trace = traced[1] if traced else ""
    reason = _TRACE.sub("", description).strip().rstrip(".") or str(body.get("error") or "no reason given")
    refusal = _classify(code, reason)
    offset = _describe_offset(date)
    hint = refusal.hint.format(client=client_id, kid=kid, offset=offset, consumer=consumer, scope=scope)
    message = f"Maskinporten refused the grant{f' ({code})' if code else ''}: {reason}."
    hint += f" Digdir's support asks for trace id {trace}." if trace else ""
    return refusal.kind(message, hint=hint, code=code, trace=trace)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Our exception for a refusal, found by its code or its words (Maskinporten contract §4.2), and the hint."""

    kind: type[GrantRefused]
    codes: frozenset[str]
    words: tuple[str, ...]
    hint: str


_REFUSALS = (
    _Refusal(
        GrantReplayed,
        frozenset({"MP-012"}),
        ("used before",),
        "Run it again; if it stays, something between here and there repeats requests.",
    ),
    _Refusal(
        KeyRefused,
        frozenset({"MP-121"}),
        ("expired key",),
        "Key `{kid}` is older than a year: register a new one on client {client}.",
    ),
    _Refusal(
        KeyRefused,
        frozenset(),
        ("unknown key identifier",),
        "Client {client} has no key `{kid}`: check both, and that they belong to this environment. "
        "A new key can take 15 minutes.",
    ),
    _Refusal(
        ClockRefused,
        frozenset({"MP-130"}),
        ("is expired", "has expired", "issue time"),
        "Set this machine's clock: it is {offset} Maskinporten's.",
    ),
    _Refusal(
        KeyRefused,
        frozenset({"MP-120", "MP-122", "MP-123", "MP-124"}),
        ("signature", "(kid)", "certificate", "x5c"),
        "The key that signed is not the one registered as `{kid}` on client {client}.",
    ),
    _Refusal(
        ClientRefused,
        frozenset({"MP-100", "MP-110"}),
        ("client not found", "claim aud"),
        "Check that client {client} was made in this environment's Maskinporten.",
    ),
    _Refusal(
        ScopeRefused,
        frozenset({"MP-200", "MP-201"}),
        ("invalid scopes", "scopes not allowed", "integration types"),
        "Add the scope {scope} to client {client} in Digdir's self-service.",
    ),
    _Refusal(
        DelegationRefused,
        frozenset({"MP-251"}),
        ("has not delegated",),
        "Somebody at organisation {consumer} who may give others access to APIs, such as the general manager, has to "
        "delegate the scope {scope} in Altinn to the organisation of client {client}: docs/howto/suppliers.md.",
    ),
    _Refusal(
        DelegationRefused,
        frozenset(),
        ("combination consumer_org",),
        "Client {client} belongs to organisation {consumer} itself: take `consumer_org` out of the configuration.",
    ),
    _Refusal(
        ScopeRefused,
        frozenset({"MP-250"}),
        ("access to the scope",),
        "Ask Digdir to grant your organisation the scope {scope}. Where a vendor has delegated it to you, name "
        "the vendor as `consumer_org` in the configuration.",
    ),
    _Refusal(
        SystemUserRefused,
        frozenset({"MP-303"}),
        ("authorization details values",),
        "No customer has a system user of that organisation and reference on a system that lists client {client}.",
    ),
    _Refusal(
        ClientRefused,
        frozenset(),
        ("client authentication failed",),  # how every refusal of a client or a key begins
        "Check client {client} and key `{kid}`, and that both belong to this environment.",
    ),
)
_OTHER = _Refusal(
    GrantRefused, frozenset(), (), "Check client {client} and key `{kid}` in Digdir's self-service."
)


def _classify(code: str, reason: str) -> _Refusal:
    lowered = reason.lower()
    by_code = (each for each in _REFUSALS if code in each.codes)
    by_words = (each for each in _REFUSALS if any(word in lowered for word in each.words))
    return next(by_code, None) or next(by_words, _OTHER)


def _describe_offset(date: str) -> str:
    try:
        offset = time.time() - parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return "too far from"
    return f"{abs(offset):.0f} s {'ahead of' if offset > 0 else 'behind'}"
