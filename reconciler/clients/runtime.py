"""What the vendor's own program does at run time: a token as a system user, and a call with it.

Nothing here can write: its transport lets only GET through.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.clients.altinn_api import AltinnApi, ApiRequest
from reconciler.clients.http_client import open_client
from reconciler.clients.maskinporten import Purpose, open_tokens
from reconciler.clients.refusals import explain_refusal
from reconciler.clients.token_claims import read_claims
from reconciler.clients.token_exchange import ExchangedTokens
from reconciler.errors import CredentialsError, Forbidden, Unintelligible
from reconciler.model.authorized_parties import AuthorizedParties, read_parties
from reconciler.model.environment import PARTIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import httpx

    from reconciler.clients.credentials import Credentials
    from reconciler.clients.maskinporten import TokenSource
    from reconciler.errors import RegisterError
    from reconciler.model.canonical_json import Json
    from reconciler.model.customers import Triple
    from reconciler.model.environment import Environment
    from reconciler.model.secret import Secret

PARTIES_PATH = "/accessmanagement/api/v1/enduser/authorizedparties"
"""System users contract §9.4."""
_QUERY = "includeAccessPackages=true&includeResources=true"
"""Both are false where they are left out."""
AUTHORITY = "iso6523-actorid-upis"


class AsSystemUser:
    """The vendor's program with a system user of one customer; opened by `open_as_system_user`."""

    def __init__(self, environment: Environment, tokens: TokenSource) -> None:
        self._environment = environment
        self._tokens = tokens

    def read_claims(self) -> Mapping[str, Json]:
        """Fetch a token, and give its claims, unverified; raises `MaskinportenError`."""
        return read_claims(self._tokens.token())

    def list_parties(self) -> AuthorizedParties:
        """List for whom the system user may act, and with what; raises `RegisterError`."""
        environment, path = self._environment, f"{PARTIES_PATH}?{_QUERY}"
        with open_client(environment.register, read_only=True) as client:
            api = AltinnApi(environment, ExchangedTokens(environment, self._tokens), client, _explain)
            body = api.read(ApiRequest("GET", path))
        if body is None:
            raise Unintelligible(f"There are no authorized parties at {environment.register}.")
        return read_parties(body)


def _explain(response: httpx.Response, base: str, subject: str, token: Secret | None) -> RegisterError:
    """Name a refusal of the call: 401 is what a token that is no system user's gets (contract §9.4)."""
    if response.status_code == 403:
        return Forbidden(
            f"{urlsplit(base).netloc} refused the token: it lacks the scope {PARTIES}.",
            hint="Add the scope to the runtime client in Digdir's self-service.",
            status=403,
        )
    return explain_refusal(response, base, subject, token)


@contextmanager
def open_as_system_user(
    environment: Environment, credentials: Credentials, triple: Triple, scopes: Sequence[str]
) -> Iterator[AsSystemUser]:
    """Work as the system user of a triple, with the credentials of the runtime client.

    Raises `CredentialsError` for an unusable key, and for a ready token, which is nobody's that can be chosen.
    """
    if credentials.token:
        raise CredentialsError("A token as a system user needs the key of the runtime client.")
    purpose = Purpose(" ".join(scopes), make_details(triple))
    with open_tokens(environment, credentials, purpose=purpose) as tokens:
        yield AsSystemUser(environment, tokens)


def make_details(triple: Triple) -> list[dict[str, Json]]:
    """Make what a grant names a system user by (Maskinporten contract §2.3)."""
    owner = {"authority": AUTHORITY, "ID": f"0192:{triple.org}"}
    reference = {} if triple.reference == triple.org else {"externalRef": triple.reference}
    return [{"type": "urn:altinn:systemuser", "systemuser_org": owner, **reference}]
