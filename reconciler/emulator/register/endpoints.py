"""The endpoints of the System Register, V1 to V8 and P1 to P4, with the checks in the order of its contract §1.5.

Binding, validation, storage and the verification of tokens are in modules of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import Response

from reconciler.emulator.dotnet import answers
from reconciler.emulator.dotnet.answers import (
    answer_empty,
    answer_json,
    answer_status,
    answer_text,
    answer_written,
)
from reconciler.emulator.dotnet.failures import DatabaseFailure, NullReference, ServiceFailure, demand
from reconciler.emulator.dotnet.model_errors import ModelError
from reconciler.emulator.dotnet.query_binding import bind_flag, bind_path_id
from reconciler.emulator.register import body_binding, database, old_format, validations
from reconciler.emulator.register.change_log import write_change
from reconciler.emulator.register.claims import (
    PORTAL_SCOPES,
    VENDOR_SCOPES,
    find_org,
    make_author,
    may_write,
)
from reconciler.emulator.register.documents import write_reduced
from reconciler.emulator.register.transactions import Transactions
from reconciler.emulator.server.invocation import read_body
from reconciler.emulator.server.portions import Pace, choose_pace
from reconciler.emulator.server.routing import Call, Route

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.emulator.dotnet.answers import Problem, Shape
    from reconciler.emulator.dotnet.token_claims import Caller
    from reconciler.emulator.register.documents import SystemRequest
    from reconciler.emulator.register.store import Store, StoredSystem
    from reconciler.emulator.register.validations import Upstream

PREFIX = "/authentication/api/v1/systemregister"
NO_STORE = {"Cache-Control": "no-store,no-cache", "Pragma": "no-cache"}
DELETED = "Cannot update a system marked as deleted."


@dataclass(frozen=True, slots=True)
class RegisterEndpoints:
    """The endpoints over one store."""

    store: Store
    upstream: Upstream
    shape: Shape
    keep_unknown: bool
    transactions: Transactions = field(default_factory=Transactions)

    def routes(self) -> list[Route]:
        """List the routes, the more specific ones first."""
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
        if not org:
            return answer_empty(403, NO_STORE)
        return _answer_texts(self.store.list_vendor(org))

    async def read(self, call: Call) -> Response:
        """V2: the full document, also of a deleted system."""
        stored = self._find(_read_id(call))
        if stored is None:
            return answer_status(404)
        if not may_write(_caller(call), stored.org):
            return answer_empty(403)
        return answer_written(stored.document)

    async def create(self, call: Call) -> Response:
        """V3: register a system."""
        pace, document = await self._bind_document(call, "registerNewSystem", {})
        document.trim()
        try:
            return await self._create(document, call, pace)
        except DatabaseFailure as failure:
            if failure.is_duplicate:
                return answer_text(409, f"The System already exist: {document.system_id}")
            return answer_text(500, str(failure))
        except ServiceFailure as failure:
            return answer_text(500, str(failure))

    async def _bind_document(
        self, call: Call, parameter: str, found: Mapping[str, list[str]]
    ) -> tuple[Pace, SystemRequest]:
        body = await read_body(call.request)
        pace = choose_pace(len(body.data))
        keep = self.keep_unknown
        bind = partial(body_binding.bind_document, body, parameter, found, keep_unknown=keep)
        return pace, await pace.run(bind)

    async def _refuse(self, problems: Sequence[Problem], pace: Pace) -> Response:
        return await pace.run(partial(answers.answer_validation, problems, self.shape))

    async def _create(self, document: SystemRequest, call: Call, pace: Pace) -> Response:
        parts = document.vendor_id.split(":")
        if parts[0] != "0192":
            return answers.answer_validation([validations.BAD_ISO6523], self.shape)
        if len(parts) == 1:
            raise ServiceFailure("Index was outside the bounds of the array.")
        org = parts[1]
        found = await self._check_new(document, org, pace)
        if not may_write(_caller(call), org):
            return answer_empty(403)
        if found:
            return await self._refuse(found, pace)
        author = make_author(_caller(call))
        claimed = demand(document.client_ids)
        begun = self.transactions.begin(document.system_id, claimed, call.transaction_fault, is_new=True)
        async with begun as transaction:
            return answer_json(await pace.take(self.store.create(document, org, author), transaction.check))

    async def _check_new(self, document: SystemRequest, org: str, pace: Pace) -> list[Problem]:
        """Step 3 of V3, with its exceptions, which come before any answer."""
        database.check_text(document.system_id)
        known = self._find(document.system_id) is not None
        found = validations.check_new_id(document, org, is_known=known)
        problems, client_ids = await pace.run(partial(_check_texts, document))
        found += problems
        if await self._find_owners(client_ids, pace):
            found.append(validations.TAKEN_CLIENT)
        found += await validations.check_rights(document.rights, self.upstream)
        return found + await validations.check_packages(
            document.packages or [], self.upstream, is_visible=document.is_visible
        )

    async def _find_owners(self, client_ids: Sequence[str], pace: Pace) -> dict[str, str]:
        async with self.transactions.storing:
            return await pace.take(self.store.find_owners(client_ids))

    async def update(self, call: Call) -> Response:
        """V4: replace the whole document."""
        errors: dict[str, list[str]] = {}
        system_id = bind_path_id(call.values, errors)
        pace, document = await self._bind_document(call, "proposedUpdateToSystem", errors)
        document.trim()
        stored = self._find_target(document, system_id, call)
        if isinstance(stored, Response):
            return stored
        pace = pace.allow(len(stored.document))
        client_ids = demand(document.client_ids)
        taken = await self._list_taken(stored, client_ids, pace)
        found = await validations.check_rights(document.rights, self.upstream)
        found += await validations.check_packages(
            document.packages or [], self.upstream, is_visible=document.is_visible
        )
        found += await pace.run(partial(validations.check_client_ids, client_ids, taken))
        if found:
            return await self._refuse(found, pace)
        demand(document.packages)
        author = make_author(_caller(call))
        async with self.transactions.storing:
            claimed = await pace.take(self.store.list_unheld(stored.internal_id, client_ids))
        async with self.transactions.begin(system_id, claimed, call.transaction_fault) as transaction:
            await pace.take(self.store.update(stored, document, author), transaction.check)
        return answer_json({"succeeded": True})

    def _find_target(self, document: SystemRequest, system_id: str, call: Call) -> StoredSystem | Response:
        """Steps 2 to 6 of V4: the system to update, or the refusal."""
        not_found = answer_text(404, f"System with ID '{system_id}' not found.")
        stored = self._find(system_id)
        if stored is None:
            return not_found
        if not may_write(_caller(call), stored.org):
            return answer_empty(403)
        if document.vendor_id != f"0192:{stored.org}":
            return not_found
        if document.system_id != system_id:
            return answers.answer_validation([validations.OTHER_ID], self.shape)
        return answer_text(400, DELETED) if stored.is_deleted else stored

    async def _list_taken(
        self, stored: StoredSystem, proposed: Sequence[str | None], pace: Pace
    ) -> list[str]:
        """List the client ids of a PUT that belong to another system."""

        def list_lookups() -> list[str]:
            database.check_text(*proposed)
            held = stored.read()["clientId"]
            return validations.list_lookups(held if isinstance(held, list) else [], proposed)

        owners = await self._find_owners(await pace.run(list_lookups), pace)
        return [client_id for client_id, owner in owners.items() if owner != stored.internal_id]

    async def update_rights(self, call: Call) -> Response:
        """V5: replace the list of rights."""
        errors: dict[str, list[str]] = {}
        system_id = bind_path_id(call.values, errors)
        body = await read_body(call.request)
        pace = choose_pace(len(body.data))
        bind = partial(body_binding.bind_rights, body, errors, keep_unknown=self.keep_unknown)
        rights = await pace.run(bind)
        stored = self._find_writable(system_id, call)
        if isinstance(stored, Response):
            return stored
        pace = pace.allow(len(stored.document))
        found = await validations.check_rights(rights, self.upstream)
        if found:
            return await self._refuse(found, pace)
        author = make_author(_caller(call))
        async with self.transactions.begin(system_id, (), call.transaction_fault) as transaction:
            await pace.take(self.store.update_rights(stored, rights, author), transaction.check)
        return answer_json({"succeeded": True})

    async def update_packages(self, call: Call) -> Response:
        """V6: replace the list of access packages."""
        errors: dict[str, list[str]] = {}
        system_id = bind_path_id(call.values, errors)
        body = await read_body(call.request)
        pace = choose_pace(len(body.data))
        bind = partial(body_binding.bind_packages, body, errors, keep_unknown=self.keep_unknown)
        packages = await pace.run(bind)
        stored = self._find_writable(system_id, call)
        if isinstance(stored, Response):
            return stored
        pace = pace.allow(len(stored.document))
        is_visible = bool((await pace.run(stored.read))["isVisible"])
        found = await validations.check_packages(packages, self.upstream, is_visible=is_visible)
        if found:
            return await self._refuse(found, pace)
        author = make_author(_caller(call))
        async with self.transactions.begin(system_id, (), call.transaction_fault) as transaction:
            await pace.take(self.store.update_packages(stored, packages, author), transaction.check)
        return answer_json({"succeeded": True})

    def _find_writable(self, system_id: str, call: Call) -> StoredSystem | Response:
        """Steps 1 to 3 of V5 and V6; an unknown system is a null reference, not a 404."""
        stored = demand(self._find(system_id))
        if not may_write(_caller(call), stored.org):
            return answer_empty(403)
        return answer_text(400, DELETED) if stored.is_deleted else stored

    def _find(self, system_id: str) -> StoredSystem | None:
        """Find a system; raises `ServiceFailure` if its row cannot be read (contract Q25)."""
        stored = self.store.find(system_id)
        if stored is not None and stored.lacking is not None:
            raise ServiceFailure(f"Column '{stored.lacking}' is null.")
        return stored

    async def delete(self, call: Call) -> Response:
        """V7: delete the system; answers 400 if it had no client ids, although it is deleted (contract Q1)."""
        caller, system_id = _caller(call), _read_id(call)
        stored = self._find(system_id)
        if stored is None:
            return answers.answer_model_errors({"return": ["System not found"]})
        if not may_write(caller, stored.org):
            return answer_empty(403)
        author = make_author(caller)
        pace = choose_pace(len(stored.document))
        async with self.transactions.begin(system_id, (), call.transaction_fault) as transaction:
            freed = await pace.take(self.store.delete(stored, author), transaction.check)
        return answer_json({"succeeded": True}) if freed else answer_status(400)

    async def list_changes(self, call: Call) -> Response:
        """V8: the change log, newest first."""
        system_id = _read_id(call)
        stored = self._find(system_id)
        if stored is None:
            return answer_text(404, f"System with ID {system_id} not found.")
        if not may_write(_caller(call), stored.org):
            return answer_empty(403)
        return answer_json([write_change(change) for change in self.store.list_changes(stored.internal_id)])

    async def list_public(self, _call: Call) -> Response:
        """P1: every vendor's visible systems in reduced form."""
        return _answer_texts(self.store.list_visible())

    async def read_public(self, call: Call) -> Response:
        """P2: one system in reduced form, also deleted or invisible."""
        stored = self._find(_read_id(call))
        return answer_status(404) if stored is None else answer_json(write_reduced(stored.read()))

    async def read_public_rights(self, call: Call) -> Response:
        """P3: the rights, `[]` for an unknown system."""
        system_id, is_old = _read_public_id(call)
        rights = self._public_list(system_id, "rights")
        return answer_json(old_format.write_rights(rights) if is_old else rights)

    async def read_public_packages(self, call: Call) -> Response:
        """P4: the access packages, `[]` for an unknown system."""
        system_id, _ = _read_public_id(call)
        return answer_json(self._public_list(system_id, "accessPackages"))

    def _public_list(self, system_id: str, member: str) -> list[dict[str, object]]:
        stored = self.store.find(system_id)
        found = None if stored is None else stored.read().get(member)
        return found if isinstance(found, list) else []


def _check_texts(document: SystemRequest) -> tuple[list[Problem], list[str]]:
    """Check the redirect URLs of a new system; give its client ids too, which the database can be asked for."""
    problems = validations.check_redirects(document)
    client_ids = [client_id for client_id in demand(document.client_ids) if client_id is not None]
    database.check_text(*client_ids)
    return problems, client_ids


def _caller(call: Call) -> Caller:
    return demand(call.caller)


def _read_id(call: Call) -> str:
    """Bind the id of the path; raises `ModelError` if it is blank."""
    errors: dict[str, list[str]] = {}
    system_id = bind_path_id(call.values, errors)
    if errors:
        raise ModelError(errors)
    return system_id


def _read_public_id(call: Call) -> tuple[str, bool]:
    """Bind path and query of P3 and P4."""
    errors: dict[str, list[str]] = {}
    system_id = bind_path_id(call.values, errors)
    is_old = bind_flag(call.query, "useOldFormatForApp", errors)
    if errors:
        raise ModelError(errors)
    return system_id, is_old


def _answer_texts(documents: Sequence[str | None]) -> Response:
    """Answer a list; one unreadable row makes the whole answer a 500 (contract Q25)."""
    texts = [document for document in documents if document is not None]
    if len(texts) != len(documents):
        raise NullReference
    return answer_written(f"[{','.join(texts)}]", NO_STORE)
