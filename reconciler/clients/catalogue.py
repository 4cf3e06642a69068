"""Reads everything that an environment's metadata APIs list, with its descriptions; no token is needed.

Roles are left out: the API gives the packages of one role at a time (System Register contract §8.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.clients.register import PACKAGES, RESOURCE
from reconciler.clients.response_body import list_objects
from reconciler.errors import Unintelligible
from reconciler.model.catalogue import PACKAGE_FORM
from reconciler.model.catalogue_list import CatalogueList, PackageEntry, ResourceEntry
from reconciler.model.suggest import LONGEST_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from reconciler.clients.register import HttpRegister
    from reconciler.model.canonical_json import Json
    from reconciler.model.catalogue_list import Texts
    from reconciler.model.environment import Environment

LONGEST_TEXT = 160
"""Characters that are kept of a title or a description."""
_LANGUAGES = ("nb", "en")
"""Those that the access packages are asked for in; they know `nn` too, and few of its texts differ."""
_OF_PACKAGES = ("areas", "packages", "name", "urn", "description", "isDelegable", "isAssignable")
_OF_RESOURCES = (
    "identifier",
    "title",
    "description",
    "nb",
    "nn",
    "en",
    "hasCompetentAuthority",
    "name",
    "orgcode",
    "resourceType",
    "status",
    "delegable",
    "visible",
)


def read_list(environment: Environment, register: HttpRegister, today: date) -> CatalogueList:
    """Read the list of an environment, in three requests.

    Raises `Unintelligible` where an answer is no such list, or empty, and what a register's reading raises.
    """
    packages = _read_packages(register)
    resources = _read_resources(register)
    for what, found in (("access packages", packages), ("resources", resources)):
        if not found:
            raise Unintelligible(f"{environment.name} lists no {what}, so its answer is not believed.")
    return CatalogueList(
        environment.name,
        environment.register,
        today,
        tuple(packages[name] for name in sorted(packages)),
        tuple(resources[name] for name in sorted(resources)),
    )


def _read_packages(register: HttpRegister) -> dict[str, PackageEntry]:
    """Read the packages in each language, and put their texts together."""
    described = {
        language: {
            _read_name(package, "urn"): (package, area)
            for package, area in _list_packages(
                register.read_metadata(f"{PACKAGES}/export", members=_OF_PACKAGES, language=language)
            )
        }
        for language in _LANGUAGES
    }
    found: dict[str, PackageEntry] = {}
    for urn, (package, _) in described[_LANGUAGES[0]].items():
        if not PACKAGE_FORM.fullmatch(urn):
            continue
        flags = [package.get(name) for name in ("isDelegable", "isAssignable")]
        if not all(isinstance(flag, bool) for flag in flags):
            raise Unintelligible(f"The answer for `{urn}` has no `isDelegable` or `isAssignable`.")
        texts = {language: each[urn] for language, each in described.items() if urn in each}
        found[urn] = PackageEntry(
            urn,
            _join({language: package.get("name") for language, (package, _) in texts.items()}),
            _join({language: package.get("description") for language, (package, _) in texts.items()}),
            _join({language: area for language, (_, area) in texts.items()}),
            *map(bool, flags),
        )
    return found


def _list_packages(body: Json) -> Iterator[tuple[Mapping[str, Json], Json]]:
    """List the packages, each with the name of its area."""
    for group in list_objects(body):
        for area in list_objects(group.get("areas")):
            for package in list_objects(area.get("packages")):
                yield package, area.get("name")


def _read_resources(register: HttpRegister) -> dict[str, ResourceEntry]:
    path = f"{RESOURCE}/resourcelist?includeApps=true&includeMigratedApps=true"
    found: dict[str, ResourceEntry] = {}
    for each in list_objects(register.read_metadata(path, members=_OF_RESOURCES)):
        name = _read_name(each, "identifier")
        found[name] = ResourceEntry(
            name,
            _join(each.get("title")),
            _join(each.get("description")),
            _read_owner(each.get("hasCompetentAuthority")),
            _shorten(each.get("resourceType")) or "Default",
            _shorten(each.get("status")),
            each.get("delegable") is True,
            each.get("visible") is not False,
        )
    return found


def _read_name(entry: Mapping[str, Json], member: str) -> str:
    name = entry.get(member)
    if not isinstance(name, str) or not name:
        raise Unintelligible(f"An entry of the metadata has no `{member}`, so the answer is no such list.")
    return name[:LONGEST_NAME]


def _read_owner(authority: Json) -> str:
    if not isinstance(authority, dict):
        return ""
    names = _join(authority.get("name"))
    return next(iter(names.values()), "") or _shorten(authority.get("orgcode"))


def _join(texts: Json) -> Texts:
    """Keep the texts that there are, each shortened."""
    if not isinstance(texts, dict):
        return {}
    short = {language: _shorten(texts.get(language)) for language in ("nb", "nn", "en")}
    return {language: text for language, text in short.items() if text}


def _shorten(text: Json) -> str:
    """Put a text on one line, and cut it at a word where it is long."""
    line = " ".join(text.split()) if isinstance(text, str) else ""
    if len(line) <= LONGEST_TEXT:
        return line
    return f"{line[: LONGEST_TEXT - 1].rpartition(' ')[0] or line[: LONGEST_TEXT - 1]}…"
