"""Rules on `clientId`: the Maskinporten clients that may act for a system."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.findings import Severity
from reconciler.rules.registry import Fault, fleet_rule, quote, system_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model import Resolved
    from reconciler.rules.registry import Fleet

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PLACEHOLDER = re.compile(r"[xX]+(?:-[xX]+)*|0{8}(?:-0{4}){3}-0{12}|<.*>|\{.*\}|(?i:todo|tbd|change-?me).*")


def _is_placeholder(client: str) -> bool:
    return _PLACEHOLDER.fullmatch(client) is not None


@system_rule("client-id-placeholder", allowable=False)
def check_placeholders(subject: Resolved) -> Iterator[Fault]:
    """A client id is a real one.

    Published examples show `xxxx-xxxx`, and the register would store it (System Register contract §3).
    """
    for index, client in enumerate(subject.system.clientId):
        if _is_placeholder(client):
            message = f"{quote(client)} is a placeholder"
            yield Fault(("clientId", index), message, "Write the id of the client in Maskinporten.")


@system_rule("client-id-format")
def check_format(subject: Resolved) -> Iterator[Fault]:
    """A client id is a UUID, as Maskinporten makes them.

    The register stores any text, the empty one included, and a token for it never comes.
    """
    for index, client in enumerate(subject.system.clientId):
        if not _UUID.fullmatch(client) and not _is_placeholder(client):
            message = f"{quote(client)} is not a UUID"
            yield Fault(("clientId", index), message, "Copy the client's id from Digdir's self-service.")


@system_rule("client-id-case", severity=Severity.NOTE)
def check_case(subject: Resolved) -> Iterator[Fault]:
    """A client id is written in lower case.

    The register compares it exactly in one place and ignoring case in another (System Register contract §4,
    Q22).
    """
    for index, client in enumerate(subject.system.clientId):
        if _UUID.fullmatch(client) and client != client.lower():
            hint = "Maskinporten writes lower case; respelling a registered one stops its tokens."
            yield Fault(("clientId", index), f"{quote(client)} has capital letters", hint)


@system_rule("client-id-duplicate", code="AUTH.VLD-00011", allowable=False)
def check_duplicates(subject: Resolved) -> Iterator[Fault]:
    """No client id stands twice in a file, whatever its letter case.

    A PUT says so; a POST answers that the system exists already, which it does not (System Register contract
    §4, Q9).
    """
    first: dict[str, int] = {}
    for index, client in enumerate(subject.system.clientId):
        other = first.setdefault(client.lower(), index)
        if other != index:
            message = f"{quote(client)} stands twice: `clientId[{other}]` is the same"
            yield Fault(("clientId", index), message, "Remove one of them.")


@system_rule("no-client-ids", severity=Severity.WARNING)
def check_none(subject: Resolved) -> Iterator[Fault]:
    """A system has a client that may act for it.

    Without one, nobody gets a token for its system users.
    """
    if not subject.system.clientId:
        yield Fault(("clientId",), "The system has no client id", "Add the id of its client in Maskinporten.")


@fleet_rule("client-id-shared", code="AUTH.VLD-00004", allowable=False)
def check_shared(fleet: Fleet) -> Iterator[tuple[Resolved, Fault]]:
    """A client id is on one system of an environment.

    The register holds it on one active system in the whole country (System Register contract §3, 00004). A
    withdrawn system holds none.
    """
    first: dict[str, Resolved] = {}
    for subject in fleet.systems:
        for index, client in enumerate(subject.system.clientId):
            other = first.setdefault(client.lower(), subject)
            if other is not subject and not _is_placeholder(client):
                message = (
                    f"{quote(client)} is on {quote(other.system.id)} too ({other.definition.document.file})"
                )
                yield subject, Fault(("clientId", index), message, "Keep it on one of the two.")
