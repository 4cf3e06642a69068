"""What ASP.NET validates of a bound body, and the order in which B-MODEL names it.

System Register contract §0.3: members that may not be null, the tree of the keys, the limit of 200 faults.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.failures import NullReference
from reconciler.emulator.dotnet.letters import WHITE_SPACE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.emulator.register.documents import Document, Right

MOST_FAULTS = 200
"""ASP.NET's `ModelStateDictionary.DefaultMaxAllowedErrors`; the last one is its own."""
TOO_MANY = "The input was not valid."
_PIECES = re.compile(r"(?=\[)|\.")


class ModelError(Exception):
    """Binding or model validation refused the request: the B-MODEL `errors`, key by key, in their order."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__(dict(errors))
        self.errors = {key: errors[key] for key in sorted(errors, key=_place)}


def require(name: str) -> str:
    """Say that something is missing; `name` is the last part of its path."""
    return f"The {name} field is required."


def list_document_faults(document: Document) -> Iterator[tuple[str, str]]:
    """Give what is null and may not be, by C# path, with its text, in the order in which it is found."""
    if document.vendor is None:
        # NOTE: a getter computed from the vendor is read while the model is validated (contract §2.2).
        raise NullReference
    if document.id is None:
        yield "Id", require("Id")
    if document.vendor.id is None:
        yield "Vendor.ID", require("ID")
        yield "SystemVendorOrgNumber", require("SystemVendorOrgNumber")
    if document.name is None:
        yield "Name", require("Name")
    if document.description is None:
        yield "Description", require("Description")
    yield from list_right_faults(document.rights or [], "Rights")
    if document.client_ids is None:
        yield "ClientId", require("ClientId")
    if document.redirects is None:
        yield "AllowedRedirectUrls", require("AllowedRedirectUrls")


def list_right_faults(rights: Sequence[Right | None], prefix: str) -> Iterator[tuple[str, str]]:
    """Give what is null, empty or blank in a list of rights and may not be."""
    for index, right in enumerate(rights):
        if right is None:
            continue
        if right.resource is None:
            yield f"{prefix}[{index}].Resource", require("Resource")
        for place, pair in enumerate(right.resource or []):
            if pair is None:
                continue
            path = f"{prefix}[{index}].Resource[{place}]"
            if not (pair.id or "").strip(WHITE_SPACE):
                yield f"{path}.Id", require("Id")
            if not (pair.value or "").strip(WHITE_SPACE):
                yield f"{path}.Value", require("Value")


def check(faults: Iterator[tuple[str, str]], found: Mapping[str, list[str]]) -> None:
    """Raise `ModelError` where there is a fault, or `found`, what binding has found before, holds one."""
    errors = dict(found)
    for key, text in faults:
        if sum(map(len, errors.values())) == MOST_FAULTS - 1:
            errors.setdefault("", []).append(TOO_MANY)
            break
        errors.setdefault(key, []).append(text)
    if errors:
        raise ModelError(errors)


def _place(key: str) -> tuple[int, list[tuple[int, str]]]:
    """Give the place of a key among others: they are a tree, written out level by level."""
    pieces = [piece for piece in _PIECES.split(key) if piece]
    return len(pieces), [(len(piece), piece.upper()) for piece in pieces]
