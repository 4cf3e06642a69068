"""The claims of a token, unverified, and where it may be sent.

Nothing here quotes a token. The claims serve messages, and the refusal to send it.
"""

from __future__ import annotations

import base64
import json
import re
import time
from typing import TYPE_CHECKING

from reconciler.errors import CredentialsError, DelegationRefused
from reconciler.model.token_address import find_objection

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json
    from reconciler.model.environment import Delegation, Environment
    from reconciler.model.secret import Secret


def read_claims(token: Secret) -> dict[str, Json]:
    """Read the claims of a token, unverified, for messages only; empty where it is opaque."""
    parts = token.reveal().split(".")
    return _read_part(parts[1]) if len(parts) == 3 else {}


_PART = re.compile(r"[A-Za-z0-9_-]+")


def check_form(token: Secret) -> None:
    """Raise `CredentialsError` where a ready token is damaged, which the register would answer 500 without a word.

    System Register contract §6.5: three parts, of which the first two are base64url of one JSON object each.
    """
    parts = token.reveal().split(".")
    damage = ""
    if len(parts) != 3:
        damage = f"a token has three parts between dots, and this has {len(parts)}"
    for name, part in zip(("header", "payload", "signature"), parts, strict=False):
        if not damage and not _PART.fullmatch(part):
            damage = f"its {name} is empty or holds other characters than base64url's"
        elif not damage and name != "signature" and not _read_part(part):
            damage = f"its {name} does not decode to a JSON object; it may be cut off"
    if not damage and not isinstance(_read_part(parts[1]).get("iss"), str):
        damage = "it does not say who issued it (`iss`), so where it may be sent is not known"
    if damage:
        raise CredentialsError(
            f"The token in RECONCILER_TOKEN cannot be used: {damage}.",
            hint="Fetch a new one and set it whole, or unset it and give a key.",
        )


def _read_part(part: str) -> dict[str, Json]:
    """Read a header or payload; empty where it is no JSON object."""
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def check_destination(token: Secret, environment: Environment) -> None:
    """Raise `CredentialsError` where a token must not be sent to an environment's register.

    A token that does not say who issued it counts as its Maskinporten's, from whom it came.
    """
    issuer = read_claims(token).get("iss") or environment.maskinporten
    objection = find_objection("token", str(issuer), environment.register, named=environment.maskinporten)
    if objection:
        raise CredentialsError(
            f"The token is not sent to {environment.register}: {objection}.",
            hint="Use credentials of this environment.",
        )


def read_organisation(token: Secret) -> str:
    """Read the organisation number that a token is for; empty where it does not say."""
    return _read_party(token, "consumer")


def read_supplier(token: Secret) -> str:
    """Read the organisation that acts for the one that a token is for; empty where nobody does."""
    return _read_party(token, "supplier")


def _read_party(token: Secret, name: str) -> str:
    party = read_claims(token).get(name)
    return str(party.get("ID", "")).rpartition(":")[2] if isinstance(party, dict) else ""


def check_delegation(token: Secret, asked: Delegation | None) -> None:
    """Raise `DelegationRefused` where a token is not the delegated one that was asked for; None asked for none."""
    if asked is None:
        return
    consumer, supplier = read_organisation(token), read_supplier(token)
    if consumer != asked.consumer:
        whose = f"organisation {consumer}'s" if consumer else "nobody's that can be read"
        problem = f"The token is {whose}, and `consumer_org` asks for organisation {asked.consumer}'s."
    elif not supplier or supplier == consumer:
        problem = (
            f"The token is organisation {consumer}'s own, and not one by delegation: it names no supplier."
        )
    elif asked.supplier not in {"", supplier}:
        problem = (
            f"The token's supplier is organisation {supplier}, and the configuration names {asked.supplier}."
        )
    else:
        return
    raise DelegationRefused(
        problem,
        hint="Check `consumer_org` and `supplier` in the configuration, and whose the credentials are.",
    )


def is_admin(token: Secret) -> bool:
    """Say whether a token may write any vendor's systems (System Register contract §4, Q23)."""
    return "altinn:authentication/systemregister.admin" in str(read_claims(token).get("scope")).split()


def describe_token(token: Secret) -> str:
    """Say whose a token is, where it is from and how long it lives, and nothing that is secret."""
    claims = read_claims(token)
    if not claims:
        return "its content cannot be read"
    left = claims["exp"] - time.time() if isinstance(claims.get("exp"), (int, float)) else None
    life = "" if left is None else f", {'expired' if left < 0 else 'valid for'} {abs(left):.0f} s"
    life += " ago" if left is not None and left < 0 else ""
    whose = read_organisation(token) or "unknown"
    return f"issued by {claims.get('iss', 'nobody')} for organisation {whose}{life}"
