"""What is registered for a vendor, and what its definitions have to do with that: a row a system.

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.planning.narrowing import Narrowing
    from reconciler.planning.plan import Target


class Registration(StrEnum):
    """What a definition and the register have to do with each other."""

    MANAGED = "managed"
    UNMANAGED = "unmanaged"
    """Registered, and no definition describes it."""
    EXPECTED = "expected"
    """Likewise, and the configuration says so."""
    BROKEN = "broken file"
    """Registered, and the definition that can be about it cannot be used."""
    MISSING = "missing"
    """A definition exists, and the register does not know the system."""
    WITHDRAWN = "withdrawn"
    """Likewise, and the definition asks for no more."""
    DELETED = "deleted"
    """The register has deleted it, and still shows it."""
    UNREADABLE = "unreadable"
    """The register cannot give it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One system; what is not known is None."""

    id: str
    state: Registration
    name: str = ""
    file: str = ""
    """The definition's; empty where there is none."""
    visible: bool | None = None
    rights: int | None = None
    packages: int | None = None
    client_ids: int | None = None
    deleted: bool | None = None
    users: int | None = None
    """How many system users customers have on it."""
    reason: str = ""
    """Why it cannot be read; empty where it can."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """The systems of a vendor, by id."""

    target: Target
    rows: tuple[Row, ...] = ()
    narrowed: Narrowing | None = None
    unlisted: str = ""
    """Why systems without a definition could not be listed; empty where they could."""

    @property
    def is_whole(self) -> bool:
        """Whether everything could be listed and read, and every definition could be used."""
        return not self.unlisted and not {Registration.BROKEN, Registration.UNREADABLE} & {
            each.state for each in self.rows
        }
