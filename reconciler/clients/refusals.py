"""What a refusal of the register means, by its status, its body and the token that was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.clients.problem_details import explain_problem, read_codes, read_trace
from reconciler.clients.response_body import read_body, read_wait
from reconciler.clients.token_claims import describe_token, read_organisation
from reconciler.errors import Forbidden, RegisterError, Rejected, ServerFailed, TooManyRequests, Unauthorised

if TYPE_CHECKING:
    import httpx

    from reconciler.model.secret import Secret


def explain_refusal(response: httpx.Response, base: str, system: str, token: Secret | None) -> RegisterError:
    """Name a refusal; what an answer says beyond its status is in its body."""
    status, host = response.status_code, urlsplit(base).netloc
    who = "register" if token else "metadata API"
    if status == 401 and token:
        return Unauthorised(
            f"{host} refused the token: {describe_token(token)}.",
            hint="Check that the credentials belong to this environment, and this machine's clock.",
            status=401,
        )
    if status == 403 and token:
        return explain_forbidden(system, read_organisation(token))
    if status == 429:
        message = f"The {who} asks for fewer requests."
        return TooManyRequests(message, hint="Try again in a minute.", wait=read_wait(response))
    if status < 400:
        message = f"{host} answered {status}, which redirects elsewhere, and a token is not sent there."
        return Rejected(message, status=status, hint="Check the environment's address.")
    body = read_body(response)
    message, trace = explain_problem(body, status, who), read_trace(body)
    if status >= 500:
        hint = "It may be better in a minute."
        if body is None and token:
            hint = (
                f"A {status} without a body is how the register answers a damaged token, and any token of an issuer "
                f"whose keys it cannot fetch. This one is {describe_token(token)}. {hint}"
            )
        hint += f" Altinn's support asks for trace id {trace}." if trace else ""
        return ServerFailed(message, hint=hint, status=status, trace=trace)
    codes = read_codes(body)
    return Rejected(message, status=status, trace=trace, codes=codes, hint=_hint(codes))


def is_foreign(system: str, organisation: str) -> bool:
    """Say whether a system is not an organisation's, as far as both are known: an id begins with its owner."""
    owner = system.partition("_")[0]
    return bool(organisation) and owner.isdigit() and organisation != owner


def explain_forbidden(system: str, organisation: str) -> Forbidden:
    """Say why the token of an organisation may not do something with a system."""
    if is_foreign(system, organisation):
        owner = system.partition("_")[0]
        return Forbidden(
            f"The token is organisation {organisation}'s, and `{system}` is organisation {owner}'s.",
            hint="Use the credentials of the system's vendor.",
            status=403,
        )
    return Forbidden(
        "The register refused: the token lacks the scope altinn:authentication/systemregister.write, or its "
        "organisation does not own the system.",
        hint="Add the scope to the client in Digdir's self-service, and check the organisation.",
        status=403,
    )


def _hint(codes: tuple[str, ...]) -> str:
    """Say what a refusal can mean that looks like a fault of the definition."""
    if {"AUTH.VLD-00003", "AUTH.VLD-00008"} & set(codes):
        return "If the definition is right, the register's own look-up may have failed: try again later."
    return ""
