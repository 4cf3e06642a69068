"""ASP.NET's model validation of a bound body.

System Register contract §0.3: members that must not be null, and the limit of 200 errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.characters import WHITE_SPACE
from reconciler.emulator.dotnet.failures import NullReference
from reconciler.emulator.dotnet.model_errors import ModelError, require

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.emulator.register.documents import RequestedRight, SystemRequest

MOST_FAULTS = 200
"""ASP.NET's `ModelStateDictionary.DefaultMaxAllowedErrors`, which counts `TOO_MANY`."""
TOO_MANY = "The input was not valid."


def list_document_faults(document: SystemRequest) -> Iterator[tuple[str, str]]:
    """Give the C# path and the message of each member that must not be null, in ASP.NET's order."""
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


def list_right_faults(rights: Sequence[RequestedRight | None], prefix: str) -> Iterator[tuple[str, str]]:
    """The same for a list of rights, whose texts must not be empty or blank either."""
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
    """Raise `ModelError` if there is an error; `found` holds those of path and query."""
    errors = dict(found)
    for key, text in faults:
        if sum(map(len, errors.values())) == MOST_FAULTS - 1:
            errors.setdefault("", []).append(TOO_MANY)
            break
        errors.setdefault(key, []).append(text)
    if errors:
        raise ModelError(errors)
