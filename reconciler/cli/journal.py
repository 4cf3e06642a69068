"""Where a verb that writes, or looks at what was written, keeps its records."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reconciler.cli.console import notify
from reconciler.definitions.files import prepare_own_folder
from reconciler.execution.journal_folder import read_folder
from reconciler.execution.lock import find_lock_folder
from reconciler.execution.preflight import Site

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.cli.context import Connection


def find_journal(root: Path, folder: Path | None) -> Path:
    """Give the folder of journals: the one that was named, else `.reconciler/journal/` under the root.

    What is no journal there, or cannot be read whole, is named on stderr.
    """
    found = folder or prepare_own_folder(root, "journal")
    for each in read_folder(found).problems:
        notify(each)
    return found


def find_site(connection: Connection, root: Path, journal: Path) -> Site:
    """Name what a run writes to, and where it keeps its records."""
    locks = find_lock_folder(os.environ)
    return Site(connection.register, connection.target, connection.ownership, root, journal, locks)
