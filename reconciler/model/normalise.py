"""The canonical form in which two systems can be compared, and what in it makes two entries of a list the same.

Pure. What two canonical systems differ in is a difference that the register would keep. `redirect_url` knows how
the register prints a URL; everything else that is canonical is decided here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.redirect_url import canonicalise
from reconciler.model.system import DEFAULTS, Package, RegisteredSystem, Right, System

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TypeVar

    from reconciler.model.canonical_json import Json

    Entry = TypeVar("Entry", Right, Package)


def normalise(system: System) -> System:
    """Give the canonical form: lists as sorted sets, redirect URLs as the register prints them.

    Idempotent. A deleted system is compared by its identity alone, so everything else is left out.
    """
    if system.isDeleted:
        empty: dict[str, Json] = {**DEFAULTS, "name": {}, "description": {}}
        return system.model_copy(update=empty)
    return system.model_copy(
        update={
            "name": dict(sorted(system.name.items())),
            "description": dict(sorted(system.description.items())),
            "rights": _sort_entries(_drop_empty_action(each) for each in system.rights),
            "accessPackages": _sort_entries(system.accessPackages),
            "clientId": tuple(sorted(set(system.clientId))),
            "allowedRedirectUrls": tuple(sorted({fold_url(url) for url in system.allowedRedirectUrls})),
        }
    )


def read_canonical(document: Mapping[str, Json]) -> System:
    """Read a document of the register's, or one that is sent to it, as a canonical system.

    Raises `Unintelligible` where it cannot be read.
    """
    return normalise(RegisteredSystem(document).read())


def ignore_deletion(system: System) -> System:
    """Give a system as if it were not deleted, where deletion is told apart from the fields."""
    return system.model_copy(update={"isDeleted": False})


def make_empty(system: System) -> System:
    """Give the system of the same identity that has nothing, so that a creation is a difference like any other."""
    return system.model_copy(update={**DEFAULTS, "name": {}, "description": {}, "isVisible": None})


def get_key(member: str, entry: Json) -> str:
    """Give what makes entries of a list the same one: attributes, URN, folded URL, or the text itself."""
    if member == "rights":
        return Right.model_validate(entry, strict=False, extra="ignore").key
    if member == "accessPackages":
        return Package.model_validate(entry, strict=False, extra="ignore").key
    return fold_url(entry) if member == "allowedRedirectUrls" else str(entry)


def fold_url(url: str) -> str:
    """Give the text by which redirect URLs are compared: as the register prints it once it is sent back.

    A blank at the end, which the register keeps from `%20` and drops at the next writing (System Register
    contract §2.4), therefore makes no difference.
    """
    once = canonicalise(url) or url
    return canonicalise(once) or once


def _drop_empty_action(right: Right) -> Right:
    """Read an empty action as none, as the register does (System Register contract §3, 00006)."""
    return right if right.action != "" else right.model_copy(update={"action": None})


def _sort_entries(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    by_key = {entry.key: entry for entry in entries}
    return tuple(by_key[key] for key in sorted(by_key))
