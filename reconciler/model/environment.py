"""The registers that can be named, each with the Maskinporten that guards it.

Pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.secret import looks_secret
from reconciler.model.token_address import identify

if TYPE_CHECKING:
    from datetime import date

SCOPE = "altinn:authentication/systemregister.write"
"""The one scope of the vendor's endpoints; there is none that only reads (System Register contract §1.2)."""
ORGANISATION = re.compile("[0-9]{9}")
"""The form of an organisation number."""
READERS = 16
"""Reads at the same time, where no other number is given. At 50 ms a request they take 0.56 of the time of 8, and on
this machine no more; the list of systems is one request."""
WORKERS = 8
"""Requests at the same time likewise, where some are writes; more bring nothing (System Register contract §9.6)."""


PARTIES = "altinn:accessmanagement/authorizedparties"
"""The scope of the call that shows what a system user may do (System users contract §9.4)."""
CHECK_REFERENCE = "reconciler-check"
"""The external reference of a check's system user, where no other is given."""


class ConfiguredCheck(NamedTuple):
    """What `check` asks whom for, as the configuration has it."""

    system: str
    request: str
    """The name of the template in the system's definition."""
    customer: str
    """The organisation number of a test organisation."""
    reference: str = CHECK_REFERENCE
    """The external reference; never the customer's own number, which is what its real system user has."""
    scopes: tuple[str, ...] = (PARTIES,)
    """Of the token as the system user."""


class Delegation(NamedTuple):
    """On whose behalf a supplier acts by a delegated scope, and who the supplier is."""

    consumer: str
    """The vendor, nine digits: `consumer_org` of the grant."""
    supplier: str
    """The client's own organisation; empty where the configuration does not say."""


class Environment(NamedTuple):
    """A register, the Maskinporten that guards it, and who may write there."""

    name: str
    register: str
    """Its address without a trailing slash; empty for `local` until the embedded register runs."""
    maskinporten: str
    """The issuer with its trailing slash."""
    clients: tuple[str, ...] = ()
    """The Maskinporten clients that may write, and whose writes alone are ours; empty for the token's own."""
    unmanaged: tuple[str, ...] = ()
    """Systems that are known not to be ours to manage."""
    key_expires: date | None = None
    """The last day of the key, or of the first of several to end; None where the configuration does not say."""
    consumer_org: tuple[str, ...] = ()
    """The vendors who have delegated their scope to the organisation of our client; nine digits each."""
    supplier: str = ""
    """The organisation of our client; empty where the configuration does not say."""
    test: bool = False
    """Whether it is for tests, so that a check may ask a customer there."""
    checks: tuple[ConfiguredCheck, ...] = ()

    def may_write(self, client: str) -> bool:
        """Say whether a Maskinporten client may write; where the configuration names none, any may."""
        return not self.clients or client in self.clients

    def list_ours(self, client: str) -> frozenset[str]:
        """List the clients whose writes are ours, in a run of one client, whose id is empty where it is not known."""
        return frozenset(self.clients or ([client] if client else ()))

    def find_delegation(self, vendor: str) -> Delegation | None:
        """Find by which delegation a vendor's systems are worked on; None where it is by the client's own right.

        Where no vendor is named, the only one who has delegated is meant.
        """
        meant = vendor or (self.consumer_org[0] if len(self.consumer_org) == 1 else "")
        return Delegation(meant, self.supplier) if meant in self.consumer_org else None

    @property
    def identity(self) -> str:
        """What plans, locks and journals are bound to: the address in its one spelling.

        For `local`, whose port is new every time, it is the name.
        """
        return self.name if self.name == "local" else identify(self.register)


# NOTE: these cannot be redefined, so that a branch cannot send a token elsewhere.
BUILT_IN = (
    Environment("local", "", "", test=True),
    # https://docs.altinn.studio/en/api/authentication/ and https://docs.digdir.no, Maskinporten well-known
    Environment("tt02", "https://platform.tt02.altinn.no", "https://test.maskinporten.no/", test=True),
    Environment("prod", "https://platform.altinn.no", "https://maskinporten.no/"),
)


def is_production(register: str) -> bool:
    """Say whether an identity is that of the register that customers use, whatever its environment is called."""
    return any(each.name == "prod" and each.identity == register for each in BUILT_IN)


def is_reference(text: str) -> bool:
    """Say whether a text can be the external reference of a check: one that every address can carry.

    A request is found again by its reference, and one with `/` or `..` cannot be (System users contract §3.4).
    """
    return re.fullmatch(r"[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,99}", text) is not None and not looks_secret(text)


def is_client_id(text: str) -> bool:
    """Say whether a text has the form of a client id: a UUID, or another short name on one line."""
    return re.fullmatch(r"[\w.:@-]{1,100}", text, re.ASCII) is not None and not looks_secret(text)
