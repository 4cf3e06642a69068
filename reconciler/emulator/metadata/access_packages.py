"""The access-package API, which needs no token.

System Register contract §8.2. The packages are those of the catalogue, in one group and one area, with
their Bokmål names.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import Response

from reconciler.emulator.dotnet import answers
from reconciler.emulator.dotnet.answers import answer_json, answer_status
from reconciler.emulator.dotnet.model_errors import ModelError
from reconciler.emulator.dotnet.query_binding import bind_flag
from reconciler.emulator.server.routing import Call, Route

if TYPE_CHECKING:
    from reconciler.emulator.catalogue import KnownPackage, MetadataCatalogue

PACKAGES = "/accessmanagement/api/v1/meta/info/accesspackages"
_GROUP, _AREA = (str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:emulator:{name}")) for name in ("group", "area"))
_TYPE_NAMES = {"person": "Person", "organization": "Organisasjon", "organisasjon": "Organisasjon"}
_WITHOUT_POLICY = frozenset(
    {
        "ffor-tilgangsstyrer-nuf",
        "hovedadministrator",
        "innbygger-tilgangsstyring-privatperson",
        "klientadministrator",
        "konkursbo-tilgangsstyrer",
        "maskinporten-administrator",
        "tilgangsstyrer",
        "tilgangsstyring-enkeltinstanser",
        "virksomhetens-representant-skjemaoppgaver",
    }
)
"""The last parts of the urns of which `isResourcePolicyAvailable` is false."""


class SearchHit(NamedTuple):
    """The score of a search in one field of a package."""

    field: str
    value: str
    score: float
    words: list[str]

    def write(self) -> dict[str, object]:
        """Give the hit as the search lists it."""
        return self._asdict()


@dataclass(frozen=True, slots=True)
class AccessPackages:
    """The public routes of the API."""

    catalogue: MetadataCatalogue

    def routes(self) -> list[Route]:
        """List the routes, the more literal first."""
        return [
            Route("GET", f"{PACKAGES}/export", self.export),
            Route("GET", f"{PACKAGES}/search", self.search),
            Route("GET", f"{PACKAGES}/group", self.list_groups),
            Route("GET", f"{PACKAGES}/group/{{id}}", self.read_group),
            Route("GET", f"{PACKAGES}/group/{{id}}/areas", self.list_areas),
            Route("GET", f"{PACKAGES}/area/{{id}}", self.read_area),
            Route("GET", f"{PACKAGES}/area/{{id}}/packages", self.list_packages),
            Route("GET", f"{PACKAGES}/package/urn/{{urn}}", self.read_by_urn),
            Route("GET", f"{PACKAGES}/package/{{id}}", self.read_by_id),
            Route("GET", f"{PACKAGES}/package/{{id}}/resources", self.list_resources),
        ]

    async def read_by_urn(self, call: Call) -> Response:
        """Find one package by the end of its URN."""
        package = self.catalogue.find_package(call.values["urn"])
        return answer_status(404) if package is None else answer_json(_write(package, resources=[]))

    async def read_by_id(self, call: Call) -> Response:
        """Find one package by its GUID, in any spelling."""
        package = self._find(_read_id(call))
        return answer_status(404) if package is None else answer_json(_write(package, resources=[]))

    async def list_resources(self, call: Call) -> Response:
        """List the resources of a package; there are none."""
        return answer_status(404) if self._find(_read_id(call)) is None else Response(status_code=204)

    async def export(self, _call: Call) -> Response:
        """Export all packages in their group and area."""
        packages = [_write(package, resources=None) for package in self.catalogue.packages.values()]
        if not packages:
            return Response(status_code=204)
        area = {**_write_area(), "packages": packages}
        return answer_json([{**_write_group(), "areas": [area]}])

    async def list_groups(self, _call: Call) -> Response:
        """List the groups."""
        return answer_json([_write_group()])

    async def read_group(self, call: Call) -> Response:
        """Give one group."""
        return answer_json(_write_group()) if _read_id(call) == _GROUP else answer_status(404)

    async def list_areas(self, call: Call) -> Response:
        """List the areas of a group."""
        return answer_json([_write_area()]) if _read_id(call) == _GROUP else answer_status(404)

    async def read_area(self, call: Call) -> Response:
        """Give one area."""
        return answer_json(_write_area()) if _read_id(call) == _AREA else answer_status(404)

    async def list_packages(self, call: Call) -> Response:
        """List the packages of an area, by name."""
        if _read_id(call) != _AREA:
            return answer_status(404)
        packages = sorted(self.catalogue.packages.values(), key=lambda package: package.name)
        written = [_write(package, resources=[]) for package in packages]
        return answer_json(written) if written else Response(status_code=204)

    async def search(self, call: Call) -> Response:
        """Search packages by the words of their names and descriptions; sorted by falling score, 204 if empty."""
        query, errors = call.query, dict[str, list[str]]()
        is_strict = bind_flag(query, "strict", errors)
        for name in ("searchInResources", "simpleSearch"):
            bind_flag(query, name, errors)
        if errors:
            raise ModelError(errors)
        kind = query.text("typeName")
        if kind is not None and kind.lower() not in _TYPE_NAMES:
            return answers.answer_server_error(detail=f"No type named '{kind}'")
        found: list[tuple[float, dict[str, object]]] = []
        for package in self.catalogue.packages.values():
            hits = _score(package, (query.text("term") or "").lower(), is_strict=is_strict)
            is_wanted = kind is None or package.type == _TYPE_NAMES[kind.lower()]
            if hits is None or not is_wanted or query.text("resourceProviderCode") is not None:
                continue
            score = sum(hit.score for hit in hits)
            written = _write(package, resources=[])
            found.append(
                (score, {"object": written, "score": score, "fields": [hit.write() for hit in hits]})
            )
        found.sort(key=lambda one: -one[0])
        return answer_json([one for _, one in found]) if found else Response(status_code=204)

    def _find(self, identifier: str) -> KnownPackage | None:
        return next((one for one in self.catalogue.packages.values() if one.id == identifier), None)


def _read_id(call: Call) -> str:
    text = call.values["id"]
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise ModelError({"id": [f"The value '{text}' is not valid."]}) from None


def _score(package: KnownPackage, term: str, *, is_strict: bool) -> list[SearchHit] | None:
    """Score a package for a search text in lower case; None if it does not match."""
    words = term.split()
    if not words:
        return []
    hits: list[SearchHit] = []
    matched: set[str] = set()
    for name, value, at_start, inside in (
        ("name", package.name, 100.0, 50.0),
        ("description", package.name, 10.0, 10.0),
    ):
        small, score, found = value.lower(), 0.0, list[str]()
        for text, factor in [
            *((word, 1) for word in words),
            *([(" ".join(words), 2)] if len(words) > 1 else []),
        ]:
            if text in small:
                score += factor * (at_start if small.startswith(text) else inside)
                found.append(text)
        if found:
            hits.append(SearchHit(name, value, score, found))
            matched.update(found)
    needed = all if is_strict else any
    return hits if needed(word in matched for word in words) else None


def _write(package: KnownPackage, *, resources: list[object] | None) -> dict[str, object]:
    return {
        "id": package.id or None,
        "name": package.name,
        "urn": package.urn,
        "description": package.name,
        "isDelegable": package.is_delegable,
        "isAssignable": package.is_assignable,
        "isResourcePolicyAvailable": package.urn.rpartition(":")[2] not in _WITHOUT_POLICY,
        "area": {**_write_area(), "packages": [], "group": None},
        "type": _write_type(package.type),
        "resources": resources,
    }


def _write_type(name: str) -> dict[str, object]:
    identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:emulator:type:{name}"))
    return {"id": identifier, "providerId": _GROUP, "name": name, "provider": None}


def _write_area() -> dict[str, object]:
    return {
        "id": _AREA,
        "name": "Alle",
        "urn": "accesspackage:area:alle",
        "description": "Alle",
        "iconUrl": None,
        "packages": [],
        "group": None,
    }


def _write_group() -> dict[str, object]:
    return {
        "id": _GROUP,
        "name": "Alle",
        "urn": None,
        "description": "Alle",
        "type": "Organisasjon",
        "areas": [],
    }
