"""Rules on `clientId`: the Maskinporten clients that may act for a system."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.definitions.yaml_document import quote
from reconciler.model.findings import Severity
from reconciler.rules.registry import Fault, fleet_rule, system_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.definitions.definition import Resolved
    from reconciler.rules.registry import Fleet

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"x+(?:-x+)*|.*xxx.*|<.*>|\$?\{.*\}|\$\(.*\)|(?:todo|tbd|change-?me|replace-?me|placeholder|your).*"
    r"|([0-9a-f])\1{7}(?:-\1{4}){3}-\1{12}",
    re.IGNORECASE | re.DOTALL,
)
"""Runs of x, brackets, words such as `todo`, and a UUID of one digit."""


def _is_placeholder(client: str) -> bool:
    return _PLACEHOLDER.fullmatch(client) is not None


@system_rule("client-id-placeholder")
def check_placeholders(subject: Resolved) -> Iterator[Fault]:
    """A client id is a real one.

    Published examples show `xxxx-xxxx-…`. The register would store it as it stores any
    text (System Register contract §3, at the end), for one system in the whole country.

    Fix: copy the id of your client in Maskinporten from Digdir's self-service.
    """
    for index, client in enumerate(subject.system.clientId):
        if _is_placeholder(client):
            message = f"{quote(client)} is a placeholder"
            yield Fault(("clientId", index), message, "Write the id of the client in Maskinporten.")


@system_rule("client-id-empty", allowable=False)
def check_empty(subject: Resolved) -> Iterator[Fault]:
    """No client id is empty.

    The register stores an empty client id, which takes its place in the whole country, and
    leaves it out of its answers (System Register contract §4, Q16): a plan would ask for it
    for ever.

    Fix: write the id of the client, or remove the line.
    """
    for index, client in enumerate(subject.system.clientId):
        if not client:
            yield Fault(("clientId", index), "The client id is empty", "Write the id, or remove the line.")


@system_rule("client-id-format")
def check_format(subject: Resolved) -> Iterator[Fault]:
    """A client id is a UUID, as Maskinporten makes them.

    The register stores any text (System Register contract §2.2), and no token is ever
    issued for it.

    Fix: copy the id from Digdir's self-service, without white space around it.

        clientId:
          - 32ef65ac-6e62-498d-880f-76c85c2052ae
    """
    for index, client in enumerate(subject.system.clientId):
        if client and not _UUID.fullmatch(client) and not _is_placeholder(client):
            message = f"{quote(client)} is not a UUID"
            yield Fault(("clientId", index), message, "Copy the client's id from Digdir's self-service.")


@system_rule("client-id-case", severity=Severity.NOTE)
def check_case(subject: Resolved) -> Iterator[Fault]:
    """A client id is written in small letters.

    The register compares it exactly in some places and in any letter case in others
    (System Register contract §2.5 and §4, Q22), and Maskinporten writes small letters.

    Fix: write small letters for a client that is not registered yet. Respelling one
    that is takes it from its system, and its tokens stop.
    """
    for index, client in enumerate(subject.system.clientId):
        if client != client.lower() and _UUID.fullmatch(client):
            hint = "Write small letters, unless the register holds it so: respelling it stops its tokens."
            yield Fault(("clientId", index), f"{quote(client)} has capital letters", hint)


@system_rule("client-id-duplicate", code="AUTH.VLD-00011")
def check_duplicates(subject: Resolved) -> Iterator[Fault]:
    """No client id stands twice in a file, whatever its letter case.

    A PUT refuses it (System Register contract §3, 00011). A POST answers that the system
    exists already, which it does not (§4, Q9).

    Fix: remove one of them.
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

    The register takes a system without one (System Register contract §2.2), but no
    token is given for its system users: Maskinporten looks for the client in the system.

    Fix: add the id of the client. While the system is being prepared, use `allow:`.

        clientId:
          - 32ef65ac-6e62-498d-880f-76c85c2052ae
    """
    if not subject.system.clientId:
        yield Fault(("clientId",), "The system has no client id", "Add the id of its client in Maskinporten.")


@fleet_rule("client-id-shared", code="AUTH.VLD-00004", allowable=False)
def check_shared(fleet: Fleet) -> Iterator[tuple[Resolved, Fault]]:
    """A client id is on one system of an environment.

    The register holds a client id on one active system in the whole country (System
    Register contract §3, 00004). It compares them exactly, so that another spelling of
    a taken one passes there; this tool does not let it, since the register trips over
    such pairs later (§4, Q22). A withdrawn system holds no client ids.

    Fix: keep it on one of the two, or register a client of its own for the other.
    """
    first: dict[str, tuple[Resolved, int]] = {}
    for subject in fleet.systems:
        for index, client in enumerate(subject.system.clientId):
            other, number = first.setdefault(client.lower(), (subject, index))
            if other is not subject and not _is_placeholder(client):
                place = other.locate(("clientId", number))
                message = f"{quote(client)} is on another system too: {place.file}:{place.line}"
                same = other.system.clientId[number] == client
                if not same:
                    message += ", in another letter case"
                code = None if same else ""
                hint = "Keep it on one of the two."
                yield subject, Fault(("clientId", index), message, hint, code, place.file)
