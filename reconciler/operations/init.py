"""Finds which files a repository needs to start with, and writes them; nothing that is there is overwritten."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.definitions.files import (
    SYSTEMS,
    append_file,
    find_definitions,
    has_schema,
    read_file,
    write_definition,
)
from reconciler.definitions.pipeline import OWNED, TEST, Platform, Program, make_pipelines
from reconciler.definitions.settings import read_settings
from reconciler.definitions.starter import (
    CONFIG,
    OWNERS,
    StarterFile,
    assign_owners,
    ignore_own_folder,
    make_config,
    make_example,
    make_readme,
    make_schema_file,
)
from reconciler.errors import UsageError
from reconciler.operations.schema import Of, make_schema
from reconciler.rules.identity import is_organisation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a repository is to start with, beside what every one needs."""

    vendor: str = ""
    """An organisation number, for the first definition; none is made without it, or where there are definitions."""
    environments: Sequence[str] = ()
    owners: str = ""
    """Who reviews definitions and pipelines, as CODEOWNERS has it."""
    platforms: Sequence[Platform] = ()
    """What runs pipelines."""
    program: Program | None = None
    """The commit of this program that they run."""


def plan_start(root: Path, wishes: Wishes) -> tuple[StarterFile, ...]:
    """Find what a repository lacks; nothing is written.

    Raises `UsageError` for an organisation number that is none and for a pipeline without a commit of the program,
    and `SettingsError` for a configuration that cannot be read.
    """
    vendor = wishes.vendor
    if vendor and not is_organisation(vendor):
        raise UsageError(
            f"`{vendor}` is no organisation number.", hint="Nine digits, as Enhetsregisteret has it."
        )
    settings = read_settings(root)
    named = [each for each in wishes.environments if each != "local"]
    unknown = [each for each in named if each not in settings.environments]
    if unknown:
        raise UsageError(
            f"There is no environment `{unknown[0]}`.",
            hint=f"Known: {', '.join(settings.environments)}; one of your own goes into {CONFIG} first.",
        )
    files = [
        make_config(named, _find_config(root)),
        ignore_own_folder(_read(root, ".gitignore")),
        make_schema_file(
            make_schema(Of.DEFINITION, environments=tuple(settings.environments)),
            exists=has_schema(root),
        ),
    ]
    if vendor and not (os.path.lexists(root / SYSTEMS) and find_definitions(root)):
        files.append(make_example(vendor, str(uuid.uuid4())))
    files += _plan_pipelines(root, wishes)
    if vendor or wishes.owners:
        files.append(make_readme(vendor, wishes.owners, _find_readme(root)))
    if wishes.owners:
        there = {path: text for path in OWNERS if (text := _read(root, path)) is not None}
        owned = [OWNED[each] for each in wishes.platforms]
        files.append(assign_owners(wishes.owners, there, owned))
    return tuple(files)


def _plan_pipelines(root: Path, wishes: Wishes) -> Iterator[StarterFile]:
    """Plan the pipelines; one that is not pinned would run what somebody else chooses later, with the key."""
    for platform in wishes.platforms:
        if wishes.program is None:
            raise UsageError(
                "Which commit of the program the pipelines are to run is not known.",
                hint="Name the one that you reviewed: --program OWNER/REPOSITORY@COMMIT.",
            )
        tested = next((each for each in wishes.environments if each not in {"local", "prod"}), TEST)
        yield from make_pipelines(platform, wishes.program, lambda path: os.path.lexists(root / path), tested)


def write_start(root: Path, files: Sequence[StarterFile]) -> int:
    """Write the files, and add to those that are there; gives how many were written. Raises `UsageError`."""
    written = [each for each in files if each.text]
    for each in written:
        if each.is_new:
            write_definition(root / each.path, each.text)
        else:
            append_file(root / each.path, each.text)
    return len(written)


def _find_config(root: Path) -> str | None:
    """Name the file that holds the configuration; None where there is none."""
    if os.path.lexists(root / CONFIG):
        return CONFIG
    shared = _read(root, "pyproject.toml")
    return "pyproject.toml" if shared is not None and "[tool.reconciler" in shared else None


def _find_readme(root: Path) -> str | None:
    """Name the file that says what the repository is for, however it is called; None where there is none."""
    return next((each.name for each in sorted(root.glob("*")) if each.stem.lower() == "readme"), None)


def _read(root: Path, path: str) -> str | None:
    if not os.path.lexists(root / path):
        return None
    return read_file(root / path, within=root).decode("utf-8", "replace")
