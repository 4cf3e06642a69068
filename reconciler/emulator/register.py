"""The System Register itself: V1–V8 and P1–P4, every check in the order of its contract §1.5.

It decides and answers. Binding, validating, storing and verifying tokens are done elsewhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.responses import Response

from reconciler.emulator import binding, problems, validation
from reconciler.emulator.access import PORTAL_SCOPES, VENDOR_SCOPES, find_org, make_author, may_write
from reconciler.emulator.failures import DatabaseFailure, NullReference, ServiceFailure, demand
from reconciler.emulator.overlaps import Overlaps
from reconciler.emulator.problems import answer_empty, answer_json, answer_status, answer_text
from reconciler.emulator.routing import Call, Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.emulator.documents import Document
    from reconciler.emulator.problems import Problem, Shape
    from reconciler.emulator.store import Change, Store, Stored
    from reconciler.emulator.tokens import Caller
    from reconciler.emulator.validation import Upstream

PREFIX = "/authentication/api/v1/systemregister"
NO_STORE = {"Cache-Control": "no-store,no-cache", "Pragma": "no-cache"}
DELETED = "Cannot update a system marked as deleted."
_JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Register:
    """The register's endpoints over one store."""

    store: Store
    upstream: Upstream
    shape: Shape
    keep_unknown: bool
    overlaps: Overlaps = field(default_factory=Overlaps)

    def routes(self) -> list[Route]:
        """List the routes, the more literal first."""
        vendor = f"{PREFIX}/vendor"
        one = f"{vendor}/{{systemId}}"
        return [
            Route("GET", PREFIX, self.list_public, PORTAL_SCOPES),
            Route("GET", vendor, self.list_vendor, VENDOR_SCOPES),
            Route("POST", vendor, self.create, VENDOR_SCOPES),
            Route("GET", one, self.read, VENDOR_SCOPES),
            Route("PUT", one, self.update, VENDOR_SCOPES),
            Route("DELETE", one, self.delete, VENDOR_SCOPES),
            Route("PUT", f"{one}/rights", self.update_rights, VENDOR_SCOPES),
            Route("PUT", f"{one}/accesspackages", self.update_packages, VENDOR_SCOPES),
            Route("GET", f"{one}/changelog", self.list_changes, VENDOR_SCOPES),
            Route("GET", f"{PREFIX}/{{systemId}}", self.read_public, PORTAL_SCOPES),
            Route("GET", f"{PREFIX}/{{systemId}}/rights", self.read_public_rights, PORTAL_SCOPES),
            Route("GET", f"{PREFIX}/{{systemId}}/accesspackages", self.read_public_packages, PORTAL_SCOPES),
        ]

    async def list_vendor(self, call: Call) -> Response:
        """V1: the vendor's systems in reduced form, deleted ones left out."""
        org = find_org(_caller(call))
        if org is None:
            return answer_empty(403)
        return _answer_texts(self.store.list_vendor(org))

    async def read(self, call: Call) -> Response:
        """V2: the full document, also of a deleted system."""
        stored = self.store.find(call.values["systemId"])
        if stored is None:
            return answer_status(404)
        if not may_write(_caller(call), stored.org):
            return answer_empty(403)
        return Response(stored.document, media_type=_JSON)

    async def create(self, call: Call) -> Response:
        """V3: register a system."""
        document = binding.bind_document(
            await binding.read_body(call.request), "registerNewSystem", keep_unknown=self.keep_unknown
        )
        document.trim()
        try:
            return await self._create(document, call)
        except DatabaseFailure as failure:
            if failure.is_duplicate:
                return answer_text(409, f"The System already exist: {document.system_id}", call.accept)
            return answer_text(500, str(failure), call.accept)
        except ServiceFailure as failure:
            return answer_text(500, str(failure), call.accept)

    async def _create(self, document: Document, call: Call) -> Response:
        parts = document.vendor_id.split(":")
        if parts[0] != "0192":
            return problems.answer_validation([validation.BAD_ISO6523], self.shape)
        if len(parts) == 1:
            raise ServiceFailure("Index was outside the bounds of the array.")
        org = parts[1]
        known = self.store.find(document.system_id) is not None
        found = validation.check_new_id(document, org, is_known=known)
        found += validation.check_redirects(document)
        if self.store.find_owners([client for client in demand(document.client_ids) if client is not None]):
            found.append(validation.TAKEN_CLIENT)
        found += await validation.check_rights(document.rights, self.upstream)
        found += await validation.check_packages(
            document.packages or [], self.upstream, is_visible=document.is_visible
        )
        if not may_write(_caller(call), org):
            return answer_empty(403)
        if found:
            return problems.answer_validation(found, self.shape)
        async with self.overlaps.enter(document.system_id, call.overlap):
            return answer_json(self.store.create(document, org, make_author(_caller(call))))

    async def update(self, call: Call) -> Response:
        """V4: replace the whole document."""
        document = binding.bind_document(
            await binding.read_body(call.request), "proposedUpdateToSystem", keep_unknown=self.keep_unknown
        )
        document.trim()
        stored = self._find_target(document, call)
        if isinstance(stored, Response):
            return stored
        found = await validation.check_rights(document.rights, self.upstream)
        found += await validation.check_packages(
            document.packages or [], self.upstream, is_visible=document.is_visible
        )
        found += self._check_clients(stored, demand(document.client_ids))
        if found:
            return problems.answer_validation(found, self.shape)
        demand(document.packages)
        async with self.overlaps.enter(document.system_id, call.overlap):
            self.store.update(stored, document, make_author(_caller(call)))
        return answer_json({"succeeded": True})

    def _find_target(self, document: Document, call: Call) -> Stored | Response:
        """Steps 2–6 of V4: the system to update, or the answer that says why not."""
        system_id = call.values["systemId"]
        not_found = answer_text(404, f"System with ID '{system_id}' not found.", call.accept)
        stored = self.store.find(system_id)
        if stored is None:
            return not_found
        if not may_write(_caller(call), stored.org):
            return answer_empty(403)
        if document.vendor_id != f"0192:{stored.org}":
            return not_found
        if document.system_id != system_id:
            return problems.answer_validation([validation.OTHER_ID], self.shape)
        return answer_text(400, DELETED, call.accept) if stored.is_deleted else stored

    def _check_clients(self, stored: Stored, client_ids: Sequence[str | None]) -> list[Problem]:
        """Check 00011 and 00004.

        The look-up drops repeats in another letter case, own ids first (contract Q22).
        """
        wanted = [client_id for client_id in client_ids if client_id is not None]
        found = [validation.REPEATED_CLIENT] if len({_fold(one) for one in wanted}) != len(wanted) else []
        held = stored.read()["clientId"]
        lookup = {_fold(str(one)): str(one) for one in (held if isinstance(held, list) else [])}
        for one in wanted:
            lookup.setdefault(_fold(one), one)
        owners = self.store.find_owners(list(lookup.values()))
        return found + [validation.TAKEN_CLIENT for owner in owners.values() if owner != stored.internal_id]

    async def update_rights(self, call: Call) -> Response:
        """V5: replace the list of rights."""
        rights = binding.bind_rights(await binding.read_body(call.request), keep_unknown=self.keep_unknown)
        stored = self._find_writable(call)
        if isinstance(stored, Response):
            return stored
        found = await validation.check_rights(rights, self.upstream)
        if found:
            return problems.answer_validation(found, self.shape)
        async with self.overlaps.enter(call.values["systemId"], call.overlap):
            self.store.update_rights(stored, rights, make_author(_caller(call)))
        return answer_json({"succeeded": True})

    async def update_packages(self, call: Call) -> Response:
        """V6: replace the list of access packages."""
        packages = binding.bind_packages(
            await binding.read_body(call.request), keep_unknown=self.keep_unknown
        )
        stored = self._find_writable(call)
        if isinstance(stored, Response):
            return stored
        is_visible = bool(stored.read()["isVisible"])
        found = await validation.check_packages(packages, self.upstream, is_visible=is_visible)
        if found:
            return problems.answer_validation(found, self.shape)
        async with self.overlaps.enter(call.values["systemId"], call.overlap):
            self.store.update_packages(stored, packages, make_author(_caller(call)))
        return answer_json({"succeeded": True})

    def _find_writable(self, call: Call) -> Stored | Response:
        """Steps 1–3 of V5 and V6: an unknown system is a null reference there, not a 404."""
        stored = demand(self.store.find(call.values["systemId"]))
        if not may_write(_caller(call), stored.org):
            return answer_empty(403)
        return answer_text(400, DELETED, call.accept) if stored.is_deleted else stored

    async def delete(self, call: Call) -> Response:
        """V7: delete for ever; 400 where no client id was freed, and deleted all the same (contract Q1)."""
        caller = _caller(call)
        stored = self.store.find(call.values["systemId"])
        if stored is None:
            return problems.answer_model_errors({"return": ["System not found"]})
        if not may_write(caller, stored.org):
            return answer_empty(403)
        async with self.overlaps.enter(call.values["systemId"], call.overlap):
            freed = self.store.delete(stored, make_author(caller))
        return answer_json({"succeeded": True}) if freed else answer_status(400)

    async def list_changes(self, call: Call) -> Response:
        """V8: the change log, newest first."""
        system_id = call.values["systemId"]
        stored = self.store.find(system_id)
        if stored is None:
            return answer_text(404, f"System with ID {system_id} not found.", call.accept)
        if not may_write(_caller(call), stored.org):
            return answer_empty(403)
        return answer_json([_write_change(change) for change in self.store.list_changes(stored.internal_id)])

    async def list_public(self, _call: Call) -> Response:
        """P1: every vendor's visible systems in reduced form."""
        return _answer_texts(self.store.list_visible())

    async def read_public(self, call: Call) -> Response:
        """P2: one system in reduced form, also deleted or invisible."""
        reduced = self.store.find_reduced(call.values["systemId"])
        return answer_status(404) if reduced is None else Response(reduced, media_type=_JSON)

    async def read_public_rights(self, call: Call) -> Response:
        """P3: the rights, `[]` for an unknown system."""
        rights = self._public_list(call, "rights")
        if call.request.query_params.get("useOldFormatForApp", "").lower() == "true":
            rights = [_in_old_format(right) for right in rights]
        return answer_json(rights)

    async def read_public_packages(self, call: Call) -> Response:
        """P4: the access packages, `[]` for an unknown system."""
        return answer_json(self._public_list(call, "accessPackages"))

    def _public_list(self, call: Call, member: str) -> list[dict[str, object]]:
        stored = self.store.find(call.values["systemId"])
        found = None if stored is None else stored.read().get(member)
        return found if isinstance(found, list) else []


def _caller(call: Call) -> Caller:
    return demand(call.caller)


def _fold(client_id: str) -> str:
    return client_id.upper()


def _answer_texts(documents: Sequence[str]) -> Response:
    """Answer a list; one row that cannot be read spoils it whole (contract Q25)."""
    if "" in documents:
        raise NullReference
    return Response(f"[{','.join(documents)}]", media_type=_JSON, headers=NO_STORE)


def _in_old_format(right: dict[str, object]) -> dict[str, object]:
    """Rewrite `app_{org}_{app}` to `urn:altinn:org` and `urn:altinn:app` (contract §1.2, P3)."""
    resource = right.get("resource")
    pairs: list[dict[str, object]] = []
    for pair in resource if isinstance(resource, list) else []:
        if pair["id"] != "urn:altinn:resource":
            continue
        if not pair["value"].startswith("app_"):
            pairs.append(pair)
            continue
        parts = pair["value"].split("_", 2)
        if len(parts) == 3:
            pairs.append({"id": "urn:altinn:org", "value": parts[1]})
            pairs.append({"id": "urn:altinn:app", "value": parts[2]})
    return {**right, "resource": pairs}


def _write_change(change: Change) -> dict[str, object]:
    written: dict[str, object] = {
        "systemInternalId": change.internal_id,
        "changedByOrgNumber": change.org,
        "changeType": change.change_type,
    }
    if change.changed_data is not None:
        written["changedData"] = json.loads(change.changed_data)
    if change.client_id is not None:
        written["clientId"] = change.client_id
    return written | {"created": _write_time(change.created)}


def _write_time(stored: str) -> str:
    """Write a time as System.Text.Json does: no zeros at the end of the fraction."""
    moment, offset = stored[:-6], stored[-6:]
    return moment.rstrip("0").rstrip(".") + offset if "." in moment else stored
