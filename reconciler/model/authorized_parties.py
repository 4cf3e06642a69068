"""For whom a system user may act, and with what, as its own token is told.

Pure. Names of persons and their numbers are not read at all (System users contract §9.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import Unintelligible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.canonical_json import Json

_DEEPEST = 10
"""Levels of units below units that are looked at."""


@dataclass(frozen=True, slots=True)
class AuthorizedParty:
    """One organisation that the system user may act for."""

    organisation: str
    """Nine digits."""
    packages: frozenset[str]
    """The names of access packages, as the answer has them: the last part of a URN."""
    resources: frozenset[str]
    """The ids of resources; of an app `app_OWNER_NAME`."""


@dataclass(frozen=True, slots=True)
class AuthorizedParties:
    """What the call answered."""

    parties: tuple[AuthorizedParty, ...]
    complete: bool = True
    """False where there are more pages."""

    def find(self, organisation: str) -> AuthorizedParty | None:
        """Find an organisation's part; None where the system user may not act for it."""
        return next((each for each in self.parties if each.organisation == organisation), None)


def read_parties(body: Json) -> AuthorizedParties:
    """Read the answer, units below units included; raises `Unintelligible` where it is no such list."""
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list):
        raise Unintelligible("The answer about authorized parties is not a page.")
    links = body.get("links")
    more = isinstance(links, dict) and bool(links.get("next"))
    return AuthorizedParties(tuple(_read(data)), complete=not more)


def _read(rows: Json, depth: int = 0) -> Iterator[AuthorizedParty]:
    for row in rows if isinstance(rows, list) and depth < _DEEPEST else ():
        if not isinstance(row, dict):
            continue
        number = row.get("organizationNumber")
        if isinstance(number, str) and number:
            packages, resources = row.get("authorizedAccessPackages"), row.get("authorizedResources")
            yield AuthorizedParty(number, _read_texts(packages), _read_texts(resources))
        yield from _read(row.get("subunits"), depth + 1)


def _read_texts(value: Json) -> frozenset[str]:
    return (
        frozenset(each for each in value if isinstance(each, str)) if isinstance(value, list) else frozenset()
    )
