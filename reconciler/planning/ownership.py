"""What in the register is ours, so that a write by others can be told from one of ours.

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.model.system import System
    from reconciler.planning.acceptance import Acceptances


def list_no_revisions(_file: str, _system: str) -> Sequence[System]:
    """Stand for a repository without a history."""
    return ()


def search_no_revisions(files: Mapping[str, str], _is_enough: Callable[[System], bool]) -> frozenset[str]:
    """Leave it to reading the revisions of each definition by itself."""
    return frozenset(files)


@dataclass(frozen=True, slots=True)
class Ownership:
    """Whose writes are ours, what our files asked for earlier, and which differences we let stand."""

    clients: frozenset[str]
    """The Maskinporten clients whose writes are ours."""
    acceptances: Acceptances
    foreign: frozenset[str] = frozenset()
    """Patterns of unmanaged systems that are known not to be ours to manage."""
    list_revisions: Callable[[str, str], Sequence[System]] = list_no_revisions
    """Gives what the committed revisions of a definition ask for, by its file and the system's id: canonical,
    newest first."""
    search_revisions: Callable[[Mapping[str, str], Callable[[System], bool]], frozenset[str]] = (
        search_no_revisions
    )
    """Shows those of many definitions, each system's id by its file, in one pass, until that is enough of each; gives
    the files of which `list_revisions` may give more."""
    reader: str = ""
    """The run's own client where it is none of those, and so may only read; empty where it is one of them."""
