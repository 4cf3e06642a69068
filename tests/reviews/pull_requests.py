"""Twelve pull requests, one for each thing that a reviewer meets: the change, and what the register holds.

Every repository begins with the same three systems, which the register holds as the base asks for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from tests.builders import CLIENT, OTHER_CLIENT, VENDOR, a_live_document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.model.canonical_json import Json
    from tests.served import Repository, Served

BOTH: Mapping[str, Json] = {"test": {}, "prod": {}}
CUSTOMERS: Mapping[str, int] = {"invoice": 37, "payroll": 12}
"""System users in the test environment; the archive has none."""
NEW_CLIENT = "5f0c3a1e-2d0f-4a57-9d0a-0b7a2f9c1d11"


def name_all(text: str) -> dict[str, str]:
    """Give one name in all languages."""
    return {"nb": text, "nn": text, "en": text}


SYSTEMS: Mapping[str, Mapping[str, Json]] = {
    "invoice": {"name": name_all("Smart Invoice"), "clientId": [CLIENT]},
    "payroll": {"name": name_all("Smart Payroll"), "clientId": [OTHER_CLIENT]},
    "archive": {"name": name_all("Smart Archive"), "clientId": []},
}
"""What the base asks for and the register holds."""


def define(repository: Repository, name: str, /, **changes: Json) -> None:
    """Write a definition; what is not said stays as it is at the base."""
    members: dict[str, Json] = {
        "environments": {"test": {}},
        **SYSTEMS.get(name, {"name": name_all(name)}),
        **changes,
    }
    path = repository.define(name, **members)
    path.rename(path.with_name(f"{name}.yaml"))


def seed(served: Served) -> None:
    """Put the systems of the base, and the customers of two, into the register."""
    documents = [a_live_document(id=f"{VENDOR}_{name}", **members) for name, members in SYSTEMS.items()]
    httpx.post(f"{served.base}/control/systems", json=documents).raise_for_status()
    users = [
        {
            "id": f"ca73c480-3a77-476e-9e94-{1000 * system + number:012}",
            "systemId": f"{VENDOR}_{name}",
            "reporteeOrgNo": "312605031",
            "supplierOrgno": VENDOR,
            "externalRef": f"{name}-{number}",
        }
        for system, (name, total) in enumerate(CUSTOMERS.items())
        for number in range(total)
    ]
    httpx.put(f"{served.base}/control/systemusers", json=users).raise_for_status()


def _edit_outside(served: Served) -> None:
    """Rename the invoice in the register, with another client of the vendor."""
    live = served.read(f"{VENDOR}_invoice")
    body = {key: value for key, value in live.items() if key != "isDeleted"}
    answer = served.ask("PUT", f"/{VENDOR}_invoice", {**body, "name": name_all("Clever Invoice")})
    answer.raise_for_status()


def _take_client(served: Served) -> None:
    """Register a system by hand, which holds a client id."""
    held = a_live_document(id=f"{VENDOR}_by_hand", name=name_all("Made by hand"), clientId=[NEW_CLIENT])
    httpx.post(f"{served.base}/control/systems", json=[held]).raise_for_status()


def _leave(served: Served) -> None:
    """Leave the register as the base asks for it."""
    del served


@dataclass(frozen=True)
class PullRequest:
    """One change to the files, and what somebody did in the register before it."""

    name: str
    change: Callable[[Repository], None]
    outside: Callable[[Served], None] = _leave
    base: Callable[[Repository], None] = lambda _: None
    """What the base has beside the three systems."""


def _remove(repository: Repository) -> None:
    (repository.root / "systems" / "invoice.yaml").unlink()


def _comment(repository: Repository) -> None:
    path = repository.root / "systems" / "invoice.yaml"
    path.write_text(f"# Who to call: the team that owns the invoices\n{path.read_text()}", encoding="utf-8")


def _break(repository: Repository) -> None:
    path = repository.root / "systems" / "invoice.yaml"
    path.write_text(path.read_text().replace('clientId: ["', 'clientId: ["x'), encoding="utf-8")


_RIGHTS = [
    {"resource": [{"id": "urn:altinn:resource", "value": value}]}
    for value in ("ske-krav-og-betalinger", "ske-innrapportering-boligsameie")
]
_UNKNOWN_RIGHTS = [
    _RIGHTS[0],
    {"resource": [{"id": "urn:altinn:resource", "value": "ske-krav-og-betalingar"}]},
]

PULL_REQUESTS = (
    PullRequest(
        "create", lambda one: define(one, "reports", name=name_all("Smart Reports"), clientId=[NEW_CLIENT])
    ),
    PullRequest("rename", lambda one: define(one, "invoice", name=name_all("Smart Invoice 2"))),
    PullRequest("right-added", lambda one: define(one, "invoice", rights=_RIGHTS)),
    PullRequest(
        "client-id-replaced-in-production",
        lambda one: define(one, "invoice", environments={"test": {}, "prod": {"clientId": [NEW_CLIENT]}}),
        base=lambda one: define(one, "invoice", environments=BOTH),
    ),
    PullRequest("deletion", lambda one: define(one, "payroll", withdrawn=True)),
    PullRequest("file-removed", _remove),
    PullRequest(
        "drift-overwritten",
        lambda one: define(one, "invoice", name=name_all("Smart Invoice 2")),
        _edit_outside,
    ),
    PullRequest(
        "drift-adopted",
        lambda one: define(one, "invoice", name=name_all("Clever Invoice")),
        _edit_outside,
    ),
    PullRequest(
        "blocked-by-unmanaged",
        lambda one: define(one, "payroll", clientId=[OTHER_CLIENT, NEW_CLIENT]),
        _take_client,
    ),
    PullRequest("right-unknown", lambda one: define(one, "invoice", rights=_UNKNOWN_RIGHTS)),
    PullRequest("nothing", _comment),
    PullRequest("file-broken", _break),
)
