"""Everything that an environment's metadata APIs list on one day, described for people who look for a name.

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from reconciler.model.catalogue import (
    AS_OF,
    Catalogue,
    KnownResource,
    PackageFlags,
    explain_age,
    explain_shipped_age,
    read_shipped_catalogue,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.canonical_json import Json

Texts: TypeAlias = "Mapping[str, str]"
"""A text in each language that has one: `nb`, `nn`, `en`."""


@dataclass(frozen=True, slots=True)
class PackageEntry:
    """An access package as a list describes it."""

    urn: str
    name: Texts
    description: Texts
    area: Texts
    delegable: bool
    assignable: bool

    def to_json(self) -> dict[str, Json]:
        """Give it as a file or an output holds it."""
        return _leave_out_empty(
            {
                "urn": self.urn,
                "name": dict(self.name),
                "area": dict(self.area),
                "description": dict(self.description),
                "delegable": self.delegable,
                "assignable": self.assignable,
            }
        )


@dataclass(frozen=True, slots=True)
class ResourceEntry:
    """A resource as a list describes it."""

    id: str
    title: Texts
    description: Texts
    owner: str
    """The name of the organisation that is responsible, or its code; empty where the list does not say."""
    kind: str
    """Its type."""
    status: str
    delegable: bool
    visible: bool

    def to_json(self) -> dict[str, Json]:
        """Give it as a file or an output holds it."""
        return _leave_out_empty(
            {
                "id": self.id,
                "title": dict(self.title),
                "description": dict(self.description),
                "owner": self.owner,
                "type": self.kind,
                "status": self.status,
                "delegable": self.delegable,
                "visible": self.visible,
            }
        )


Entry: TypeAlias = PackageEntry | ResourceEntry


def _leave_out_empty(members: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in members.items() if value not in ("", {})}


def name_entry(entry: Entry) -> str:
    """Give the name that a definition writes."""
    return entry.urn if isinstance(entry, PackageEntry) else entry.id


@dataclass(frozen=True, slots=True)
class CatalogueList:
    """All packages and resources of one environment on one day, sorted by name."""

    environment: str
    """Empty for the list that is shipped."""
    register: str
    """The address that was asked."""
    taken: date
    packages: tuple[PackageEntry, ...]
    resources: tuple[ResourceEntry, ...]

    @property
    def title(self) -> str:
        """Name the list in a sentence."""
        return f"{self.environment}'s list of {self.taken}" if self.environment else _SHIPPED

    def make_catalogue(self) -> Catalogue:
        """Give what the rules ask: what the list does not hold is unknown."""
        return Catalogue(
            {each.urn.lower(): _read_flags(each) for each in self.packages},
            f"in {self.title}",
            {each.id: KnownResource(each.kind, each.id) for each in self.resources},
            complete=True,
            renewal=f"Is the list too old? {self.renewal}",
        )

    def explain_age(self, today: date) -> str:
        """Say that the list is old, and how to renew it; empty where it is not."""
        if not self.environment:
            return explain_shipped_age(today)
        return explain_age(f"{self.environment}'s list", self.taken.isoformat(), today, self.renewal)

    @property
    def renewal(self) -> str:
        """Say how to renew the list."""
        return f"`reconciler catalogue refresh -e {self.environment}` renews it."


_SHIPPED = f"the shipped list of {AS_OF}"


def _read_flags(entry: PackageEntry) -> PackageFlags:
    return PackageFlags(entry.delegable, entry.assignable, entry.name.get("nb", ""), entry.urn)


def read_shipped_list() -> CatalogueList:
    """Give the list that is shipped: packages with their Norwegian names and flags, and no resource."""
    packages = read_shipped_catalogue().packages.items()
    entries = (
        PackageEntry(urn, {"nb": flags.name}, {}, {}, flags.delegable, flags.assignable)
        for urn, flags in packages
    )
    return CatalogueList("", "", date.fromisoformat(AS_OF), tuple(entries), ())


def make_catalogues(lists: Mapping[str, CatalogueList]) -> dict[str, Catalogue]:
    """Give what the rules ask, by environment; the embedded register goes by all lists, the newest first.

    Where there is no list, there is nothing.
    """
    made = {name: each.make_catalogue() for name, each in lists.items()}
    return {**made, "local": _merge(lists.values())} if lists else {}


def _merge(lists: Iterable[CatalogueList]) -> Catalogue:
    """Give what any list knows, and the shipped packages; another resource is not unknown."""
    *older, newest = (each.make_catalogue() for each in sorted(lists, key=lambda each: each.taken))
    packages = {**read_shipped_catalogue().packages}
    resources: dict[str, KnownResource] = {}
    for each in (*older, newest):
        packages |= each.packages
        resources |= each.resources
    return Catalogue(packages, newest.source, resources, renewal=newest.renewal)


class Renewal(NamedTuple):
    """The packages, or the resources, of a new list beside those of the last one, by name."""

    before: int
    """How many the last list held."""
    held: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


class Renewed(NamedTuple):
    """A new list, and how it differs from the last one."""

    listed: CatalogueList
    packages: Renewal
    resources: Renewal


def compare_lists(last: CatalogueList | None, listed: CatalogueList) -> Renewed:
    """Compare a new list with the last one, if there is one."""
    return Renewed(
        listed,
        _compare(last.packages if last else (), listed.packages),
        _compare(last.resources if last else (), listed.resources),
    )


def _compare(before: Sequence[Entry], after: Sequence[Entry]) -> Renewal:
    old, new = ({name_entry(each): each for each in entries} for entries in (before, after))
    return Renewal(
        len(old),
        len(new),
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(old.keys() - new.keys())),
        tuple(sorted(name for name in new.keys() & old.keys() if new[name] != old[name])),
    )
