"""What in a register is ours: by the configuration, the accepted differences and the history of the definitions."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.definitions.files import read_file
from reconciler.definitions.settings import read_settings
from reconciler.definitions.yaml_document import MAX_BYTES
from reconciler.operations.archive import Archive
from reconciler.planning.acceptance import FILE as ACCEPTED
from reconciler.planning.acceptance import Acceptances
from reconciler.planning.acceptance_file import Rules, read_acceptances
from reconciler.planning.ownership import Ownership

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.environment import Environment
    from reconciler.planning.acceptance import Acceptance


def find_ownership(root: Path, environment: Environment, client: str) -> Ownership:
    """Find what in the register is ours, in a run whose token is one client's."""
    archive = Archive(root, environment.name, tuple(read_settings(root).environments))
    accepted = tuple(each for each in list_accepted(root) if each.environment == environment.name)
    acceptances = Acceptances(datetime.now(UTC).date(), accepted)
    ours = environment.list_ours(client)
    reader = "" if client in ours else client
    return Ownership(
        ours, acceptances, frozenset(environment.unmanaged), archive.read_states, archive.search, reader
    )


def list_accepted(root: Path) -> tuple[Acceptance, ...]:
    """List the differences that may stand, in all environments; raises `UsageError` with all that is wrong there."""
    rules = Rules(datetime.now(UTC).date(), tuple(read_settings(root).environments))
    return read_acceptances(read_accepted_file(root), rules)


def read_accepted_file(root: Path) -> bytes:
    """Read the file of accepted differences; it is empty where there is none."""
    path = root / ACCEPTED
    return read_file(path, within=root, most=MAX_BYTES) if os.path.lexists(path) else b""
