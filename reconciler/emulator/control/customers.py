"""The customer's side of the control endpoint, and set-ups that no request can make (System users contract §6.1).

What a customer's browser would do is asked for in words; the answer holds the status and the body that the browser
would have got.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from reconciler.emulator.control.config_tables import ConfigProblems, ConfigTable
from reconciler.emulator.dotnet.answers import answer_json, answer_server_error
from reconciler.emulator.dotnet.failures import ServiceFailure
from reconciler.emulator.systemusers.answering import write_time
from reconciler.emulator.systemusers.deciding import Deciding, Person
from reconciler.emulator.systemusers.problems import Refusal
from reconciler.emulator.systemusers.rows import AccessRequest, ChangeRequest, SystemUser

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.responses import Response

    from reconciler.emulator.systemusers.answering import Customers
    from reconciler.emulator.systemusers.tables import Table

R = TypeVar("R", bound=SystemUser | AccessRequest | ChangeRequest)
_WORDS = ("approve", "reject", "escalate", "create", "delete", "client")


@dataclass(frozen=True, slots=True)
class CustomerControl:
    """What the control endpoint does for customers."""

    customers: Customers

    async def act(self, value: object) -> Response:
        """Do what a customer does; raises ValueError for words that are not understood."""
        table = ConfigTable(value if isinstance(value, Mapping) else {}, (), ConfigProblems("", {}))
        word = table.choice("do", _WORDS, "approve")
        names = ("request", "change", "systemUser", "client", "org", "system", "party", "title")
        texts = {name: table.text(name) for name in names if table.has(name)}
        who = _read_person(table)
        table.finish()
        table.problems.check()
        try:
            async with self.customers.transactions.storing:
                answer = await self._act(word, texts, who)
        except Refusal as refusal:
            answer = refusal.answer(self.customers.shape)
        except ServiceFailure:
            answer = answer_server_error()
        text = bytes(answer.body).decode()
        try:
            body: object = json.loads(text)
        except ValueError:
            body = text
        return answer_json({"status": answer.status_code, "body": body})

    async def _act(self, word: str, texts: Mapping[str, str], who: Person) -> Response:
        deciding, party, user = Deciding(self.customers), texts.get("party"), texts.get("systemUser", "")
        request, change = texts.get("request", ""), texts.get("change")
        if word == "approve" and change is not None:
            return await deciding.approve_change(change, who, party=party)
        if word == "approve":
            return await deciding.approve(request, who, party=party)
        if word == "reject" and change is not None:
            return deciding.reject_change(change, who)
        answers: Mapping[str, Callable[[], Response]] = {
            "reject": lambda: deciding.reject(request, who, party=party),
            "escalate": lambda: deciding.escalate(request, who),
            "create": lambda: deciding.create(
                texts.get("org", ""), texts.get("system", ""), who, texts.get("title")
            ),
            "delete": lambda: deciding.delete(user, who),
            "client": lambda: deciding.add_client(user, texts.get("client", ""), who),
        }
        return answers[word]()

    async def set_up(self, value: object) -> None:
        """Lay or change rows; raises ValueError for words that are not understood."""
        if not isinstance(value, Mapping):
            raise ValueError("a JSON object is expected")  # noqa: TRY004 - callers catch ValueError alone
        tables, parties = self.customers.tables, self.customers.parties
        async with self.customers.transactions.storing:
            if "request" in value:
                self._change(tables.requests, str(value["request"]), value)
            if "change" in value:
                self._change(tables.changes, str(value["change"]), value)
            for key in ("rights", "accessPackages"):
                if "system" in value and key in value:
                    tables.store.replace_member(str(value["system"]), key, value[key])
            for row in value.get("requests", ()):
                tables.requests.put(_read(AccessRequest, _rename(row, "title", "integrationTitle")))
            for row in value.get("changes", ()):
                tables.changes.put(_read(ChangeRequest, row))
            for row in value.get("systemUsers", ()):
                stored = tables.store.find(str(row.get("systemId")))
                owner = "" if stored is None else stored.org
                tables.users.put(_read(SystemUser, {"supplierOrgno": owner, **row}))
            touched = tables.users.find_any(str(value.get("touched", "")))
            if touched is not None:
                tables.users.put(touched)
            parties.answers.update(value.get("organisations", {}))
            parties.clients.update(value.get("clients", {}))

    def _change(self, table: Table[R], key: str, value: Mapping[str, object]) -> None:
        row = table.find_any(key)
        if row is None:
            raise ValueError(f"there is no row {key}")
        if value.get("archived"):
            table.remove(key)
            return
        members = {name: value[name] for name in ("status", "systemId") if name in value}
        days = value.get("days")
        if isinstance(days, int):
            created = self.customers.tables.store.clock.now() - timedelta(days=days)
            members["created"] = write_time(created)
        table.change(row, **members)

    def list_all(self, kind: str) -> Response:
        """List all rows of a kind, deleted ones included."""
        tables = self.customers.tables
        rows: Mapping[str, Sequence[SystemUser | AccessRequest | ChangeRequest]] = {
            "requests": tables.requests.list_all(),
            "changes": tables.changes.list_all(),
            "systemusers": tables.users.list_all(),
        }
        return answer_json([asdict(row) for row in rows[kind]])


def _read_person(table: ConfigTable) -> Person:
    lacks = table.value("lacks")
    reason = table.value("reason")
    usual = Person()
    return Person(
        by=table.text("by", usual.by),
        lacks=frozenset([lacks] if isinstance(lacks, str) else lacks if isinstance(lacks, list) else ()),
        reason=str(reason) if reason is not None else None if table.has("reason") else usual.reason,
        fail=table.text("fail", ""),
    )


def _rename(row: Mapping[str, object], old: str, new: str) -> dict[str, object]:
    return {new if name == old else name: value for name, value in row.items()}


def _read(kind: type[R], row: Mapping[str, object]) -> R:
    known = {one.name for one in fields(kind)}
    unknown = [name for name in row if name not in known]
    if unknown:
        raise ValueError(f"unknown members of a row: {', '.join(unknown)}")
    return kind(**row)  # type: ignore[arg-type]  # the members of one of three rows, checked above
