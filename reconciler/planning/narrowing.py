"""What a plan leaves out: the systems that were not asked for, and the definitions that cannot be used.

Pure.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which systems a plan was narrowed to, and how many it leaves out."""

    only: tuple[str, ...]
    """The patterns of ids."""
    definitions: int = 0
    """The definitions that were left out."""
    registered: int = 0
    """How many of their systems the register has; they count where a change of many systems is judged."""
    unmanaged: int = 0
    """The systems without a definition that were left out."""
    base: str = ""
    """The commit of a base, where only what was changed since is compared; apply refuses such a plan."""
    files: int = 0
    """The definition files that were not read, since the change has nothing to do with them; the other numbers say
    nothing about these, and `unmanaged` is 0 then."""

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON; the base only where there is one, and the files only where some were not read."""
        members = {**asdict(self), "only": list(self.only)}
        return {name: each for name, each in members.items() if name not in {"base", "files"} or each}


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A definition that cannot be used, so that what becomes of its system is not known."""

    file: str
    reason: str
    """What is wrong with it."""
    line: int = 0
    ids: tuple[str, ...] = ()
    """The systems that it can be about: what it still shows of its id, and what earlier revisions say; empty
    where neither is known."""
    commit: str = ""
    """The revision at which it cannot be used, so that what its system was before is not known; empty for the file
    as it is."""
