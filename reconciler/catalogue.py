"""What access packages and resources exist, and the nearest name to one that does not.

Offline, the packages are those in Altinn's source on the day in `AS_OF`, shipped as data. An
environment may lag behind it or lead it; only its own metadata API knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

AS_OF = "2026-08-21"
"""The day of https://github.com/Altinn/altinn-authorization-tmp at f7ff53bd, where the list comes from."""

PACKAGE_PREFIX = "urn:altinn:accesspackage:"


@dataclass(frozen=True, slots=True)
class PackageFlags:
    """What an access package may be used for."""

    delegable: bool
    """May be given to a system user for an organisation's clients."""
    assignable: bool
    """May be given to a system user for the organisation itself."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The access packages that an environment knows, by URN in lower case, and where that was learnt."""

    packages: Mapping[str, PackageFlags]
    source: str
    """Ends a sentence: `in the list of 2026-08-21`."""

    def find_package(self, urn: str) -> PackageFlags | None:
        """Find a package; the register's lookup ignores letter case (System Register contract §8.2)."""
        return self.packages.get(urn.lower())

    def suggest_package(self, urn: str) -> str:
        """Give the nearest URN that exists, or an empty text."""
        return nearest(urn.lower(), self.packages)


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Give the known word that is most like the given one, or an empty text."""
    if len(word) > 200:  # no name is that long, and the comparison is quadratic
        return ""
    return next(iter(get_close_matches(word, known, n=1, cutoff=cutoff)), "")


@cache
def read_shipped_catalogue() -> Catalogue:
    """Read the list that is shipped with the program."""
    text = files("reconciler").joinpath("data/access_packages.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines()[1:])
    packages = {row[0]: PackageFlags(row[2] == "true", row[3] == "true") for row in rows}
    return Catalogue(packages, f"in the list of {AS_OF}")
