"""The resource registry, whose reading routes need no token.

System Register contract §8.1. Its JSON is indented and its 500 has no body. There are no policies, so that
what is derived from them is empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from reconciler.emulator.dotnet import answers, json_writer
from reconciler.emulator.dotnet.answers import Formatted, Problem, answer_empty, answer_text
from reconciler.emulator.dotnet.path_binding import is_blank
from reconciler.emulator.dotnet.query_binding import bind_flag
from reconciler.emulator.server.routing import Call, Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.emulator.catalogue import MetadataCatalogue
    from reconciler.emulator.dotnet.query_binding import Query

RESOURCES = "/resourceregistry/api/v1/resource"
TYPES = (
    "Default",
    "Systemresource",
    "MaskinportenSchema",
    "Altinn2Service",
    "AltinnApp",
    "GenericAccessResource",
    "BrokerService",
    "CorrespondenceService",
    "Consent",
    "MigratedApp",
)
"""The types of a resource, in the order of the enumeration."""
_WRITE = frozenset({"altinn:resourceregistry/resource.write", "altinn:resourceregistry/resource.admin"})
_APP = re.compile(r"app_([^_]+)_(.+)", re.DOTALL)
_MOST = 1000
"""The highest `limit` of a page."""
_OFFERED = ("application/json", "application/problem+json")
_EXPORT = "@prefix dcat: <http://www.w3.org/ns/dcat#>.\n@prefix dct: <http://purl.org/dc/terms/>.\n"
_ORGS = {
    "ttd": {
        "name": {"en": "Test Ministry", "nb": "Testdepartementet", "nn": "Testdepartementet"},
        "logo": "",
        "orgnr": "991825827",
        "homepage": "https://www.altinn.no",
        "environments": ["tt02", "production"],
    }
}


@dataclass(frozen=True, slots=True)
class ResourceRegistry:
    """The public routes of the registry; the id of an app that app storage holds begins with `app_`."""

    catalogue: MetadataCatalogue

    def routes(self) -> list[Route]:
        """List the routes, the more literal first."""
        one = f"{RESOURCES}/{{id}}"
        policy = f"{one}/policy"
        return [
            Route("POST", RESOURCES, self.refuse, _WRITE),
            Route("GET", f"{RESOURCES}/resourcelist", self.list_resources),
            Route("GET", f"{RESOURCES}/search", self.search),
            Route("GET", f"{RESOURCES}/orgs", self.list_orgs),
            Route("GET", f"{RESOURCES}/export", self.export),
            Route("GET", f"{RESOURCES}/updated", self.list_updated),
            Route("GET", f"{RESOURCES}/changes", self.list_changed),
            Route("GET", one, self.read),
            Route("PUT", one, self.refuse, _WRITE),
            Route("DELETE", one, self.refuse, _WRITE),
            Route("GET", policy, self.read_policy),
            *(Route("GET", f"{policy}/{part}", self.read_rules) for part in ("rules", "rights", "subjects")),
        ]

    async def read(self, call: Call) -> Response:
        """Find one resource by its exact id, and by its version if given."""
        identifier, wanted = call.values["id"], call.query.text("versionId")
        if is_blank(identifier):
            return answer_empty(500)
        if wanted is not None and not re.fullmatch(r"\s*[+-]?[0-9]{1,10}\s*", wanted):
            return _refuse({"versionId": [f"The value '{wanted}' is not valid."]})
        kind = self.catalogue.find_resource(identifier)
        version = self._version(identifier)
        is_other = wanted is not None and int(wanted) != version and not _APP.fullmatch(identifier)
        if kind is None or is_other:
            return _not_found()
        return _answer(_write(identifier, kind, version))

    async def list_resources(self, call: Call) -> Response:
        """List all resources; apps of storage and migrated apps as the query asks."""
        errors: dict[str, list[str]] = {}
        has_apps = bind_flag(call.query, "includeApps", errors) or not call.query.list("includeApps")
        has_migrated = bind_flag(call.query, "includeMigratedApps", errors)
        if errors:
            return _refuse(errors)
        return _answer(
            [
                _write_listed(name, kind, self._version(name))
                for name, kind in self.catalogue.resources.items()
                if (has_apps or not _is_stored(name, kind)) and (has_migrated or kind != "MigratedApp")
            ]
        )

    async def search(self, call: Call) -> Response:
        """Search the registry's own resources; `Title` has no effect."""
        kind_wanted = call.query.text("ResourceType")
        kind = None if kind_wanted is None else _read_type(kind_wanted)
        if kind_wanted is not None and kind is None:
            return _refuse({"ResourceType": [f"The value '{kind_wanted}' is not valid."]})
        found = [
            _write_listed(name, stored, self._version(name))
            for name, stored in self.catalogue.resources.items()
            if not _is_stored(name, stored)
            and stored != "MigratedApp"
            and kind in {None, stored or TYPES[0]}
            and _fits(name, call.query)
        ]
        return _answer(found)

    async def list_orgs(self, _call: Call) -> Response:
        """List the organisations that own resources."""
        return _answer({"orgs": _ORGS})

    async def export(self, _call: Call) -> Response:
        """Export as Turtle, which the register cannot read."""
        return Response(_EXPORT, media_type="application/xml+rdf; charset=utf-8")

    async def list_updated(self, call: Call) -> Response:
        """List what has changed in policies."""
        return _page(call.query, "RR.VLD-00008")

    async def list_changed(self, call: Call) -> Response:
        """List which policies have changed."""
        return _page(call.query, "RR.VLD-00011")

    async def read_policy(self, call: Call) -> Response:
        """Give a policy; no resource has one."""
        is_known = self.catalogue.find_resource(call.values["id"]) is not None
        return answer_text(404, f"Unable to find {'requested policy' if is_known else 'resource'}")

    async def read_rules(self, call: Call) -> Response:
        """Give the rules of a policy; a `Content-Type` other than JSON is refused."""
        content_type = call.request.headers.get("content-type", "application/json")
        return _not_found() if "json" in content_type.lower() else answer_empty(415)

    async def refuse(self, _call: Call) -> Response:
        """Refuse writes: the registry is read only here."""
        return answer_empty(403)

    def _version(self, identifier: str) -> int:
        """Give the version id of a resource, 0 for storage's apps."""
        if _is_stored(identifier, self.catalogue.resources.get(identifier, "")):
            return 0
        return (
            list(self.catalogue.resources).index(identifier) + 1
            if identifier in self.catalogue.resources
            else 0
        )


def _is_stored(identifier: str, kind: str) -> bool:
    """Say whether a resource is in app storage, not in the registry."""
    return kind == "AltinnApp" and identifier.startswith("app_")


def _fits(identifier: str, query: Query) -> bool:
    """Say whether a resource matches all search texts, ignoring letter case.

    The description of a resource here is its id; it has no keyword, reference or owner.
    """
    contained = {"Id": identifier, "Description": identifier, "Keyword": "", "Reference": ""}
    for name, value in contained.items():
        wanted = query.text(name)
        if wanted is not None and wanted.lower() not in value.lower():
            return False
    return all(query.text(name) is None for name in ("OrgCode", "OrganizationId"))


def _read_type(text: str) -> str | None:
    word = text.strip().lower()
    named = {kind.lower(): kind for kind in TYPES}
    if word.isdigit():
        return TYPES[int(word)] if int(word) < len(TYPES) else word
    return named.get(word)


def _write(identifier: str, kind: str, version: int) -> dict[str, object]:
    texts = dict.fromkeys(("en", "nb", "nn"), identifier)
    stored = _is_stored(identifier, kind)
    described: dict[str, object] = {} if stored else {"description": texts, "status": "Completed"}
    return {
        "identifier": identifier,
        "title": texts,
        **described,
        "delegable": True,
        "visible": True,
        "hasCompetentAuthority": {},
        "accessListMode": "Disabled",
        "selfIdentifiedUserEnabled": False,
        "enterpriseUserEnabled": False,
        "resourceType": kind or TYPES[0],
        **({"authorizationReference": _refer(identifier)} if stored else {}),
        "isOneTimeConsent": False,
        "versionId": version,
    }


def _write_listed(identifier: str, kind: str, version: int) -> dict[str, object]:
    """Write a resource as in lists and searches, with `authorizationReference`."""
    written = _write(identifier, kind, version)
    end = {name: written.pop(name) for name in ("isOneTimeConsent", "versionId")}
    return {**written, "authorizationReference": _refer(identifier), **end}


def _refer(identifier: str) -> list[dict[str, str]]:
    app = _APP.fullmatch(identifier)
    if app is None:
        return [{"id": "urn:altinn:resource", "value": identifier}]
    return [{"id": "urn:altinn:org", "value": app[1]}, {"id": "urn:altinn:app", "value": app[2]}]


def _page(query: Query, code: str) -> Response:
    limit = query.text("limit")
    if limit is not None and not re.fullmatch(r"\s*[+-]?[0-9]{1,10}\s*", limit):
        return _refuse({"limit": [f"The value '{limit}' is not valid."]})
    if limit is not None and not 1 <= int(limit) <= _MOST:
        problem = Problem(code, f"The limit must be between 1 and {_MOST}.", None)
        return answers.answer_validation([problem], "2026-07")
    return _answer({"links": {}, "data": []})


def _answer(value: object) -> Response:
    return Formatted(json_writer.write_indented(value), 200, _OFFERED[:1])


def _not_found() -> Response:
    return Formatted(json_writer.write_indented(answers.write_status(404)), 404, _OFFERED)


def _refuse(errors: Mapping[str, list[str]]) -> Response:
    return Formatted(json_writer.write_indented(answers.write_model_errors(errors)), 400, _OFFERED)
