"""What `plan --base` works with where only what a change touches, and what has to do with it, is read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.context import Context
from reconciler.cli.environment import choose_environment
from reconciler.cli.ownership import list_accepted
from reconciler.definitions.catalogue_file import read_catalogues
from reconciler.definitions.settings import find_root, read_settings
from reconciler.operations.archive import Archive
from reconciler.operations.touched_files import read_touched_files

if TYPE_CHECKING:
    from reconciler.cli.ahead import Ahead
    from reconciler.operations.archive import BaseFiles


@dataclass(frozen=True, slots=True)
class Review:
    """What was read for a plan: now, and at the base."""

    context: Context
    archive: Archive
    files: BaseFiles | None = None
    """What was read, as it was at the base; None where no base is named."""


def read_touched(root: Path | None, environment: str | None, base: str, ahead: Ahead | None) -> Review | None:
    """Read what a change since a base touches, and what has to do with it; None where everything has to be read.

    `ahead` has the register read meanwhile. Raises `UsageError` where there is no repository or no such environment.
    """
    found = find_root(root or Path.cwd())
    settings = read_settings(found)
    chosen = choose_environment(settings, environment, os.environ)
    if chosen.name == "local":  # the embedded register has to know what all definitions name
        return None
    if ahead is not None:
        ahead.begin(chosen, "")
    archive = Archive(found, chosen.name, tuple(settings.environments), is_whole=True)
    asked = read_catalogues(found, settings.environments)
    standing = [each.id for each in list_accepted(found) if each.environment == chosen.name]
    read = read_touched_files(archive, base, asked, standing)
    if read is None:
        return None
    context = Context(
        found,
        chosen,
        read.checked,
        read.systems,
        "",
        archive.environments,
        touched=read.touched,
        ahead=ahead,
    )
    return Review(context, archive, read.files)
