"""Checks with an environment's metadata APIs that the rights and packages of a document exist there.

The register asks the same two of every right and access package at every write (System Register contract
§4, Q18), so what they do not know is refused, and so is what they give no answer to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import RegisterError
from reconciler.model.catalogue import ROUTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.clients.register import Register
    from reconciler.model.canonical_json import Json

TYPES = frozenset(
    {
        "Default",
        "Systemresource",
        "AltinnApp",
        "GenericAccessResource",
        "BrokerService",
        "CorrespondenceService",
        "MigratedApp",
    }
)
"""The resource types that a right may name (System Register contract §3, 00017)."""


def find_doubt(document: Mapping[str, Json], register: Register) -> str:
    """Say why the register may refuse what a document asks for; empty where there is no sign of that."""
    try:
        for right in document.get("rights") or ():
            for pair in right.get("resource") or ():
                doubt = _doubt_resource(str(pair.get("value", "")), register)
                if doubt:
                    return doubt
        for package in document.get("accessPackages") or ():
            doubt = _doubt_package(
                str(package.get("urn", "")), register, visible=bool(document.get("isVisible"))
            )
            if doubt:
                return doubt
    except RegisterError as error:
        return f"what it asks for could not be looked up: {error.message}"
    return ""


def _doubt_resource(resource: str, register: Register) -> str:
    if resource.lower() in ROUTES:
        return f"`{resource}` is a page of the Resource Registry, and no resource"
    found = register.read_resource(resource)
    if found is None:
        return f"the environment does not know the resource `{resource}`"
    kind = found.get("resourceType", "Default")
    return "" if kind in TYPES else f"the resource `{resource}` is of type {kind}, which no right may name"


def _doubt_package(urn: str, register: Register, *, visible: bool) -> str:
    found = register.read_package(urn)
    if found is None:
        return f"the environment does not know the access package `{urn}`"
    if not found.get("isDelegable") and not found.get("isAssignable"):
        return f"the access package `{urn}` cannot be given to a system user"
    if visible and not found.get("isAssignable"):
        return f"the access package `{urn}` is for client relations only, and the system is visible"
    return ""
