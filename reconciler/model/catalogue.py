"""What access packages and resources exist.

Offline, the packages are those in Altinn's source on the day in `AS_OF`, shipped as data. An
environment may lag behind it or lead it; only its own metadata API knows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from reconciler.model.suggest import LONGEST_NAME, find_nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

AS_OF = "2026-08-21"
"""The day of https://github.com/Altinn/altinn-authorization-tmp at f7ff53bd, where the list comes from."""

PACKAGE_PREFIX = "urn:altinn:accesspackage:"
ROUTES = frozenset({"search", "export", "resourcelist", "orgs", "updated", "changes"})
"""What stands in the Resource Registry's addresses where an id could stand, in any letter case (contract §8.1)."""
LIKELY = 4
"""So many names are compared letter by letter. Comparing with each of 223 packages takes 2.6 ms a name instead of
0.15, and a file of 1 MB that misspells 17,949 of them 54 s instead of 4."""


@dataclass(frozen=True, slots=True)
class PackageFlags:
    """What an access package may be used for."""

    delegable: bool
    """May be given to a system user for an organisation's clients."""
    assignable: bool
    """May be given to a system user for the organisation itself."""
    name: str = ""
    """In Norwegian."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The access packages that an environment knows, by URN in lower case, and where that was learnt."""

    packages: Mapping[str, PackageFlags]
    source: str
    """Ends a sentence: `in the list of 2026-08-21`."""
    _index: dict[str, list[str]] = field(default_factory=dict, compare=False, repr=False)
    """The names of packages by each two letters that follow each other in them; made when it is first needed."""

    def find_package(self, urn: str) -> PackageFlags | None:
        """Find a package; the register's lookup ignores letter case, but for `urn:` (contract §8.2)."""
        return self.packages.get(urn.lower()) if urn.startswith("urn:") else None

    def suggest_package(self, urn: str) -> str:
        """Give the nearest URN that exists, or an empty text; what stands before the name is not compared."""
        name = urn.lower().rpartition(":")[2]
        if len(name) > LONGEST_NAME:
            return ""
        found = find_nearest(name, self._find_likely(name))
        return PACKAGE_PREFIX + found if found else ""

    def _find_likely(self, name: str) -> list[str]:
        """Find the few packages that share the most pairs of letters with a name."""
        if not self._index:
            for urn in self.packages:
                known = urn.removeprefix(PACKAGE_PREFIX)
                for pair in _find_pairs(known):
                    self._index.setdefault(pair, []).append(known)
        shared = Counter[str]()
        for pair in _find_pairs(name):
            shared.update(self._index.get(pair, ()))
        least = max(shared.values(), default=0) / 2
        near = [known for known, count in shared.items() if count >= least]
        return sorted(near, key=lambda known: (-shared[known] / len(known), known))[:LIKELY]


def _find_pairs(name: str) -> set[str]:
    return {name[start : start + 2] for start in range(len(name) - 1)}


@cache
def read_shipped_catalogue() -> Catalogue:
    """Read the list that is shipped with the program."""
    text = files("reconciler").joinpath("data/access_packages.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines()[1:])
    packages = {row[0]: PackageFlags(row[2] == "true", row[3] == "true", row[1]) for row in rows}
    return Catalogue(packages, f"in the list of {AS_OF}")
