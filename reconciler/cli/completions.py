"""What a shell offers for a word that is being written: names of environments, systems, templates, rules, runs.

A completion never fails and never asks a network: what cannot be read offers nothing.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST = 500
"""Words; more are of no use to a person."""


def complete_environment(incomplete: str) -> list[str]:
    """Offer the configured environments."""
    from reconciler.definitions.settings import find_root, read_settings  # noqa: PLC0415 - only when asked

    with suppress(Exception):
        return _choose(read_settings(find_root(Path.cwd())).environments, incomplete)
    return _choose(("local", "tt02", "prod"), incomplete)


def complete_system(incomplete: str) -> list[str]:
    """Offer the ids of the definitions here."""
    from reconciler.definitions.files import find_definitions, read_documents  # noqa: PLC0415 - as above
    from reconciler.definitions.settings import find_root  # noqa: PLC0415 - as above
    from reconciler.definitions.yaml_document import Scalar  # noqa: PLC0415 - as above

    with suppress(Exception):
        root = find_root(Path.cwd())
        named = (each.find(("id",)) for each in read_documents(root, find_definitions(root)))
        return _choose((node.text for node in named if isinstance(node, Scalar)), incomplete)
    return []


def complete_template(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer the request templates of the system that is named on the line, or of all where none is yet."""
    from reconciler.definitions.files import find_definitions, read_documents  # noqa: PLC0415 - as above
    from reconciler.definitions.settings import find_root  # noqa: PLC0415 - as above
    from reconciler.definitions.yaml_document import Mapping, Scalar  # noqa: PLC0415 - as above

    # An option whose value is still missing ends the reading of the line, and leaves the id among the rest.
    words, names = {*ctx.args, ctx.params.get("system") or ""} - {""}, list[str]()
    with suppress(Exception):
        root = find_root(Path.cwd())
        for each in read_documents(root, find_definitions(root)):
            named, overlays = each.find(("id",)), each.find(("environments",))
            if words and not (isinstance(named, Scalar) and named.text in words):
                continue
            own = [key.text for key, _ in overlays.entries] if isinstance(overlays, Mapping) else []
            places = [("requests",), *(("environments", name, "requests") for name in own)]
            found = (each.find(place) for place in places)
            names += [key.text for node in found if isinstance(node, Mapping) for key, _ in node.entries]
    return _choose(dict.fromkeys(names), incomplete)


def complete_entry(incomplete: str) -> list[str]:
    """Offer the packages, by the last part of their names, and the resources of the newest list."""
    from reconciler.definitions.catalogue_file import choose_list  # noqa: PLC0415 - as above
    from reconciler.definitions.settings import find_root, read_settings  # noqa: PLC0415 - as above
    from reconciler.model.catalogue_list import read_shipped_list  # noqa: PLC0415 - as above

    listed = read_shipped_list()
    with suppress(Exception):
        root = find_root(Path.cwd())
        listed = choose_list(root, read_settings(root).environments)
    packages = (each.urn.rpartition(":")[2] for each in listed.packages)
    return _choose([*packages, *(each.id for each in listed.resources)], incomplete)


def complete_explanation(incomplete: str) -> list[str]:
    """Offer what `explain` has a page on."""
    from reconciler.planning.explanation import read_explanations  # noqa: PLC0415 - as above

    return _choose(read_explanations(), incomplete)


def complete_run(incomplete: str) -> list[str]:
    """Offer the runs of the journal, the newest first."""
    from reconciler.definitions.settings import find_root  # noqa: PLC0415 - as above
    from reconciler.execution.journal_folder import read_runs  # noqa: PLC0415 - as above

    with suppress(Exception):
        runs = read_runs(find_root(Path.cwd()) / ".reconciler" / "journal")
        return _choose(["latest", *(each.start.run for each in reversed(runs))], incomplete)
    return _choose(["latest"], incomplete)


def _choose(words: Iterable[str], incomplete: str) -> list[str]:
    return [each for each in words if each.startswith(incomplete) and each.isprintable()][:_MOST]
