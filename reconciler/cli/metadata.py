"""Asks an environment's metadata, for which no credential is read; `local` starts the embedded register."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import TYPE_CHECKING

from reconciler.cli.console import notify
from reconciler.clients.metadata import WithoutToken, look_up
from reconciler.clients.register import HttpRegister
from reconciler.definitions.catalogue_file import read_catalogues
from reconciler.definitions.settings import read_settings
from reconciler.model.catalogue import Catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reconciler.definitions.definition import Resolved
    from reconciler.model.catalogue import Asked
    from reconciler.model.environment import Environment

_ORGANISATION = re.compile(r"[0-9]{9}")


def ask_environment(
    root: Path, environment: Environment, systems: Sequence[Resolved], names: Sequence[Asked]
) -> tuple[Catalogue, Sequence[str]]:
    """Ask an environment for the names that systems ask for; gives also the resources it takes as existing.

    The first line on stderr names the environment and its address.
    """
    taken: Sequence[str] = ()
    with ExitStack() as stack:
        if environment.name == "local":
            from reconciler.clients.embedded import open_local  # noqa: PLC0415 - loads a server

            found = {each.system.vendor.organisation for each in systems}
            vendors = sorted(filter(_ORGANISATION.fullmatch, found))
            if not vendors:  # other rules say what is wrong with them
                return Catalogue({}, "", absent={}), ()
            resources = [each.name for each in names if each.what == "resource"]
            known = read_catalogues(root, read_settings(root).environments).get("local")
            local = open_local(root, vendors=vendors, resources=resources, known=known)
            environment, _, taken = stack.enter_context(local)
            notify(f"Environment local: the embedded register at {environment.register}")
        else:
            notify(f"Environment {environment.name}: {environment.register}")
        register = stack.enter_context(
            HttpRegister(environment, WithoutToken(), read_only=True, notify=notify)
        )
        return look_up(names, register, f"in {environment.name}"), taken
