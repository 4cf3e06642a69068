"""The resources and access packages that the metadata APIs know, with the flags that the register uses.

Read at the start and changed by the control endpoint only. `metadata` answers requests from it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PREFIX = "urn:altinn:accesspackage:"


@dataclass(frozen=True, slots=True)
class KnownPackage:
    """One access package as the metadata API knows it."""

    urn: str
    name: str
    is_delegable: bool
    is_assignable: bool
    id: str
    type: str = "Organisasjon"
    """Who it is for: `Organisasjon` or `Person`."""


class MetadataCatalogue:
    """The resources and packages of the two metadata APIs; a resource is an id with a type, empty for none.

    A resource id may be a pattern; a pattern is found, but not listed.
    """

    def __init__(self, resources: Mapping[str, str], packages: Mapping[str, KnownPackage]) -> None:
        self.resources = {name: kind for name, kind in resources.items() if not is_pattern(name)}
        self.patterns = {name: kind for name, kind in resources.items() if is_pattern(name)}
        self.packages = dict(packages)
        self._folded = {urn.lower(): package for urn, package in self.packages.items()}

    def find_resource(self, identifier: str) -> str | None:
        """Find the type of a resource by its exact id, then by the first pattern that fits."""
        kind = self.resources.get(identifier)
        if kind is not None:
            return kind
        return next(
            (kind for pattern, kind in self.patterns.items() if fnmatchcase(identifier, pattern)), None
        )

    def put_resource(self, identifier: str, kind: str) -> None:
        """Add a resource or a pattern, or change its type."""
        (self.patterns if is_pattern(identifier) else self.resources)[identifier] = kind

    def take_as_existing(self, identifiers: Iterable[str]) -> tuple[str, ...]:
        """Add the resources that are not known, as generic ones, and name them."""
        taken = sorted({each for each in identifiers if self.find_resource(each) is None})
        self.resources |= dict.fromkeys(taken, "GenericAccessResource")
        return tuple(taken)

    def remove_resource(self, identifier: str) -> None:
        """Remove a resource or a pattern."""
        (self.patterns if is_pattern(identifier) else self.resources).pop(identifier, None)

    def put_package(self, package: KnownPackage) -> None:
        """Add or replace a package."""
        self.packages[package.urn] = package
        self._folded[package.urn.lower()] = package

    def remove_package(self, urn: str) -> None:
        """Remove a package."""
        self.packages.pop(urn, None)
        self._folded.pop(urn.lower(), None)

    def find_package(self, value: str) -> KnownPackage | None:
        """Find the one package whose URN ends with `value`, ignoring letter case except in `urn:` (contract §8.2)."""
        wanted = value.lower() if value.startswith(("urn:", ":")) else f":{value.lower()}"
        exact = self._folded.get(wanted)
        if exact is not None:
            return exact
        found = [package for urn, package in self._folded.items() if urn.endswith(wanted)]
        return found[0] if len(found) == 1 else None


def is_pattern(identifier: str) -> bool:
    """Say whether an id is a pattern: `*` stands for any text, `?` for one character."""
    return "*" in identifier or "?" in identifier


def read_catalogue(resources: Mapping[str, str], packages: Mapping[str, KnownPackage]) -> MetadataCatalogue:
    """Read the shipped resources and packages, and add or replace the given ones."""
    shipped = {row["id"]: row["resourceType"] for row in _rows("reconciler.emulator")}
    known = {
        row["urn"]: KnownPackage(
            row["urn"],
            row["name_nb"],
            row["isDelegable"] == "true",
            row["isAssignable"] == "true",
            row["id"],
            "Person" if row["entityType"].endswith(".Person") else "Organisasjon",
        )
        for row in _rows("reconciler")
    }
    return MetadataCatalogue(shipped | dict(resources), known | dict(packages))


def _rows(package: str) -> Iterator[dict[str, str]]:
    name = "access_packages.tsv" if package == "reconciler" else "resources.tsv"
    with files(package).joinpath("data", name).open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines, delimiter="\t")
