"""The resource registry and the access-package API: what anyone may look up without a token.

The shapes are those of System Register contract §8. The register asks through `Upstream`, which
sees only what the service uses of an answer: the status, the resource type, two flags.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from starlette.responses import Response

from reconciler.emulator.failures import UpstreamFailure
from reconciler.emulator.register.answers import answer_json, answer_status
from reconciler.emulator.routing import Call, Route

if TYPE_CHECKING:
    from reconciler.emulator.catalogue import Catalogue, Package
    from reconciler.emulator.faults import Faults
    from reconciler.emulator.server import Network

RESOURCES = "/resourceregistry/api/v1/resource"
PACKAGES = "/accessmanagement/api/v1/meta/info/accesspackages"
UPSTREAM_SECONDS = 30.0
"""When the register gives a metadata API up (contract Q18)."""
KEYS = "/maskinporten/jwk"
_OTHER_ROUTES = frozenset({"resourcelist", "export", "search"})
"""Resource ids that hit another route of the registry, whose answer cannot be read (contract Q19)."""
_OBJECTS = frozenset({"orgs", "updated", "changes"})
"""Resource ids that hit a route whose answer is read as a resource without a type (contract §8.1)."""
_LOST = frozenset(" /\0")
"""A blank is asked for as a plus, which is none in a path; a slash stays escaped; zero is refused."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """The two APIs as the register sees them, through whatever faults strike its calls."""

    catalogue: Catalogue
    faults: Faults
    network: Network

    async def resource_type(self, value: str) -> str | None:
        """Ask for a resource's type; None is any status but 200."""
        if await self._is_out(f"{RESOURCES}/{quote_plus(value)}"):
            return None
        if value.lower() in _OTHER_ROUTES:
            raise UpstreamFailure(
                "The JSON value could not be converted to Altinn.Platform.Authentication.Core.Models."
                "ResourceRegistry.ServiceResource. Path: $ | LineNumber: 0 | BytePositionInLine: 1."
            )
        if value.lower() in _OBJECTS:
            return "Default"
        kind = None if _LOST.intersection(value) else self.catalogue.resources.get(value)
        return "Default" if kind == "" else kind

    async def package(self, urn: str) -> Package | None:
        """Ask for a package by its whole URN; None is any status but 200."""
        if await self._is_out(f"{PACKAGES}/package/urn/{quote_plus(urn)}"):
            return None
        return None if _LOST.intersection(urn) else self.catalogue.find_package(urn)

    async def has_keys(self) -> bool:
        """Say whether the issuer's keys can be fetched, which every check of a token may need."""
        try:
            return not await self._is_out(KEYS)
        except UpstreamFailure:
            return False

    async def _is_out(self, path: str) -> bool:
        """Say whether a fault answers for the API; raises `UpstreamFailure` where nobody answers."""
        for fault in self.faults.take("register", "GET", path) if self.faults.faults else ():
            if fault.kind == "latency":
                await self.network.pause(fault.seconds)
            elif fault.kind == "status" and fault.status != 200:
                return True
            elif fault.kind in {"reset", "refuse"}:
                raise UpstreamFailure("Connection refused (platform.altinn.no:443)")
            elif fault.kind == "timeout":
                await self.network.pause(min(fault.seconds, UPSTREAM_SECONDS))
                raise UpstreamFailure(
                    "The operation didn't complete within the allowed timeout of '00:00:30'."
                )
        return False


@dataclass(frozen=True, slots=True)
class Metadata:
    """The public routes of the two APIs."""

    catalogue: Catalogue

    def routes(self) -> list[Route]:
        """List the routes, the more literal first."""
        return [
            Route("GET", f"{RESOURCES}/resourcelist", self.list_resources),
            Route("GET", f"{RESOURCES}/search", self.search_resources),
            Route("GET", f"{RESOURCES}/{{id}}", self.read_resource),
            Route("GET", f"{PACKAGES}/export", self.export_packages),
            Route("GET", f"{PACKAGES}/search", self.search_packages),
            Route("GET", f"{PACKAGES}/package/urn/{{urn}}", self.read_package),
            Route("GET", f"{PACKAGES}/package/{{id}}", self.read_package_by_id),
        ]

    async def read_resource(self, call: Call) -> Response:
        """Look one resource up by its id."""
        identifier = call.values["id"]
        kind = self.catalogue.resources.get(identifier)
        return answer_status(404) if kind is None else _indented(_resource(identifier, kind))

    async def list_resources(self, call: Call) -> Response:
        """List every resource; apps and migrated apps as the query asks."""
        query = {name.lower(): value.lower() for name, value in call.request.query_params.items()}
        left_out = {"AltinnApp"} if query.get("includeapps", "true") == "false" else set()
        if query.get("includemigratedapps", "false") != "true":
            left_out.add("MigratedApp")
        return _indented(
            [_resource(name, kind) for name, kind in self.catalogue.resources.items() if kind not in left_out]
        )

    async def search_resources(self, call: Call) -> Response:
        """Search resources that are no apps, by id, title and type."""
        query = {name.lower(): value.lower() for name, value in call.request.query_params.items()}
        wanted = [query.get(name, "") for name in ("id", "title")]
        kind_wanted = query.get("resourcetype", "")
        return _indented(
            [
                _resource(name, kind)
                for name, kind in self.catalogue.resources.items()
                if kind not in {"AltinnApp", "MigratedApp"}
                and all(text in name.lower() for text in wanted)
                and kind_wanted in {"", kind.lower()}
            ]
        )

    async def read_package(self, call: Call) -> Response:
        """Look one package up by the end of its URN."""
        package = self.catalogue.find_package(call.values["urn"])
        return answer_status(404) if package is None else answer_json(_package(package, resources=[]))

    async def read_package_by_id(self, call: Call) -> Response:
        """Look one package up by its GUID."""
        wanted = call.values["id"].lower()
        for package in self.catalogue.packages.values():
            if package.id == wanted:
                return answer_json(_package(package, resources=[]))
        return answer_status(404)

    async def export_packages(self, _call: Call) -> Response:
        """Export all packages, in the one group and the one area that are known here."""
        packages = [_package(package, resources=None) for package in self.catalogue.packages.values()]
        area = {"id": None, "name": "Alle", "urn": None, "description": None, "iconUrl": None, "group": None}
        group = {"id": None, "name": "Alle", "urn": None, "description": None, "type": None}
        return (
            answer_json([group | {"areas": [area | {"packages": packages}]}])
            if packages
            else Response(status_code=204)
        )

    async def search_packages(self, call: Call) -> Response:
        """Search packages by a word of the name or the URN; 204 when nothing matches."""
        term = call.request.query_params.get("term", "").lower()
        found = [
            {"object": _package(package, resources=[]), "score": 1.0, "fields": []}
            for package in self.catalogue.packages.values()
            if term in package.name.lower() or term in package.urn.lower()
        ]
        return answer_json(found) if found else Response(status_code=204)


def _resource(identifier: str, kind: str) -> dict[str, object]:
    texts = dict.fromkeys(("en", "nb", "nn"), identifier)
    written: dict[str, object] = {
        "identifier": identifier,
        "title": texts,
        "description": texts,
        "status": "Completed",
        "delegable": True,
        "visible": True,
        "accessListMode": "Disabled",
        "selfIdentifiedUserEnabled": False,
        "enterpriseUserEnabled": False,
    }
    return written | ({"resourceType": kind} if kind else {}) | {"isOneTimeConsent": False}


def _package(package: Package, *, resources: list[object] | None) -> dict[str, object]:
    return {
        "id": package.id or None,
        "name": package.name,
        "urn": package.urn,
        "description": package.name,
        "isDelegable": package.is_delegable,
        "isAssignable": package.is_assignable,
        "isResourcePolicyAvailable": True,
        "area": None,
        "type": None,
        "resources": resources,
    }


def _indented(value: object) -> Response:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return Response(text, media_type="application/json; charset=utf-8")
